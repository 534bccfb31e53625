// A hand within a session: it does at the next tick what a room of the session would do by itself, and what no fact asks for.
import type { Core, Guest } from '../../src/session/core.ts';
import { askedFor, contextOf } from '../../src/session/response/asked.ts';
import { sessionSettings } from '../../src/session/response/response-settings.ts';
import { adopt, begin, drop, liveRun } from '../../src/session/response/run.ts';
import type { Run } from '../../src/session/state.ts';

export type Deed = (core: Core) => void;

export class Hand {
  #deed: Deed | undefined;
  readonly guest: Guest = { name: 'hand', begin: () => ({}), on: { tick: (core) => this.#deed?.(core) } };

  /** Whatever sessions are given a tick in the meantime do it. */
  during<T>(deed: Deed, ticks: () => T): T {
    this.#deed = deed;
    try {
      return ticks();
    } finally {
      this.#deed = undefined;
    }
  }
}

/** A run is begun ahead of the response that the conversation would have now. Nothing where its prompt would not fit. */
export function beginAhead(core: Core): void {
  const settings = sessionSettings(core);
  const asked = askedFor(core, settings, contextOf(core, settings));
  if (asked.state === 'asked') begin(core, asked);
}

/** It is dropped, if it is still held. */
export const dropHeld =
  (id: string): Deed =>
  (core) => {
    const run = held(core, id);
    if (run) drop(core, run);
  };

/** The response that waits in the conversation adopts it, if it is still held and there is one that wants sound as it does. */
export const adoptHeld =
  (id: string): Deed =>
  (core) => {
    const run = held(core, id);
    const response = core.active;
    const modality = sessionSettings(core).modalities;
    if (run && response?.state === 'waiting' && response.settings.modalities.join() === modality.join()) adopt(core, run, response);
  };

function held(core: Core, id: string): Run | undefined {
  const run = liveRun(core, id);
  return run?.phase.state === 'held' ? run : undefined;
}
