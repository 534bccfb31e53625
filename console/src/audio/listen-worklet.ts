// In the audio thread: plays both sides of a call at the context's own rate, the caller on the left and the agent on the right, and says how loud they are.
import { Resampler } from '../../../src/media/resample.ts';
import { ListenBuffer } from './listen-buffer.ts';
import { frameMs, type ListenOrder, type ListenReport } from './messages.ts';

class Listen extends AudioWorkletProcessor {
  readonly #buffer: ListenBuffer;
  /** Taken from the buffer at a time: 5 ms. */
  readonly #takePairs: number;
  /** The caller's and the agent's: both are given as many samples, and so give as many. */
  readonly #resamplers: readonly [Resampler, Resampler];
  /** Samples of both at the context's rate that are made and not played. */
  #made: readonly [Int16Array, Int16Array] = [new Int16Array(0), new Int16Array(0)];
  readonly #peaks: [number, number] = [0, 0];
  readonly #reportLength = Math.round((sampleRate * frameMs) / 1000);
  #counted = 0;
  #quiet = false;

  constructor({ processorOptions }: { processorOptions?: unknown }) {
    super();
    const { rateHz } = processorOptions as { rateHz: number };
    this.#buffer = new ListenBuffer(rateHz);
    this.#takePairs = rateHz / 200;
    this.#resamplers = [new Resampler(rateHz, sampleRate, true), new Resampler(rateHz, sampleRate, true)];
    this.port.addEventListener('message', ({ data }: MessageEvent<ListenOrder>) => {
      if (data.kind === 'play') this.#buffer.add(data.pairs);
      else this.#quiet = data.quiet;
    });
    this.port.start();
  }

  process(_inputs: Float32Array[][], [channels = []]: Float32Array[][]): boolean {
    const length = channels[0]?.length ?? 0;
    for (let at = 0; at < length; ) {
      if (this.#made[0].length === 0 && !this.#more()) break;
      const [left, right] = this.#made;
      const count = Math.min(length - at, left.length);
      this.#play(channels[0], left, at, count, 0);
      this.#play(channels[1], right, at, count, 1);
      this.#made = [left.subarray(count), right.subarray(count)];
      at += count;
    }
    this.#counted += length;
    if (this.#counted >= this.#reportLength) this.#report();
    return true;
  }

  #play(channel: Float32Array | undefined, samples: Int16Array, at: number, count: number, side: 0 | 1): void {
    for (let i = 0; i < count; i++) {
      const value = (samples[i] ?? 0) / 32_768;
      this.#peaks[side] = Math.max(this.#peaks[side], Math.abs(value));
      if (channel && !this.#quiet) channel[at + i] = value;
    }
  }

  #more(): boolean {
    for (;;) {
      const pairs = this.#buffer.take(this.#takePairs);
      if (!pairs) return false;
      const of = (side: 0 | 1) =>
        this.#resamplers[side].process(Int16Array.from({ length: pairs.length >> 1 }, (_, at) => pairs[at * 2 + side] ?? 0));
      this.#made = [of(0), of(1)];
      // The first few samples only fill the filters.
      if (this.#made[0].length > 0) return true;
    }
  }

  #report(): void {
    const [left, right] = this.#peaks;
    const report: ListenReport = { left, right, waitingMs: this.#buffer.waitingMs };
    this.port.postMessage(report);
    this.#counted = 0;
    this.#peaks.fill(0);
  }
}

registerProcessor('parley-listen', Listen);
