// An engine's failure as the answer to a request over HTTP.
import { EngineError } from './engines/engine.ts';
import { Refusal } from './http/routes/family.ts';
import { type Failed, failureOf } from './pipeline/failure.ts';

const statuses: Readonly<Record<string, number>> = { rate_limited: 429, rejected: 400, timeout: 504 };

/** What its client may know of it; anything else than an engine's failure is a fault of ours, and stays what it is. */
export function refused(error: unknown, what: Failed): unknown {
  if (!(error instanceof EngineError)) return error;
  const retrySeconds = error.retryAfterMs === undefined ? undefined : Math.ceil(error.retryAfterMs / 1000);
  return new Refusal(statuses[error.reason] ?? 503, error.reason, failureOf(error, what).message, null, retrySeconds);
}
