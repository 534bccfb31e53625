// What a browser has and Node has not: just enough of an AudioContext for a client to play its sound in real time, and to stop it.

/** A piece of sound, and when it begins on the clock of its context. */
interface Piece {
  samples: Float32Array;
  readonly rateHz: number;
  readonly atSeconds: number;
}

export class Speaker {
  readonly #pieces: Piece[] = [];
  readonly #before = Object.getOwnPropertyDescriptor(globalThis, 'AudioContext');

  /** Puts it in place for this process; `remove` ends that. */
  constructor() {
    const pieces = this.#pieces;
    const startedAt = performance.now();
    const now = () => (performance.now() - startedAt) / 1000;
    class Source {
      buffer: { readonly sampleRate: number; getChannelData(): Float32Array } | undefined;
      onended: (() => void) | null = null;
      #piece: Piece | undefined;
      connect(): void {}
      disconnect(): void {}
      start(atSeconds: number): void {
        if (!this.buffer) return;
        const [samples, rateHz] = [this.buffer.getChannelData(), this.buffer.sampleRate];
        this.#piece = { samples, rateHz, atSeconds };
        pieces.push(this.#piece);
        setTimeout(() => this.onended?.(), (atSeconds - now() + samples.length / rateHz) * 1000).unref();
      }
      stop(): void {
        if (!this.#piece) return;
        const { samples, rateHz, atSeconds } = this.#piece;
        this.#piece.samples = samples.subarray(0, Math.max(0, Math.round((now() - atSeconds) * rateHz)));
      }
    }
    class AudioContext {
      readonly state = 'running';
      readonly destination = {};
      onstatechange: (() => void) | null = null;
      get currentTime(): number {
        return now();
      }
      createBuffer(_channels: number, length: number, sampleRate: number) {
        const samples = new Float32Array(length);
        return {
          sampleRate,
          duration: length / sampleRate,
          getChannelData: () => samples,
          copyToChannel: (from: Float32Array) => samples.set(from),
        };
      }
      createBufferSource() {
        return new Source();
      }
      async resume() {}
      async close() {}
    }
    Object.defineProperty(globalThis, 'AudioContext', { value: AudioContext, configurable: true, writable: true });
  }

  /** All that it was given to play, as PCM16, without what was stopped before it could be heard. */
  get samples(): Int16Array {
    return Int16Array.from(
      this.#pieces.flatMap(({ samples }) => [...samples]),
      (sample) => Math.round(sample * 32_767),
    );
  }

  remove(): void {
    if (this.#before) Object.defineProperty(globalThis, 'AudioContext', this.#before);
    else Reflect.deleteProperty(globalThis, 'AudioContext');
  }
}
