// The moments of the corpus in a synthesiser's voice: each sentence is spoken as a whole, and cut behind the word after which its speaker stops.
import { type Tts, VAD_RATE_HZ, type Word } from '../src/engines/engine.ts';
import { concat } from '../src/media/pcm.ts';
import { resample } from '../src/media/resample.ts';
import { corpus, type Moment } from './turns-corpus.ts';

const samplesPerMs = VAD_RATE_HZ / 1000;
const fadeMs = 15;
const silenceMs = 200;

export async function inVoice(engine: Tts, voice: string): Promise<Moment[]> {
  const moments: Moment[] = [];
  for (const { text, pauses } of corpus) {
    const { samples, words } = await speak(engine, voice, text);
    const said = text.split(' ');
    const endOf = (count: number) => endMs(words, said, count);
    for (const { words: count, kind } of pauses) {
      const at = endOf(count);
      if (at !== undefined) moments.push({ audio: cut(samples, at), transcript: read(said.slice(0, count)), within: kind });
    }
    const end = endOf(said.length);
    if (end !== undefined) moments.push({ audio: cut(samples, end), transcript: read(said), within: undefined });
  }
  return moments;
}

async function speak(engine: Tts, voice: string, text: string): Promise<{ samples: Int16Array; words: Word[] }> {
  async function* once() {
    yield text;
  }
  const pieces: Int16Array[] = [];
  const words: Word[] = [];
  for await (const speech of engine.speak(once(), { model: '', voice, speed: 1 }, new AbortController().signal)) {
    pieces.push(resample(speech.pcm, VAD_RATE_HZ).samples);
    words.push(...(speech.words ?? []));
  }
  return { samples: concat(pieces), words };
}

/** As a recogniser hears it that knows nothing of the sentence's end: the marks would give it away. */
function read(said: readonly string[]): string {
  return said.join(' ').replaceAll(/[,.?!]/g, '');
}

/** When that many of the words have been said. Engines time a word of the text, or the several that it is spoken as: letters are compared. */
function endMs(timed: readonly Word[], said: readonly string[], count: number): number | undefined {
  if (timed.length === said.length) return timed[count - 1]?.endMs;
  const letters = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const wanted = letters(said.slice(0, count).join(''));
  let heard = '';
  for (const word of timed) {
    heard += letters(word.text);
    if (heard === wanted) return word.endMs;
  }
  return undefined;
}

/** The sound up to there, faded out, and silence: no breath or room that would tell whether more was to come. */
function cut(samples: Int16Array, atMs: number): Int16Array {
  const end = Math.min(samples.length, Math.round(atMs * samplesPerMs));
  const audio = new Int16Array(end + silenceMs * samplesPerMs);
  audio.set(samples.subarray(0, end));
  const fade = Math.min(end, fadeMs * samplesPerMs);
  for (let n = 0; n < fade; n++) audio[end - 1 - n] = ((audio[end - 1 - n] as number) * n) / fade;
  return audio;
}
