// mcp_list_tools.* and what the session knows of MCP servers: which tools they offer, under which names, and which need leave.
import { errors } from '../../protocol/errors.ts';
import type { ClientItem, McpApprovalResponse, McpListedTool, McpListTools } from '../../protocol/items.ts';
import type { McpTool, McpToolFilter, SessionConfig, Tool } from '../../protocol/session-config.ts';
import { newEntry, snapshot } from '../conversation/history.ts';
import { promptName } from '../conversation/mcp-words.ts';
import { type Core, type Guest, mint, type OfferedTool, send } from '../core.ts';
import type { FactOf } from '../facts.ts';
import { resumeWaiting } from '../response/response.ts';
import { isAnswerWanted, want, wantCall } from '../response/wants.ts';
import type { McpToolName, Response } from '../state.ts';

/** An MCP server of the session, and what it offers. */
interface McpServer {
  config: McpTool;
  /** The id of the item that lists its tools. */
  list: string;
  state: 'listing' | 'listed' | 'failed';
  sinceMs: number;
  tools: McpListedTool[];
}

/** What it keeps. */
interface Mcp {
  servers: McpServer[];
  /** Approval requests the client has answered, for good: deleting its answer does not take it back. */
  decided: string[];
}

/** A server that has not told its tools by then will not. */
const listingMs = 30_000;

export const mcp: Guest = {
  name: 'mcp',
  begin: (): Mcp => ({ servers: [], decided: [] }),
  on: {
    'mcp.listed': (core, fact) => {
      onListed(core, fact);
      resumeWaiting(core);
    },
    'mcp.unlisted': (core, fact) => {
      onUnlisted(core, fact);
      resumeWaiting(core);
    },
    tick: giveUpListing,
    'session.configured': (core, { toolsNamed }) => configureServers(core, core.config, toolsNamed),
    'response.begun': (core, { response }) => join(core, response),
    'item.given': (core, { entry: { item } }) => {
      if (item.type === 'mcp_approval_response') onApproval(core, item);
    },
  },
  wakeAt: (core) => {
    let earliestMs: number | undefined;
    for (const { state, sinceMs } of own(core).servers)
      if (state === 'listing') earliestMs = Math.min(earliestMs ?? Number.POSITIVE_INFINITY, sinceMs + listingMs);
    return earliestMs;
  },
  admit: admitApproval,
  delays: (core, { outOfBand, tools }) => !outOfBand && awaitsLists(core, tools),
  // A response beside the conversation has nobody to go on with the results.
  toolsOf: (core, { outOfBand, tools }) => (outOfBand ? [] : toolsOf(core, tools)),
  needsApproval,
  holds: (core, { id }) => own(core).servers.some(({ list }) => list === id),
};

const own = (core: Core) => core.guests[mcp.name] as Mcp;

/** A server that has left the session is not called back by a response that only goes on. */
function join(core: Core, { reason, settings }: Response): void {
  if (!settings.outOfBand && reason !== 'follow-up') joinServers(core, settings.tools);
}

/** Servers that have been asked for too long. */
function giveUpListing(core: Core): void {
  for (const { list, state, sinceMs } of own(core).servers) {
    if (state !== 'listing' || core.now < sinceMs + listingMs) continue;
    onUnlisted(core, { kind: 'mcp.unlisted', item: list });
    resumeWaiting(core);
  }
}

/**
 * The servers among the tools are the session's servers from here on; new ones are asked what they offer.
 * @param named Whether the client has just named them: one that could not be asked before is then asked once more.
 */
function configureServers(core: Core, { type, tools }: SessionConfig, named: boolean): void {
  // Who only listens runs no tools.
  const wanted = type === 'realtime' ? tools.filter((tool) => tool.type === 'mcp') : [];
  const fresh = wanted.filter((tool) => {
    const known = serverOf(core, tool.server_label);
    return JSON.stringify(known?.config) !== JSON.stringify(tool) || (named && known?.state === 'failed');
  });
  const gone = own(core)
    .servers.map(({ config }) => config.server_label)
    .filter((label) => !wanted.some((tool) => tool.server_label === label));
  if (fresh.length === 0 && gone.length === 0) return;
  for (const label of [...gone, ...fresh.map(({ server_label }) => server_label)]) letGo(core, label);
  core.effects.push({ kind: 'mcp.configure', servers: wanted });
  for (const config of fresh) listTools(core, config);
}

/** Servers that only a response names join the session's, until its tools are set anew. */
function joinServers(core: Core, tools: readonly Tool[]): void {
  const fresh = tools.filter((tool) => tool.type === 'mcp').filter((tool) => !serverOf(core, tool.server_label));
  if (fresh.length === 0) return;
  core.effects.push({ kind: 'mcp.configure', servers: [...own(core).servers.map(({ config }) => config), ...fresh] });
  for (const config of fresh) listTools(core, config);
}

function serverOf(core: Core, label: string): McpServer | undefined {
  return own(core).servers.find(({ config }) => config.server_label === label);
}

/** Nobody waits for the list of a server that is replaced or gone. */
function letGo(core: Core, label: string): void {
  const server = serverOf(core, label);
  if (server) onUnlisted(core, { kind: 'mcp.unlisted', item: server.list });
  const slice = own(core);
  slice.servers = slice.servers.filter((each) => each !== server);
}

function listTools(core: Core, config: McpTool): void {
  const item: McpListTools = { id: mint(core, 'mcpl'), type: 'mcp_list_tools', server_label: config.server_label, tools: [] };
  const list = newEntry(item);
  core.conversation.append(list);
  own(core).servers.push({ config, list: item.id, state: 'listing', sinceMs: core.now, tools: [] });
  send(core, { type: 'conversation.item.added', previous_item_id: core.conversation.previousId(list), item: snapshot(list) });
  send(core, { type: 'mcp_list_tools.in_progress', item_id: item.id });
  core.effects.push({ kind: 'mcp.list', item: item.id, label: config.server_label });
}

/** Whether the list is still one of ours: a server may have been replaced while it was asked. */
function listing(core: Core, item: string): McpServer | undefined {
  return own(core).servers.find((server) => server.list === item && server.state === 'listing');
}

function onListed(core: Core, fact: FactOf<'mcp.listed'>): void {
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

function onUnlisted(core: Core, fact: FactOf<'mcp.unlisted'>): void {
  const server = listing(core, fact.item);
  if (!server) return;
  server.state = 'failed';
  send(core, { type: 'mcp_list_tools.failed', item_id: fact.item });
  finishList(core, server);
}

function finishList(core: Core, server: McpServer): void {
  const list = core.conversation.get(server.list);
  // The client may have deleted it, and given its name to something else.
  if (list?.item.type !== 'mcp_list_tools') return;
  core.conversation.measure(list);
  send(core, { type: 'conversation.item.done', previous_item_id: core.conversation.previousId(list), item: snapshot(list) });
}

/** Whether a server that these tools name has not told yet what it offers. */
function awaitsLists(core: Core, tools: readonly Tool[]): boolean {
  return tools.some((tool) => tool.type === 'mcp' && serverOf(core, tool.server_label)?.state === 'listing');
}

/** Only the model calls tools here: those that only a program may call are listed, and not offered. */
function mayBeCalledDirectly({ allowed_callers: callers }: McpTool): boolean {
  return callers == null || callers.includes('direct');
}

/** The MCP tools a response may use, with the names the model gets for them. */
function toolsOf(core: Core, tools: readonly Tool[]): OfferedTool[] {
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

/** Whether a call needs the user's leave: always, unless the server's settings say otherwise (protocol 3.3). */
function needsApproval(core: Core, { label, name }: McpToolName): boolean {
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

/** A client's word on a request of ours is given once. */
function admitApproval(core: Core, item: ClientItem): void {
  if (item.type !== 'mcp_approval_response') return;
  const id = item.approval_request_id;
  if (own(core).decided.includes(id)) {
    throw errors.invalid('item.approval_request_id', `The approval request '${id}' has been answered already.`);
  }
}

/** The client has decided on a call: it is run, or the model is told that it may not be. */
function onApproval(core: Core, answer: McpApprovalResponse): void {
  own(core).decided.push(answer.approval_request_id);
  const request = core.conversation.get(answer.approval_request_id)?.item;
  if (request?.type !== 'mcp_approval_request') return;
  if (answer.approve) wantCall(core, request);
  else if (!isAnswerWanted(core)) want(core, { reason: 'follow-up', follows: undefined });
}
