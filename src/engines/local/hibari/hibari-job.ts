// What the engine and its workers say to each other.
import type { ClauseJob, ReaderData } from '../clause-job.ts';
import type { Character } from './characters.ts';

export interface HibariWorkerData extends ReaderData {
  /** That of the model. */
  readonly folder: string;
}

export interface HibariManner {
  readonly character: Character;
  /** How fast it speaks among the voices of its character. */
  readonly pace: number;
}

export type HibariJob = ClauseJob<HibariManner>;
