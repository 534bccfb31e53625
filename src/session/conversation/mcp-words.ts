// Calls of MCP tools as a model is told of them: their names, their results, and what the client has decided.
import type { McpApprovalResponse, McpCallError } from '../../protocol/items.ts';
import type { Entry } from './history.ts';

/** Names a model may be given: longer ones, and other characters, are refused by most. */
const mostNameCharacters = 64;

/** Two servers may have tools of the same name. */
export function promptName(label: string, name: string, taken: ReadonlySet<string> = new Set()): string {
  const plain = `${label}__${name}`.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, mostNameCharacters);
  let free = plain;
  for (let count = 2; taken.has(free); count++) free = `${plain.slice(0, mostNameCharacters - 3)}_${count}`;
  return free;
}

/** What the model is told a call gave. */
export function resultText(output: string | null, error: McpCallError | null): string {
  if (output !== null) return output;
  return error ? `The tool failed: ${error.message}` : '(no result yet)';
}

/** The client's decision on a request, if there is one yet. */
export function decisionOn(entries: readonly Entry[], requestId: string): McpApprovalResponse | undefined {
  for (const { item } of entries) if (item.type === 'mcp_approval_response' && item.approval_request_id === requestId) return item;
  return undefined;
}
