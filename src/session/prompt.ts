// The conversation as a model is told it: words only, and of an answer only those that were heard.
import type { Prompt, PromptPart, PromptToolChoice, PromptTurn } from '../protocol/prompt.ts';
import type { FunctionTool, ToolChoice } from '../protocol/session-config.ts';
import type { UserPart } from '../protocol/items.ts';
import type { Entry } from './history.ts';
import { heardText } from './playout.ts';

/** What stands for speech in which nothing was recognised, and for a turn in which nobody spoke. */
export const unintelligible = '(unintelligible)';
export const silence = '(silence)';

export function buildPrompt(
  entries: readonly Entry[],
  settings: { instructions: string; tools: readonly FunctionTool[]; toolChoice: ToolChoice },
): Prompt {
  const answered = new Set(entries.flatMap(({ item }) => (item.type === 'function_call_output' ? [item.call_id] : [])));
  return {
    instructions: settings.instructions,
    turns: entries.flatMap((entry) => promptTurn(entry, answered)),
    tools: settings.tools.map((tool) => ({
      name: tool.name,
      description: tool.description ?? '',
      parameters: tool.parameters ?? { type: 'object', properties: {} },
    })),
    toolChoice: promptToolChoice(settings.toolChoice),
  };
}

function promptToolChoice(choice: ToolChoice): PromptToolChoice {
  return typeof choice === 'string' ? choice : { name: choice.name };
}

function promptTurn(entry: Entry, answered: ReadonlySet<string>): PromptTurn[] {
  const { item, speech } = entry;
  switch (item.type) {
    case 'function_call': {
      if (item.status === 'incomplete') return [];
      const call: PromptTurn = { role: 'call', callId: item.call_id, name: item.name, arguments: item.arguments };
      // A call without its result is refused by most models: say so instead of leaving it open.
      return answered.has(item.call_id) ? [call] : [call, { role: 'result', callId: item.call_id, output: '(no result yet)' }];
    }
    case 'function_call_output':
      return [{ role: 'result', callId: item.call_id, output: item.output }];
    case 'message': {
      if (item.role === 'user') return [{ role: 'user', parts: item.content.map((part) => userPart(part, entry)) }];
      if (item.role === 'system') return [{ role: 'system', parts: item.content.map((part) => ({ type: 'text', text: part.text })) }];
      const text = speech
        ? heardText(speech)
        : item.content.map((part) => (part.type === 'output_text' ? part.text : part.transcript)).join('\n');
      if (text === '') return [];
      return [{ role: 'assistant', text, interrupted: item.status === 'incomplete' || speech?.heardMs !== undefined }];
    }
  }
}

function userPart(part: UserPart, entry: Entry): PromptPart {
  if (part.type === 'input_image') return { type: 'image', url: part.image_url, detail: part.detail };
  if (part.type === 'input_text') return { type: 'text', text: part.text };
  if (part.transcript) return { type: 'text', text: part.transcript };
  return { type: 'text', text: entry.transcript.state === 'none' ? silence : unintelligible };
}
