// The MCP servers of one session, by their labels: what they offer and what may be called. It knows no session and no protocol
// event; a server's failure is a value here, never an exception.
import { isAllowed, needsAnnotations } from './mcp-rules.ts';
import { type AskedServer, McpServer, type McpShared } from './mcp-server.ts';
import { targetOf } from './mcp-target.ts';
import {
  codes,
  type McpCallOptions,
  type McpError,
  type McpListing,
  type McpOutcome,
  type McpServerConfig,
  type McpTool,
} from './mcp-types.ts';
import { NotOnBoard, OnBoard, type OnBoardServers } from './on-board.ts';

/** Servers of one session; those beyond are as if they had not been named. */
const SERVERS = 32;

interface Entry {
  readonly config: McpServerConfig;
  /** The same for the same server, reached in the same way. */
  readonly identity: string;
  readonly server: AskedServer;
}

export class McpServers {
  readonly #shared: McpShared;
  readonly #onBoard: OnBoardServers;
  #entries = new Map<string, Entry>();
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  /** @param onBoard What this session may name by `connector_id`. */
  constructor(shared: McpShared & { readonly onBoard?: OnBoardServers }) {
    this.#shared = shared;
    this.#onBoard = shared.onBoard ?? new Map();
  }

  /**
   * These servers and no others from now on. New ones are connected in the background; one that keeps its label, address and headers keeps
   * its connection and its calls; the others are let go, their calls cancelled.
   */
  configure(servers: readonly McpServerConfig[]): void {
    if (this.#closed) return;
    const before = this.#entries;
    this.#entries = new Map();
    for (const config of servers.slice(0, SERVERS)) {
      const label = config.server_label;
      if (this.#entries.has(label)) continue;
      const { identity, make } = this.#reached(config);
      const old = before.get(label);
      const same = old?.identity === identity;
      const server = same ? old.server : make();
      this.#entries.set(label, { config, identity, server });
      if (!same) server.warmUp();
    }
    for (const [label, { server }] of before) if (this.#entries.get(label)?.server !== server) this.#letGo(server);
  }

  /** The tools that the session may use, at once when they are known. */
  async list(label: string): Promise<McpListing> {
    const entry = this.#entries.get(label);
    if (!entry) return { error: unknownServer(label) };
    const listing = await entry.server.list();
    return 'error' in listing ? listing : { ...listing, tools: listing.tools.filter((tool) => isAllowed(entry.config, tool)) };
  }

  /**
   * Runs a tool: 20 s, or 20 s from the last progress, and 60 s in all; at most 64 KiB of text. Whether it was approved is the caller's
   * business.
   */
  async call(label: string, name: string, argumentsJson: string, options: McpCallOptions = {}): Promise<McpOutcome> {
    const entry = this.#entries.get(label);
    if (!entry) return { error: unknownServer(label) };
    const { config, server } = entry;
    if (needsAnnotations(config) && server.known.length === 0) await server.list();
    if (!isAllowed(config, toolOf(server, name))) return { error: badCall(`MCP server '${label}' has no tool '${name}' for this session`) };
    const args = argumentsOf(argumentsJson);
    if (!args) return { error: badCall(`The arguments for '${name}' are not a JSON object`) };
    return server.call(name, args, options);
  }

  /** Cancels every call and lets every server go, within about a second. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { server } of this.#entries.values()) this.#letGo(server);
    this.#entries.clear();
    await Promise.all(this.#closing);
  }

  #reached(config: McpServerConfig): { identity: string; make: () => AskedServer } {
    const { connector_id: connector, server_label: label } = config;
    if (connector == null) {
      const target = targetOf(config);
      return { identity: JSON.stringify([target.key, target.fault ?? null]), make: () => new McpServer(label, target, this.#shared) };
    }
    const server = this.#onBoard.get(connector);
    const make = () => (server ? new OnBoard(label, server, this.#shared) : new NotOnBoard(connector));
    return { identity: `on board: ${connector}`, make };
  }

  #letGo(server: AskedServer): void {
    const gone = server.close().finally(() => this.#closing.delete(gone));
    this.#closing.add(gone);
  }
}

function toolOf(server: AskedServer, name: string): Pick<McpTool, 'name' | 'annotations'> {
  return server.known.find((tool) => tool.name === name) ?? { name };
}

/** A model that has nothing to say to a tool often says nothing at all. */
function argumentsOf(json: string): Record<string, unknown> | undefined {
  if (json.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function unknownServer(label: string): McpError {
  return badCall(`This session has no MCP server '${label}'`);
}

function badCall(message: string): McpError {
  return { type: 'protocol_error', code: codes.params, message };
}
