// One row for each engine there is; the first of a kind is the default. To add one: write its file, add its row
// (docs/adding-an-engine.md).
import type { Decoder, Denoiser, Engine, EngineFactory, Llm, Stt, Tts, TurnDetector, Vad } from './engine.ts';
import { flite } from './local/flite/flite.ts';
import { hibari } from './local/hibari/hibari.ts';
import { kokoro } from './local/kokoro/kokoro.ts';
import { moonshine } from './local/moonshine/moonshine.ts';
import { opus } from './local/opus/opus.ts';
import { pocketsphinx } from './local/pocketsphinx/pocketsphinx.ts';
import { rnnoise } from './local/rnnoise/rnnoise.ts';
import { silero } from './local/silero/silero.ts';
import { smartTurn } from './local/smart-turn/smart-turn.ts';
import { offline } from './offline/offline.ts';
import { scriptedLlm } from './scripted/llm.ts';
import { scriptedStt } from './scripted/stt.ts';
import { scriptedTts } from './scripted/tts.ts';
import { whisper } from './local/whisper/whisper.ts';
import { lexical } from './turn/lexical.ts';

export const rows = {
  stt: [moonshine, whisper, pocketsphinx, scriptedStt] satisfies EngineFactory<Stt>[],
  llm: [offline, scriptedLlm] satisfies EngineFactory<Llm>[],
  tts: [hibari, kokoro, flite, scriptedTts] satisfies EngineFactory<Tts>[],
  vad: [silero] satisfies EngineFactory<Vad>[],
  turn: [smartTurn, lexical] satisfies EngineFactory<TurnDetector>[],
  denoise: [rnnoise] satisfies EngineFactory<Denoiser>[],
  codec: [opus] satisfies EngineFactory<Decoder>[],
};

/** The factory of that id. Throws when there is none: ids come from a checked configuration. */
export function pick<E extends Engine>(factories: readonly EngineFactory<E>[], id: string): EngineFactory<E> {
  const found = factories.find((factory) => factory.id === id);
  if (!found) throw new Error(`There is no engine '${id}'; there are ${factories.map((factory) => factory.id).join(', ')}.`);
  return found;
}

/** The one engine of a kind that leaves no choice. */
export function first<E extends Engine>([only]: readonly EngineFactory<E>[]): EngineFactory<E> {
  if (!only) throw new Error('There is no engine of this kind.');
  return only;
}
