// Command lines as typed values, for every program in this folder: a table of options in, values, order and help text out.
import { parseArgs } from 'node:util';

type OptionSpec =
  | { readonly kind: 'flag'; readonly help: string }
  | { readonly kind: 'text' | 'list'; readonly value: string; readonly help: string }
  | { readonly kind: 'number'; readonly value: string; readonly min: number; readonly max: number; readonly help: string }
  | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly help: string };

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S extends { kind: 'flag' }
  ? boolean
  : S extends { kind: 'list' }
    ? readonly string[]
    : S extends { kind: 'number' }
      ? number | undefined
      : S extends { kind: 'choice'; choices: readonly (infer C)[] }
        ? C | undefined
        : string | undefined;

export interface Arguments<T extends OptionTable> {
  readonly values: { readonly [Name in keyof T]: ValueOf<T[Name]> };
  /** Positional arguments and list options in the order they were written; `option` is undefined for a positional. */
  readonly order: readonly { readonly option: (keyof T & string) | undefined; readonly value: string }[];
}

/** The command line cannot be understood. The message is a sentence for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws {UsageError} for an unknown option, a missing or surplus value, a value outside its range or choices. */
export function parseArguments<const T extends OptionTable>(argv: readonly string[], table: T): Arguments<T> {
  const values: Record<string, boolean | string | number | string[] | undefined> = {};
  for (const [name, spec] of Object.entries(table)) values[name] = spec.kind === 'flag' ? false : spec.kind === 'list' ? [] : undefined;
  const order: { option: (keyof T & string) | undefined; value: string }[] = [];

  for (const token of tokensOf(argv, table)) {
    if (token.kind === 'positional') order.push({ option: undefined, value: token.value });
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (!spec) throw new UsageError(`There is no option ${token.rawName}.${suggestion(token.name, Object.keys(table))}`);
    if (spec.kind === 'flag') {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`);
      values[token.name] = true;
      continue;
    }
    const value = valueOf(token);
    if (spec.kind === 'list') {
      (values[token.name] as string[]).push(value);
      order.push({ option: token.name, value });
    } else if (spec.kind === 'number') values[token.name] = numberOf(token.rawName, value, spec);
    else if (spec.kind === 'choice') values[token.name] = choiceOf(token.rawName, value, spec.choices);
    else values[token.name] = value;
  }
  return { values: values as Arguments<T>['values'], order };
}

/** The options as aligned lines, two spaces in, for the end of a help text. */
export function describeOptions(table: OptionTable): string {
  const rows = Object.entries(table).map(([name, spec]) => {
    const value = spec.kind === 'flag' ? '' : spec.kind === 'choice' ? ` ${spec.choices.join('|')}` : ` ${spec.value}`;
    return { left: `--${name}${value}`, help: spec.help };
  });
  const column = Math.max(...rows.map(({ left }) => left.length).filter((length) => length <= 24)) + 2;
  return rows
    .map(({ left, help }) => (left.length + 2 <= column ? `  ${left.padEnd(column)}${help}` : `  ${left}\n  ${' '.repeat(column)}${help}`))
    .join('\n');
}

function tokensOf(argv: readonly string[], table: OptionTable) {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, spec]) => [
      name,
      { type: spec.kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: true },
    ]),
  );
  // Not strict: its messages are written for programmers, and the tokens hold all that is needed to say it better.
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function valueOf(token: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined }): string {
  const { value } = token;
  // `--out --quiet` is a forgotten value, `--speed -1` is not: only the second can be meant.
  const forgotten = value === undefined || (!token.inlineValue && value.startsWith('--'));
  if (forgotten) throw new UsageError(`${token.rawName} needs a value.`);
  return value;
}

function numberOf(name: string, value: string, spec: { min: number; max: number }): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= spec.min && number <= spec.max)) {
    throw new UsageError(`${name} must be a number from ${spec.min} to ${spec.max}, not '${value}'.`);
  }
  return number;
}

function choiceOf(name: string, value: string, choices: readonly string[]): string {
  if (!choices.includes(value)) throw new UsageError(`${name} must be one of ${choices.join(', ')}, not '${value}'.`);
  return value;
}

function suggestion(name: string, known: readonly string[]): string {
  const close = known.find((other) => other.startsWith(name) || name.startsWith(other) || sharedLetters(name, other) >= 0.75);
  return close ? ` Did you mean --${close}?` : '';
}

/** The part of letter pairs two names have in common, 0 to 1: enough to catch a slip of the finger. */
function sharedLetters(a: string, b: string): number {
  const pairs = (word: string) => Array.from({ length: Math.max(0, word.length - 1) }, (_, at) => word.slice(at, at + 2));
  const rest = pairs(b);
  let shared = 0;
  for (const pair of pairs(a)) {
    const at = rest.indexOf(pair);
    if (at < 0) continue;
    rest.splice(at, 1);
    shared++;
  }
  return (2 * shared) / Math.max(1, a.length - 1 + (b.length - 1));
}
