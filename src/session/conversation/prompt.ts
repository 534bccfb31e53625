// The conversation as a model is told it: words only, and of an answer only those that were heard.
import type { McpApprovalRequest, McpCall, UserPart } from '../../protocol/items.ts';
import type { Prompt, PromptPart, PromptTool, PromptToolChoice, PromptTurn } from '../../protocol/prompt.ts';
import type { Tool, ToolChoice } from '../../protocol/session-config.ts';
import type { OfferedTool } from '../core.ts';
import type { Entry } from './history.ts';
import { decisionOn, promptName, resultText } from './mcp-words.ts';
import { heardAnswer } from './spoken.ts';

/** What stands for speech in which nothing was recognised, and for a turn in which nobody spoke. */
const unintelligible = '(unintelligible)';
const silence = '(silence)';

/** Bytes of images in one prompt: more than the largest that comes in a frame. */
const mostImageBytes = 24 * 1024 * 1024;
export const imageLeftOut = '(an image that is left out: there are too many of them, and newer ones)';

export function buildPrompt(
  entries: readonly Entry[],
  settings: { instructions: string; tools: readonly Tool[]; toolChoice: ToolChoice },
  offered: readonly OfferedTool[],
): Prompt {
  return {
    instructions: settings.instructions,
    turns: withoutOldImages(turnsOf(entries).flat()),
    ...promptTools(settings.tools, settings.toolChoice, offered),
  };
}

/** What each entry comes to, entry by entry. */
export function turnsOf(entries: readonly Entry[]): PromptTurn[][] {
  const answered = new Set(entries.flatMap(({ item }) => (item.type === 'function_call_output' ? [item.call_id] : [])));
  const ran = new Set(entries.flatMap(({ item }) => (item.type === 'mcp_call' ? [item.approval_request_id] : [])));
  return entries.map((entry) => promptTurn(entry, answered, ran, entries));
}

/** Of too many images the newest are told. */
function withoutOldImages(turns: readonly PromptTurn[]): PromptTurn[] {
  let left = mostImageBytes;
  const told = (part: PromptPart): PromptPart => {
    if (part.type === 'text') return part;
    left -= part.url.length;
    return left < 0 ? { type: 'text', text: imageLeftOut } : part;
  };
  return turns
    .toReversed()
    .map((turn) => ('parts' in turn ? { ...turn, parts: turn.parts.toReversed().map(told).toReversed() } : turn))
    .toReversed();
}

function promptTools(
  tools: readonly Tool[],
  choice: ToolChoice,
  offered: readonly OfferedTool[],
): { tools: PromptTool[]; toolChoice: PromptToolChoice } {
  const functions = tools.flatMap((tool) =>
    tool.type === 'function'
      ? [{ name: tool.name, description: tool.description ?? '', parameters: tool.parameters ?? { type: 'object', properties: {} } }]
      : [],
  );
  const all = [...functions, ...offered.map(({ tool }) => tool)];
  if (typeof choice === 'string') return { tools: all, toolChoice: choice };
  if (choice.type === 'web_search') return { tools: all, toolChoice: 'auto' };
  // What is not served may be chosen by its name; the model has never heard of it.
  if (choice.type === 'function') {
    return { tools: all, toolChoice: functions.some(({ name }) => name === choice.name) ? { name: choice.name } : 'auto' };
  }
  // A server is chosen: one of its tools must be called, or the one that is named.
  const chosen = offered.filter(({ of }) => of.label === choice.server_label && (choice.name === undefined || of.name === choice.name));
  const [only] = chosen;
  if (!only) return { tools: all, toolChoice: 'auto' };
  return choice.name === undefined
    ? { tools: chosen.map(({ tool }) => tool), toolChoice: 'required' }
    : { tools: all, toolChoice: { name: only.name } };
}

function promptTurn(entry: Entry, answered: ReadonlySet<string>, ran: ReadonlySet<string | null>, entries: readonly Entry[]): PromptTurn[] {
  const { item, speech } = entry;
  switch (item.type) {
    case 'function_call': {
      if (item.status === 'incomplete') return [];
      const call: PromptTurn = { role: 'call', callId: item.call_id, name: item.name, arguments: item.arguments };
      // A call without its result is refused by most models: say so instead of leaving it open.
      return answered.has(item.call_id) ? [call] : [call, { role: 'result', callId: item.call_id, output: '(no result yet)' }];
    }
    case 'mcp_list_tools':
    case 'mcp_approval_response':
      return [];
    case 'mcp_call':
      return callTurns(item, resultText(item.output, item.error));
    case 'mcp_approval_request': {
      const decision = decisionOn(entries, item.id);
      if (!decision) return callTurns(item, '(waiting for the user to allow this)');
      if (decision.approve) return ran.has(item.id) ? [] : callTurns(item, '(allowed, but it has not been run)');
      return callTurns(item, `The user did not allow this${decision.reason ? `: ${decision.reason}` : '.'}`);
    }
    case 'function_call_output':
      return [{ role: 'result', callId: item.call_id, output: item.output }];
    case 'message': {
      if (item.role === 'user') return [{ role: 'user', parts: item.content.map((part) => userPart(part, entry)) }];
      if (item.role === 'system') return [{ role: 'system', parts: item.content.map((part) => ({ type: 'text', text: part.text })) }];
      const text = speech
        ? heardAnswer(speech)
        : item.content.map((part) => (part.type === 'output_text' ? part.text : part.transcript)).join('\n');
      if (text === '') return [];
      return [{ role: 'assistant', text, interrupted: item.status === 'incomplete' || speech?.heardMs !== undefined }];
    }
  }
}

function callTurns(item: McpCall | McpApprovalRequest, output: string): PromptTurn[] {
  const name = promptName(item.server_label, item.name);
  return [
    { role: 'call', callId: item.id, name, arguments: item.arguments },
    { role: 'result', callId: item.id, output },
  ];
}

function userPart(part: UserPart, entry: Entry): PromptPart {
  if (part.type === 'input_image') return { type: 'image', url: part.image_url, detail: part.detail };
  if (part.type === 'input_text') return { type: 'text', text: part.text };
  if (part.transcript) return { type: 'text', text: part.transcript };
  return { type: 'text', text: entry.transcript.state === 'none' ? silence : unintelligible };
}
