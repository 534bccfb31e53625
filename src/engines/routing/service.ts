// What serves ids of speech: the engines of this machine under one prefix, and each service under its own.
import type { Engine } from '../engine.ts';

/** Prefix under which the engines of this machine can always be named, whatever else is configured. */
export const housePrefix = 'parley';

/** An engine behind one prefix: `deepgram` serves `deepgram/<model>`. */
export interface SpeechService<E extends Engine> {
  readonly prefix: string;
  readonly alsoKnownAs: readonly string[];
  /** For people: `Deepgram`. */
  readonly name: string;
  readonly engine: E;
  /** The model of those who name the service alone. */
  readonly defaultModel: string;
  /** What it is known to offer; other models may be named all the same, since services add some every month. */
  models(): readonly string[];
  /** Names that belong to this service even without a prefix. */
  readonly bareModels?: RegExp;
  /**
   * Opened by settings unless told otherwise; `found` on this machine; or `gone` from it: it is not offered then, and whoever names it meets its failure and
   * is served by the next.
   */
  readonly presence?: 'configured' | 'found' | 'gone';
}

/** The engine that serves an id, the model that it is asked for, and under which full id that is known. */
export interface SpeechRoute<E extends Engine> {
  readonly engine: E;
  readonly model: string;
  readonly id: string;
}
