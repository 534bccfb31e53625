// What a response has used when it does not come to its own end. A model may tell only when it has finished: until then it is reckoned.
import type { Item } from '../../protocol/items.ts';
import { textTokens } from '../conversation/context.ts';
import type { Core } from '../core.ts';
import type { RunUsage } from '../facts.ts';
import type { Response } from '../state.ts';
import { runOf } from './run.ts';

export const noUsage: RunUsage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0 };

/** Of a response that is cut: as its model has told it, or as it is reckoned from the prompt and what came. */
export function usageSoFar(core: Core, response: Response): RunUsage {
  const run = runOf(core, response);
  const told = response.ended?.usage ?? run?.usage;
  if (told) return told;
  return run ? { inputTokens: run.promptTokens, outputTokens: tokensSaid(core, response), cachedTokens: 0 } : noUsage;
}

/** Of a response whose model or voice has failed: a model that refused, and said nothing, has used nothing. */
export function usageOfFailed(core: Core, response: Response, told: RunUsage): RunUsage {
  if (told.inputTokens + told.outputTokens > 0) return told;
  return runOf(core, response)?.usage || tokensSaid(core, response) > 0 ? usageSoFar(core, response) : told;
}

/** Tokens of what came, heard or not. */
function tokensSaid(core: Core, { open, output }: Response): number {
  const request = open?.kind === 'approval' ? itemTokens(open.request) : 0;
  return output.reduce((sum, id) => {
    const entry = core.conversation.find(id);
    if (!entry) return sum;
    const { item, speech } = entry;
    return sum + (speech ? textTokens(speech.text.slice(speech.filler.length)) : itemTokens(item));
  }, request);
}

function itemTokens(item: Item): number {
  switch (item.type) {
    case 'message':
      return item.content.reduce(
        (sum, part) => sum + textTokens(('text' in part ? part.text : 'transcript' in part && part.transcript) || ''),
        0,
      );
    case 'function_call':
    case 'mcp_call':
    case 'mcp_approval_request':
      return textTokens(item.name) + textTokens(item.arguments);
    case 'function_call_output':
    case 'mcp_approval_response':
    case 'mcp_list_tools':
      return 0;
  }
}
