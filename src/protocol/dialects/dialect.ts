// The plug of a dialect: how one connection writes what the session, which spells everything as GA does, means. A dialect is a pure
// function each way.
import type { StampedEvent } from '../server-events.ts';

export interface Dialect {
  readonly name: 'ga' | 'beta';
  /** A client's raw JSON message as GA says it, to be read by `parseClientEvent`. What is not understood goes through untouched. */
  toGa(message: unknown): unknown;
  /** What is sent for one event of the session's: nothing where this dialect has no word for it. */
  fromGa(event: StampedEvent): object[];
  /** The type of the event that carries sound, for the path that writes it without this table. */
  readonly audioDeltaType: 'response.output_audio.delta' | 'response.audio.delta';
}
