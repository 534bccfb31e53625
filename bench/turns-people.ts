// The pauses in a recording of a person, found as the server finds them, each with the words that a recogniser has heard by then.
import { type Stt, VAD_RATE_HZ, VAD_WINDOW, type Vad } from '../src/engines/engine.ts';
import { resample } from '../src/media/resample.ts';
import { acousticEnd, SpeechDetector } from '../src/pipeline/speech-detector.ts';
import type { Recording } from './speech.ts';
import type { Moment } from './turns-corpus.ts';

const samplesPerMs = VAD_RATE_HZ / 1000;
const silenceMs = 200;
const leadInMs = 300;
/** Room after the last word, for the detector to be sure of it. */
const tailMs = 1000;

export async function speechPauses({ pcm, name }: Recording, stt: Stt, vad: Vad): Promise<Moment[]> {
  const speech = resample(pcm, VAD_RATE_HZ).samples;
  const samples = new Int16Array(speech.length + tailMs * samplesPerMs);
  samples.set(speech);
  const stretches = await stretchesOf(samples, vad);
  const recognition = stt.open({ model: '', vocabulary: [] }, () => {});
  const moments: Moment[] = [];
  let heardUntil = 0;
  for (const [index, { from, to }] of stretches.entries()) {
    const next = stretches[index + 1];
    recognition.hear(samples.slice(Math.max(heardUntil, from - leadInMs * samplesPerMs), to));
    heardUntil = to;
    const lastsMs = next && (next.from - to) / samplesPerMs;
    if (lastsMs !== undefined && lastsMs < silenceMs) continue;
    const { text } = await recognition.words('final');
    const start = Math.max(0, (stretches[0]?.from ?? 0) - leadInMs * samplesPerMs);
    const audio = samples.slice(start, to + silenceMs * samplesPerMs);
    process.stderr.write(`  ${name} ${Math.round(to / samplesPerMs)} ms, ${lastsMs ?? 'the end'}: ${text.slice(-60)}\n`);
    moments.push({ audio, transcript: text, within: next ? 'reading' : undefined, ...(lastsMs === undefined ? {} : { lastsMs }) });
  }
  recognition.close();
  return moments;
}

/** From where to where somebody speaks, in samples. */
async function stretchesOf(samples: Int16Array, vad: Vad): Promise<{ from: number; to: number }[]> {
  const detector = new SpeechDetector(0.5);
  const stretches: { from: number; to: number }[] = [];
  const windows = Math.floor(samples.length / VAD_WINDOW);
  let window = 0;
  let answered = Promise.withResolvers<void>();
  const stream = vad.open((probability) => {
    const detected = detector.feed(probability, window);
    const at = (detected?.window ?? 0) * VAD_WINDOW;
    if (detected?.kind === 'began') stretches.push({ from: at, to: samples.length });
    const open = stretches.at(-1);
    if (detected?.kind === 'paused' && open) {
      const start = Math.max(0, at - 3 * VAD_WINDOW);
      open.to = start + acousticEnd(samples.slice(start, (window + 1) * VAD_WINDOW), at - start);
    }
    window++;
    answered.resolve();
  });
  for (let index = 0; index < windows; index++) {
    answered = Promise.withResolvers<void>();
    stream.push(samples.slice(index * VAD_WINDOW, (index + 1) * VAD_WINDOW));
    await answered.promise;
  }
  stream.close();
  return stretches;
}
