// The joint rules of the two halves: what the user's speech does to the agent's, and what the agent owes once it is free.
import { followUpSettings } from './follow-up.ts';
import { startResponse } from './response.ts';
import { sessionSettings } from './settings.ts';
import { stopAnswers } from './speaker.ts';
import type { Core } from './state.ts';

/** Speech has begun. An answer that is being made, or still being heard, is cut at once. */
export function interrupt(core: Core): void {
  if (core.config.audio.input.turn_detection?.interrupt_response !== true) return;
  // What the client asked for comes after what the user has to say, unless the turn's own answer, which knows all of it, takes its place.
  // What the server would have gone on with by itself is not owed any more.
  core.owed = core.owed && core.owed.origin !== 'tool' ? { ...core.owed, origin: 'turn' } : undefined;
  stopAnswers(core, 'turn_detected');
}

/** Starts the response that had to wait for another one, or for the user to finish. */
export function autoReply(core: Core): void {
  const { owed, allowed } = core;
  if (core.active) return;
  if (allowed.length > 0 && core.turn.state === 'none') {
    core.allowed = [];
    startResponse(core, 'tool', sessionSettings(core), allowed);
    // What was owed may need the results.
    core.owed = owed;
    return;
  }
  if (!owed) return;
  if (owed.origin !== 'client' && core.turn.state !== 'none') return;
  core.owed = undefined;
  startResponse(core, owed.origin, owed.follows ? followUpSettings(core, owed.follows) : (owed.settings ?? sessionSettings(core)));
}
