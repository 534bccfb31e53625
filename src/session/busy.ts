// Whether a session is in the middle of something: what a server that leaves waits for.
import type { Core } from './core.ts';
import { playoutEndsAtMs } from './response/playout.ts';

/**
 * Until when it is, in the clock's time: infinity while somebody speaks, or an answer is wanted or made; else when all that was made will have
 * been heard, which may be past.
 */
export function busyUntilMs(core: Core): number {
  const speaking = core.turn.state !== 'none' || (core.unwatched !== undefined && core.unwatched.endMs === undefined);
  const answering = core.live.length > 0 || core.wants.length > 0 || core.recognising.length > 0;
  return speaking || answering || awaitsOutputs(core) ? Number.POSITIVE_INFINITY : playoutEndsAtMs(core);
}

/** The last answer ended in calls of the client's functions: the client brings their outputs, and then asks for the rest of the answer. */
function awaitsOutputs({ lastEnded }: Core): boolean {
  return lastEnded?.outcome.type === 'completed' && lastEnded.hasCalls;
}
