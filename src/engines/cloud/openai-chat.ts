// Any server that speaks OpenAI's chat completions, over server-sent events. One request per reply and no hidden retry: routing/fallback-llm.ts decides
// what happens after a failure. Written from platform.openai.com/docs/api-reference/chat; what others do otherwise is in provider-table.ts and
// message-form.ts. Not tried against a real service.
import type { Clock } from '../../lib/clock.ts';
import { type Ids, randomIds } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { EngineError, type EngineInfo, type Llm, type LlmOptions, type LlmPart } from '../engine.ts';
import { ToolNames } from './call-fields.ts';
import { ChatExchange } from './chat-exchange.ts';
import type { FarSide } from './openai-failure.ts';
import { ChatParts } from './openai-parts.ts';
import { chatRequestJson, type Dialect } from './openai-request.ts';
import { Patience } from './patience.ts';
import { WarmAgent } from './warm-agent.ts';

/** How often it is told of a stream that goes on without a word. */
const ALIVE_MS = 1000;

export interface OpenAiChatOptions {
  readonly id: string;
  readonly name: string;
  /** Up to and including the version: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Sent as a bearer token; left out when absent or empty. */
  readonly apiKey?: string;
  /** What opens the list of models where the token does not; it is asked for to make connections ready. */
  readonly listHeaders?: Readonly<Record<string, string>>;
  /** Whether there is always a connection to spare while one may be wanted: where a handshake takes long. Default false. */
  readonly keepWarm?: boolean;
  /** Longest wait in milliseconds for the first token, and then for each further piece of the stream. */
  readonly firstTokenMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Fields of the request that this server refuses, or takes beyond OpenAI's. */
  readonly dialect?: Dialect;
  /** Names that clients use for models → the server's own. */
  readonly modelAliases?: Readonly<Record<string, string>>;
  /** Makes ids for calls that the server sent without one. */
  readonly ids?: Ids;
}

/** EngineErrors: `timeout`, `unauthorized`, `rejected`, `rate_limited`, `broken` (server error, broken stream), `unavailable` (not reached, or closed). */
export function createOpenAiChat(options: OpenAiChatOptions): Llm {
  return new OpenAiChat(options);
}

class OpenAiChat implements Llm {
  readonly info: EngineInfo;
  readonly #options: OpenAiChatOptions;
  readonly #side: FarSide;
  readonly #log: Log;
  readonly #running = new Set<ChatExchange>();
  readonly #baseUrl: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: WarmAgent;
  #closed = false;

  constructor(options: OpenAiChatOptions) {
    this.#options = options;
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#headers = options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {};
    this.#agent = new WarmAgent({
      clock: options.clock,
      headers: options.listHeaders ?? this.#headers,
      keepWarm: options.keepWarm ?? false,
      url: `${this.#baseUrl}/models`,
    });
    this.#log = options.log.child({ engine: options.id });
    this.#side = { id: options.id, name: options.name, secrets: [options.apiKey ?? ''] };
    this.info = { id: options.id, kind: 'llm', name: options.name, licence: 'LicenseRef-provider', languages: ['*'] };
  }

  /** Makes a connection ready, where a handshake takes long. */
  async warmUp(): Promise<void> {
    if (this.#closed) throw this.#gone();
    if (this.#options.keepWarm) await this.#agent.warm();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const exchange of this.#running) exchange.abort(this.#gone());
    this.#running.clear();
    await this.#agent.close();
  }

  async *respond(prompt: Prompt, options: LlmOptions, signal: AbortSignal): AsyncGenerator<LlmPart> {
    if (signal.aborted) return;
    if (this.#closed) throw this.#gone();
    const { clock, firstTokenMs, ids = randomIds, dialect = {} } = this.#options;
    const { id, name } = this.info;
    const exchange = this.#exchange();
    const dropped = () => exchange.abort();
    signal.addEventListener('abort', dropped, { once: true });
    const patience = new Patience(clock, firstTokenMs, (waitedFor) =>
      exchange.abort(new EngineError(id, 'timeout', `${name} sent no ${waitedFor} for ${firstTokenMs} ms`)),
    );
    let started = false;
    /** When something was last handed out. */
    let partAtMs: number | undefined;
    try {
      const names = new ToolNames(prompt.tools);
      const parts = new ChatParts(ids, names);
      const json = chatRequestJson(prompt, { ...options, model: this.#modelOf(options.model) }, names, dialect);
      for await (const chunk of exchange.chunks(json, () => patience.heard())) {
        started = true;
        const fresh = parts.push(chunk);
        // Before the first part nothing is a sign of life; the second try depends on that.
        if (fresh.length === 0 && partAtMs !== undefined && clock.now() >= partAtMs + ALIVE_MS) fresh.push({ type: 'reasoning', text: '' });
        for (const part of fresh) {
          patience.satisfy();
          if (signal.aborted) return;
          partAtMs = clock.now();
          yield part;
        }
        patience.again();
      }
      patience.satisfy();
      const last = parts.end();
      if (!last) throw new EngineError(id, 'broken', `${name} ended in the middle of its answer, or without one`, { retryable: true });
      for (const part of last) {
        if (signal.aborted) return;
        yield part;
      }
    } catch (error) {
      if (signal.aborted) return;
      const failure = exchange.failure(error, started);
      this.#log.warn({ reason: failure.reason, model: options.model }, failure.message);
      throw failure;
    } finally {
      patience.satisfy();
      signal.removeEventListener('abort', dropped);
      exchange.leave();
    }
  }

  #exchange(): ChatExchange {
    const exchange: ChatExchange = new ChatExchange({
      side: this.#side,
      agent: this.#agent,
      url: `${this.#baseUrl}/chat/completions`,
      headers: this.#headers,
      clock: this.#options.clock,
      onOver: () => this.#running.delete(exchange),
    });
    this.#running.add(exchange);
    return exchange;
  }

  /** A client may ask for a model by any name, `constructor` among them. */
  #modelOf(named: string): string {
    const { modelAliases: aliases = {} } = this.#options;
    return (Object.hasOwn(aliases, named) ? aliases[named] : undefined) ?? named;
  }

  #gone(): EngineError {
    return new EngineError(this.info.id, 'unavailable', `${this.info.name} is shut down`);
  }
}
