// A caller's frames made into one unbroken sound whose length is time: puts them in order where they are counted, fills what is missing by the
// times they bear, and gives silence while nothing comes. It has no timer: `tick` tells it how late it is.
import { FRAME_MS } from '../rtp/call-rate.ts';
import type { StreamSound } from './dialect.ts';
import type { SoundBytes } from './sound-bytes.ts';

/** How long a missing frame is waited for, and how many that came early are kept meanwhile. */
const orderWaitMs = 60;
const mostEarly = 50;
/** So far from what was due, the provider has begun to count anew. */
const mostApart = 500;
/** The longest silence put in for a gap; times further apart than that say nothing. */
const mostGapMs = 10_000;
/** From here on a caller of whom nothing comes is heard as silent. */
const starvingMs = 750;
/** The longest silence given at once, after a standstill of this process. */
const mostSilenceMs = 5000;
/** So far ahead of real time, quiet frames are left out until time and sound agree again; further ahead than the second, all are. */
const hasteMs = 100;
const mostHasteMs = 10_000;

export class InboundSound {
  readonly #bytes: SoundBytes;
  readonly #gapMs: number;
  readonly #onSound: (sound: Uint8Array) => void;
  readonly #startedMs: number;
  #nowMs: number;
  #lastArrivalMs: number;
  /** Given so far, and of it the silence given since the last frame because none came. */
  #givenMs = 0;
  #filledMs = 0;
  /** What comes next when nothing is missing; undefined until a frame bears it. */
  #nextOrder: number | undefined;
  #nextAtMs: number | undefined;
  readonly #early = new Map<number, { readonly sound: StreamSound; readonly sinceMs: number }>();

  constructor(options: { bytes: SoundBytes; gapMs: number; nowMs: number; onSound: (sound: Uint8Array) => void }) {
    this.#bytes = options.bytes;
    this.#gapMs = options.gapMs;
    this.#onSound = options.onSound;
    this.#startedMs = options.nowMs;
    this.#nowMs = options.nowMs;
    this.#lastArrivalMs = options.nowMs;
  }

  /** For how long nothing has come. */
  silentMs(nowMs: number): number {
    return nowMs - this.#lastArrivalMs;
  }

  push(sound: StreamSound, nowMs: number): void {
    this.#nowMs = nowMs;
    const { order } = sound;
    const ahead = order === undefined || this.#nextOrder === undefined ? 0 : order - this.#nextOrder;
    // Late: its place has been filled.
    if (ahead < 0 && ahead >= -mostApart) return;
    this.#lastArrivalMs = nowMs;
    if (ahead > 0 && ahead <= mostApart) this.#early.set(order as number, { sound, sinceMs: nowMs });
    else {
      if (ahead !== 0) this.#startAnew();
      this.#take(sound);
    }
    this.#takeWhatFollows();
    while (this.#early.size > mostEarly) this.#closeGap();
  }

  /** To be called every 20 ms or so. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    while (this.#early.size > 0 && nowMs - this.#missingSinceMs >= orderWaitMs) this.#closeGap();
    const quietMs = this.silentMs(nowMs);
    if (quietMs < starvingMs) return;
    // The frame that is due just now may come yet.
    const missingMs = (Math.floor(quietMs / FRAME_MS) - 1) * FRAME_MS - this.#filledMs;
    if (missingMs <= 0) return;
    this.#filledMs += missingMs;
    this.#giveSilence(Math.min(missingMs, mostSilenceMs));
  }

  get #missingSinceMs(): number {
    return Math.min(...[...this.#early.values()].map(({ sinceMs }) => sinceMs));
  }

  #startAnew(): void {
    while (this.#early.size > 0) this.#closeGap();
    this.#nextAtMs = undefined;
  }

  #takeWhatFollows(): void {
    for (;;) {
      const early = this.#nextOrder === undefined ? undefined : this.#early.get(this.#nextOrder);
      if (!early) return;
      this.#early.delete(this.#nextOrder as number);
      this.#take(early.sound);
    }
  }

  /** What is missing before the first of the early frames is given up. */
  #closeGap(): void {
    const order = Math.min(...this.#early.keys());
    const sound = this.#early.get(order)?.sound;
    this.#early.delete(order);
    if (!sound) return;
    const missing = order - (this.#nextOrder ?? order);
    this.#take(sound, missing * this.#lengthMs(sound));
    this.#takeWhatFollows();
  }

  /** @param lostMs what was lost right before it by the count of frames: it says so where there are no times. */
  #take(sound: StreamSound, lostMs = 0): void {
    const lengthMs = this.#lengthMs(sound);
    const gapMs = this.#gapBefore(sound, lostMs);
    const unfilledMs = gapMs - this.#filledMs;
    this.#filledMs = 0;
    if (unfilledMs > 0) this.#giveSilence(unfilledMs);
    if (sound.order !== undefined) this.#nextOrder = sound.order + 1;
    this.#give(sound.bytes, lengthMs);
  }

  #gapBefore({ atMs, ...sound }: StreamSound, lostMs: number): number {
    if (atMs === undefined) return Math.min(lostMs, mostGapMs);
    const gapMs = atMs - (this.#nextAtMs ?? atMs);
    const isGap = gapMs >= this.#gapMs && gapMs <= mostGapMs;
    // Within their inaccuracy times follow the sound; beyond it the sound follows them.
    const fromMs = Math.abs(gapMs) < this.#gapMs ? (this.#nextAtMs ?? atMs) : atMs;
    this.#nextAtMs = fromMs + this.#lengthMs(sound);
    return isGap ? gapMs : 0;
  }

  #lengthMs({ bytes }: Pick<StreamSound, 'bytes'>): number {
    return bytes.length / this.#bytes.perMs;
  }

  #giveSilence(ms: number): void {
    const silence = this.#bytes.silence(this.#bytes.of(ms));
    if (silence.length > 0) this.#give(silence, ms, true);
  }

  #give(sound: Uint8Array, lengthMs: number, isFill = false): void {
    if (lengthMs === 0) return;
    const aheadMs = this.#givenMs - (this.#nowMs - this.#startedMs);
    if (aheadMs > mostHasteMs) return;
    if (!isFill && aheadMs > hasteMs && this.#bytes.isQuiet(sound)) return;
    this.#givenMs += lengthMs;
    this.#onSound(sound);
  }
}
