// Speech that survives whatever is done to sound: each word is a tone of its own, 60 ms long, and a recogniser that tells tones apart, and
// hears when a word was cut short, torn apart or said twice.
import { VAD_RATE_HZ } from '../../src/engines/engine.ts';

const wordMs = 60;
const gapMs = 20;
const words = [
  'alpha',
  'bravo',
  'charlie',
  'delta',
  'echo',
  'foxtrot',
  'golf',
  'hotel',
  'india',
  'juliett',
  'kilo',
  'lima',
  'mike',
  'oscar',
];
const lowestHz = 300;
const stepHz = 90;
const level = 8000;

/** Where on the timeline each word begins, and the sound of it: silence after the last one, for as long as need be. */
export class Utterance {
  readonly #sounds = new Map<number, Int16Array>();
  readonly words: readonly { text: string; hz: number; atMs: number }[];
  readonly endMs: number;

  /** Phrases, each of so many words and where it begins. */
  constructor(phrases: readonly { atMs: number; words: number }[]) {
    let count = 0;
    this.words = phrases.flatMap((phrase) =>
      Array.from({ length: phrase.words }, (_, index) => {
        const text = words[count] ?? '';
        return { text, hz: lowestHz + stepHz * count++, atMs: phrase.atMs + index * (wordMs + gapMs) };
      }),
    );
    this.endMs = (this.words.at(-1)?.atMs ?? 0) + wordMs;
  }

  get text(): string {
    return this.words.map(({ text }) => text).join(' ');
  }

  /** The sound from one moment to another as a microphone of that rate takes it. */
  sound(fromMs: number, toMs: number, rateHz: number): Int16Array {
    let whole = this.#sounds.get(rateHz);
    if (!whole) this.#sounds.set(rateHz, (whole = this.#whole(rateHz)));
    const first = Math.round((fromMs * rateHz) / 1000);
    const piece = new Int16Array(Math.round((toMs * rateHz) / 1000) - first);
    piece.set(whole.subarray(first, first + piece.length));
    return piece;
  }

  #whole(rateHz: number): Int16Array {
    const whole = new Int16Array((this.endMs * rateHz) / 1000);
    for (const { hz, atMs } of this.words) {
      const first = Math.ceil((atMs * rateHz) / 1000);
      for (let index = first; (index * 1000) / rateHz < atMs + wordMs; index++)
        whole[index] = Math.round(level * Math.sin((2 * Math.PI * hz * (index - (atMs * rateHz) / 1000)) / rateHz));
    }
    return whole;
  }
}

const frame = VAD_RATE_HZ / 500; // 2 ms

/** The words in sound at 16 kHz. One that is not as long as words are has a mark. */
export function recognise(samples: Int16Array): string {
  return timedWords(samples)
    .map(({ text }) => text)
    .join(' ');
}

/** The same with their times, counted from the first sample. */
export function timedWords(samples: Int16Array): { text: string; startMs: number; endMs: number }[] {
  const heard: { text: string; startMs: number; endMs: number }[] = [];
  const msOf = (at: number) => (at * 1000) / VAD_RATE_HZ;
  let from: number | undefined;
  for (let at = 0; at <= samples.length; at += frame) {
    const loud = at + frame <= samples.length && rms(samples.subarray(at, at + frame)) > level / 10;
    if (loud) from ??= at;
    else if (from !== undefined) {
      heard.push({ text: wordOf(samples.subarray(from, at)), startMs: msOf(from), endMs: msOf(at) });
      from = undefined;
    }
  }
  return heard;
}

function wordOf(samples: Int16Array): string {
  const ms = (samples.length * 1000) / VAD_RATE_HZ;
  let crossings = 0;
  for (let index = 1; index < samples.length; index++) if ((samples[index - 1] ?? 0) < 0 !== (samples[index] ?? 0) < 0) crossings += 1;
  const hz = (crossings * 1000) / ms / 2;
  const text = words[Math.round((hz - lowestHz) / stepHz)] ?? `${Math.round(hz)}Hz`;
  return Math.abs(ms - wordMs) <= 6 ? text : `${text}(${ms}ms)`;
}

function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
