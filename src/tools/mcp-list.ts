// A server's whole list of tools, page by page, with an end to it; and its tools as the rest of the house knows them. A tool that cannot be used
// costs nobody but itself: it is left out, by name and with the reason.
import { type Fields, isObject } from '../lib/fields.ts';
import { functionSchema } from '../lib/function-schema.ts';
import type { McpConnection } from './mcp-connection.ts';
import { isAnswer, McpEnded } from './mcp-failure.ts';
import { codes, type McpLeftOut, type McpTool, type McpTools } from './mcp-types.ts';

const TOOLS = 256;
const PAGES = 256;

/** Of all tools together, as JSON: a list is kept for every session, and read by a model. */
const LIST_BYTES = 512 * 1024;

/** How deep a tool's description in JSON may be nested: what reads it goes down step by step. */
const DEPTH = 64;

/** Tools left out that are told of, and characters of a name that is told. */
const TOLD = 16;
const NAME_CHARS = 128;

/** What is beyond the bounds is left out; a server that gives the same cursor twice is done. */
export async function listTools(connection: McpConnection, signal: AbortSignal): Promise<McpTools> {
  const list = new ToolList();
  let cursor: string | undefined;
  for (let page = 0; page < PAGES && !list.full; page++) {
    let answer: Fields;
    try {
      answer = fieldsOf(await connection.listTools(cursor, signal));
    } catch (error) {
      // A server that refuses the next page has given the ones before.
      if (page === 0 || !isAnswer(error)) throw error;
      list.leaveOut(undefined, 'the server refused to give the rest of its list');
      break;
    }
    const { tools = [], nextCursor } = answer;
    if (Array.isArray(tools)) for (const entry of tools) list.add(entry);
    else if (page === 0) throw new McpEnded(codes.internal, 'The MCP server answered with something that is not a list of tools');
    const next = typeof nextCursor === 'number' ? String(nextCursor) : nextCursor;
    if (typeof next !== 'string' || next === '' || next === cursor) break;
    cursor = next;
  }
  return list.end();
}

class ToolList {
  readonly #tools = new Map<string, McpTool>();
  readonly #leftOut: McpLeftOut[] = [];
  #bytes = 0;
  #full = false;

  /** As many tools as there may be: what follows is not looked at. */
  get full(): boolean {
    return this.#full;
  }

  add(entry: unknown): void {
    if (this.#full) return;
    const { name } = fieldsOf(entry);
    if (typeof name !== 'string' || name.trim() === '') return this.leaveOut(undefined, 'it has no name');
    if (this.#tools.has(name)) {
      // The same once more is a server that repeats itself.
      if (JSON.stringify(toolOf(name, entry)) !== JSON.stringify(this.#tools.get(name))) this.leaveOut(name, 'another tool has this name');
      return;
    }
    if (isDeeper(entry, DEPTH)) return this.leaveOut(name, `its description is nested more than ${DEPTH} deep`);
    const tool = toolOf(name, entry);
    const bytes = Buffer.byteLength(JSON.stringify(tool));
    if (this.#bytes + bytes > LIST_BYTES) return this.leaveOut(name, `the list would have more than ${LIST_BYTES} bytes with it`);
    if (this.#tools.size === TOOLS) {
      this.#full = true;
      return this.leaveOut(name, `it and what follows are beyond the first ${TOOLS} tools`);
    }
    this.#bytes += bytes;
    this.#tools.set(name, tool);
  }

  leaveOut(name: string | undefined, reason: string): void {
    if (this.#leftOut.length === TOLD) return;
    this.#leftOut.push({ name: name?.slice(0, NAME_CHARS).toWellFormed() ?? null, reason });
  }

  end(): McpTools {
    return { tools: [...this.#tools.values()], ...(this.#leftOut.length > 0 ? { leftOut: this.#leftOut } : {}) };
  }
}

function toolOf(name: string, entry: unknown): McpTool {
  const { description, inputSchema, annotations } = fieldsOf(entry);
  return {
    name,
    ...(typeof description === 'string' ? { description } : {}),
    input_schema: schemaOf(inputSchema),
    ...(isObject(annotations) ? { annotations } : {}),
  };
}

/** The nearest that a model can be given as a function's schema; some servers send theirs as text. */
function schemaOf(schema: unknown): Fields {
  if (typeof schema !== 'string' || !schema.startsWith('{')) return functionSchema(schema);
  try {
    return functionSchema(JSON.parse(schema));
  } catch {
    return functionSchema(undefined);
  }
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((entry) => isDeeper(entry, depth - 1));
}

function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}
