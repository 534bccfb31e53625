// How long somebody waits for an engine before another one is asked.
import type { Clock } from '../../lib/clock.ts';
import { EngineError } from '../engine.ts';

/** The promise's outcome; rejects with EngineError `timeout` of that engine when it takes longer. */
export async function withDeadline<T>(promise: Promise<T>, deadlineMs: number, clock: Clock, engine: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = clock.after(deadlineMs, () =>
    late.reject(new EngineError(engine, 'timeout', `No answer within ${Math.round(deadlineMs)} ms.`)),
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    timer.cancel();
  }
}
