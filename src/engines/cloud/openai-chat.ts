// Any server that speaks OpenAI's chat completions, over server-sent events. One request per reply and no hidden retry:
// routing/fallback-llm.ts decides what happens after a failure.
import type { Clock, Timer } from '../../lib/clock.ts';
import { type Ids, randomIds } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import type { Prompt } from '../../protocol/prompt.ts';
import { EngineError, type EngineInfo, type Llm, type LlmOptions, type LlmPart } from '../engine.ts';
import { ToolNames } from './call-fields.ts';
import { type FarSide, httpFailure, networkFailure, parsedOr, streamFailure } from './openai-failure.ts';
import { type ChatChunk, ChatParts } from './openai-parts.ts';
import { retryAfterMs } from './retry-after.ts';
import { chatRequestJson, type Dialect } from './openai-request.ts';
import { readSse, type SseEvent } from './sse.ts';
import { isLostConnection, WarmAgent } from './warm-agent.ts';

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

export interface OpenAiChatOptions {
  readonly id: string;
  readonly name: string;
  /** Up to and including the version: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Sent as a bearer token; left out when absent or empty. */
  readonly apiKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that open the list of models, where others do; it is asked for to make connections ready. */
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
  readonly licence?: string;
  /** Makes ids for calls that the server sent without one. */
  readonly ids?: Ids;
}

/**
 * Errors (EngineError): `timeout`, `unauthorized`, `rejected`, `rate_limited`, `broken` (server error, broken stream), `unavailable`
 * (cannot be reached, or closed).
 */
export function createOpenAiChat(options: OpenAiChatOptions): Llm {
  return new OpenAiChat(options);
}

class OpenAiChat implements Llm {
  readonly info: EngineInfo;
  readonly #options: OpenAiChatOptions;
  readonly #side: FarSide;
  readonly #log: Log;
  readonly #running = new Set<AbortController>();
  readonly #baseUrl: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: WarmAgent;
  #closed = false;

  constructor(options: OpenAiChatOptions) {
    this.#options = options;
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#headers = { ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}), ...options.headers };
    this.#agent = new WarmAgent({
      clock: options.clock,
      headers: options.listHeaders ?? this.#headers,
      keepWarm: options.keepWarm ?? false,
      url: `${this.#baseUrl}/models`,
    });
    this.#log = options.log.child({ engine: options.id });
    const secrets = [options.apiKey ?? '', ...Object.values(options.headers ?? {})];
    this.#side = { id: options.id, name: options.name, secrets };
    this.info = { id: options.id, kind: 'llm', name: options.name, licence: options.licence ?? 'LicenseRef-provider', languages: ['*'] };
  }

  /** Makes a connection ready, where a handshake takes long. */
  async warmUp(): Promise<void> {
    if (this.#closed) throw this.#gone();
    if (this.#options.keepWarm) await this.#agent.warm();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const request of this.#running) request.abort(this.#gone());
    this.#running.clear();
    await this.#agent.close();
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
      const parts = new ChatParts(this.#options.ids ?? randomIds, names);
      for await (const chunk of this.#chunks(prompt, options, names, exchange, patience)) {
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

  async *#chunks(prompt: Prompt, options: LlmOptions, names: ToolNames, exchange: Exchange, patience: Patience): AsyncGenerator<ChatChunk> {
    const { modelAliases: aliases = {} } = this.#options;
    // A client may ask for a model by any name, `constructor` among them.
    const model = (Object.hasOwn(aliases, options.model) ? aliases[options.model] : undefined) ?? options.model;
    const asked = { 'content-type': 'application/json', accept: 'text/event-stream', ...this.#headers };
    const text = chatRequestJson(prompt, { ...options, model }, names, this.#options.dialect ?? {});
    const response = await this.#agent.post(`${this.#baseUrl}/chat/completions`, asked, text, exchange.request.signal);
    const header = (name: string) => [response.headers[name]].flat()[0] ?? null;
    if (response.statusCode !== 200) {
      const wait = retryAfterMs({ get: header }, this.#options.clock.wallMs());
      throw httpFailure(this.#side, response.statusCode, parsedOr(await readText(response.body, FAILURE_BYTES)), wait);
    }
    if (header('content-type')?.includes('application/json')) {
      // A server that does not stream: the whole message is the only chunk.
      yield this.#parse(await readText(response.body, BODY_BYTES));
      return;
    }
    const events = readSse(response.body);
    for (let next = await events.next(); !next.done; next = await events.next()) {
      const data = next.value.data.trim();
      if (data === '[DONE]') {
        exchange.draining = this.#drain(events, exchange.request);
        return;
      }
      if (data === '') continue;
      patience.heard();
      yield this.#parse(data);
    }
  }

  /** Reads the few bytes after [DONE], so that the connection can be used again; breaking off would close it. */
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

  #parse(data: string): ChatChunk {
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
    return error instanceof EngineError ? error : networkFailure(this.#side, error, started || isLostConnection(error));
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

async function readText(body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > mostBytes) break;
  }
  return text;
}
