// Who has the main loop, and for how long: what is done there for connections and sessions is measured, by the keys they belong to. In one turn of the
// loop each key has it for some milliseconds, so that nobody waits longer than that for anybody. While several keys are there, each has so much of
// every second; a conversation at the pace of speech pays for itself, so that this concerns those only who send much else. What has to wait stays in
// its socket.
import { Bucket } from './bucket.ts';
import type { Clock } from './clock.ts';

/** Of each second, in milliseconds, while other keys are there: so much for the key, and so much more for each of its shares. */
const perSecondMs = { key: 60, share: 2 };
/** What a key may have saved up. */
const savedMs = 500;
/** In one turn of the loop. A task that takes longer is not interrupted: it is the last one of that turn. */
const turnMs = 2;
/** What a second of sound brings along, in milliseconds, as it comes at the pace of speech; some three seconds of it may come at once. */
const broughtBySoundMs = 20;
const mostSoundMs = 3000;
/** What a second of sound that comes faster costs besides: it is looked at for speech in a thread that all share. */
const hurriedSoundMs = 10;
/** What a message costs besides, by its length: it is made an event before it comes here, and what is left of it and of its echoes is collected later. */
const besidesMsPerByte = 40e-6;
/** What a request costs, whatever it asks for. */
const requestMs = 0.3;
/** Requests of one key that may wait; each holds a connection. */
const mostWaiting = 256;
/** The other keys may have gone meanwhile. */
const mostWaitMs = 50;

/** What is known of a task beforehand. */
export interface TaskSize {
  /** What it will cost later. */
  readonly ms?: number;
  /** Of the message that it came in. */
  readonly bytes?: number;
  /** How long the sound in it lasts. */
  readonly soundMs?: number;
}

/** What one connection or session has of its key's share. */
export interface LoopShare {
  /** Does a task when it is its turn; undefined when that was at once. Rejects with what the task throws. */
  inTurn(task: () => void, size?: TaskSize): Promise<void> | undefined;
  /** Does at once what cannot wait. It counts as well. */
  atOnce<T>(task: () => T): T;
  /** Sound that is worked on later, in slices between tasks: it counts like sound that comes faster than speech. */
  owesFor(soundMs: number): void;
  /** It has ended: tasks that wait are not done any more. */
  end(): void;
}

interface Waiting {
  readonly share: object;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
  readonly task: () => void;
}

interface Key {
  shares: number;
  /** Milliseconds it has left, at `atMs`. Below nothing when a task took longer than there was. */
  leftMs: number;
  atMs: number;
  /** The turn of the loop that it did something in last, and for how long. */
  turn: number;
  inTurnMs: number;
  /** At most one task of each share, in the order in which they came. */
  readonly waiting: Waiting[];
}

export class LoopShares {
  readonly #clock: Clock;
  readonly #onWaited: (seconds: number) => void;
  readonly #keys = new Map<string, Key>();
  #turn = 0;
  /** Whoever has had its part of this turn. */
  #nextTurn: (() => void)[] | undefined;
  #measuring = false;

  /** `onWaited` is told how long tasks had to wait, in seconds. */
  constructor(clock: Clock, onWaited: (seconds: number) => void = () => {}) {
    this.#clock = clock;
    this.#onWaited = onWaited;
  }

  /** For one connection or session more of this key. */
  open(keyId: string): LoopShare {
    this.#forget();
    const nowMs = this.#clock.now();
    const key = this.#keys.get(keyId) ?? { shares: 0, leftMs: savedMs, atMs: nowMs, turn: 0, inTurnMs: 0, waiting: [] };
    this.#keys.set(keyId, key);
    key.shares += 1;
    const share = {};
    let ended = false;
    const sound = new Bucket(mostSoundMs, mostSoundMs, nowMs);
    const work =
      (task: () => void, { ms = 0, bytes = 0, soundMs = 0 }: TaskSize) =>
      () => {
        const atMs = this.#clock.now();
        const atPaceMs = Math.min(soundMs, Math.max(0, sound.left(atMs)));
        sound.take(atPaceMs, atMs);
        const besidesMs = ms + bytes * besidesMsPerByte + ((soundMs - atPaceMs) * hurriedSoundMs) / 1000;
        this.#measure(key, task, besidesMs, (atPaceMs * broughtBySoundMs) / 1000);
      };
    return {
      inTurn: (task, size = {}) => {
        const sized = work(task, size);
        if (key.waiting.length > 0 || this.#waitMs(key) > 0 || !this.#hasTurn(key)) return this.#wait(key, share, sized);
        sized();
        return undefined;
      },
      atOnce: (task) => this.#measure(key, task, 0, 0),
      owesFor: (soundMs) => this.#charge(key, (soundMs * hurriedSoundMs) / 1000, 0),
      end: () => {
        if (ended) return;
        ended = true;
        for (const waiting of key.waiting.filter((each) => each.share === share)) {
          key.waiting.splice(key.waiting.indexOf(waiting), 1);
          waiting.done();
        }
        key.shares -= 1;
      },
    };
  }

  /** Whether so much waits of this key that no request of it should wait besides. */
  isCrowded(keyId: string): boolean {
    return (this.#keys.get(keyId)?.waiting.length ?? 0) >= mostWaiting;
  }

  /** A request of this key that belongs to no connection: resolves when it may be seen to; undefined when that is at once. */
  request(keyId: string, bytes = 0): Promise<void> | undefined {
    const share = this.open(keyId);
    const turn = share.inTurn(() => {}, { bytes, ms: requestMs });
    if (!turn) share.end();
    return turn?.finally(() => share.end());
  }

  /** Keys without shares that have saved up all they may: whoever comes back sooner finds what was left. */
  #forget(): void {
    for (const [id, key] of this.#keys) {
      if (key.shares > 0) continue;
      this.#refill(key);
      if (key.leftMs >= savedMs) this.#keys.delete(id);
    }
  }

  #wait(key: Key, share: object, task: () => void): Promise<void> {
    const sinceMs = this.#clock.now();
    const isFirst = key.waiting.length === 0;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const done = () => {
      this.#onWaited((this.#clock.now() - sinceMs) / 1000);
      resolve();
    };
    key.waiting.push({ share, done, failed: reject, task });
    if (isFirst) this.#serve(key);
    return promise;
  }

  /** Does what waits of a key as far as it may now, and comes back for the rest. */
  #serve(key: Key): void {
    for (let next = key.waiting[0]; next; next = key.waiting[0]) {
      const waitMs = this.#waitMs(key);
      if (waitMs > 0) {
        this.#clock.after(Math.min(waitMs, mostWaitMs), () => this.#serve(key));
        return;
      }
      if (!this.#hasTurn(key)) {
        this.#atNextTurn(() => this.#serve(key));
        return;
      }
      key.waiting.shift();
      try {
        next.task();
        next.done();
      } catch (error) {
        next.failed(error);
      }
    }
  }

  /** A task may bring others: they are part of it. */
  #measure<T>(key: Key, task: () => T, costMs: number, broughtMs: number): T {
    if (this.#measuring) return task();
    this.#measuring = true;
    const startMs = this.#clock.now();
    try {
      return task();
    } finally {
      this.#measuring = false;
      this.#charge(key, costMs + this.#clock.now() - startMs, broughtMs);
    }
  }

  #charge(key: Key, tookMs: number, broughtMs: number): void {
    this.#refill(key);
    const leftMs = key.leftMs - Math.max(0, tookMs - broughtMs);
    // Who is alone takes what it likes, and owes nothing to those who come later.
    key.leftMs = this.#isAlone(key) ? Math.max(0, leftMs) : leftMs;
    if (key.turn !== this.#turn) {
      key.turn = this.#turn;
      key.inTurnMs = 0;
    }
    key.inTurnMs += tookMs;
    if (key.inTurnMs > 0) this.#atNextTurn(() => {});
  }

  #isAlone(key: Key): boolean {
    for (const other of this.#keys.values()) if (other !== key && other.shares > 0) return false;
    return true;
  }

  #refill(key: Key): void {
    const nowMs = this.#clock.now();
    key.leftMs = Math.min(savedMs, key.leftMs + (nowMs - key.atMs) * perMs(key));
    key.atMs = nowMs;
  }

  /** Until the key may go on, by what it has had of the last seconds; in whole milliseconds. */
  #waitMs(key: Key): number {
    if (this.#isAlone(key)) return 0;
    this.#refill(key);
    return Math.ceil(-key.leftMs / perMs(key));
  }

  #hasTurn(key: Key): boolean {
    return key.turn !== this.#turn || key.inTurnMs < turnMs;
  }

  #atNextTurn(task: () => void): void {
    if (this.#nextTurn) {
      this.#nextTurn.push(task);
      return;
    }
    this.#nextTurn = [task];
    setImmediate(() => {
      const tasks = this.#nextTurn ?? [];
      this.#nextTurn = undefined;
      this.#turn += 1;
      for (const each of tasks) each();
    });
  }
}

function perMs({ shares }: Key): number {
  return (perSecondMs.key + perSecondMs.share * shares) / 1000;
}
