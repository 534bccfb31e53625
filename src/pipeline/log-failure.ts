// What the operator is told when something failed: an engine that says so itself is a warning, a limit that is reached no news (it is counted), and
// anything else a fault of ours.
import { EngineError } from '../engines/engine.ts';
import type { Log } from '../lib/log.ts';
import { RealtimeError } from '../protocol/errors.ts';

export function logFailure(log: Log, error: unknown, what: string, about: object = {}): void {
  if (error instanceof RealtimeError) {
    log.debug({ ...about, why: error.message }, what);
    return;
  }
  if (!(error instanceof EngineError)) {
    log.error({ ...about, err: error }, what);
    return;
  }
  const { engine, reason, message, cause } = error;
  log.warn({ ...about, engine, reason, why: message, ...(cause === undefined ? {} : { err: cause }) }, what);
}
