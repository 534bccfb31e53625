// What an operator has set, and where: the environment over a JSON file of the same names. Names that look like settings and are none are told,
// or what stands there would do nothing, and nobody would notice.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isRecord } from './protocol/json.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that cannot be used: the message names it and says what would do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** The settings that are at fault. */
  readonly settings: readonly string[];

  constructor(settings: readonly string[], message: string) {
    super(message);
    this.settings = settings;
  }
}

export interface Given {
  readonly values: Readonly<Record<string, string>>;
  /** The file, and which of the values come from it. */
  readonly file: { readonly path: string; readonly names: readonly string[] } | undefined;
  /** A sentence for each name that is no setting. */
  readonly unknown: readonly string[];
}

/** @throws ConfigError when the file cannot be read. */
export function readGiven(environment: Environment, folder: string, known: readonly string[]): Given {
  const given = withoutEmpty(environment);
  const file = fileSettings(given.PARLEY_CONFIG, folder);
  // The environment is there for other programs too; the file for this one alone.
  const names = [...Object.keys(given).filter((name) => name.startsWith('PARLEY_')), ...Object.keys(file?.values ?? {})];
  return {
    values: { ...file?.values, ...given },
    file: file && { path: file.path, names: Object.keys(file.values).filter((name) => given[name] === undefined) },
    unknown: unknownNames([...new Set(names)], known),
  };
}

function withoutEmpty(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));
}

function fileSettings(named: string | undefined, folder: string): { path: string; values: Record<string, string> } | undefined {
  const path = resolve(folder, named ?? 'parley.json');
  if (named === undefined && !existsSync(path)) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(
      ['PARLEY_CONFIG'],
      `The configuration file ${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!isRecord(content)) throw new ConfigError(['PARLEY_CONFIG'], `The configuration file ${path} must hold one JSON object of settings.`);
  const entries = Object.entries(content).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]);
  return { path, values: withoutEmpty(Object.fromEntries(entries)) };
}

/** A sentence for each name that is not known, with the nearest that is. */
function unknownNames(names: readonly string[], known: readonly string[]): string[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const [nearest] = known.map((other) => ({ other, edits: editsBetween(name, other) })).toSorted((a, b) => a.edits - b.edits);
      // Beyond a third of its letters it is another word.
      const near = nearest && nearest.edits <= Math.max(2, Math.floor(name.replace(/^PARLEY_/, '').length / 3));
      return `${name} is no setting of this server${near ? `: is ${nearest.other} meant?` : ', and does nothing.'}`;
    });
}

/** Letters to add, leave out, change, or swap with their neighbour, so that one word becomes the other. */
function editsBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row++) {
    const next = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      next[column] = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = next;
  }
  return last[to.length] ?? 0;
}
