// A response as its client sees it, in `response.created` and `response.done`.
import type { ResponseObject, Usage } from '../../protocol/server-events.ts';
import { snapshot } from '../conversation/history.ts';
import type { Core } from '../core.ts';
import type { RunUsage } from '../facts.ts';
import type { Outcome, Response } from '../state.ts';
import { withAttempts } from './attempts.ts';

export function responseObject(core: Core, response: Response, outcome: Outcome | null, usage: RunUsage | null): ResponseObject {
  const { settings } = response;
  return {
    object: 'realtime.response',
    id: response.id,
    status: outcome?.type ?? 'in_progress',
    status_details: outcome?.type === 'completed' ? null : outcome,
    output: response.output.flatMap((id) => core.conversation.find(id) ?? []).map(snapshot),
    conversation_id: settings.outOfBand ? null : core.conversationId,
    output_modalities: settings.modalities,
    max_output_tokens: settings.maxOutputTokens,
    audio: { output: { format: settings.format, voice: settings.voice } },
    metadata: outcome ? withAttempts(response) : settings.metadata,
    usage: usage && usageObject(usage),
  };
}

/** The model reads and writes text: the sound's tokens are nil in a pipeline. */
function usageObject(usage: RunUsage): Usage {
  return {
    total_tokens: usage.inputTokens + usage.outputTokens,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    input_token_details: {
      text_tokens: usage.inputTokens,
      audio_tokens: 0,
      image_tokens: 0,
      cached_tokens: usage.cachedTokens,
      cached_tokens_details: { text_tokens: usage.cachedTokens, audio_tokens: 0, image_tokens: 0 },
    },
    output_token_details: { text_tokens: usage.outputTokens, audio_tokens: 0 },
  };
}
