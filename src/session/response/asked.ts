// What a model is asked for a response with certain settings: the order, and the prompt as far as it fits.
import { fittedPrompt, type TooLong } from '../conversation/context.ts';
import type { Entry } from '../conversation/history.ts';
import type { Core } from '../core.ts';
import type { RunOrder } from '../effects.ts';
import { offeredTools, toldEntries } from '../questions.ts';
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import { onBehalf } from '../settings/generation.ts';
import type { ResponseSettings } from '../state.ts';
import type { Asked } from './run.ts';

/** Of the conversation, or what it answers instead. */
export function contextOf(core: Core, { input }: ResponseSettings): readonly Entry[] {
  if (!input) return toldEntries(core);
  return input.flatMap((each) => (each.kind === 'reference' ? (core.conversation.get(each.item) ?? []) : each.entry));
}

export function askedFor(core: Core, settings: ResponseSettings, context: readonly Entry[]): Asked | TooLong {
  const offered = offeredTools(core, settings);
  const fitted = fittedPrompt(core, context, settings, offered);
  if (fitted.state === 'too_long') return fitted;
  const { prompt, tokens, leftOut, newlyLeftOut } = fitted;
  const mcpTools = offered.map(({ name, of }) => ({ name, of }));
  return { state: 'asked', order: orderOf(core, settings, leftOut), prompt, promptTokens: tokens, mcpTools, newlyLeftOut };
}

function orderOf({ config }: Core, settings: ResponseSettings, itemsLeftOut: number): Omit<RunOrder, 'run'> {
  const { fallback } = readProviderData(config.providerData);
  return {
    model: config.model,
    modality: settings.modalities.includes('audio') ? 'audio' : 'text',
    voice: settings.voice,
    ttsModel: settings.ttsModel,
    speed: settings.speed,
    manner: settings.manner,
    format: settings.format,
    temperature: settings.temperature,
    maxOutputTokens: settings.maxOutputTokens === 'inf' ? undefined : settings.maxOutputTokens,
    parallelToolCalls: settings.parallelToolCalls,
    reasoningEffort: settings.reasoningEffort,
    sampling: settings.sampling,
    behalf: onBehalf(config),
    fallback: fallback?.llm,
    hedgeMs: fallback?.hedge_ms,
    itemsLeftOut,
  };
}
