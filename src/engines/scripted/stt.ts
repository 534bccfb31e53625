// The scripted recogniser: listens to nothing, and after its delay says what it always says.
import type { Clock } from '../../lib/clock.ts';
import type { EngineFactory, EngineInfo, Segment, Stt, SttOptions, Transcript, VoiceProfile, Word } from '../engine.ts';
import { due, parseScript, refuseWhenClosed, untilAborted } from './script.ts';

const info: EngineInfo = { id: 'scripted', kind: 'stt', name: 'Scripted transcript', licence: 'Apache-2.0', languages: ['*'] };
const rateHz = 16_000;
const text = 'This is a scripted transcript.';
/** How many of its words the first of the two speakers says. */
const firstSays = 2;
const voice: VoiceProfile = {
  age: [{ label: 'adult', confidence: 0.9 }],
  gender: [{ label: 'female', confidence: 0.6 }],
  emotion: [
    { label: 'calm', confidence: 0.7 },
    { label: 'tender', confidence: 0.2 },
  ],
  vocalStyle: [{ label: 'normal', confidence: 0.8 }],
  accent: [{ label: 'en-US', confidence: 0.5 }],
};

/** `scripted` of the catalogue. The transcript is empty only when there was no audio at all: silence cannot be told from speech. */
export const scriptedStt: EngineFactory<Stt> = {
  id: info.id,
  create({ settings, clock }) {
    const { sttMs } = parseScript(settings['PARLEY_SCRIPTED']);
    const closing = new AbortController();
    return {
      info,
      warmUp: async () => {},
      close: async () => closing.abort(),
      transcribe: (audio, options, signal) => transcribe(clock, sttMs, audio, options, signal, closing.signal),
    };
  },
};

async function* transcribe(
  clock: Clock,
  sttMs: number,
  audio: AsyncIterable<Int16Array>,
  { voiceProfile }: SttOptions,
  signal: AbortSignal,
  closing: AbortSignal,
): AsyncGenerator<Transcript, void> {
  const ending = AbortSignal.any([signal, closing]);
  let samples = 0;
  for await (const chunk of untilAborted(audio, ending)) samples += chunk.length;
  await due(clock, clock.now() + sttMs, ending);
  if (signal.aborted) return;
  refuseWhenClosed(closing);
  if (samples === 0) {
    yield { text: '', words: [], final: true };
    return;
  }
  const words = spread((samples * 1000) / rateHz);
  const segments = [segment(words.slice(0, firstSays), 'speaker_0'), segment(words.slice(firstSays), 'speaker_1')];
  yield { text, words, final: true, segments, ...(voiceProfile ? { voiceProfile: voice } : {}) };
}

/** The words, evenly over the audio. There is nothing else it could have heard: each is certain. */
function spread(audioMs: number): Word[] {
  const words = text.split(' ');
  const wordMs = audioMs / words.length;
  return words.map((word, i) => ({ text: word, startMs: i * wordMs, endMs: (i + 1) * wordMs, logprob: 0 }));
}

function segment(words: readonly Word[], speaker: string): Segment {
  return { text: words.map((word) => word.text).join(' '), startMs: words[0]?.startMs ?? 0, endMs: words.at(-1)?.endMs ?? 0, speaker };
}
