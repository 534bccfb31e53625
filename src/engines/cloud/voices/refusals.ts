// What every voice of a service refuses by itself.
import { EngineError } from '../../engine.ts';
import type { FarSide } from '../openai-failure.ts';

export function gone({ id, name }: FarSide): EngineError {
  return new EngineError(id, 'unavailable', `${name} is shut down`);
}

/** Throws EngineError for a speed that none of our voices has. */
export function refuseSpeed({ id }: FarSide, speed: number): void {
  if (speed >= 0.25 && speed <= 1.5) return;
  throw new EngineError(id, 'rejected', `speed must be from 0.25 to 1.5, not ${speed}`);
}

/** The nearest speed that a service has. */
export function within(speed: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, speed));
}
