// A language model behind one POST for each reply, which answers with server-sent events. What is sent and how the events are read is a wire's
// (openai-chat.ts, anthropic-messages.ts). No hidden retry: routing/fallback-llm.ts decides what happens after a failure.
import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { EngineError, type EngineInfo, type Llm, type LlmOptions, type LlmPart } from '../engine.ts';
import { ToolNames } from './call-fields.ts';
import { type FarSide, httpFailure, networkFailure, parsedOr, streamFailure } from './openai-failure.ts';
import { retryAfterMs } from './retry-after.ts';
import { readSse, type SseEvent } from './sse.ts';

/** How much of an unstreamed answer's body is read, and of an error's. */
const BODY_BYTES = 4 * 1024 * 1024;
const FAILURE_BYTES = 64 * 1024;

/** How often it is told of a stream that goes on without a word. */
const ALIVE_MS = 1000;

/** How long the connection may take to finish after the last word. */
const DRAIN_MS = 1000;

interface Exchange {
  readonly request: AbortController;
  draining: Promise<void> | undefined;
}

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
  readonly #running = new Set<AbortController>();
  #closed = false;

  constructor(options: StreamedChatOptions, wire: ChatWire) {
    this.#options = options;
    this.#wire = wire;
    this.#log = options.log.child({ engine: options.id });
    this.#side = { id: options.id, name: options.name, secrets: [options.apiKey ?? ''] };
    this.info = { id: options.id, kind: 'llm', name: options.name, licence: options.licence ?? 'LicenseRef-provider', languages: ['*'] };
  }

  async warmUp(): Promise<void> {
    if (this.#closed) throw this.#gone();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const request of this.#running) request.abort(this.#gone());
    this.#running.clear();
  }

  async *respond(prompt: Prompt, options: LlmOptions, signal: AbortSignal): AsyncGenerator<LlmPart> {
    if (signal.aborted) return;
    if (this.#closed) throw this.#gone();
    const request = new AbortController();
    const dropped = () => request.abort();
    signal.addEventListener('abort', dropped, { once: true });
    this.#running.add(request);
    const exchange: Exchange = { request, draining: undefined };
    const patience = new Patience(this.#options.clock, this.#options.firstTokenMs, (waitedFor) =>
      request.abort(
        new EngineError(this.info.id, 'timeout', `${this.info.name} sent no ${waitedFor} for ${this.#options.firstTokenMs} ms`),
      ),
    );
    const { clock } = this.#options;
    let started = false;
    /** When something was last handed out. */
    let partAtMs: number | undefined;
    try {
      const names = new ToolNames(prompt.tools);
      const reader = this.#wire.read(names);
      for await (const event of this.#events(prompt, options, names, exchange, patience)) {
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
      if (!last)
        throw new EngineError(this.info.id, 'broken', `${this.info.name} ended in the middle of its answer, or without one`, {
          retryable: true,
        });
      for (const part of last) {
        if (signal.aborted) return;
        yield part;
      }
    } catch (error) {
      if (signal.aborted) return;
      const failure = this.#failure(error, request.signal, started);
      this.#log.warn({ reason: failure.reason, model: options.model }, failure.message);
      throw failure;
    } finally {
      patience.satisfy();
      signal.removeEventListener('abort', dropped);
      if (!exchange.draining) {
        this.#running.delete(request);
        // Also reached when the reader leaves early: the far side must stop working for nobody.
        request.abort();
      }
    }
  }

  async *#events(prompt: Prompt, options: LlmOptions, names: ToolNames, exchange: Exchange, patience: Patience): AsyncGenerator {
    const { modelAliases: aliases = {} } = this.#options;
    // A client may ask for a model by any name, `constructor` among them.
    const model = (Object.hasOwn(aliases, options.model) ? aliases[options.model] : undefined) ?? options.model;
    const { conversation, ...rest } = options;
    const told = { ...rest, model, ...(conversation === undefined ? {} : { conversation: nameless(conversation) }) };
    const response = await fetch(`${this.#options.baseUrl.replace(/\/+$/, '')}${this.#wire.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...this.#wire.headers(told) },
      body: this.#wire.body(prompt, told, names),
      // A key must not follow a redirect to who knows where.
      redirect: 'manual',
      signal: exchange.request.signal,
    });
    if (response.status !== 200 || !response.body) {
      const wait = retryAfterMs(response.headers, this.#options.clock.wallMs());
      throw httpFailure(this.#side, response.status, parsedOr(await readText(response, FAILURE_BYTES)), wait);
    }
    if (response.headers.get('content-type')?.includes('application/json')) {
      // A server that does not stream: the whole message is the only chunk.
      yield this.#parse(await readText(response, BODY_BYTES));
      return;
    }
    const events = readSse(response.body);
    for (let next = await events.next(); !next.done; next = await events.next()) {
      if (this.#wire.isLast(next.value)) {
        exchange.draining = this.#drain(events, exchange.request);
        return;
      }
      const data = next.value.data.trim();
      if (data === '') continue;
      patience.heard();
      yield this.#parse(data);
    }
  }

  /** Reads the few bytes after the last event, so that the connection can be used again; breaking off would close it. */
  async #drain(events: AsyncGenerator<SseEvent>, request: AbortController): Promise<void> {
    const timer = this.#options.clock.after(DRAIN_MS, () => request.abort());
    try {
      while (!(await events.next()).done);
    } catch {
      // The answer is complete: how the connection ends is of no interest.
    } finally {
      timer.cancel();
      this.#running.delete(request);
    }
  }

  #parse(data: string): unknown {
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch (cause) {
      throw new EngineError(this.info.id, 'broken', `${this.info.name} sent something that is not JSON`, { retryable: true, cause });
    }
    const error = (value as { error?: unknown } | null)?.error;
    if (error) throw streamFailure(this.#side, error);
    return value ?? {};
  }

  #failure(error: unknown, request: AbortSignal, started: boolean): EngineError {
    // Our own timer and close() end the request with the error to report.
    if (request.aborted && request.reason instanceof EngineError) return request.reason;
    return error instanceof EngineError ? error : networkFailure(this.#side, error, started);
  }

  #gone(): EngineError {
    return new EngineError(this.info.id, 'unavailable', `${this.info.name} is shut down`);
  }
}

/**
 * The timer of one request. Until the first part only a part satisfies it (keep-alive comments and empty deltas do not); after
 * that any sign of life does. It stands still while the reader is busy with a part.
 */
class Patience {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onEnd: (waitedFor: string) => void;
  #timer: Timer | undefined;
  #first = true;

  constructor(clock: Clock, limitMs: number, onEnd: (waitedFor: string) => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onEnd = onEnd;
    this.#arm();
  }

  satisfy(): void {
    this.#first = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  heard(): void {
    if (!this.#first) this.#timer?.cancel();
  }

  again(): void {
    if (!this.#first) this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.#limitMs, () => this.#onEnd(this.#first ? 'first token' : 'further token'));
  }
}

/** The same for one conversation, and nothing that says which or whose it is: a provider need not know. */
function nameless(conversation: string): string {
  return createHash('sha256').update(conversation).digest('base64url').slice(0, 32);
}

async function readText(response: Response, mostBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  if (!response.body) return text;
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > mostBytes) break;
  }
  return text;
}
