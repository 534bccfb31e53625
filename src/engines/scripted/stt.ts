// The scripted recogniser: listens to nothing, and after its delay says what it always says.
import type { Clock } from '../../lib/clock.ts';
import type { EngineFactory, EngineInfo, Stt, SttOptions, Transcript, Word } from '../engine.ts';
import { due, parseScript, refuseWhenClosed, untilAborted } from './script.ts';

const info: EngineInfo = { id: 'scripted', kind: 'stt', name: 'Scripted transcript', licence: 'Apache-2.0', languages: ['*'] };
const rateHz = 16_000;
const text = 'This is a scripted transcript.';

/** `scripted` of the registry. The transcript is empty only when there was no audio at all: silence cannot be told from speech. */
export const scriptedStt: EngineFactory<Stt> = {
  id: info.id,
  create({ settings, clock }) {
    const { sttMs } = parseScript(settings['PARLEY_SCRIPTED']);
    const closing = new AbortController();
    return {
      info,
      warmUp: async () => {},
      close: async () => closing.abort(),
      transcribe: (audio, _options: SttOptions, signal) => transcribe(clock, sttMs, audio, signal, closing.signal),
    };
  },
};

async function* transcribe(
  clock: Clock,
  sttMs: number,
  audio: AsyncIterable<Int16Array>,
  signal: AbortSignal,
  closing: AbortSignal,
): AsyncGenerator<Transcript, void> {
  const ending = AbortSignal.any([signal, closing]);
  let samples = 0;
  for await (const chunk of untilAborted(audio, ending)) samples += chunk.length;
  await due(clock, clock.now() + sttMs, ending);
  if (signal.aborted) return;
  refuseWhenClosed(closing);
  yield samples === 0 ? { text: '', words: [], final: true } : { text, words: spread((samples * 1000) / rateHz), final: true };
}

/** The words, evenly over the audio. There is nothing else it could have heard: each is certain. */
function spread(audioMs: number): Word[] {
  const words = text.split(' ');
  const wordMs = audioMs / words.length;
  return words.map((word, i) => ({ text: word, startMs: i * wordMs, endMs: (i + 1) * wordMs, logprob: 0 }));
}
