// The keys of a telephone as packets of their own (RFC 4733): read from a far side that repeats and loses them, and made for one.

/** The keys, by the numbers of their events (RFC 4733, 3.2). */
const keys = '0123456789*#ABCD';
const EVENT_BYTES = 4;
const END = 0x80;
/** -10 dBm0, which is how loud telephones press their keys. */
const VOLUME = 10;
const MOST_DURATION = 0xffff;
/** A key of which no more is told for so long has been let go of, and the packets that said so were lost. */
const LOST_END_MS = 200;
/** How long a key is held, how long is between two, and how long a pause lasts. */
const HELD_MS = 160;
const BETWEEN_MS = 80;
const PAUSE_MS = 500;
/** The end is told three times (RFC 4733, 2.5.1.4). */
const ENDS = 3;

export class KeysIn {
  /** Where the key that was pressed last began. */
  #timestamp: number | undefined;
  #held = false;
  #lastMs = 0;

  /** A packet of an event. Gives the key when it is the first of it. */
  take(payload: Uint8Array, timestamp: number, nowMs: number): string | undefined {
    const key = payload.length >= EVENT_BYTES ? keys[payload[0] ?? keys.length] : undefined;
    if (key === undefined) return undefined;
    const isNew = timestamp !== this.#timestamp && !this.#isEarlier(timestamp);
    if (!isNew && timestamp !== this.#timestamp) return undefined;
    this.#timestamp = timestamp;
    this.#lastMs = nowMs;
    const isEnd = ((payload[1] as number) & END) !== 0;
    // What comes after the end is the end again, or overtaken by it.
    if (isNew) this.#held = !isEnd;
    else if (isEnd) this.#held = false;
    return isNew ? key : undefined;
  }

  /** Whether a key is held now: the sound of that time is the key's. */
  isHeld(nowMs: number): boolean {
    if (this.#held && nowMs - this.#lastMs > LOST_END_MS) this.#held = false;
    return this.#held;
  }

  /** A packet of a key that was pressed before the last, and came late. */
  #isEarlier(timestamp: number): boolean {
    if (this.#timestamp === undefined) return false;
    const behind = (this.#timestamp - timestamp) >>> 0;
    return behind > 0 && behind < 0x1_0000;
  }
}

/** One packet for one tick of the pacer. */
export interface EventPacket {
  readonly payload: Uint8Array;
  /** The first of its key. The timestamp of all of them is that of the press. */
  readonly first: boolean;
}

type Step = { readonly key: number } | { readonly pauseTicks: number };

/** Whether it can be pressed: keys, and `w` for half a second's pause. */
export function canBePressed(digits: string): boolean {
  return /^[0-9*#A-Dw]+$/.test(digits);
}

/** Keys to be pressed one after another. It is asked at each tick of the pacer. */
export class KeysOut {
  readonly #tickMs: number;
  /** Of the clock that durations are counted with. */
  clockRateHz: number;
  #steps: Step[] = [];
  /** Ticks since the step that is under way began. */
  #at = 0;
  readonly #waiting: { atSteps: number; resolve: () => void }[] = [];
  #done = 0;

  constructor(tickMs: number, clockRateHz: number) {
    this.#tickMs = tickMs;
    this.clockRateHz = clockRateHz;
  }

  /** Resolves when they all have been pressed. */
  press(digits: string): Promise<void> {
    for (const digit of digits) {
      const key = keys.indexOf(digit);
      if (key < 0) this.#steps.push({ pauseTicks: PAUSE_MS / this.#tickMs });
      else this.#steps.push({ key }, { pauseTicks: BETWEEN_MS / this.#tickMs });
    }
    return new Promise((resolve) => this.#waiting.push({ atSteps: this.#done + this.#steps.length, resolve }));
  }

  get size(): number {
    return this.#steps.length;
  }

  /** What is sent instead of sound now: packets of a key, or nothing but sound. */
  next(): readonly EventPacket[] {
    const [step] = this.#steps;
    if (!step) return [];
    if ('pauseTicks' in step) {
      this.#at++;
      if (this.#at >= step.pauseTicks) this.#leave();
      return [];
    }
    const first = this.#at === 0;
    this.#at++;
    const isLast = this.#at * this.#tickMs >= HELD_MS;
    const packet = { payload: this.#event(step.key, isLast), first };
    if (!isLast) return [packet];
    this.#leave();
    return Array.from({ length: ENDS }, () => packet);
  }

  /** Lets go of whoever waits. */
  drop(): void {
    this.#steps = [];
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #leave(): void {
    this.#steps.shift();
    this.#at = 0;
    this.#done++;
    while (this.#waiting[0] && this.#waiting[0].atSteps <= this.#done) this.#waiting.shift()?.resolve();
  }

  #event(key: number, isEnd: boolean): Uint8Array {
    const duration = Math.min(MOST_DURATION, (this.#at * this.#tickMs * this.clockRateHz) / 1000);
    return Uint8Array.of(key, (isEnd ? END : 0) | VOLUME, duration >> 8, duration & 0xff);
  }
}
