// The response that follows one whose MCP calls have been run: that there is one, and what it is made with.
import type { ResponseParams } from '../protocol/client-events.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { responseSettings } from './settings.ts';
import type { Core, Response, ResponseSettings } from './state.ts';

/** Responses in a row that the server may start by itself after its own tools; then the model must speak. */
const mostSelfAnswers = 16;

/** A response that ran tools of ours is followed by one that uses what they gave, unless the client has calls of its own to answer. */
export function goOn(core: Core, response: Response): void {
  const ran = response.output.some((item) => item.type === 'mcp_call');
  const handedOver = response.output.some((item) => item.type === 'function_call' || item.type === 'mcp_approval_request');
  if (!ran || handedOver || core.owed || core.allowed.length > 0) return;
  // It was told not to call, and did.
  if (core.selfAnswers >= mostSelfAnswers) return;
  core.selfAnswers += 1;
  core.owed = { origin: 'tool', settings: undefined, follows: response };
}

/** What a response is made with that goes on from another: the session's settings of now, under what the other's client asked for. */
export function followUpSettings(core: Core, { settings: before }: Response): ResponseSettings {
  const { overrides } = before;
  const { tool_choice: chosen = core.config.tool_choice, ...kept } = overrides ?? {};
  const settings = still(core, kept) ?? { ...before, input: undefined };
  const last = core.selfAnswers >= mostSelfAnswers;
  return {
    ...settings,
    // A choice that forces a call would be made again and again.
    toolChoice: last || chosen === 'none' ? 'none' : 'auto',
    // A server that has left the session meanwhile is not called back.
    tools: settings.tools.filter((tool) => tool.type !== 'mcp' || core.mcp.has(tool.server_label)),
    overrides,
  };
}

/** The settings as they would be now; undefined when what was asked for then is not to be had any more (a stored prompt, a voice). */
function still(core: Core, overrides: ResponseParams): ResponseSettings | undefined {
  try {
    return responseSettings(core, { ...overrides, input: undefined });
  } catch (error) {
    if (error instanceof RealtimeError) return undefined;
    throw error;
  }
}
