// The agent's sound between being made and being sent: it waits here as long as it waits in the line, and comes out as the line says that it was
// sent. What a `clear` has dropped never comes out.

/** As much as a line holds (transports/rtp/sound-out.ts): what is beyond that is dropped there, too. */
const mostWaitingMs = 120_000;

/** What a line has sent since it told of it last. */
export interface Sent {
  readonly sound: Uint8Array;
  /** There was no pause between what was sent before and this. */
  readonly follows: boolean;
}

export class SentSound {
  readonly #bytesPerMs: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Bytes that were ever given, and of those how many the line has told of: sent, or dropped. */
  #given = 0;
  #gone = 0;
  #clears = 0;
  /** Whether the line had more to send when it last told of what it had sent. */
  #hadMore = false;

  constructor(bytesPerMs: number) {
    this.#bytesPerMs = bytesPerMs;
  }

  /** Whether the line has nothing left to send. */
  get empty(): boolean {
    return this.#gone >= this.#given;
  }

  /** The bytes are not copied: nobody may write to them any more. */
  given(sound: Uint8Array): void {
    this.#given += sound.length;
    const room = mostWaitingMs * this.#bytesPerMs - this.#waitingBytes;
    if (sound.length > room) return;
    this.#waiting.push(sound);
    this.#waitingBytes += sound.length;
  }

  /** The line's word on it (`CallEvents.onPlayed`). Gives what was sent since its last. */
  told(sentMs: number, clears: number): Sent {
    // Whole frames of two bytes: a rate need not make whole samples of a millisecond.
    const gone = Math.min(this.#given, Math.round((sentMs * this.#bytesPerMs) / 2) * 2);
    const taken = this.#take(gone - this.#gone);
    this.#gone = Math.max(this.#gone, gone);
    const dropped = clears !== this.#clears;
    this.#clears = clears;
    const follows = this.#hadMore;
    this.#hadMore = !this.empty;
    return { sound: dropped ? new Uint8Array(0) : taken, follows };
  }

  /** What is sent by now though the line has not said so yet: nothing is told after the end of a call. */
  rest(sinceToldMs: number): Sent {
    return { sound: this.#take(Math.round((sinceToldMs * this.#bytesPerMs) / 2) * 2), follows: this.#hadMore };
  }

  #take(bytes: number): Uint8Array {
    const taken = new Uint8Array(Math.max(0, Math.min(bytes, this.#waitingBytes)));
    for (let at = 0; at < taken.length; ) {
      const piece = this.#waiting[0] as Uint8Array;
      const part = piece.subarray(0, taken.length - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === piece.length) this.#waiting.shift();
      else this.#waiting[0] = piece.subarray(part.length);
    }
    this.#waitingBytes -= taken.length;
    return taken;
  }
}
