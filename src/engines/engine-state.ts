// How an engine is at this moment, as `/health`, `/readyz` and the greeting tell it.
import type { Engine, EngineInfo } from './engine.ts';

export interface EngineState {
  /** Who serves. */
  readonly info: EngineInfo;
  /** Why nothing of its kind works, or why another than the chosen one does; the server runs all the same. */
  readonly problem: string | undefined;
  readonly works: boolean;
  readonly readyMs: number;
}

/**
 * `failure`: why it could not be warmed up at the start, if so. An engine that can say how it is knows better: what could not be had then may
 * be there by now, and what was there may be lost.
 */
export function engineState(engine: Engine, failure: string | undefined, readyMs: number): EngineState {
  const { info } = engine;
  const health = engine.health?.();
  const works = health ? health.state === 'ready' : failure === undefined;
  const problem = health?.problem ?? (works ? undefined : (failure ?? `It is ${health?.state ?? 'not there'}.`));
  return { info, problem, works, readyMs };
}

/** Why nobody can talk now, as far as the engines are the reason. Without its judge a turn still ends, by silence. */
export function missing(states: readonly EngineState[]): string[] {
  return states.flatMap(({ info, works, problem }) => (works || info.kind === 'turn' ? [] : [`${info.name}: ${problem}`]));
}
