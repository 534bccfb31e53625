// The body of an answer, piece by piece as it is read, with an end to how long and how much.
import type { Clock } from './clock.ts';

export interface BodyBounds {
  /** Bytes, as the reader gets them (unpacked). */
  readonly maxBytes: number;
  /** Longest wait for the next piece, in milliseconds, while somebody is reading. */
  readonly idleMs: number;
  readonly clock: Clock;
  /** What the reader gets when a bound is passed. */
  readonly tooLarge: () => Error;
  readonly tooSlow: () => Error;
  /** What the reader gets when the connection breaks. */
  readonly broken: (cause: unknown) => unknown;
  /** Once, however the body ends. */
  readonly ended: () => void;
}

/** Reads ahead nothing: a piece is asked for when the reader asks. */
export function boundedBody(body: ReadableStream<Uint8Array>, bounds: BodyBounds): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  // Cancelling tells the connection to stop; what it answers to that concerns nobody any more.
  const drop = (reason: unknown) => {
    bounds.ended();
    reader.cancel(reason).catch(() => {});
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let late: Error | undefined;
        const patience = Number.isFinite(bounds.idleMs)
          ? bounds.clock.after(bounds.idleMs, () => {
              late = bounds.tooSlow();
              controller.error(late);
              drop(late);
            })
          : undefined;
        try {
          const { done, value } = await reader.read();
          if (late) return;
          if (done) {
            bounds.ended();
            controller.close();
            return;
          }
          bytes += value.byteLength;
          if (bytes > bounds.maxBytes) {
            const error = bounds.tooLarge();
            controller.error(error);
            drop(error);
            return;
          }
          controller.enqueue(value);
        } catch (cause) {
          bounds.ended();
          if (!late) controller.error(bounds.broken(cause));
        } finally {
          patience?.cancel();
        }
      },
      cancel: drop,
    },
    { highWaterMark: 0 },
  );
}
