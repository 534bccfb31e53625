// Which of the wanted responses begins now, and with which settings.
import type { Core } from '../core.ts';
import type { ResponseSettings, Want } from '../state.ts';
import { followUpSettings } from './follow-up.ts';
import { sessionSettings } from './response-settings.ts';
import { startResponse } from './response.ts';

/** Begins what may begin. One after the other: a response may fail at once. */
export function startWanted(core: Core): void {
  for (let next = nextWant(core); next; next = nextWant(core)) {
    const begun = next;
    core.wants = core.wants.filter((each) => each !== begun);
    startResponse(core, begun.reason, settingsOf(core, begun), begun.reason === 'approval' ? begun.requests : []);
  }
}

function nextWant(core: Core): Want | undefined {
  const beside = core.wants.find((each) => each.reason === 'client' && each.settings?.outOfBand);
  if (beside || core.active) return beside;
  const userIsDone = core.turn.state === 'none';
  // What else is wanted may need the results of approved calls.
  const calls = userIsDone ? core.wants.find(({ reason }) => reason === 'approval') : undefined;
  return calls ?? core.wants.find((each) => userIsDone || (each.reason === 'client' && !each.afterTurn));
}

function settingsOf(core: Core, wanted: Want): ResponseSettings {
  if (wanted.reason === 'client') return wanted.settings ?? sessionSettings(core);
  return wanted.reason === 'follow-up' && wanted.follows ? followUpSettings(core, wanted.follows) : sessionSettings(core);
}
