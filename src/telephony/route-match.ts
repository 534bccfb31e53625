// Which route a call takes, and what of its session the parameters that came with the call may set.
import { readSessionPatch } from '../protocol/client-events.ts';
import { sessionConfigToGa } from '../protocol/dialects/inworld.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { isRecord } from '../protocol/json.ts';
import type { PhoneField, PhoneParty } from '../transports/calls/phone-call.ts';
import type { Route, RoutesFile } from './routes-schema.ts';

/** What of a call decides on its route. `carrier` as the file has it: a service that speaks another's protocol has a name of its own there. */
export interface RoutedCall extends Pick<PhoneParty, 'to' | 'trunk'> {
  readonly carrier: string;
}

/** The first route whose carriers, trunks and numbers fit. */
export function matchRoute({ routes }: Pick<RoutesFile, 'routes'>, call: RoutedCall): Route | undefined {
  return routes.find(
    ({ carriers, trunks, numbers }) =>
      (!carriers || carriers.some((carrier) => carrier === call.carrier)) &&
      (!trunks || (call.trunk !== undefined && trunks.includes(call.trunk))) &&
      numbers.some((pattern) => fits(pattern, call.to)),
  );
}

function fits(pattern: string, to: string): boolean {
  if (pattern === '*') return true;
  const called = plain(to);
  const isUri = /^sips?:/i.test(pattern);
  // A SIP address has a scheme, and the number that it dials has none.
  const candidates = isUri ? [called] : [called, /^sips?:([^@]*)@/.exec(called)?.[1] ?? ''];
  return candidates.some((candidate) => glob(plain(pattern), candidate));
}

/** Without what says how to reach it: separators of a number, parameters and headers of an address. */
function plain(address: string): string {
  const bare = address
    .trim()
    .replace(/^tel:/i, '')
    .replace(/[;?].*$/s, '');
  if (!/^sips?:/i.test(bare)) return bare.replaceAll(/[-.() ]/g, '');
  const [, user = '', host = ''] = /^sips?:(?:([^@]*)@)?(.*)$/is.exec(bare) ?? [];
  // The scheme says how the call is carried; the case of a user part counts.
  return `sip:${user}@${host.toLowerCase().replace(/:\d+$/, '')}`;
}

/** `*` stands for anything, also nothing. In time proportional to the text: each piece is looked for once. */
function glob(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === text;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= text.length - last.length;
}

/** More in one parameter is no setting. */
const mostCharacters = 10_000;

export interface Overridden {
  readonly session: Readonly<Record<string, unknown>>;
  /** Parameters that name a field which they may set, with a value that it cannot have. */
  readonly refused: readonly string[];
}

/**
 * The session with what parameters set of it, where the route lets them: `audio.output.voice`, or as a header of SIP, `X-Parley-Audio-Output-Voice`.
 * Other parameters are somebody else's.
 */
export function overridden(
  session: Readonly<Record<string, unknown>>,
  parameters: readonly PhoneField[],
  overridable: readonly string[],
): Overridden {
  let next = session;
  const refused: string[] = [];
  for (const { name, value } of parameters) {
    const path = overridable.find((each) => each === name || headerOf(each) === name.toLowerCase());
    if (path === undefined) continue;
    const set = value.length > mostCharacters ? undefined : valueFor(path, value);
    if (set) next = laid(next, path.split('.'), set.value);
    else refused.push(name);
  }
  return { session: next, refused };
}

/** The first field that a session sets and that is not among those which may be set, by its dotted name. */
export function notOverridable(session: Readonly<Record<string, unknown>>, overridable: readonly string[]): string | undefined {
  const may = (path: string) => path === 'type' || overridable.some((each) => path === each || path.startsWith(`${each}.`));
  const ga = sessionConfigToGa(session);
  return isRecord(ga) ? fieldsOf(ga).find((path) => !may(path)) : undefined;
}

/** Dotted names of what has a value. */
function fieldsOf(record: Readonly<Record<string, unknown>>, before = ''): string[] {
  return Object.entries(record).flatMap(([name, value]) => {
    const path = `${before}${name}`;
    return isRecord(value) && Object.keys(value).length > 0 ? fieldsOf(value, `${path}.`) : [path];
  });
}

function headerOf(path: string): string {
  return `x-parley-${path.replaceAll(/[._]/g, '-')}`;
}

/** As text where the field takes text, and otherwise as JSON: `1.2` is a speed. */
function valueFor(path: string, text: string): { readonly value: unknown } | undefined {
  if (isTaken(path, text)) return { value: text };
  try {
    const value: unknown = JSON.parse(text);
    return isTaken(path, value) ? { value } : undefined;
  } catch {
    return undefined;
  }
}

function isTaken(path: string, value: unknown): boolean {
  try {
    readSessionPatch(laid({}, path.split('.'), value));
    return true;
  } catch (error) {
    if (error instanceof RealtimeError) return false;
    throw error;
  }
}

function laid(into: Readonly<Record<string, unknown>>, [step = '', ...steps]: readonly string[], value: unknown): Record<string, unknown> {
  const inner = into[step];
  return { ...into, [step]: steps.length === 0 ? value : laid(isRecord(inner) ? inner : {}, steps, value) };
}
