// What the parts of an utterance are decoded with: finals first, then what may soon be asked for, then guesses, which give way to everything.
import { EngineError, type Origin } from '../../engine.ts';
import type { Crew } from '../crew.ts';
import type { SegmentTask, SegmentText } from './transcribe.ts';

export type Urgency = 'final' | 'speculative' | 'partial';

const PRIORITIES: Readonly<Record<Urgency, number>> = { final: 0, speculative: 1, partial: 2 };

/** What a worker says when a task's turn has come, before it begins. */
export const BEGUN = 'begun';

export interface DecodeOptions {
  readonly urgency: Urgency;
  readonly signal: AbortSignal;
  /** Whose it is. */
  readonly origin?: Origin;
  /** The task's turn has come. */
  readonly onBegin?: () => void;
  /** It made way for others, and waits again. */
  readonly onPutBack?: () => void;
}

export interface SegmentDecoder {
  /** Undefined as soon as the signal fires, or when a guess had to give way. Rejects with EngineError. */
  decode(task: SegmentTask, options: DecodeOptions): Promise<SegmentText | undefined>;
  /** Whether a guess would have to wait, or keep others waiting. */
  readonly busy: boolean;
  /** Whether there is anybody whose turn of work could be waited for. */
  readonly ready: boolean;
}

type Workers = Pick<Crew<SegmentTask, SegmentText | undefined>, 'run' | 'health'>;

export class CrewDecoder implements SegmentDecoder {
  readonly #workers: Workers;
  readonly #size: number;
  #underWay = 0;
  /** Guesses under way, the oldest first. */
  readonly #guesses = new Set<AbortController>();

  constructor(workers: Workers, size: number) {
    this.#workers = workers;
    this.#size = size;
  }

  get busy(): boolean {
    return this.#underWay >= this.#size || this.#workers.health.waiting > 0;
  }

  get ready(): boolean {
    return this.#workers.health.state === 'ready';
  }

  async decode(task: SegmentTask, options: DecodeOptions): Promise<SegmentText | undefined> {
    const guess = options.urgency === 'partial' ? new AbortController() : undefined;
    if (guess) this.#guesses.add(guess);
    else if (this.busy) this.#giveWay();
    const signal = guess ? AbortSignal.any([options.signal, guess.signal]) : options.signal;
    this.#underWay++;
    try {
      return await this.#run(task, { ...options, signal });
    } catch (error) {
      // The worker died, which may be nobody's fault here: another one is asked, once.
      if (!(error instanceof EngineError) || error.reason !== 'crashed' || !error.retryable || guess) throw error;
      // It had been begun with, though the word of that may have died with the worker.
      options.onBegin?.();
      return await this.#run(task, { ...options, signal });
    } finally {
      this.#underWay--;
      if (guess) this.#guesses.delete(guess);
    }
  }

  #run(task: SegmentTask, { urgency, signal, origin, onBegin, onPutBack }: DecodeOptions): Promise<SegmentText | undefined> {
    return this.#workers.run(task, {
      signal,
      priority: PRIORITIES[urgency],
      repeatable: true,
      ...(origin === undefined ? {} : { origin }),
      ...(onPutBack === undefined ? {} : { onPutBack }),
      onPart: (part) => {
        if (part === BEGUN) onBegin?.();
      },
    });
  }

  #giveWay(): void {
    const [oldest] = this.#guesses;
    if (!oldest) return;
    this.#guesses.delete(oldest);
    oldest.abort();
  }
}
