// What the rest of the house says and hears about MCP servers: their configuration, their tools, and how a call ended. Names as on the wire.

/** Matches a tool by name, or by its server calling it read-only; both together must hold. `read_only: false` says nothing. */
export interface McpToolFilter {
  readonly tool_names?: readonly string[] | undefined;
  readonly read_only?: boolean | undefined;
}

export interface McpServerConfig {
  readonly server_label: string;
  /** Where it is; undefined for one that is on board. */
  readonly server_url?: string | undefined;
  /** The name of one that is on board (on-board.ts). */
  readonly connector_id?: string | null | undefined;
  /** A token, sent as a bearer token unless it names its scheme. Secret, like every header. */
  readonly authorization?: string | null | undefined;
  readonly headers?: Readonly<Record<string, string>> | null | undefined;
  /** All, when absent. */
  readonly allowed_tools?: readonly string[] | McpToolFilter | null | undefined;
  readonly server_description?: string | undefined;
}

export interface McpTool {
  readonly name: string;
  readonly description?: string;
  readonly input_schema: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/**
 * As an `mcp_call` item carries it. `protocol_error`: the server's own JSON-RPC code, or one of `codes` · `tool_execution_error`: the tool
 * ran and failed · `http_error`: the status of an answer that was no success. No message holds a header or a token.
 */
export type McpError =
  | { readonly type: 'protocol_error'; readonly code: number; readonly message: string }
  | { readonly type: 'tool_execution_error'; readonly message: string }
  | { readonly type: 'http_error'; readonly code: number; readonly message: string };

/** JSON-RPC codes of what went wrong on this side or between the two. */
export const codes = {
  /** Not reached, not permitted to be reached, or lost in the middle of a call. */
  connection: -32_000,
  timeout: -32_001,
  /** No such server or tool, or arguments that are no JSON object. */
  params: -32_602,
  /** An answer that cannot be understood. */
  internal: -32_603,
  cancelled: -32_800,
} as const;

/** A tool of a server's list that cannot be used; without its name when it has none. */
export interface McpLeftOut {
  readonly name: string | null;
  readonly reason: string;
}

export interface McpTools {
  readonly tools: readonly McpTool[];
  /** Absent when there are none. */
  readonly leftOut?: readonly McpLeftOut[];
}

export type McpListing = McpTools | { readonly error: McpError };

export type McpOutcome = { readonly output: string } | { readonly error: McpError };

export interface McpProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

export interface McpCallOptions {
  /** Ends the call; the server is told. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: McpProgress) => void;
}
