// A server of tools that lives in this process: what a session names by `connector_id` instead of an address. Nothing goes over a network, and a session
// has only those that it was run with.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { AskedServer } from './mcp-server.ts';
import { codes, type McpCallOptions, type McpError, type McpListing, type McpOutcome, type McpTool } from './mcp-types.ts';

/** What is on board. Its tools are those of one session: it knows whose call, whose account it is about. */
export interface OnBoardServer {
  list(): readonly McpTool[];
  /** @param signal Fires when nobody waits for the outcome any more. */
  call(name: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<McpOutcome>;
}

/** By connector id. */
export type OnBoardServers = ReadonlyMap<string, OnBoardServer>;

/** Less than a session waits for a call (90 s): a transfer may ring for a minute. */
const callMs = 80_000;

export class OnBoard implements AskedServer {
  readonly #server: OnBoardServer;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lifetime = new AbortController();

  constructor(label: string, server: OnBoardServer, { clock, log }: { clock: Clock; log: Log }) {
    this.#server = server;
    this.#clock = clock;
    this.#log = log.child({ mcp: label });
  }

  get known(): readonly McpTool[] {
    return this.#server.list();
  }

  warmUp(): void {}

  list(): Promise<McpListing> {
    return Promise.resolve({ tools: this.#server.list() });
  }

  async call(name: string, args: Readonly<Record<string, unknown>>, { signal }: McpCallOptions): Promise<McpOutcome> {
    const late = new AbortController();
    const timer = this.#clock.after(callMs, () => late.abort());
    const end = AbortSignal.any([this.#lifetime.signal, late.signal, ...(signal ? [signal] : [])]);
    const given = Promise.withResolvers<McpOutcome>();
    const giveUp = () =>
      given.resolve({
        error: late.signal.aborted
          ? ended(codes.timeout, `The tool was not done within ${callMs / 1000} seconds`)
          : ended(codes.cancelled, 'The call was cancelled'),
      });
    if (end.aborted) giveUp();
    end.addEventListener('abort', giveUp, { once: true });
    try {
      // What is on board is ours: a fault of it ends this call and nothing else.
      return await Promise.race([given.promise, this.#server.call(name, args, end)]);
    } catch (error) {
      this.#log.error({ err: error }, 'a tool on board failed');
      return { error: { type: 'tool_execution_error', message: 'The tool failed' } };
    } finally {
      timer.cancel();
      end.removeEventListener('abort', giveUp);
    }
  }

  close(): Promise<void> {
    this.#lifetime.abort();
    return Promise.resolve();
  }
}

/** For a connector that this session does not have. */
export class NotOnBoard implements AskedServer {
  readonly known: readonly McpTool[] = [];
  readonly #error: McpError;

  constructor(connectorId: string) {
    this.#error = ended(codes.params, `This session has no connector '${connectorId}'`);
  }

  warmUp(): void {}

  list(): Promise<McpListing> {
    return Promise.resolve({ error: this.#error });
  }

  call(): Promise<McpOutcome> {
    return Promise.resolve({ error: this.#error });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function ended(code: number, message: string): McpError {
  return { type: 'protocol_error', code, message };
}
