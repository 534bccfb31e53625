// In the audio thread: plays the answer at the context's own rate, and says what of it has been played.
import { Resampler } from '../../../src/media/resample.ts';
import { frameMs, type PlayerOrder, wireRateHz } from './messages.ts';
import { Playlist } from './playlist.ts';

/** Taken from the playlist at a time: 5 ms. */
const takeLength = wireRateHz / 200;

class Player extends AudioWorkletProcessor {
  readonly #playlist = new Playlist((report) => this.port.postMessage(report));
  #resampler = new Resampler(wireRateHz, sampleRate, true);
  /** Samples at the context's rate that are made and not played. */
  #made: Int16Array = new Int16Array(0);
  readonly #levelLength = Math.round((sampleRate * frameMs) / 1000);
  #squares = 0;
  #peak = 0;
  #counted = 0;

  constructor() {
    super();
    this.port.addEventListener('message', ({ data }: MessageEvent<PlayerOrder>) => {
      if (data.kind === 'play') this.#playlist.add(data.item, data.pcm);
      else if (data.kind === 'end') this.#playlist.end(data.item);
      else this.#flush();
    });
    this.port.start();
  }

  process(_inputs: Float32Array[][], [channels = []]: Float32Array[][]): boolean {
    const [first] = channels;
    if (!first) return true;
    for (let at = 0; at < first.length; ) {
      if (this.#made.length === 0 && !this.#more()) break;
      const count = Math.min(first.length - at, this.#made.length);
      for (let i = 0; i < count; i++) {
        const value = (this.#made[i] ?? 0) / 32_768;
        first[at + i] = value;
        this.#squares += value * value;
        this.#peak = Math.max(this.#peak, Math.abs(value));
      }
      this.#made = this.#made.subarray(count);
      at += count;
    }
    for (const channel of channels.slice(1)) channel.set(first);
    this.#counted += first.length;
    if (this.#counted >= this.#levelLength) this.#tellLevel();
    return true;
  }

  #more(): boolean {
    for (;;) {
      const taken = this.#playlist.take(takeLength);
      if (!taken) return false;
      this.#made = this.#resampler.process(taken);
      // The first few samples only fill the filter.
      if (this.#made.length > 0) return true;
    }
  }

  #flush(): void {
    this.#playlist.flush();
    this.#made = new Int16Array(0);
    this.#resampler = new Resampler(wireRateHz, sampleRate, true);
  }

  #tellLevel(): void {
    this.port.postMessage({ kind: 'level', rms: Math.sqrt(this.#squares / this.#counted), peak: this.#peak });
    this.#squares = 0;
    this.#peak = 0;
    this.#counted = 0;
  }
}

registerProcessor('parley-player', Player);
