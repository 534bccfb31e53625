// The rule by which several language models are asked, while none of them has begun to answer.

export const never = Number.POSITIVE_INFINITY;

/** The next is asked, the one that was asked first is left, or time goes by (`untilMs` may be `never`). */
export type Move = { readonly kind: 'ask' } | { readonly kind: 'leave' } | { readonly kind: 'wait'; readonly untilMs: number };

/**
 * One after the other; a second one as well once the first has been silent for `hedgeMs`, never a third. Who has been silent for `ttftMs` is left, unless nobody
 * else is at work or waits to be asked. Either may be `never`.
 * @param askedAtMs when those at work were asked, in their order
 * @param waiting how many have not been asked yet
 */
export function nextMove(
  [firstAtMs, secondAtMs]: readonly number[],
  waiting: number,
  nowMs: number,
  { ttftMs, hedgeMs }: { readonly ttftMs: number; readonly hedgeMs: number },
): Move {
  if (firstAtMs === undefined) return { kind: 'ask' };
  const isAlone = secondAtMs === undefined;
  const leaveAtMs = isAlone && waiting === 0 ? never : firstAtMs + ttftMs;
  const hedgeAtMs = isAlone && waiting > 0 ? firstAtMs + hedgeMs : never;
  if (leaveAtMs <= nowMs) return { kind: 'leave' };
  return hedgeAtMs <= nowMs ? { kind: 'ask' } : { kind: 'wait', untilMs: Math.min(leaveAtMs, hedgeAtMs) };
}
