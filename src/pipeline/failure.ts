// An engine's failure in words for the end user. What a service or a worker said of it is the operator's, and goes to the log.
import { EngineError, type EngineFailure } from '../engines/engine.ts';
import { RealtimeError } from '../protocol/errors.ts';
import type { Failure } from '../session/facts.ts';

/** What of a conversation did not work, as people know it. */
export type Failed = 'The language model' | 'The voice' | 'The speech recognition' | 'The decoder of sound files';

const sentences: Record<EngineFailure, string> = {
  unavailable: 'is not available.',
  timeout: 'did not answer in time.',
  crashed: 'stopped in the middle of its work.',
  rejected: 'refused the request.',
  unauthorized: 'did not let this server in.',
  rate_limited: 'has too much to do at the moment.',
  broken: 'did not work.',
};

/** Whether it was said to happen: by an engine, or by us when a limit is reached. Anything else is a fault of ours. */
export function isDeclared(error: unknown): error is EngineError | RealtimeError {
  return error instanceof EngineError || error instanceof RealtimeError;
}

/** The code is the engine's reason, that of the limit that is reached, or `internal` where there is none. */
export function failureOf(error: unknown, what: Failed): Failure {
  if (error instanceof RealtimeError) return { type: error.type, code: error.code ?? 'internal', message: error.message };
  if (!(error instanceof EngineError)) return { code: 'internal', message: 'The server had an error.' };
  return { code: error.reason, message: error.forClient ?? `${what} ${sentences[error.reason]}` };
}
