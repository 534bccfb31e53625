// In the audio thread: the microphone as 20 ms frames of 24 kHz PCM16 with their loudness, or the loudness alone.
import { Resampler } from '../../../src/media/resample.ts';
import { type CapturedFrame, frameMs, wireRateHz } from './messages.ts';

class Capture extends AudioWorkletProcessor {
  readonly #resampler: Resampler | undefined;
  readonly #frame = new Int16Array((wireRateHz * frameMs) / 1000);
  readonly #levelLength = Math.round((sampleRate * frameMs) / 1000);
  #filled = 0;
  #squares = 0;
  #peak = 0;
  #counted = 0;

  constructor({ processorOptions }: { processorOptions?: unknown }) {
    super();
    const { pcm } = processorOptions as { pcm: boolean };
    this.#resampler = pcm ? new Resampler(sampleRate, wireRateHz, true) : undefined;
  }

  process([channels = []]: Float32Array[][]): boolean {
    const [first] = channels;
    if (!first) return true;
    const samples = new Int16Array(first.length);
    for (let i = 0; i < first.length; i++) {
      let value = 0;
      for (const channel of channels) value += channel[i] ?? 0;
      value = Math.max(-1, Math.min(1, value / channels.length));
      this.#squares += value * value;
      this.#peak = Math.max(this.#peak, Math.abs(value));
      samples[i] = Math.round(value * 32_767);
    }
    this.#counted += first.length;
    if (!this.#resampler) {
      if (this.#counted >= this.#levelLength) this.#report();
      return true;
    }
    for (const sample of this.#resampler.process(samples)) {
      this.#frame[this.#filled++] = sample;
      if (this.#filled < this.#frame.length) continue;
      this.#filled = 0;
      this.#report(this.#frame.slice());
    }
    return true;
  }

  #report(pcm?: Int16Array<ArrayBuffer>): void {
    const level = { rms: Math.sqrt(this.#squares / Math.max(1, this.#counted)), peak: this.#peak };
    const frame: CapturedFrame = pcm ? { ...level, pcm } : level;
    this.port.postMessage(frame, pcm ? [pcm.buffer] : []);
    this.#squares = 0;
    this.#peak = 0;
    this.#counted = 0;
  }
}

registerProcessor('parley-capture', Capture);
