// What of a client's doing may be limited, in the words of the wire. The figures are the operator's: docs/operating.md.

/**
 * `sessions`: open at a time. `requests`: in a second; every event but sound that is appended is one, and every HTTP request. `responses`: under
 * way beside a session's conversation. `recognition`, `speech`: seconds of sound in a minute. `mints`: secrets and tokens in a minute. All but
 * `responses` are of one API key.
 */
export type Limit = 'sessions' | 'requests' | 'responses' | 'recognition' | 'speech' | 'mints';

/** More was asked for than there may be. */
export interface Excess {
  readonly limit: Limit;
  readonly most: number;
  /** When it is worth another try. */
  readonly retryAfterMs: number;
}

/** What is left of a limit, as `rate_limits.updated` tells it. */
export interface RateLimit {
  name: 'requests' | 'tokens';
  limit: number;
  remaining: number;
  /** Until all of it is there again, if nobody asks for any. */
  reset_seconds: number;
}

const sentences: Readonly<Record<Limit, (most: number) => string>> = {
  sessions: (most) => `This API key may have ${most} sessions open at a time.`,
  requests: (most) => `This API key may make ${most} requests a second.`,
  responses: (most) => `This session may have ${most} responses under way beside its conversation.`,
  recognition: (most) => `This API key may have ${most} seconds of speech recognised a minute.`,
  speech: (most) => `This API key may have ${most} seconds of speech made a minute.`,
  mints: (most) => `This API key may mint ${most} secrets and tokens a minute.`,
};

export function limitReached({ limit, most, retryAfterMs }: Excess): string {
  const wait = retryAfterMs < 1000 ? `${retryAfterMs} ms` : `${Math.ceil(retryAfterMs / 1000)} s`;
  return `Rate limit reached: ${sentences[limit](most)} Try again in ${wait}.`;
}
