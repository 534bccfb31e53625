// The first questions to ask of anything a stranger sent.

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** More than any session needs. Whatever walks a message, by recursion or field by field, may rely on these. */
export const mostDepth = 100;
export const mostValues = 50_000;
export const tooDeep = `it is nested more than ${mostDepth} levels deep`;
export const tooMany = `it holds more than ${mostValues} values`;

/** What of a parsed message is too much to be looked into, if anything: no schema may be let loose on it then. */
export function excessOf(message: unknown): string | undefined {
  let level: unknown[] = [message];
  let values = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > mostDepth) return tooDeep;
    const next: unknown[] = [];
    for (const outer of level) {
      if (typeof outer !== 'object' || outer === null) continue;
      const inner: unknown[] = Array.isArray(outer) ? outer : Object.values(outer);
      values += inner.length;
      if (values > mostValues) return tooMany;
      for (const value of inner) if (typeof value === 'object' && value !== null) next.push(value);
    }
    level = next;
  }
  return undefined;
}
