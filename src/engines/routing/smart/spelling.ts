// The two spellings of Inworld's JSON: its pages write `model_id` and `modelId`, `defaultRoute` and `default_route`. Read is snake_case; what is wrong
// is said with the names that its writer used.

/** Nothing that a router is made of lies deeper. */
const mostDepth = 24;

export type Path = readonly (string | number)[];

/** The value cannot be read in one spelling. */
export class SpellingError extends Error {
  override readonly name = 'SpellingError';
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}

export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The same with every field in snake_case; a field that is null is as if it were not there. @throws SpellingError */
export function inSnakeCase(value: unknown, path: Path = []): unknown {
  if (path.length > mostDepth) throw new SpellingError(path.slice(0, 3), 'is nested too deeply');
  if (Array.isArray(value)) return value.map((inner, index) => inSnakeCase(inner, [...path, index]));
  if (!isRecord(value)) return value;
  const read: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null) continue;
    const name = snakeCase(key);
    if (Object.hasOwn(read, name)) throw new SpellingError([...path, key], 'is given in both spellings');
    // A name like `__proto__` is a field as any other.
    Object.defineProperty(read, name, { value: inSnakeCase(inner, [...path, key]), enumerable: true, writable: true, configurable: true });
  }
  return read;
}

/** `routes[0].route.variants[1].weight`, as it was written. `path` is in snake_case. */
export function fieldAsWritten(original: unknown, path: Path): string {
  let at = original;
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') {
      text += `[${step}]`;
      at = Array.isArray(at) ? at[step] : undefined;
      continue;
    }
    const written = !isRecord(at) || Object.hasOwn(at, step) ? step : (Object.keys(at).find((key) => snakeCase(key) === step) ?? step);
    text += text === '' ? written : `.${written}`;
    at = isRecord(at) ? at[written] : undefined;
  }
  return text;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
