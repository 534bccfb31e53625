// Who has the main loop, and for how long: what is done there for connections and sessions is measured, by the keys they belong to. In one turn of the
// loop each key has it for some milliseconds, so that nobody waits longer than that for anybody. While several keys are there, each has so much of
// every second besides what speech brings along; reading and sound at the pace of speech never wait for that, only for their turn.
import { Bucket } from './bucket.ts';
import type { Clock, Timer } from './clock.ts';

/** Of each second, in milliseconds, while other keys are there: so much for the key, and so much more for each of its shares. */
const perSecondMs = { key: 60, share: 2 };
/** What a second of sound brings along as it comes at the pace of speech; some three seconds of it may come at once. */
const broughtBySoundMs = 10;
const mostSoundMs = 3000;
/** What a key may have saved up, and what it may owe: a standstill of the whole machine is no fault of whoever had the loop. */
const mostSavedMs = 500;
const mostOwedMs = 500;
/** In one turn of the loop. A task that takes longer is not interrupted: it is the last one of that turn. */
const turnMs = 2;
/** What a second of sound that comes faster costs besides: it is looked at for speech in a thread that all share. */
const hurriedSoundMs = 10;
/** What a message costs besides, by its length: it is made an event before it comes here, and what is left of it and of its echoes is collected later. */
const besidesMsPerByte = 40e-6;
/** What a request costs, whatever it asks for. */
const requestMs = 0.3;
/** Requests of one key that may wait; each holds a connection. */
const mostRequests = 256;
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

/** What one connection or session has of its key's share. Tasks reject with what they throw. */
export interface LoopShare {
  /** Does a task when it is the key's turn; undefined when that was at once. */
  inTurn(task: () => void): Promise<void> | undefined;
  /** The same, and not before the key has time left; sound at the pace of speech waits for its turn only. */
  inShare(task: () => void, size?: TaskSize): Promise<void> | undefined;
  /** Does at once what cannot wait. It counts as well. */
  atOnce<T>(task: () => T): T;
  /** Sound that is worked on later, in slices between tasks: it counts like sound that comes faster than speech. */
  owesFor(soundMs: number): void;
  /** It has ended: tasks that wait are not done any more. */
  end(): void;
}

interface Waiting {
  readonly share: object;
  readonly sinceMs: number;
  readonly task: () => void;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** What waits for its turn only is urgent. */
type Kind = 'urgent' | 'other';

interface Key {
  shares: number;
  /** Requests that wait. */
  requests: number;
  /** Milliseconds it has left, at `atMs`; below nothing it owes them. */
  leftMs: number;
  atMs: number;
  /** The turn of the loop that it did something in last, and for how long. */
  turn: number;
  inTurnMs: number;
  /** What waits, by its kind, in the order in which it came. */
  readonly urgent: Waiting[];
  readonly others: Waiting[];
  /** When it is looked at again. */
  awaitsTurn: boolean;
  timer: Timer | undefined;
}

export class LoopShares {
  readonly #clock: Clock;
  readonly #onWaited: (seconds: number) => void;
  readonly #keys = new Map<string, Key>();
  #turn = 0;
  /** Whoever has had its part of this turn. */
  #nextTurn: (() => void)[] | undefined;
  #measuring = false;

  /** `onWaited` is told how long a task waited that may wait for time, in seconds. */
  constructor(clock: Clock, onWaited: (seconds: number) => void = () => {}) {
    this.#clock = clock;
    this.#onWaited = onWaited;
  }

  /** For one connection or session more of this key. */
  open(keyId: string): LoopShare {
    const key = this.#keyOf(keyId);
    key.shares += 1;
    const share = {};
    let ended = false;
    const sound = new Bucket(mostSoundMs, mostSoundMs, this.#clock.now());
    return {
      inTurn: (task) => {
        const work = () => this.#measure(key, task, 0, 'urgent');
        if (key.urgent.length > 0 || !this.#hasTurn(key)) return this.#wait(key, key.urgent, share, work);
        work();
        return undefined;
      },
      inShare: (task, { ms = 0, bytes = 0, soundMs = 0 } = {}) => {
        const nowMs = this.#clock.now();
        const atPaceMs = Math.min(soundMs, Math.max(0, sound.left(nowMs)));
        sound.take(atPaceMs, nowMs);
        const hurriedMs = soundMs - atPaceMs;
        const besidesMs = ms + bytes * besidesMsPerByte + (hurriedMs * hurriedSoundMs - atPaceMs * broughtBySoundMs) / 1000;
        const isSpeech = soundMs > 0 && hurriedMs === 0;
        const work = () => this.#measure(key, task, besidesMs, isSpeech ? 'urgent' : 'other');
        if (key.urgent.length > 0 || !this.#hasTurn(key) || (!isSpeech && (key.others.length > 0 || this.#waitMs(key) > 0)))
          return this.#wait(key, isSpeech ? key.urgent : key.others, share, work);
        work();
        return undefined;
      },
      atOnce: (task) => this.#measure(key, task, 0, 'other'),
      owesFor: (soundMs) => this.#charge(key, 0, (soundMs * hurriedSoundMs) / 1000, 'other'),
      end: () => {
        if (ended) return;
        ended = true;
        for (const queue of [key.urgent, key.others]) {
          for (const waiting of queue.filter((each) => each.share === share)) {
            queue.splice(queue.indexOf(waiting), 1);
            waiting.done();
          }
        }
        key.shares -= 1;
      },
    };
  }

  /** Whether so many requests of this key wait that no other should. */
  isCrowded(keyId: string): boolean {
    return (this.#keys.get(keyId)?.requests ?? 0) >= mostRequests;
  }

  /** A request of this key that belongs to no connection: resolves when it may be seen to; undefined when that is at once. */
  request(keyId: string, bytes = 0): Promise<void> | undefined {
    const share = this.open(keyId);
    const key = this.#keyOf(keyId);
    const turn = share.inShare(() => {}, { bytes, ms: requestMs });
    if (!turn) {
      share.end();
      return undefined;
    }
    key.requests += 1;
    return turn.finally(() => {
      key.requests -= 1;
      share.end();
    });
  }

  #keyOf(keyId: string): Key {
    // Who comes back before it has saved up all it may finds what was left.
    for (const [id, key] of this.#keys) {
      this.#refill(key);
      if (key.shares === 0 && key.leftMs >= mostSavedMs) this.#keys.delete(id);
    }
    const known = this.#keys.get(keyId);
    if (known) return known;
    const left = { leftMs: mostSavedMs, atMs: this.#clock.now(), turn: this.#turn, inTurnMs: 0 };
    const key: Key = { shares: 0, requests: 0, ...left, urgent: [], others: [], awaitsTurn: false, timer: undefined };
    this.#keys.set(keyId, key);
    return key;
  }

  #wait(key: Key, queue: Waiting[], share: object, task: () => void): Promise<void> {
    const sinceMs = this.#clock.now();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const done = () => {
      if (queue === key.others) this.#onWaited((this.#clock.now() - sinceMs) / 1000);
      resolve();
    };
    queue.push({ share, sinceMs, task, done, failed: reject });
    this.#serve(key);
    return promise;
  }

  /** Does what waits of a key as far as it may now, and comes back for the rest. */
  #serve(key: Key): void {
    for (;;) {
      if (key.urgent.length + key.others.length === 0) return;
      if (!this.#hasTurn(key)) return this.#serveNextTurn(key);
      const waitMs = this.#waitMs(key);
      const next = nextOf(key, waitMs <= 0);
      if (!next) {
        key.timer ??= this.#clock.after(Math.min(waitMs, mostWaitMs), () => {
          key.timer = undefined;
          this.#serve(key);
        });
        return;
      }
      try {
        next.task();
        next.done();
      } catch (error) {
        next.failed(error);
      }
    }
  }

  #serveNextTurn(key: Key): void {
    if (key.awaitsTurn) return;
    key.awaitsTurn = true;
    this.#atNextTurn(() => {
      key.awaitsTurn = false;
      this.#serve(key);
    });
  }

  /** A task may bring others: they are part of it. */
  #measure<T>(key: Key, task: () => T, besidesMs: number, kind: Kind): T {
    if (this.#measuring) return task();
    this.#measuring = true;
    const startMs = this.#clock.now();
    try {
      return task();
    } finally {
      this.#measuring = false;
      this.#charge(key, this.#clock.now() - startMs, besidesMs, kind);
    }
  }

  #charge(key: Key, tookMs: number, besidesMs: number, kind: Kind): void {
    this.#refill(key);
    // Who is alone takes what it likes, and owes nothing to those who come later. What does not wait for time uses up what is left and is not owed:
    // what does wait would never be done else.
    const least = this.#isAlone(key) ? 0 : kind === 'urgent' ? Math.min(0, key.leftMs) : -mostOwedMs;
    key.leftMs = Math.min(mostSavedMs, Math.max(least, key.leftMs - tookMs - besidesMs));
    if (key.turn !== this.#turn) {
      key.turn = this.#turn;
      key.inTurnMs = 0;
    }
    key.inTurnMs += tookMs + Math.max(0, besidesMs);
    if (key.inTurnMs > 0) this.#atNextTurn(() => {});
  }

  #isAlone(key: Key): boolean {
    for (const other of this.#keys.values()) if (other !== key && other.shares > 0) return false;
    return true;
  }

  #refill(key: Key): void {
    const nowMs = this.#clock.now();
    key.leftMs = Math.min(mostSavedMs, key.leftMs + (nowMs - key.atMs) * perMs(key));
    key.atMs = nowMs;
  }

  /** Until the key has time left; in whole milliseconds. */
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

/** What waits longest of what may be done now. */
function nextOf({ urgent, others }: Key, hasTime: boolean): Waiting | undefined {
  const [first] = urgent;
  const [other] = hasTime ? others : [];
  return other && (!first || other.sinceMs < first.sinceMs) ? others.shift() : urgent.shift();
}

/** A request that waits brings no time along. */
function perMs({ shares, requests }: Key): number {
  return (perSecondMs.key + perSecondMs.share * (shares - requests)) / 1000;
}
