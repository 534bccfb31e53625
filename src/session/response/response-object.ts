// A response as its client sees it, in `response.created` and `response.done`.
import type { ResponseObject, Usage } from '../../protocol/server-events.ts';
import { snapshot } from '../conversation/history.ts';
import type { Core } from '../core.ts';
import type { EngineAttempt, RunUsage } from '../facts.ts';
import type { Outcome, Response } from '../state.ts';

/** How a response ended, what it used, and who was tried for it. */
export interface ResponseEnd {
  readonly outcome: Outcome;
  readonly usage: RunUsage | null;
  readonly attempts: readonly EngineAttempt[];
}

/** `end`: undefined while it is in progress. */
export function responseObject(core: Core, response: Response, end?: ResponseEnd): ResponseObject {
  const { settings } = response;
  const { outcome, usage, attempts = [] } = end ?? {};
  return {
    object: 'realtime.response',
    id: response.id,
    status: outcome?.type ?? 'in_progress',
    status_details: outcome === undefined || outcome.type === 'completed' ? null : outcome,
    output: response.output.flatMap((id) => core.conversation.find(id) ?? []).map(snapshot),
    conversation_id: settings.outOfBand ? null : core.conversationId,
    output_modalities: settings.modalities,
    max_output_tokens: settings.maxOutputTokens,
    audio: { output: { format: settings.format, voice: settings.voice } },
    metadata: withAttempts(settings.metadata, attempts),
    usage: usage ? usageObject(usage) : null,
  };
}

/** What the API allows for a value of metadata, in characters. */
const mostValue = 512;

/**
 * The client's own metadata, with who was tried where somebody failed: `attempts`, a JSON array of `{kind, id, outcome, ms}`. A client that has a value
 * of that name keeps it.
 */
function withAttempts(metadata: Record<string, string> | null, attempts: readonly EngineAttempt[]): Record<string, string> | null {
  if (attempts.every(({ outcome }) => outcome === 'served')) return metadata;
  // The last ones tell who served in the end.
  let told = attempts.map(({ ms, ...rest }) => ({ ...rest, ms: Math.round(ms) }));
  while (told.length > 1 && JSON.stringify(told).length > mostValue) told = told.slice(1);
  return { attempts: JSON.stringify(told).slice(0, mostValue), ...metadata };
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
