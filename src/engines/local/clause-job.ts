// What an engine that speaks clause by clause and its workers say to each other.
import type { Word } from '../engine.ts';
import type { Clause } from '../text/front-end.ts';

/** Mono, of every voice that is made here. */
export const CLAUSE_RATE_HZ = 24_000;

/** A task. Sound comes in parts, each a `ClauseSound`, before the result. */
export interface ClauseJob<Manner> {
  /** Text of which the first clause is spoken; or a clause that was read before. */
  readonly say: string | Clause;
  /** Who speaks, as the engine's own workers need it. */
  readonly manner: Manner;
  readonly speed: number;
}

/** A stretch of the clause's sound. Words are timed from the start of the clause, and each comes with the stretch in which it begins. */
export interface ClauseSound {
  readonly samples: Int16Array;
  /** Absent from a voice that does not know. */
  readonly words?: readonly Word[];
}

export interface ClauseResult {
  /** The silence that belongs after what was spoken, at speed 1. */
  readonly pauseMs: number;
  /** What else is in the text. */
  readonly rest: readonly Clause[];
  /** For the log: what of the text cannot be spoken. */
  readonly skipped: readonly string[];
}

/** Where a worker finds the text's word lists, and what it knows beyond them. */
export interface ReaderData {
  readonly words: string;
  /** Text of an operator's list. */
  readonly pronunciations?: string;
}
