// What every part of the settings is given.
import type { Console } from '../app/console.ts';
import type { Settings } from '../realtime/settings.ts';

export interface PartProps {
  /** Where it is told of a change. */
  parley: Console;
  /** What holds: the running session's, under what the user has set. */
  session: Settings;
}
