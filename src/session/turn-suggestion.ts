// input_audio_buffer.turn_suggestion: tells that a pause is probably the end of the turn, and takes it back when speech goes on. A client
// may prepare what it does next; every suggestion is followed by `committed` or by `turn_suggestion_revoked`.
import { readProviderData } from '../protocol/provider-data/provider-data.ts';
import { confidenceThreshold } from './patience.ts';
import { type Core, send } from './state.ts';

/** Inworld's clients know these events, and others are told of them only if they ask: theirs may not know what to do with them. */
function wanted({ config, birth }: Core): boolean {
  return readProviderData(config.providerData).stt?.turn_suggestions ?? birth.inworld;
}

/** The judge has spoken, or is to be believed sooner. `inferenceMs`: how long it took, where that is known. */
export function suggestTurnEnd(core: Core, inferenceMs: number | undefined): void {
  const { turn, input, config } = core;
  if (turn.state !== 'pausing' || !turn.judged || turn.judged.suggested) return;
  if (config.audio.input.turn_detection?.type !== 'semantic_vad') return;
  const { complete, unfinished } = turn.judged;
  if (complete < confidenceThreshold(config) || unfinished || !wanted(core)) return;
  turn.judged.suggested = true;
  const lookedAtMs = Math.max(input.decidedMs, turn.endMs);
  send(core, {
    type: 'input_audio_buffer.turn_suggestion',
    item_id: turn.item,
    utterance_index: turn.utterance,
    probability: complete,
    trailing_silence_ms: Math.round(lookedAtMs - turn.endMs),
    audio_duration_ms: Math.round(lookedAtMs - turn.startMs),
    ...(inferenceMs === undefined ? {} : { inference_ms: inferenceMs }),
  });
}

/** The turn is not over, or there will be none: nobody is to wait for its `committed`. */
export function revokeSuggestion(core: Core): void {
  const { turn } = core;
  if (turn.state !== 'pausing' || !turn.judged?.suggested) return;
  turn.judged.suggested = false;
  send(core, { type: 'input_audio_buffer.turn_suggestion_revoked', item_id: turn.item, utterance_index: turn.utterance });
}
