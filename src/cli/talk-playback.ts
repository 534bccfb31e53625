// The client's speaker, or the thought of one: audio comes faster than it is heard, and only this knows how far the hearing is.
// Without a device it still keeps time, so that a recorded conversation leaves the agent the time to say its answer.
import type { Clock } from '../lib/clock.ts';

/** A real loudspeaker. `play` takes samples ahead of time; `silence` drops what it has not played yet. */
export interface Speaker {
  play(samples: Int16Array): void;
  silence(): void;
}

/** What was being heard when it was cut off: the arguments of conversation.item.truncate. */
export interface Cut {
  readonly itemId: string;
  readonly contentIndex: number;
  readonly heardMs: number;
}

interface Piece {
  readonly itemId: string;
  readonly contentIndex: number;
  readonly samples: Int16Array;
  /** When its first sample is heard. */
  readonly startMs: number;
}

export class Playback {
  readonly #clock: Clock;
  readonly #rateHz: number;
  readonly #speaker: Speaker | undefined;
  readonly #keeps: boolean;
  /** Of the answers from the last cut or pause on. Older ones wait in #heard, if they are kept. */
  #pieces: Piece[] = [];
  #heard: Int16Array[] = [];
  #endMs = 0;
  /** Audio of this item may still be on its way when it is cut. */
  #cutItem: string | undefined;

  /** `keep`: hold on to what was heard, for `heard()`. */
  constructor(clock: Clock, rateHz: number, options: { readonly speaker?: Speaker | undefined; readonly keep: boolean }) {
    this.#clock = clock;
    this.#rateHz = rateHz;
    this.#speaker = options.speaker;
    this.#keeps = options.keep;
  }

  /** Milliseconds until everything has been heard. */
  get remainingMs(): number {
    return Math.max(0, this.#endMs - this.#clock.now());
  }

  write(itemId: string, contentIndex: number, samples: Int16Array): void {
    if (itemId === this.#cutItem) return;
    const now = this.#clock.now();
    if (this.#endMs <= now) this.#retire();
    const startMs = Math.max(now, this.#endMs);
    this.#pieces.push({ itemId, contentIndex, samples, startMs });
    this.#endMs = startMs + this.#ms(samples.length);
    this.#speaker?.play(samples);
  }

  /** Stops at once. Undefined when everything had been heard already. */
  cut(): Cut | undefined {
    const now = this.#clock.now();
    const current = this.#pieces.find((piece) => piece.startMs + this.#ms(piece.samples.length) > now);
    if (!current) return undefined;
    this.#speaker?.silence();
    let heardMs = 0;
    for (const piece of this.#pieces) {
      const pieceMs = Math.min(Math.max(now - piece.startMs, 0), this.#ms(piece.samples.length));
      if (piece.itemId === current.itemId && piece.contentIndex === current.contentIndex) heardMs += pieceMs;
      if (this.#keeps) this.#heard.push(piece.samples.subarray(0, Math.floor((pieceMs * this.#rateHz) / 1000)));
    }
    this.#pieces = [];
    this.#endMs = now;
    this.#cutItem = current.itemId;
    return { itemId: current.itemId, contentIndex: current.contentIndex, heardMs: Math.floor(heardMs) };
  }

  /** Everything that was heard, and what is still to be heard, in order. Empty unless it was to be kept. */
  heard(): readonly Int16Array[] {
    return this.#keeps ? [...this.#heard, ...this.#pieces.map((piece) => piece.samples)] : [];
  }

  #retire(): void {
    if (this.#keeps) this.#heard.push(...this.#pieces.map((piece) => piece.samples));
    this.#pieces = [];
  }

  #ms(samples: number): number {
    return (samples * 1000) / this.#rateHz;
  }
}
