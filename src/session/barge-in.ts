// What the user's speech does to the agent's.
import { stopAnswers } from './speaker.ts';
import type { Core } from './state.ts';
import { putAfterTurn } from './wants.ts';

/** Speech has begun. An answer that is being made, or still being heard, is cut at once. */
export function interrupt(core: Core): void {
  if (core.config.audio.input.turn_detection?.interrupt_response !== true) return;
  putAfterTurn(core);
  stopAnswers(core, 'turn_detected');
}
