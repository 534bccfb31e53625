// The scripted voice: 60 ms of tone for every word, four times as fast as it plays. All sound is a view of one tone made at start.
import type { Clock } from '../../lib/clock.ts';
import type { EngineFactory, EngineInfo, Speech, Tts, TtsOptions, Word } from '../engine.ts';
import { fliteVoices } from '../local/flite/voices.ts';
import { due, parseScript, refuseWhenClosed, untilAborted } from './script.ts';

const info: EngineInfo = { id: 'scripted', kind: 'tts', name: 'Scripted tone', licence: 'Apache-2.0', languages: ['*'] };
const rateHz = 24_000;
const wordMs = 60;
const stretchSamples = (80 * rateHz) / 1000;
const paceOverRealTime = 4;

// 400 Hz: a stretch and a word both hold whole periods, so that views which all begin at 0 join without a click.
const tone = Int16Array.from({ length: stretchSamples }, (_, i) => Math.round(6000 * Math.sin((2 * Math.PI * 400 * i) / rateHz)));

/** `scripted` of the catalogue. Nobody may write into the sound it yields: all of it is the same memory. */
export const scriptedTts: EngineFactory<Tts> = {
  id: info.id,
  create({ settings, clock }) {
    const { ttsMs } = parseScript(settings['PARLEY_SCRIPTED']);
    const closing = new AbortController();
    return {
      info,
      // The delay counts from the first text, so nobody may hold that back to the end of a clause.
      takes: 'pieces',
      warmUp: async () => {},
      close: async () => closing.abort(),
      // Whatever a client may ask of the real synthesiser is taken; it all sounds the same.
      voices: () => fliteVoices,
      speak: (text, options, signal) => speak(clock, ttsMs, text, options, signal, closing.signal),
    };
  },
};

async function* speak(
  clock: Clock,
  ttsMs: number,
  text: AsyncIterable<string>,
  { speed }: TtsOptions,
  signal: AbortSignal,
  closing: AbortSignal,
): AsyncGenerator<Speech, void> {
  const ending = AbortSignal.any([signal, closing]);
  const wordSamples = Math.round((wordMs * rateHz) / 1000 / speed);
  let spokenSamples = 0;
  let readyMs: number | undefined;
  for await (const piece of untilAborted(text, ending)) {
    const words = speakable(piece);
    if (words.length === 0) continue;
    // A later piece is begun as soon as the one before is made, or when it comes.
    readyMs = readyMs === undefined ? clock.now() + ttsMs : Math.max(readyMs, clock.now());
    const pieceSamples = words.length * wordSamples;
    for (let at = 0; at < pieceSamples; at += stretchSamples) {
      await due(clock, readyMs, ending);
      if (ending.aborted) break;
      const samples = tone.subarray(0, Math.min(stretchSamples, pieceSamples - at));
      const first = Math.ceil(at / wordSamples);
      const end = Math.ceil((at + samples.length) / wordSamples);
      yield {
        pcm: { samples, rateHz },
        words: words.slice(first, end).map((text, i) => timed(text, spokenSamples + (first + i) * wordSamples)),
      };
      readyMs += (samples.length * 1000) / rateHz / paceOverRealTime;
    }
    spokenSamples += pieceSamples;
  }
  if (!signal.aborted) refuseWhenClosed(closing);

  function timed(text: string, startSamples: number): Word {
    return { text, startMs: (startSamples * 1000) / rateHz, endMs: ((startSamples + wordSamples) * 1000) / rateHz };
  }
}

/** What has a letter or a digit in it. */
function speakable(piece: string): string[] {
  return piece.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
}
