// How fast the messages of connections are taken: what comes faster waits in its socket, and nothing is lost. No client that speaks and listens gets
// near it, whatever it sends at once; one that only sends as fast as it can leaves the main loop to the others. Of each connection one message is
// taken in a turn of the loop, however many have come.
import { setImmediate } from 'node:timers/promises';
import { Bucket } from '../lib/bucket.ts';
import { type Clock, sleep } from '../lib/clock.ts';

/** Of one connection. Pages send as many as 190 pieces of sound a second; half a minute of a file, in pieces of 20 ms, may come at once. */
const messages = { burst: 1500, perSecond: 250 };
const mebibyte = 1024 * 1024;
/** Of one connection: a second of sound is 64 kB, and three images of the largest kind may come at once. */
const bytes = { burst: 64 * mebibyte, perSecond: 2 * mebibyte };
/** Of all connections of one key, in messages that are larger than sound as it is spoken: they cost most by far. */
const largeBytes = { burst: 64 * mebibyte, perSecond: 4 * mebibyte };
const leastLarge = 64 * 1024;

interface Key {
  readonly largeBytes: Bucket;
  connections: number;
}

/** The pace of one connection. */
export interface Pace {
  /** Resolves when a message of so many bytes may be taken, and when the connection has ended. */
  take(bytes: number): Promise<void>;
  /** The connection has ended. */
  end(): void;
}

export class Paces {
  readonly #clock: Clock;
  readonly #keys = new Map<string, Key>();
  readonly #turns = new Turns();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For one connection more of this key. */
  open(keyId: string): Pace {
    const clock = this.#clock;
    const turns = this.#turns;
    const nowMs = clock.now();
    const key = this.#keys.get(keyId) ?? { largeBytes: bucketOf(largeBytes, nowMs), connections: 0 };
    this.#keys.set(keyId, key);
    key.connections += 1;
    const ended = new AbortController();
    let lastTurn = -1;
    const own = { messages: bucketOf(messages, nowMs), bytes: bucketOf(bytes, nowMs) };
    return {
      async take(size) {
        while (!ended.signal.aborted) {
          const waitMs = untilFreeMs(own, size < leastLarge ? undefined : key, clock.now());
          if (waitMs <= 0) break;
          await sleep(clock, waitMs, ended.signal);
        }
        if (lastTurn === turns.now) await turns.next();
        lastTurn = turns.now;
        void turns.next();
        const takenMs = clock.now();
        own.messages.take(1, takenMs);
        own.bytes.take(size, takenMs);
        if (size >= leastLarge) key.largeBytes.take(size, takenMs);
      },
      end: () => {
        if (ended.signal.aborted) return;
        ended.abort();
        key.connections -= 1;
        if (key.connections === 0) this.#keys.delete(keyId);
      },
    };
  }
}

/** Turns of the main loop, counted while anybody wants to know of the next. */
class Turns {
  #now = 0;
  #next: Promise<void> | undefined;

  get now(): number {
    return this.#now;
  }

  next(): Promise<void> {
    this.#next ??= setImmediate().then(() => {
      this.#now += 1;
      this.#next = undefined;
    });
    return this.#next;
  }
}

function bucketOf({ burst, perSecond }: { burst: number; perSecond: number }, nowMs: number): Bucket {
  return new Bucket(burst, (burst / perSecond) * 1000, nowMs);
}

/** A message may be larger than all that may come at once: it is made up for afterwards. */
function untilFreeMs(own: { messages: Bucket; bytes: Bucket }, key: Key | undefined, nowMs: number): number {
  return Math.max(own.messages.waitMs(1, nowMs), own.bytes.waitMs(1, nowMs), key?.largeBytes.waitMs(1, nowMs) ?? 0);
}
