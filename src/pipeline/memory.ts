// Has a model condense a part of the conversation, beside the sound. One at a time; whoever ordered it may abort it at any moment.
import { EngineError, type Engines, type LlmOptions } from '../engines/engine.ts';
import type { Log } from '../lib/log.ts';
import { type Condensed, excerpt, readAnswer } from './memory-answer.ts';
import type { Effect } from '../session/effects.ts';
import type { Fact } from '../session/facts.ts';

type Order = Extract<Effect, { kind: 'memory.condense' }>;

/** An answer that goes on for longer is none. */
const mostCharacters = 100_000;

const failed = 'the conversation was not condensed; it is tried again at the next interval';

export class Condenser {
  readonly #engines: Engines;
  readonly #whose: () => Pick<LlmOptions, 'behalf' | 'origin'>;
  readonly #feed: (fact: Fact) => void;
  readonly #log: Log;
  readonly #onFailure: (error: unknown, what: string) => void;
  #running: AbortController | undefined;

  constructor(
    engines: Engines,
    whose: () => Pick<LlmOptions, 'behalf' | 'origin'>,
    feed: (fact: Fact) => void,
    log: Log,
    onFailure: (error: unknown, what: string) => void,
  ) {
    this.#engines = engines;
    this.#whose = whose;
    this.#feed = feed;
    this.#log = log;
    this.#onFailure = onFailure;
  }

  /** Feeds one fact, unless it is aborted first. Never rejects: what goes wrong is the operator's to know. */
  async condense(order: Order): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    let fact: Fact;
    try {
      fact = { kind: 'memory.condensed', order: order.order, ...(await this.#ask(order, running.signal)) };
    } catch (error) {
      if (running.signal.aborted) return;
      this.#onFailure(error, failed);
      fact = { kind: 'memory.failed', order: order.order };
    }
    if (this.#running === running) this.#running = undefined;
    if (!running.signal.aborted) this.#feed(fact);
  }

  abort(why: 'timeout' | 'unwanted'): void {
    if (this.#running && why === 'timeout') this.#log.warn({ reason: why }, failed);
    this.#running?.abort();
    this.#running = undefined;
  }

  async #ask(order: Order, signal: AbortSignal): Promise<Condensed> {
    const { engine, model } = this.#engines.llm(order.model);
    if (engine.followsInstructions === false) return excerpt(order.known, order.said, order.mostFacts);
    let text = '';
    for await (const part of engine.respond(order.prompt, { model, ...this.#whose() }, signal)) {
      if (part.type === 'text') text += part.text;
      if (text.length > mostCharacters) throw new EngineError(engine.info.id, 'broken', 'The answer does not end.');
    }
    const answer = readAnswer(text);
    if (!answer) throw new EngineError(engine.info.id, 'broken', 'The answer is neither the JSON that was asked for nor words.');
    return answer;
  }
}
