// Moving fields between flat objects and nested ones, by a table of where each flat name lives.
import { isRecord } from '../json.ts';

/** A flat name, and the dotted path of its home: `voice` lives at `audio.output.voice`. */
export type Home = readonly [flat: string, path: string];

/**
 * A copy of `flat` with every name of the table moved to its home. What is at home already stays, and wins.
 * @param convert Given the flat name and its value: the value as the nested shape has it.
 */
export function nest(flat: Record<string, unknown>, homes: readonly Home[], convert: (name: string, value: unknown) => unknown) {
  const result: Record<string, unknown> = { ...flat };
  for (const [name, home] of homes) {
    if (flat[name] === undefined || name === home) continue;
    delete result[name];
    put(result, home.split('.'), convert(name, flat[name]));
  }
  return result;
}

/** Sets what is not set, on copies of the objects on the way. Where something else is in the way, that is the fault the schema will name. */
function put(target: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    // Null at home is no more than a field that is not given, when the flat name has something to say.
    target[key] ??= value;
    return;
  }
  const inner = target[key];
  if (inner != null && !isRecord(inner)) return;
  const copy = isRecord(inner) ? { ...inner } : {};
  put(copy, rest, value);
  target[key] = copy;
}

/** What is at a dotted path, if there is such a path. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

/** Those of the keys that are there and say something. */
export function pick(from: object, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, at(from, key)]).filter(([, value]) => value != null));
}
