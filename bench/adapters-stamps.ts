// What the adapters' bench and the process of the fakes tell each other: which fake is to listen, and when each of its answers was asked for and given.
import { systemClock } from '../src/lib/clock.ts';

/** How long a fake takes for everything that it is asked for. */
export const FAKE_MS = 60;

/** Of the answer to one turn; instants are of the clock that all processes of the machine share. */
export interface Stamp {
  /** What the turn is told by: its number, or the first words of an utterance. */
  readonly turn: string;
  /** When the connection was made over which it was asked. */
  readonly connectedMs: number;
  /** When the fake had all of the request, and when it gave its answer. */
  readonly askedMs: number;
  readonly answeredMs: number;
}

export type ToFakes = { readonly listen: string } | { readonly tell: true };
export type FromFakes = { readonly url: string } | { readonly stamps: readonly Stamp[] };

const offsetMs = Number(process.hrtime.bigint()) / 1e6 - systemClock.now();

/** An instant of this process's clock on the clock that all processes of the machine share. */
export function shared(ms: number): number {
  return ms + offsetMs;
}

/** A number in the text of a turn, by which it is told from all others. */
export function turnIn(text: string): string | undefined {
  return /\bturn (\d+)\b/.exec(text)?.[1];
}
