// The response that follows one whose MCP calls have been run: that there is one, and what it is made with.
import { RealtimeError } from '../../protocol/errors.ts';
import type { Core } from '../core.ts';
import type { Response, ResponseSettings } from '../state.ts';
import { responseSettings, sessionSettings } from './response-settings.ts';
import { want } from './wants.ts';

/** Responses in a row that the server may start by itself after its own tools; then the model must speak. */
const mostSelfAnswers = 16;

/** A response that ran tools of ours is followed by one that uses what they gave, unless the client has calls of its own to answer. */
export function wantFollowUp(core: Core, response: Response): void {
  const made = response.output.map((id) => core.conversation.find(id)?.item.type);
  const ran = made.includes('mcp_call');
  const handedOver = made.includes('function_call') || made.includes('mcp_approval_request');
  if (!ran || handedOver || core.wants.length > 0) return;
  // It was told not to call, and did.
  if (core.selfAnswers >= mostSelfAnswers) return;
  core.selfAnswers += 1;
  want(core, { reason: 'follow-up', follows: response.settings });
}

/** What a response is made with that goes on from another: the session's settings of now, under what the other's client asked for. */
export function followUpSettings(core: Core, before: ResponseSettings): ResponseSettings {
  const { overrides } = before;
  const chosen = overrides?.params.tool_choice ?? core.config.tool_choice;
  const settings = settingsOfNow(core, overrides) ?? { ...before, input: undefined };
  const last = core.selfAnswers >= mostSelfAnswers;
  return {
    ...settings,
    // A choice that forces a call would be made again and again.
    toolChoice: last || chosen === 'none' ? 'none' : 'auto',
    overrides,
  };
}

/** The settings as they would be now; undefined when what was asked for then is not to be had any more, such as a voice. */
function settingsOfNow(core: Core, overrides: ResponseSettings['overrides']): ResponseSettings | undefined {
  if (!overrides) return sessionSettings(core);
  const { tool_choice: _, ...kept } = overrides.params;
  try {
    return responseSettings(core, kept, overrides.known, undefined);
  } catch (error) {
    if (error instanceof RealtimeError) return undefined;
    throw error;
  }
}
