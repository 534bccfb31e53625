// How much of what was sent to a provider has been played to the caller. Its echoes of our marks say so; between them the clock does, and all by
// itself where a provider sends no marks back.
import type { SoundBytes } from './sound-bytes.ts';

/** Sound between two marks. */
const markEveryMs = 250;
/** A mark that is so late will not come, or its sound is not being played: from then on the clock is believed. */
const overdueMs = 2000;
/** Marks that are out at once: more than a second's sound never waits at a provider. */
const mostMarks = 64;

interface Mark {
  readonly name: string;
  /** How much had been sent before it. */
  readonly position: number;
  /** When its sound is over by the clock. */
  readonly dueMs: number;
}

export class Playout {
  readonly #bytes: SoundBytes;
  /** All positions are in bytes of what was ever given to be played. */
  #sent = 0;
  /** So much was played at that time; since then it has gone on. */
  #played = { position: 0, atMs: 0 };
  /** When what the provider has will have been played. */
  #untilMs = 0;
  #marks: Mark[] = [];
  #unmarked = 0;
  #generation = 0;
  #count = 0;
  #everEchoed = false;
  #isMarked: boolean;

  /** @param isMarked whether the provider can be asked to send marks back. */
  constructor(bytes: SoundBytes, isMarked: boolean) {
    this.#bytes = bytes;
    this.#isMarked = isMarked;
  }

  /** Sound that waits at the provider. */
  aheadMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  /** All that was sent has been played, as far as is known. */
  isOver(nowMs: number): boolean {
    return this.played(nowMs) >= this.#sent;
  }

  /**
   * A message has been sent.
   * @param bytes of what was given to be played; the rest of its length is silence or tones.
   */
  send(bytes: number, lengthMs: number, nowMs: number): void {
    if (this.aheadMs(nowMs) === 0) {
      // It is played as soon as it comes there.
      this.#played = { position: this.played(nowMs), atMs: nowMs };
      this.#untilMs = nowMs;
    }
    this.#sent += bytes;
    this.#unmarked += bytes;
    this.#untilMs += lengthMs;
  }

  /** The name of a mark that should be sent now, if one should. `atEnd`: nothing follows for now. */
  mark(atEnd: boolean, nowMs: number): string | undefined {
    if (this.#unmarked === 0 || this.#marks.length >= mostMarks || !this.#isMarked) return undefined;
    if (!atEnd && this.#unmarked < markEveryMs * this.#bytes.perMs) return undefined;
    this.#unmarked = 0;
    this.#count += 1;
    const name = `g${this.#generation}-${this.#count}`;
    this.#marks.push({ name, position: this.#sent, dueMs: nowMs + this.aheadMs(nowMs) });
    return name;
  }

  /** A mark came back. Those of sound that was cleared say nothing. */
  echoed(name: string, nowMs: number): void {
    const at = this.#marks.findIndex((mark) => mark.name === name);
    const mark = this.#marks[at];
    if (!mark) return;
    this.#everEchoed = true;
    this.#marks.splice(0, at + 1);
    this.#played = { position: mark.position, atMs: nowMs };
    this.#untilMs = nowMs + (this.#sent - mark.position) / this.#bytes.perMs;
  }

  played(nowMs: number): number {
    const [next] = this.#marks;
    const byClock = this.#played.position + (nowMs - this.#played.atMs) * this.#bytes.perMs;
    if (!next) return Math.min(byClock, this.#sent);
    if (nowMs - next.dueMs <= overdueMs) return Math.min(byClock, next.position);
    // One that has never sent a mark back is sent none any more.
    this.#isMarked = this.#everEchoed;
    this.#marks = [];
    return Math.min(byClock, this.#sent);
  }

  /** Nothing that was given until `position` counts any more. `atProvider`: what waits there is thrown away as well. */
  clear(position: number, atProvider: boolean, nowMs: number): void {
    this.#generation += 1;
    this.#marks = [];
    this.#unmarked = 0;
    this.#sent = position;
    this.#played = { position, atMs: nowMs };
    if (atProvider) this.#untilMs = nowMs;
  }
}
