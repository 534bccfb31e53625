// What a caller says and when: the script of its utterances on an absolute timeline, a frame every 20 ms, whatever the server does.
import { FRAME_MS, type Material, type Utterance } from './frames.ts';

/** Quiet after each utterance. A short one lets the next utterance begin while the answer is still being made: a barge-in. */
const wholeMs = 3200;
const bargeMs = 1000;
const script: readonly number[] = [wholeMs, bargeMs, wholeMs, wholeMs, bargeMs, wholeMs, wholeMs];
/** The mean length of an utterance with its quiet. */
export const CYCLE_MS = 5400;

/** One utterance. Its onset and end are those of the sound on the timeline, by the clock. */
export interface Said {
  readonly onsetMs: number;
  readonly endMs: number;
  /** It begins while the answer to the one before is still being said. */
  readonly cutsIn: boolean;
}

export class Timeline {
  /** How late frames left. */
  readonly lags: number[] = [];
  readonly #material: Material;
  readonly #number: number;
  /** How often the script is played. */
  readonly #rounds: number;
  readonly #onSaid: (said: Said) => void;
  #startMs = 0;
  #frame = 0;
  #said = 0;
  #utterance: Utterance | undefined;
  #utteranceFrame = 0;
  #quietLeft = 0;

  /** `onSaid` is told of each utterance when its first frame is taken. */
  constructor(material: Material, number: number, rounds: number, onSaid: (said: Said) => void) {
    this.#material = material;
    this.#number = number;
    this.#rounds = rounds;
    this.#onSaid = onSaid;
  }

  /** `quietMs`: for so long nothing is said at first. */
  begin(startMs: number, quietMs = 500): void {
    this.#startMs = startMs;
    this.#quietLeft = Math.round(quietMs / FRAME_MS);
  }

  /** When the next frame leaves: when its last sample has been taken. */
  get dueMs(): number {
    return this.#startMs + (this.#frame + 1) * FRAME_MS;
  }

  get over(): boolean {
    return this.#said >= script.length * this.#rounds && !this.#utterance && this.#quietLeft === 0;
  }

  /** The next frame, which leaves now. */
  next(nowMs: number): Buffer {
    this.lags.push(nowMs - this.dueMs);
    const frame = this.#nextFrame();
    this.#frame += 1;
    return frame;
  }

  #nextFrame(): Buffer {
    const { utterances, quiet } = this.#material;
    if (!this.#utterance && this.#quietLeft === 0 && this.#said < script.length * this.#rounds) this.#speak(utterances);
    const spoken = this.#utterance?.frames[this.#utteranceFrame++];
    if (this.#utterance && this.#utteranceFrame >= this.#utterance.frames.length) this.#utterance = undefined;
    if (spoken) return spoken;
    if (this.#quietLeft > 0) this.#quietLeft -= 1;
    return quiet[this.#frame % quiet.length] as Buffer;
  }

  #speak(utterances: readonly Utterance[]): void {
    // A prime step: no two callers say the same things in the same order.
    const utterance = utterances[(this.#number * 7 + this.#said * 5) % utterances.length] as Utterance;
    const beginMs = this.#startMs + this.#frame * FRAME_MS;
    this.#onSaid({
      onsetMs: beginMs + utterance.onsetMs,
      endMs: beginMs + utterance.endMs,
      cutsIn: this.#said > 0 && script[(this.#said - 1) % script.length] === bargeMs,
    });
    this.#quietLeft = Math.round((script[this.#said % script.length] ?? 0) / FRAME_MS);
    this.#said += 1;
    this.#utterance = utterance;
    this.#utteranceFrame = 0;
  }
}
