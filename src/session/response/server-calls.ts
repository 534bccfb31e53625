// Calls of tools that the server runs itself: opened as an item, told of when they end, interrupted with their response.
import type { McpApprovalRequest, McpCall, McpCallError } from '../../protocol/items.ts';
import { newEntry } from '../conversation/history.ts';
import { type Core, mint, send } from '../core.ts';
import type { FactOf } from '../facts.ts';
import { needsApproval } from '../questions.ts';
import type { McpToolName, Response } from '../state.ts';
import { entryOf, openItem, tellDone } from './output-item.ts';

/** A tool we run ourselves; `leave` is the approval request that allowed it. One that needs leave and has none becomes a request. */
export function openMcpCall(core: Core, response: Response, callId: string, of: McpToolName, leave: McpApprovalRequest | null): void {
  const about = { server_label: of.label, name: of.name, arguments: leave?.arguments ?? '' };
  const index = response.output.length;
  if (leave === null && needsApproval(core, of)) {
    const request: McpApprovalRequest = { id: mint(core, 'mcpr'), type: 'mcp_approval_request', ...about };
    response.open = { kind: 'approval', index, callId, request };
    return;
  }
  const item: McpCall = {
    id: mint(core, 'mcp'),
    type: 'mcp_call',
    ...about,
    approval_request_id: leave?.id ?? null,
    output: null,
    error: null,
  };
  const entry = newEntry(item, response.id);
  response.open = { kind: 'mcp', item: item.id, index, callId };
  openItem(core, response, entry);
}

export const interrupted: McpCallError = { type: 'tool_execution_error', message: 'The call was interrupted.' };

/** A running MCP call has its result: the item is whole. */
export function endMcpCall(core: Core, response: Response, id: string, outcome: FactOf<'mcp.ended'>['outcome']): void {
  const call = response.calling.find(({ item }) => item === id);
  if (!call) return;
  response.calling = response.calling.filter((other) => other !== call);
  const item = entryOf(core, id).item as McpCall;
  if ('output' in outcome) item.output = outcome.output;
  else item.error = outcome.error;
  const type = 'output' in outcome ? 'response.mcp_call.completed' : 'response.mcp_call.failed';
  send(core, { type, item_id: id, output_index: call.index });
  tellDone(core, response, call);
}

/** The response ends before its calls do. */
export function interruptCalls(core: Core, response: Response): void {
  for (const { item: id } of response.calling) {
    endMcpCall(core, response, id, { error: interrupted });
  }
}
