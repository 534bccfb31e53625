// The scripted recogniser: listens to nothing, and after its delay says what it always says.
import type { Clock } from '../../lib/clock.ts';
import type { EngineFactory, EngineInfo, Recognition, Segment, Stt, SttOptions, Transcript, VoiceProfile, Word } from '../engine.ts';
import { due, parseScript, refuseWhenClosed } from './script.ts';

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

/** `scripted` of the catalogue. The transcript is empty only when there was no sound at all: silence cannot be told from speech. */
export const scriptedStt: EngineFactory<Stt> = {
  id: info.id,
  create({ settings, clock }) {
    const { sttMs } = parseScript(settings['PARLEY_SCRIPTED']);
    const closing = new AbortController();
    return {
      info,
      can: { partials: false, wordTimes: true, keyTerms: false, logprobs: true },
      warmUp: async () => {},
      close: async () => closing.abort(),
      open: (options) => recognition(clock, sttMs, options, closing.signal),
    };
  },
};

function recognition(clock: Clock, sttMs: number, { voiceProfile }: SttOptions, closing: AbortSignal): Recognition {
  const over = new AbortController();
  const ending = AbortSignal.any([over.signal, closing]);
  let samples = 0;
  let answer: Promise<Transcript> | undefined;
  const recognise = async () => {
    const heard = samples;
    await due(clock, clock.now() + sttMs, ending);
    refuseWhenClosed(ending);
    return transcript(heard, voiceProfile);
  };
  return {
    hear(sound) {
      if (sound.length > 0) answer = undefined;
      samples += sound.length;
    },
    words() {
      // One that was answered before the end is no answer after it.
      if (ending.aborted) answer = undefined;
      answer ??= recognise();
      return answer;
    },
    close: () => over.abort(),
  };
}

function transcript(samples: number, voiceProfile: boolean | undefined): Transcript {
  if (samples === 0) return { text: '', words: [] };
  const words = spread((samples * 1000) / rateHz);
  const segments = [segment(words.slice(0, firstSays), 'speaker_0'), segment(words.slice(firstSays), 'speaker_1')];
  return { text, words, segments, ...(voiceProfile ? { voiceProfile: voice } : {}) };
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
