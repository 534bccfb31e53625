// One request for a reply: from its JSON to the events of the answer, server-sent or as one JSON. What they say is the wire's (openai-chat.ts,
// anthropic-messages.ts).
import type { Clock } from '../../lib/clock.ts';
import { EngineError } from '../engine.ts';
import { headerOf, refusalOf, textOf } from './http-answer.ts';
import { type FarSide, networkFailure, streamFailure } from './openai-failure.ts';
import { readSse, type SseEvent } from './sse.ts';
import type { WarmAgent } from './warm-agent.ts';

/** How much of an unstreamed answer's body is read. */
const BODY_BYTES = 4 * 1024 * 1024;

/** How long the connection may take to finish after the last word. */
const DRAIN_MS = 1000;

export interface ChatExchangeOptions {
  readonly side: FarSide;
  readonly agent: WarmAgent;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Whether nothing follows that is worth reading. */
  readonly isLast: (event: SseEvent) => boolean;
  /** Nothing of it is left. */
  readonly onOver: () => void;
}

export class ChatExchange {
  readonly #options: ChatExchangeOptions;
  readonly #request = new AbortController();
  #state: 'asking' | 'draining' = 'asking';

  constructor(options: ChatExchangeOptions) {
    this.#options = options;
  }

  /** Ends it. With a reason, its events end with that. */
  abort(reason?: EngineError): void {
    this.#request.abort(reason);
  }

  /** The JSON of each event. `onEvent`: told of each before it is read. */
  async *events(json: string, onEvent: () => void): AsyncGenerator {
    const { side, agent, url, headers, clock, isLast } = this.#options;
    const asked = { 'content-type': 'application/json', accept: 'text/event-stream', ...headers };
    const response = await agent.post(url, asked, json, this.#request.signal);
    if (response.statusCode !== 200) throw await refusalOf(side, response, clock);
    if (headerOf(response, 'content-type')?.includes('application/json')) {
      // A server that does not stream: the whole message is the only event.
      yield this.#parse(await textOf(response.body, BODY_BYTES));
      return;
    }
    const events = readSse(response.body);
    for (let next = await events.next(); !next.done; next = await events.next()) {
      if (isLast(next.value)) {
        this.#state = 'draining';
        void this.#drain(events);
        return;
      }
      const data = next.value.data.trim();
      if (data === '') continue;
      onEvent();
      yield this.#parse(data);
    }
  }

  /** Nobody reads on. The far side must stop working for nobody; an answer that is complete may end by itself. */
  leave(): void {
    if (this.#state === 'draining') return;
    this.#options.onOver();
    this.abort();
  }

  /** What an error of its events is told as. `started`: after some of them. */
  failure(error: unknown, started: boolean): EngineError {
    const { signal } = this.#request;
    // Our own timer and close() end the request with the error to report.
    if (signal.aborted && signal.reason instanceof EngineError) return signal.reason;
    return error instanceof EngineError ? error : networkFailure(this.#options.side, error, started);
  }

  /** Reads the few bytes after the last event, so that the connection can be used again; breaking off would close it. */
  async #drain(events: AsyncGenerator<SseEvent>): Promise<void> {
    const timer = this.#options.clock.after(DRAIN_MS, () => this.abort());
    try {
      while (!(await events.next()).done);
    } catch {
      // The answer is complete: how the connection ends is of no interest.
    } finally {
      timer.cancel();
      this.#options.onOver();
    }
  }

  #parse(data: string): unknown {
    const { side } = this.#options;
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch (cause) {
      throw new EngineError(side.id, 'broken', `${side.name} sent something that is not JSON`, { retryable: true, cause });
    }
    const error = (value as { error?: unknown } | null)?.error;
    if (error) throw streamFailure(side, error);
    return value ?? {};
  }
}
