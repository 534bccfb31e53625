// What a voice is given of the model's text: cut as the voice and the client want it, without directions that it would read out.
import type { Tts } from '../engines/engine.ts';
import type { SegmenterStrategy } from '../protocol/provider-data/tts.ts';
import { ClauseSplitter } from './sentences.ts';
import { SteeringFilter } from './steering.ts';

/** Cuts that a client asked for by name; what to begin with, an engine that takes any pieces knows best itself. */
const always: ReadonlySet<SegmenterStrategy> = new Set(['sentence', 'full_turn', 'per_segment_context']);

export class SpeechText {
  readonly #splitter: ClauseSplitter | undefined;
  readonly #filter: SteeringFilter | undefined;

  constructor({ takes, steers }: Pick<Tts, 'takes' | 'steers'>, strategy: SegmenterStrategy) {
    this.#splitter = takes === 'clauses' || always.has(strategy) ? new ClauseSplitter(strategy) : undefined;
    this.#filter = steers ? undefined : new SteeringFilter();
  }

  push(text: string): string[] {
    return this.#cut(this.#filter ? this.#filter.push(text) : text);
  }

  /** What is left when the text has ended. */
  flush(): string[] {
    const rest = this.#cut(this.#filter?.flush() ?? '');
    return this.#splitter ? [...rest, ...this.#splitter.flush()] : rest;
  }

  #cut(text: string): string[] {
    if (text === '') return [];
    return this.#splitter ? this.#splitter.push(text) : [text];
  }
}
