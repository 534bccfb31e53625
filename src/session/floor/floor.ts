// Whose floor it is, and what the user's voice does to it: onset, resumption, pause and interruption, each with its effects in their order.
// The floor is nobody's while there is neither a turn nor an answer, the user's during a turn (`Core.turn`), and the agent's while an answer is made
// or heard (`Core.active`, `Core.playout`). It is contested where both are: the agent goes on because its client wants no interruption.
import { semanticPrefixPaddingMs } from '../../protocol/session-config.ts';
import { type Core, mint, send, tell } from '../core.ts';
import { stopRun } from '../response/response.ts';
import { answersHeard, cutAnswers } from '../response/speaker.ts';
import { putAfterTurn } from '../response/wants.ts';
import type { Response, Turn } from '../state.ts';
import { patienceMs } from './patience.ts';

type Speaking = Extract<Turn, { state: 'speaking' }>;

/** Onset: the floor is the user's, or is contested. */
export function beginTurn(core: Core, atMs: number): void {
  const detection = core.config.audio.input.turn_detection;
  const paddingMs = detection?.type === 'server_vad' ? detection.prefix_padding_ms : semanticPrefixPaddingMs;
  const startMs = Math.round(Math.max(core.input.bufferStartMs, atMs - paddingMs, 0));
  const item = mint(core, 'item');
  const interrupted = takeFloor(core, { state: 'speaking', item, startMs, utterance: 0 });
  // The cut is decided; but clients clear their speaker on `speech_started`, so that is told first.
  send(core, { type: 'input_audio_buffer.speech_started', audio_start_ms: startMs, item_id: item });
  interrupt(core, interrupted);
  core.effects.push({ kind: 'listen.begin', item, fromMs: startMs });
}

/** Resumption: a turn that was told of goes on. What the agent has begun to say in its pause is cut as at its beginning. */
export function resumeTurn(core: Core, turn: Omit<Speaking, 'state'>): void {
  tell(core, { kind: 'pause.ended' });
  interrupt(core, takeFloor(core, { state: 'speaking', ...turn }));
}

/** Pause: the floor stays the user's until the turn ends. */
export function pauseTurn(core: Core, { item, startMs, utterance }: Speaking, atMs: number): void {
  const detection = core.config.audio.input.turn_detection;
  if (!detection) return;
  const endMs = Math.round(Math.max(atMs, startMs));
  const untilMs = endMs + patienceMs(core.config, detection, undefined);
  core.turn = { state: 'pausing', item, startMs, utterance, endMs, untilMs, judged: undefined };
}

/** The user speaks. What is being said must give way, unless the client does not want that: its models stop here and now. */
function takeFloor(core: Core, turn: Speaking): readonly Response[] | undefined {
  core.quietSince = undefined;
  core.turn = turn;
  if (core.config.audio.input.turn_detection?.interrupt_response !== true) return undefined;
  putAfterTurn(core);
  const answers = answersHeard(core);
  for (const response of answers) stopRun(core, response);
  return answers;
}

/** Interruption: an answer that is being made, or still being heard, is cut where the listener is. */
function interrupt(core: Core, answers: readonly Response[] | undefined): void {
  if (answers) cutAnswers(core, answers, 'turn_detected');
}
