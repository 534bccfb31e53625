// The MCP tools of one session: lists and calls run beside the audio path and come back as facts.
import type { McpTool } from '../protocol/session-config.ts';
import type { McpError, McpListing, McpOutcome } from '../tools/mcp-types.ts';
import type { Fact } from '../session/facts.ts';

/** Whoever reaches the servers (tools/mcp-servers.ts). A server's failure is a value, never an exception. */
export interface ToolRunner {
  configure(servers: readonly McpTool[]): void;
  list(label: string): Promise<McpListing>;
  call(label: string, name: string, argumentsJson: string, options: { signal: AbortSignal }): Promise<McpOutcome>;
  close(): Promise<void>;
}

export class Toolbox {
  readonly #open: () => ToolRunner;
  readonly #feed: (fact: Fact) => void;
  readonly #calls = new Map<string, AbortController>();
  #runner: ToolRunner | undefined;

  constructor(open: () => ToolRunner, feed: (fact: Fact) => void) {
    this.#open = open;
    this.#feed = feed;
  }

  configure(servers: readonly McpTool[]): void {
    this.#runner ??= this.#open();
    this.#runner.configure(servers);
  }

  async list(item: string, label: string): Promise<void> {
    const listing: McpListing = (await this.#runner?.list(label)) ?? { tools: [] };
    if ('error' in listing) {
      this.#feed({ kind: 'mcp.unlisted', item });
      return;
    }
    const tools = listing.tools.map(({ name, description, input_schema, annotations }) => ({
      name,
      description: description ?? null,
      input_schema: { ...input_schema },
      annotations: annotations ? { ...annotations } : null,
    }));
    const leftOut = listing.leftOut?.map((entry) => ({ ...entry }));
    this.#feed({ kind: 'mcp.listed', item, tools, ...(leftOut ? { leftOut } : {}) });
  }

  async call(item: string, label: string, name: string, argumentsJson: string): Promise<void> {
    const controller = new AbortController();
    this.#calls.set(item, controller);
    const gone: McpError = { type: 'tool_execution_error', message: 'The server is gone.' };
    const outcome: McpOutcome = (await this.#runner?.call(label, name, argumentsJson, { signal: controller.signal })) ?? { error: gone };
    this.#calls.delete(item);
    if (!controller.signal.aborted) this.#feed({ kind: 'mcp.ended', item, outcome });
  }

  abort(item: string): void {
    this.#calls.get(item)?.abort();
    this.#calls.delete(item);
  }

  async close(): Promise<void> {
    for (const controller of this.#calls.values()) controller.abort();
    await this.#runner?.close();
  }
}
