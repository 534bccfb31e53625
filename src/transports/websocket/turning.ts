// Why somebody is turned away at the door who may be let in later, as HTTP says it.
import { tooManyWaiting, tooManyWrongKeys, unavailableRetrySeconds } from '../../protocol/errors.ts';
import { type Excess, limitReached } from '../../protocol/limits.ts';

export interface Turning {
  readonly status: 429 | 503;
  readonly code: string;
  readonly why: string;
  readonly retryAfterSeconds: number;
}

export function notNow(code: 'server_overloaded' | 'store_unavailable', why: string): Turning {
  return { status: 503, code, why, retryAfterSeconds: unavailableRetrySeconds };
}

export function afterWrongKeys(retryAfterSeconds: number): Turning {
  return tooMuch(tooManyWrongKeys, retryAfterSeconds);
}

export function crowded(): Turning {
  return tooMuch(tooManyWaiting, 1);
}

export function overLimit(excess: Excess): Turning {
  return tooMuch(limitReached(excess), Math.ceil(excess.retryAfterMs / 1000));
}

function tooMuch(why: string, retryAfterSeconds: number): Turning {
  return { status: 429, code: 'rate_limit_exceeded', why, retryAfterSeconds };
}
