// A language model behind one POST for each reply, which answers with server-sent events. What is sent and how the events are read is a wire's
// (openai-chat.ts, anthropic-messages.ts). No hidden retry: routing/fallback-llm.ts decides what happens after a failure.
import { createHash } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { EngineError, type EngineInfo, type Llm, type LlmOptions, type LlmPart } from '../engine.ts';
import { ToolNames } from './call-fields.ts';
import { ChatExchange } from './chat-exchange.ts';
import type { FarSide } from './openai-failure.ts';
import { Patience } from './patience.ts';
import type { SseEvent } from './sse.ts';
import { WarmAgent } from './warm-agent.ts';

/** How often it is told of a stream that goes on without a word. */
const ALIVE_MS = 1000;

/** What one API is like. */
export interface ChatWire {
  /** Where replies are asked for, below the base URL: `/chat/completions`. */
  readonly path: string;
  /** Beside the kind of the content. `options` are those of `body`. */
  headers(options: LlmOptions): Readonly<Record<string, string>>;
  /** The body as JSON. `options.model` is the server's own name; `options.conversation` may be sent as it is. */
  body(prompt: Prompt, options: LlmOptions, names: ToolNames): string;
  /** Whether nothing follows that is worth reading. */
  isLast(event: SseEvent): boolean;
  /** For one reply. */
  read(names: ToolNames): ReplyReader;
}

/** Takes the events of one reply, each the JSON of an event's data. */
export interface ReplyReader {
  push(event: unknown): LlmPart[];
  /** The parts that close the reply, `end` the last of them; undefined when nothing says that it was meant to end here. */
  end(): LlmPart[] | undefined;
}

export interface StreamedChatOptions {
  readonly id: string;
  readonly name: string;
  /** Up to and including the version: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Left out when absent or empty. */
  readonly apiKey?: string;
  /** What opens the list of models: it is asked for to make connections ready. */
  readonly listHeaders?: Readonly<Record<string, string>>;
  /** Whether there is always a connection to spare while one may be wanted: where a handshake takes long. Default false. */
  readonly keepWarm?: boolean;
  /** Longest wait in milliseconds for the first token, and then for each further piece of the stream. */
  readonly firstTokenMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Names that clients use for models → the server's own. */
  readonly modelAliases?: Readonly<Record<string, string>>;
  readonly licence?: string;
}

/**
 * Errors (EngineError): `timeout`, `unauthorized`, `rejected`, `rate_limited`, `broken` (server error, broken stream), `unavailable`
 * (cannot be reached, or closed).
 */
export class StreamedChat implements Llm {
  readonly info: EngineInfo;
  readonly #options: StreamedChatOptions;
  readonly #wire: ChatWire;
  readonly #side: FarSide;
  readonly #log: Log;
  readonly #running = new Set<ChatExchange>();
  readonly #baseUrl: string;
  readonly #agent: WarmAgent;
  #closed = false;

  constructor(options: StreamedChatOptions, wire: ChatWire) {
    this.#options = options;
    this.#wire = wire;
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#agent = new WarmAgent({
      clock: options.clock,
      headers: options.listHeaders ?? {},
      keepWarm: options.keepWarm ?? false,
      url: `${this.#baseUrl}/models`,
    });
    this.#log = options.log.child({ engine: options.id });
    this.#side = { id: options.id, name: options.name, secrets: [options.apiKey ?? ''] };
    this.info = { id: options.id, kind: 'llm', name: options.name, licence: options.licence ?? 'LicenseRef-provider', languages: ['*'] };
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
    const { clock, firstTokenMs } = this.#options;
    const { id, name } = this.info;
    const told = this.#toldOf(options);
    const exchange = this.#exchange(told);
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
      const reader = this.#wire.read(names);
      for await (const event of exchange.events(this.#wire.body(prompt, told, names), () => patience.heard())) {
        started = true;
        const fresh = reader.push(event);
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
      const last = reader.end();
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

  #exchange(told: LlmOptions): ChatExchange {
    const exchange: ChatExchange = new ChatExchange({
      side: this.#side,
      agent: this.#agent,
      url: `${this.#baseUrl}${this.#wire.path}`,
      headers: this.#wire.headers(told),
      clock: this.#options.clock,
      isLast: (event) => this.#wire.isLast(event),
      onOver: () => this.#running.delete(exchange),
    });
    this.#running.add(exchange);
    return exchange;
  }

  /** The options as the server is told them. A client may ask for a model by any name, `constructor` among them. */
  #toldOf({ conversation, ...options }: LlmOptions): LlmOptions {
    const { modelAliases: aliases = {} } = this.#options;
    const model = (Object.hasOwn(aliases, options.model) ? aliases[options.model] : undefined) ?? options.model;
    return { ...options, model, ...(conversation === undefined ? {} : { conversation: nameless(conversation) }) };
  }

  #gone(): EngineError {
    return new EngineError(this.info.id, 'unavailable', `${this.info.name} is shut down`);
  }
}

/** The same for one conversation, and nothing that says which or whose it is: a provider need not know. */
function nameless(conversation: string): string {
  return createHash('sha256').update(conversation).digest('base64url').slice(0, 32);
}
