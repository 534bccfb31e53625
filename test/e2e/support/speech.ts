// Real speech: said by the server's own voice, sent as a microphone sends it, and understood again by the server's own recogniser.
import type { ParleyServer } from '../../../src/assemble.ts';
import { concat, toBytes } from '../../../src/media/pcm.ts';
import { resample } from '../../../src/media/resample.ts';

export const rateHz = 24_000;
const frameMs = 20;
const frameSamples = (rateHz * frameMs) / 1000;
const never = new AbortController().signal;

/** Says the text: mono samples at 24 kHz. */
export async function say(server: ParleyServer, text: string, voice = 'Olivia'): Promise<Int16Array> {
  const { engine, ...choice } = server.router.tts('', voice);
  const stretches: Int16Array[] = [];
  let fromHz = rateHz;
  for await (const { pcm } of engine.speak(single(text), { ...choice, speed: 1 }, never)) {
    stretches.push(pcm.samples);
    fromHz = pcm.rateHz;
  }
  return resample({ samples: concat(stretches), rateHz: fromHz }, rateHz).samples;
}

/** The words in samples at 24 kHz, as the embedded recogniser hears them. */
export async function understand(server: ParleyServer, samples: Int16Array): Promise<string> {
  const { engine, model } = server.router.stt('');
  const sound = resample({ samples, rateHz }, 16_000).samples;
  const recognition = engine.open({ model, vocabulary: [] }, () => {});
  try {
    recognition.hear(sound);
    return (await recognition.words('final')).text;
  } finally {
    recognition.close();
  }
}

/** A quiet line's own noise stays below that. */
const quietPeak = 500;
const aroundSamples = rateHz * 0.4;

/** Without the silence around it, with much of which a recogniser may hear nothing. */
export function withoutSilence(samples: Int16Array): Int16Array {
  const isLoud = (sample: number) => Math.abs(sample) > quietPeak;
  return samples.slice(Math.max(0, samples.findIndex(isLoud) - aroundSamples), samples.findLastIndex(isLoud) + 1 + aroundSamples);
}

async function* single<T>(value: T): AsyncGenerator<T> {
  yield value;
}

/** The share of the words of `expected` that are in `heard`, in that order: 0 to 1. */
export function overlap(expected: string, heard: string): number {
  const [wanted, got] = [wordsOf(expected), wordsOf(heard)];
  // The longest common subsequence, row by row.
  let row = Array.from({ length: got.length + 1 }, () => 0);
  for (const word of wanted) {
    const next = [0];
    for (const [index, other] of got.entries()) {
      next.push(word === other ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0));
    }
    row = next;
  }
  return wanted.length === 0 ? 0 : (row.at(-1) ?? 0) / wanted.length;
}

export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

const loudnessSamples = rateHz / 100;

function loudness(samples: Int16Array): number[] {
  return Array.from({ length: Math.floor(samples.length / loudnessSamples) }, (_, index) => {
    const frame = samples.subarray(index * loudnessSamples, (index + 1) * loudnessSamples);
    return Math.sqrt(frame.reduce((sum, sample) => sum + sample * sample, 0) / frame.length);
  });
}

/** Half a second, in hundredths of one. */
const stretch = 50;
/** How much earlier or later than the one before it a stretch may come: a listener's buffer makes sound longer and shorter. */
const mostShift = 60;

/**
 * Whether `expected` is somewhere in `heard`, whole and in order: how alike their loudness is from one hundredth of a second to the next, half
 * second by half second, each near where the one before it ended. 1 is the same sound; with a quarter missing it is 0.86, another sentence of
 * the same voice has 0.7.
 */
export function likeness(expected: Int16Array, heard: Int16Array): number {
  const [wanted, all] = [loudness(expected), loudness(heard)];
  const stretches: { at: number; part: number[] }[] = [];
  for (let at = 0; at + stretch <= wanted.length; at += stretch) {
    const part = wanted.slice(at, at + stretch);
    // A pause is like any other.
    if (Math.max(...part) > 300) stretches.push({ at, part });
  }
  let best = 0;
  for (let shift = 0; shift < all.length; shift += mostShift) {
    let [near, sum] = [shift, 0];
    for (const { at, part } of stretches) {
      const found = nearest(part, all, at + near);
      near = found.at - at;
      sum += found.alike;
    }
    best = Math.max(best, stretches.length === 0 ? 0 : sum / stretches.length);
  }
  return best;
}

function nearest(part: readonly number[], all: readonly number[], around: number): { at: number; alike: number } {
  let best = { at: around, alike: 0 };
  for (let at = Math.max(0, around - mostShift); at <= Math.min(all.length - stretch, around + mostShift); at++) {
    const alike = correlation(part, all.slice(at, at + stretch));
    if (alike > best.alike) best = { at, alike };
  }
  return best;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, squareA, squareB] = [0, 0, 0];
  for (const [index, value] of a.entries()) {
    const [fromA, fromB] = [value - meanA, (b[index] ?? 0) - meanB];
    both += fromA * fromB;
    squareA += fromA * fromA;
    squareB += fromB * fromB;
  }
  return squareA * squareB === 0 ? 0 : both / Math.sqrt(squareA * squareB);
}

/** A microphone that is never off: a frame every 20 ms from the first to the last moment, silence while nobody speaks. */
export class Microphone {
  readonly #send: (frame: Uint8Array) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #sent = 0;
  #waiting: { samples: Int16Array; at: number; spoken: () => void }[] = [];

  /** `send` gets the bytes of each frame: PCM16 mono at 24 kHz. */
  constructor(send: (frame: Uint8Array) => void) {
    this.#send = send;
    this.#timer = setInterval(() => this.#catchUp(), frameMs);
  }

  /** Resolves when the last of it has been sent; silence follows. */
  speak(samples: Int16Array): Promise<void> {
    return new Promise((spoken) => this.#waiting.push({ samples, at: 0, spoken }));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #catchUp(): void {
    const due = Math.floor((performance.now() - this.#startedAt) / frameMs);
    for (; this.#sent < due; this.#sent++) this.#send(toBytes(this.#nextFrame()));
  }

  #nextFrame(): Int16Array {
    const frame = new Int16Array(frameSamples);
    const current = this.#waiting[0];
    if (!current) return frame;
    frame.set(current.samples.subarray(current.at, current.at + frameSamples));
    current.at += frameSamples;
    if (current.at >= current.samples.length) {
      this.#waiting.shift();
      current.spoken();
    }
    return frame;
  }
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The samples of an answer, from the base64 of its deltas. */
export function samplesOf(deltas: readonly string[]): Int16Array {
  const bytes = Buffer.concat(deltas.map((delta) => Buffer.from(delta, 'base64')));
  const samples = new Int16Array(bytes.length >> 1);
  for (let index = 0; index < samples.length; index++) samples[index] = bytes.readInt16LE(index * 2);
  return samples;
}
