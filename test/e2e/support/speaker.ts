// What a browser has and Node has not: just enough of an AudioContext for a client to hand its sound to.

/** Samples that were played, at whatever rate the client asked for. */
export class Speaker {
  readonly played: Float32Array[] = [];
  readonly #before = Object.getOwnPropertyDescriptor(globalThis, 'AudioContext');

  /** Puts it in place for this process; `remove` ends that. */
  constructor() {
    const { played } = this;
    class AudioContext {
      readonly state = 'running';
      readonly destination = {};
      readonly #startedAt = performance.now();
      onstatechange: (() => void) | null = null;
      get currentTime(): number {
        return (performance.now() - this.#startedAt) / 1000;
      }
      createBuffer(_channels: number, length: number, sampleRate: number) {
        const samples = new Float32Array(length);
        return { duration: length / sampleRate, getChannelData: () => samples, copyToChannel: (from: Float32Array) => samples.set(from) };
      }
      createBufferSource() {
        return {
          buffer: undefined as { getChannelData(): Float32Array } | undefined,
          onended: null,
          connect() {},
          disconnect() {},
          stop() {},
          start() {
            if (this.buffer) played.push(this.buffer.getChannelData());
          },
        };
      }
      async resume() {}
      async close() {}
    }
    Object.defineProperty(globalThis, 'AudioContext', { value: AudioContext, configurable: true, writable: true });
  }

  /** All of it, as PCM16. */
  get samples(): Int16Array {
    return Int16Array.from(
      this.played.flatMap((piece) => [...piece]),
      (sample) => Math.round(sample * 32_767),
    );
  }

  remove(): void {
    if (this.#before) Object.defineProperty(globalThis, 'AudioContext', this.#before);
    else Reflect.deleteProperty(globalThis, 'AudioContext');
  }
}
