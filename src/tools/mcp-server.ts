// One MCP server as one session uses it: connected when there is something to ask, again when it died in between, and let go at the end.
// Whatever the server does, what comes out is a list, a text or an McpError.
import type { Clock } from '../lib/clock.ts';
import type { GuardedFetch } from '../lib/guarded-fetch.ts';
import type { Log } from '../lib/log.ts';
import type { McpCache } from './mcp-cache.ts';
import { McpConnection, unless } from './mcp-connection.ts';
import { failureOf, isLost, McpEnded, neverArrived } from './mcp-failure.ts';
import { listTools } from './mcp-list.ts';
import { isFailure, outputText } from './mcp-result.ts';
import type { McpTarget } from './mcp-target.ts';
import { codes, type McpCallOptions, type McpError, type McpListing, type McpOutcome, type McpTool, type McpTools } from './mcp-types.ts';

const CONNECT_MS = 3000;
const LIST_MS = 10_000;

/** A call may take this long, and this long again from every word of progress. */
const QUIET_MS = 20_000;
const CALL_MS = 60_000;

/** Calls of one session to one server at a time. */
const CALLS = 16;

/** A server as a session's McpServers asks it, wherever it is. */
export interface AskedServer {
  /** The tools as last read. */
  readonly known: readonly McpTool[];
  warmUp(): void;
  list(): Promise<McpListing>;
  call(name: string, args: Record<string, unknown>, options: McpCallOptions): Promise<McpOutcome>;
  close(): Promise<void>;
}

export interface McpShared {
  readonly clock: Clock;
  /** For everything that goes out. */
  readonly fetch: GuardedFetch;
  /** One for all sessions. */
  readonly cache: McpCache;
  readonly log: Log;
  /** Our own, which servers are told. */
  readonly version: string;
}

export class McpServer implements AskedServer {
  readonly target: McpTarget;
  readonly #shared: McpShared;
  readonly #log: Log;
  readonly #lifetime = new AbortController();
  #connection: McpConnection | undefined;
  #opening: Promise<McpConnection> | undefined;
  #listing: Promise<McpListing> | undefined;
  #calls = 0;
  /** As last read: what its annotations say holds until they are read again. */
  known: readonly McpTool[] = [];

  constructor(label: string, target: McpTarget, shared: McpShared) {
    this.target = target;
    this.#shared = shared;
    this.#log = shared.log.child({ mcp: label });
  }

  /** Gets ready in the background, so that the first list and the first call find an open connection. */
  warmUp(): void {
    if (this.target.fault !== undefined) return;
    if (this.#kept()) this.#connect().catch(() => {});
    else void this.list();
  }

  async list(): Promise<McpListing> {
    const kept = this.#kept();
    if (kept) return kept;
    this.#listing ??= this.#read().finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  async call(name: string, args: Record<string, unknown>, options: McpCallOptions): Promise<McpOutcome> {
    if (this.#calls >= CALLS)
      return { error: { type: 'protocol_error', code: codes.params, message: 'Too many calls of this server at once' } };
    const { clock } = this.#shared;
    const late = (ms: number) => () => end.abort(new McpEnded(codes.timeout, `The tool did not answer within ${ms / 1000} seconds`));
    const { end, release } = this.#ending(CALL_MS, late(CALL_MS), options.signal);
    let patience = clock.after(QUIET_MS, late(QUIET_MS));
    this.#calls++;
    try {
      const result = await this.#ask(
        (connection) =>
          connection.callTool(name, args, end.signal, (progress) => {
            if (end.signal.aborted) return;
            patience.cancel();
            patience = clock.after(QUIET_MS, late(QUIET_MS));
            options.onProgress?.(progress);
          }),
        end.signal,
      );
      const output = outputText(result, this.target.withoutCredentials);
      if (!isFailure(result)) return { output };
      return { error: { type: 'tool_execution_error', message: this.target.redact(output) || 'The tool failed' } };
    } catch (error) {
      return { error: this.#failed(error, 'An MCP tool was called in vain') };
    } finally {
      patience.cancel();
      release();
      this.#calls--;
    }
  }

  /** Ends what is under way and tells the server so, for a second at most. */
  async close(): Promise<void> {
    this.#lifetime.abort(new McpEnded(codes.cancelled, 'The session let go of this MCP server'));
    const connection = this.#connection;
    this.#connection = undefined;
    await this.#opening?.catch(() => {});
    await connection?.close();
  }

  #kept(): McpTools | undefined {
    const list = this.#shared.cache.get(this.target.key);
    if (list) this.known = list.tools;
    return list;
  }

  async #read(): Promise<McpListing> {
    const { end, release } = this.#ending(LIST_MS, () =>
      end.abort(new McpEnded(codes.timeout, `The MCP server did not list its tools within ${LIST_MS / 1000} seconds`)),
    );
    try {
      const list = await this.#ask((connection) => listTools(connection, end.signal), end.signal);
      this.known = list.tools;
      this.#shared.cache.set(this.target.key, list);
      if (list.leftOut) this.#log.warn({ leftOut: list.leftOut }, 'Tools of an MCP server were left out');
      return list;
    } catch (error) {
      return { error: this.#failed(error, 'An MCP server could not be asked for its tools') };
    } finally {
      release();
    }
  }

  /** Asks over the connection there is, or a new one; again over a new one if what there was turns out to be dead and the server heard nothing. */
  async #ask<T>(ask: (connection: McpConnection) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const standing = this.#connection?.ended === false ? this.#connection : undefined;
      const connection = standing ?? (await unless(signal, this.#connect()));
      try {
        return await unless(signal, ask(connection));
      } catch (error) {
        if (signal.aborted) throw error;
        if (isLost(error)) this.#forget(connection);
        if (!standing || attempt > 1 || !neverArrived(error)) throw error;
      }
    }
  }

  #connect(): Promise<McpConnection> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<McpConnection> {
    const { target } = this;
    const { clock, fetch, version } = this.#shared;
    if (target.fault !== undefined) throw new McpEnded(codes.params, target.fault);
    const { end, release } = this.#ending(CONNECT_MS, () =>
      end.abort(new McpEnded(codes.timeout, `The MCP server was not connected within ${CONNECT_MS / 1000} seconds`)),
    );
    try {
      const connection = await McpConnection.open({ target, fetch, clock, version }, end.signal);
      if (end.signal.aborted) {
        connection.drop();
        throw end.signal.reason;
      }
      this.#connection = connection;
      return connection;
    } finally {
      release();
    }
  }

  #forget(connection: McpConnection): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection.retire();
  }

  /** Ends with the time, with the caller, or with this server's own end. */
  #ending(ms: number, late: () => void, caller?: AbortSignal): { end: AbortController; release: () => void } {
    const end = new AbortController();
    const own = this.#lifetime.signal;
    const timer = this.#shared.clock.after(ms, late);
    const closed = () => end.abort(own.reason);
    const cancelled = () => end.abort(new McpEnded(codes.cancelled, 'The call was cancelled'));
    if (own.aborted) closed();
    else if (caller?.aborted) cancelled();
    own.addEventListener('abort', closed);
    caller?.addEventListener('abort', cancelled);
    const release = () => {
      timer.cancel();
      own.removeEventListener('abort', closed);
      caller?.removeEventListener('abort', cancelled);
    };
    return { end, release };
  }

  #failed(error: unknown, message: string): McpError {
    const failure = failureOf(error, this.target.redact);
    const cancelled = failure.type === 'protocol_error' && failure.code === codes.cancelled;
    if (!cancelled) this.#log.warn({ error: failure }, message);
    return failure;
  }
}
