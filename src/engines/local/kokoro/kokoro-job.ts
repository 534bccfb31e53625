// What the engine and its workers say to each other.
import type { ClauseJob, ReaderData } from '../clause-job.ts';

export interface KokoroWorkerData extends ReaderData {
  /** That of the model. */
  readonly folder: string;
  /** How many the net may use at a time. */
  readonly threads: number;
}

export interface KokoroManner {
  /** The name of its table of styles. */
  readonly style: string;
  /** How fast it speaks, 1 being the pace it was taught. */
  readonly pace: number;
  /** What brings it to -21 LUFS. */
  readonly gain: number;
}

export type KokoroJob = ClauseJob<KokoroManner>;
