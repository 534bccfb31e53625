// Sessions at once, each with its turns at its own times: what a turn does is the adapters' business (adapters-turns.ts).
import { sleep, systemClock } from '../src/lib/clock.ts';
import { Chance } from '../test/session/chance.ts';
import type { FarSide } from './adapters-far-side.ts';
import { shared } from './adapters-stamps.ts';
import { type Spread, spread } from './statistics.ts';

/** Connections are made in them, as many as are wanted at once, and code is compiled. */
const COLD_TURNS = 2;

/** One turn as it was seen from this side; instants are of this process's clock. */
export interface TurnTimes {
  /** What it is told by. */
  readonly turn: string;
  /** When the sound had ended, or the text was there, and when the first part of the answer came out of the adapter. */
  readonly askedMs: number;
  readonly partMs: number;
}

/** One turn of a session. `number`: a different one for each turn of all sessions. */
export type Turn = (session: number, number: number) => Promise<TurnTimes>;

export interface SessionsResult {
  readonly sessions: number;
  /** Less what the fake took. */
  readonly addedMs: Spread;
  /** Turns that waited for a handshake. */
  readonly handshakes: number;
  /** How late the turns were begun: the machine's share. */
  readonly lateMs: Spread;
}

export interface SessionsOptions {
  readonly sessions: number;
  /** Of each session, beside the first two, which are not measured: they find nothing warm. */
  readonly turns: number;
  /** From one turn to the next. */
  readonly everyMs: number;
}

/** Rejects when a turn does, or when the fake knows nothing of one. */
export async function runSessions({ sessions, turns, everyMs }: SessionsOptions, farSide: FarSide, turn: Turn): Promise<SessionsResult> {
  const chance = new Chance(sessions);
  const startMs = systemClock.now();
  const times: TurnTimes[] = [];
  const late: number[] = [];
  const session = async (index: number) => {
    // People do not speak in turn: some are asked at the same moment.
    const phaseMs = chance.next() * everyMs;
    for (let count = 0; count < turns + COLD_TURNS; count++) {
      const dueMs = startMs + phaseMs + count * everyMs;
      await sleep(systemClock, dueMs - systemClock.now());
      const nowMs = systemClock.now();
      const taken = await turn(index, count * sessions + index);
      if (count < COLD_TURNS) continue;
      times.push(taken);
      late.push(nowMs - dueMs);
    }
  };
  await Promise.all(Array.from({ length: sessions }, (_, index) => session(index)));
  const stamps = await farSide.stamps();
  const added: number[] = [];
  let handshakes = 0;
  for (const { turn: told, askedMs, partMs } of times) {
    const stamp = stamps.get(told);
    if (!stamp) throw new Error(`The fake knows nothing of turn ${told}.`);
    added.push(partMs - askedMs - (stamp.answeredMs - stamp.askedMs));
    if (stamp.connectedMs > shared(askedMs)) handshakes += 1;
  }
  return { sessions, addedMs: spread(added), handshakes, lateMs: spread(late) };
}
