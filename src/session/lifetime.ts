// How long a session lives. It says ahead of time that its end is near, and a client that takes it up again then finds it with a new life.
import { type Core, send } from './core.ts';
import { sessionObject } from './settings/settings.ts';

/** So long before its end it says so; a tenth of its life where that is shorter. */
const mostAheadMs = 60_000;

export function lifeEndsAtMs({ life, birth }: Core): number {
  return life.fromMs + birth.lifeMs;
}

/** When it is to be said; undefined once it has been. */
export function endIsToldAtMs(core: Core): number | undefined {
  const { lifeMs } = core.birth;
  return core.life.isEndTold ? undefined : lifeEndsAtMs(core) - Math.min(mostAheadMs, lifeMs / 10);
}

export function tellEnd(core: Core): void {
  core.life.isEndTold = true;
  const parley = { expires_in_seconds: Math.round((lifeEndsAtMs(core) - core.now) / 1000) };
  send(core, { type: 'session.updated', session: { ...sessionObject(core), parley } });
}

/** The client was told, and has come back for more. `expiresAt`: Unix seconds, of a life that begins now. */
export function liveOn(core: Core, expiresAt: number): void {
  if (!core.life.isEndTold) return;
  core.life = { fromMs: core.now, expiresAt, isEndTold: false };
  send(core, { type: 'session.updated', session: sessionObject(core) });
}
