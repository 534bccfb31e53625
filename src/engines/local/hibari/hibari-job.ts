// What the engine and its workers say to each other.
import type { Clause } from '../../text/front-end.ts';
import type { Character } from './characters.ts';

export interface HibariWorkerData {
  /** That of the model. */
  readonly folder: string;
  /** Text of an operator's list. */
  readonly pronunciations?: string;
}

/** Sound comes in parts, each a `Stretch`, before the result. */
export interface HibariJob {
  /** Text of which the first clause is spoken; or a clause that was read before. */
  readonly say: string | Clause;
  readonly character: Character;
  readonly speed: number;
}

export interface HibariResult {
  /** The silence that belongs after what was spoken, at speed 1. */
  readonly pauseMs: number;
  /** What else is in the text. */
  readonly rest: readonly Clause[];
  /** For the log: what of the text cannot be spoken. */
  readonly skipped: readonly string[];
}
