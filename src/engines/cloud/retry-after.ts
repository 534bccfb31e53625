// How long a service wants to be left alone: `Retry-After` in seconds or as a date, and the milliseconds that OpenAI says beside it.

/** Undefined when it does not say, or nothing that can be read. `nowMs` is the time of day, which a date is meant by. */
export function retryAfterMs(headers: Pick<Headers, 'get'>, nowMs: number): number | undefined {
  const exact = milliseconds(headers.get('retry-after-ms'), 1);
  if (exact !== undefined) return exact;
  const said = headers.get('retry-after');
  const waitMs = milliseconds(said, 1000) ?? Date.parse(said ?? '') - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

function milliseconds(said: string | null, unitMs: number): number | undefined {
  if (said === null || !/^\s*\d{1,9}(?:\.\d{1,9})?\s*$/.test(said)) return undefined;
  return Number(said) * unitMs;
}
