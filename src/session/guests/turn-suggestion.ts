// input_audio_buffer.turn_suggestion: tells that a pause is probably the end of the turn, and takes it back when speech goes on. A client
// may prepare what it does next; every suggestion is followed by `committed` or by `turn_suggestion_revoked`.
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import { type Core, type Guest, send } from '../core.ts';
import { confidenceThreshold } from '../floor/patience.ts';

/** What it keeps: the pause that the client was told of. */
interface TurnSuggestion {
  told: { item: string; utterance: number } | undefined;
}

export const turnSuggestion: Guest = {
  name: 'turn_suggestion',
  begin: (): TurnSuggestion => ({ told: undefined }),
  on: {
    'pause.judged': (core, { inferenceMs }) => suggest(core, inferenceMs),
    'pause.ended': revoke,
  },
};

const own = (core: Core) => core.guests[turnSuggestion.name] as TurnSuggestion;

/** Inworld's clients know these events, and others are told of them only if they ask: theirs may not know what to do with them. */
function wanted({ config, birth }: Core): boolean {
  return readProviderData(config.providerData).stt?.turn_suggestions ?? birth.inworld;
}

/** The judge has spoken, or is to be believed sooner. */
function suggest(core: Core, inferenceMs: number | undefined): void {
  const { turn, input, config } = core;
  if (turn.state !== 'pausing' || !turn.judged) return;
  const { item, utterance } = turn;
  const slice = own(core);
  if (slice.told?.item === item && slice.told.utterance === utterance) return;
  if (config.audio.input.turn_detection?.type !== 'semantic_vad') return;
  const { complete, unfinished } = turn.judged;
  if (complete < confidenceThreshold(config) || unfinished || !wanted(core)) return;
  slice.told = { item, utterance };
  const lookedAtMs = Math.max(input.decidedMs, turn.endMs);
  send(core, {
    type: 'input_audio_buffer.turn_suggestion',
    item_id: item,
    utterance_index: utterance,
    probability: complete,
    trailing_silence_ms: Math.round(lookedAtMs - turn.endMs),
    audio_duration_ms: Math.round(lookedAtMs - turn.startMs),
    ...(inferenceMs === undefined ? {} : { inference_ms: inferenceMs }),
  });
}

/** Nobody is to wait for the `committed` that was to follow. */
function revoke(core: Core): void {
  const { turn } = core;
  const { told } = own(core);
  own(core).told = undefined;
  if (turn.state !== 'pausing' || told?.item !== turn.item || told.utterance !== turn.utterance) return;
  send(core, { type: 'input_audio_buffer.turn_suggestion_revoked', item_id: told.item, utterance_index: told.utterance });
}
