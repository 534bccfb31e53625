// What the operator is told when something failed: an engine that says so itself is a warning, anything else is a fault of ours.
import { EngineError } from '../engines/engine.ts';
import type { Log } from '../lib/log.ts';

export function logFailure(log: Log, error: unknown, what: string, about: object = {}): void {
  if (!(error instanceof EngineError)) {
    log.error({ ...about, err: error }, what);
    return;
  }
  const { engine, reason, message, cause } = error;
  log.warn({ ...about, engine, reason, why: message, ...(cause === undefined ? {} : { err: cause }) }, what);
}
