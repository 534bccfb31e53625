// A server's whole list of tools, page by page, with an end to it; and its tools as the rest of the house knows them.
import type { McpConnection } from './mcp-connection.ts';
import type { McpTool } from './mcp-types.ts';

const TOOLS = 256;
const PAGES = 256;

/** Of all tools together, as JSON: a list is kept for every session, and read by a model. */
const LIST_BYTES = 512 * 1024;

/** What is beyond the bounds is left out; a server that gives the same cursor twice is done. */
export async function listTools(connection: McpConnection, signal: AbortSignal): Promise<McpTool[]> {
  const tools = new Map<string, McpTool>();
  let bytes = 0;
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page++) {
    const { tools: found, nextCursor } = await connection.listTools(cursor, signal);
    for (const entry of found) {
      const tool = toolOf(entry);
      if (!tool || tools.has(tool.name)) continue;
      bytes += Buffer.byteLength(JSON.stringify(tool));
      if (tools.size === TOOLS || bytes > LIST_BYTES) return [...tools.values()];
      tools.set(tool.name, tool);
    }
    if (nextCursor === undefined || nextCursor === cursor) break;
    cursor = nextCursor;
  }
  return [...tools.values()];
}

function toolOf(entry: unknown): McpTool | undefined {
  const { name, description, inputSchema, annotations } = entry as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '') return undefined;
  return {
    name,
    ...(typeof description === 'string' ? { description } : {}),
    input_schema: isObject(inputSchema) ? inputSchema : { type: 'object' },
    ...(isObject(annotations) ? { annotations } : {}),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
