// mcp_list_tools.* and what the session knows of MCP servers: which tools they offer, under which names, and which need leave.
import type { McpApprovalResponse, McpCallError, McpListedTool, McpListTools } from '../protocol/items.ts';
import type { McpTool, McpToolFilter, SessionConfig, Tool } from '../protocol/session-config.ts';
import type { PromptTool } from '../protocol/prompt.ts';
import { errors } from '../protocol/errors.ts';
import type { FactOf } from './facts.ts';
import { type Entry, newEntry, snapshot } from './history.ts';
import { type Core, type McpServer, type McpToolName, mint, send } from './state.ts';

/** Names a model may be given: longer ones, and other characters, are refused by most. */
const mostNameCharacters = 64;

/**
 * The servers among the tools are the session's servers from here on; new ones are asked what they offer.
 * @param named Whether the client has just named them: one that could not be asked before is then asked once more.
 */
export function configureServers(core: Core, { type, tools }: SessionConfig, named: boolean): void {
  // Who only listens runs no tools.
  const wanted = type === 'realtime' ? tools.filter((tool) => tool.type === 'mcp') : [];
  const fresh = wanted.filter((tool) => {
    const known = serverOf(core, tool.server_label);
    return JSON.stringify(known?.config) !== JSON.stringify(tool) || (named && known?.state === 'failed');
  });
  const gone = core.mcp.map(({ config }) => config.server_label).filter((label) => !wanted.some((tool) => tool.server_label === label));
  if (fresh.length === 0 && gone.length === 0) return;
  for (const label of [...gone, ...fresh.map(({ server_label }) => server_label)]) letGo(core, label);
  core.effects.push({ kind: 'mcp.configure', servers: wanted });
  for (const config of fresh) listTools(core, config);
}

/** Servers that only a response names join the session's, until its tools are set anew. */
export function joinServers(core: Core, tools: readonly Tool[]): void {
  const fresh = tools.filter((tool) => tool.type === 'mcp').filter((tool) => !serverOf(core, tool.server_label));
  if (fresh.length === 0) return;
  core.effects.push({ kind: 'mcp.configure', servers: [...core.mcp.map(({ config }) => config), ...fresh] });
  for (const config of fresh) listTools(core, config);
}

function serverOf({ mcp }: Core, label: string): McpServer | undefined {
  return mcp.find(({ config }) => config.server_label === label);
}

/** Nobody waits for the list of a server that is replaced or gone. */
function letGo(core: Core, label: string): void {
  const server = serverOf(core, label);
  if (server) onUnlisted(core, { kind: 'mcp.unlisted', item: server.list });
  core.mcp = core.mcp.filter((each) => each !== server);
}

function listTools(core: Core, config: McpTool): void {
  const item: McpListTools = { id: mint(core, 'mcpl'), type: 'mcp_list_tools', server_label: config.server_label, tools: [] };
  const list = newEntry(item);
  core.conversation.append(list);
  core.mcp.push({ config, list: item.id, state: 'listing', sinceMs: core.now, tools: [] });
  send(core, { type: 'conversation.item.added', previous_item_id: core.conversation.previousId(list), item: snapshot(list) });
  send(core, { type: 'mcp_list_tools.in_progress', item_id: item.id });
  core.effects.push({ kind: 'mcp.list', item: item.id, label: config.server_label });
}

/** Whether the list is still one of ours: a server may have been replaced while it was asked. */
function listing(core: Core, item: string): McpServer | undefined {
  return core.mcp.find((server) => server.list === item && server.state === 'listing');
}

export function onListed(core: Core, fact: FactOf<'mcp.listed'>): void {
  const server = listing(core, fact.item);
  if (!server) return;
  server.state = 'listed';
  server.tools = fact.tools;
  const item = core.conversation.get(server.list)?.item;
  if (item?.type === 'mcp_list_tools') {
    item.tools = fact.tools;
    if (fact.leftOut) item.left_out = fact.leftOut;
  }
  send(core, { type: 'mcp_list_tools.completed', item_id: fact.item });
  finishList(core, server);
}

export function onUnlisted(core: Core, fact: FactOf<'mcp.unlisted'>): void {
  const server = listing(core, fact.item);
  if (!server) return;
  server.state = 'failed';
  send(core, { type: 'mcp_list_tools.failed', item_id: fact.item });
  finishList(core, server);
}

function finishList(core: Core, server: McpServer): void {
  const list = core.conversation.get(server.list);
  if (!list) return;
  core.conversation.measure(list);
  send(core, { type: 'conversation.item.done', previous_item_id: core.conversation.previousId(list), item: snapshot(list) });
}

/** Whether a server that these tools name has not told yet what it offers. */
export function awaitsLists(core: Core, tools: readonly Tool[]): boolean {
  return tools.some((tool) => tool.type === 'mcp' && serverOf(core, tool.server_label)?.state === 'listing');
}

/** Only the model calls tools here: those that only a program may call are listed, and not offered. */
function mayBeCalledDirectly({ allowed_callers: callers }: McpTool): boolean {
  return callers == null || callers.includes('direct');
}

/** The MCP tools a response may use, with the names the model gets for them. */
export function offeredTools(core: Core, tools: readonly Tool[]): { tool: PromptTool; name: string; of: McpToolName }[] {
  const taken = new Set(tools.flatMap((tool) => (tool.type === 'function' ? [tool.name] : [])));
  return tools.flatMap((tool) => {
    if (tool.type !== 'mcp' || !mayBeCalledDirectly(tool)) return [];
    return (serverOf(core, tool.server_label)?.tools ?? []).map((listed) => {
      const name = promptName(tool.server_label, listed.name, taken);
      taken.add(name);
      return {
        name,
        of: { label: tool.server_label, name: listed.name },
        tool: { name, description: listed.description ?? '', parameters: listed.input_schema },
      };
    });
  });
}

/** Two servers may have tools of the same name. */
export function promptName(label: string, name: string, taken: ReadonlySet<string> = new Set()): string {
  const plain = `${label}__${name}`.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, mostNameCharacters);
  let free = plain;
  for (let count = 2; taken.has(free); count++) free = `${plain.slice(0, mostNameCharacters - 3)}_${count}`;
  return free;
}

/** Whether a call needs the user's leave: always, unless the server's settings say otherwise (protocol 3.3). */
export function needsApproval(core: Core, { label, name }: McpToolName): boolean {
  const server = serverOf(core, label);
  if (!server) return true;
  const rule = server.config.require_approval ?? 'always';
  if (typeof rule === 'string') return rule === 'always';
  const listed = server.tools.find((tool) => tool.name === name);
  if (rule.always && matches(rule.always, listed)) return true;
  return !(rule.never && matches(rule.never, listed));
}

function matches(filter: McpToolFilter, tool: McpListedTool | undefined): boolean {
  if (!tool) return false;
  if (filter.tool_names && !filter.tool_names.includes(tool.name)) return false;
  if (filter.read_only === true && tool.annotations?.readOnlyHint !== true) return false;
  // A filter that says nothing picks nothing: an empty `never` must not switch every question off.
  return filter.tool_names !== undefined || filter.read_only === true;
}

/** A client's word on a request of ours: it must be one, and not yet decided. */
export function decideApproval(core: Core, answer: McpApprovalResponse): void {
  const { approval_request_id: id } = answer;
  const request = core.conversation.get(id)?.item;
  if (request?.type !== 'mcp_approval_request') {
    throw errors.invalid('item.approval_request_id', `There is no approval request '${id}' in the conversation.`);
  }
  if (core.decided.includes(id)) {
    throw errors.invalid('item.approval_request_id', `The approval request '${id}' has been answered already.`);
  }
  core.decided.push(id);
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
