// What one response is made with: the session's settings, with what its client asks for over them.
import type { ResponseParams } from '../../protocol/client-events.ts';
import { errors } from '../../protocol/errors.ts';
import { completeItem } from '../../protocol/items.ts';
import type { SessionConfig } from '../../protocol/session-config.ts';
import { unservedTools } from '../../protocol/unserved.ts';
import type { Birth } from '../birth.ts';
import { soundBytes, soundOf } from '../conversation/budget.ts';
import { type Entry, newEntry } from '../conversation/history.ts';
import { type Core, expectWords, mint } from '../core.ts';
import { isServed, type Known, nearestOf } from '../known.ts';
import { checkConnectors, checkSize, checkToolChoice, checkVoiceLock } from '../settings/check.ts';
import { generationOf } from '../settings/generation.ts';
import { speechManner } from '../settings/manner.ts';
import { tellUnserved } from '../settings/settings.ts';
import { providerOf } from '../settings/voice-choice.ts';
import { joinedInstructions, promptText } from '../settings/stored-prompt.ts';
import type { ResponseInput, ResponseSettings } from '../state.ts';

export function sessionSettings({ config, birth, promptText: text }: Core): ResponseSettings {
  return {
    outOfBand: false,
    input: undefined,
    instructions: config.prompt ? joinedInstructions(text, givenInstructions(config, birth)) : config.instructions,
    modalities: config.output_modalities,
    format: config.audio.output.format,
    voice: config.audio.output.voice,
    ttsModel: config.audio.output.model,
    speed: config.audio.output.speed,
    manner: speechManner(config),
    ...generationOf(config),
    parallelToolCalls: config.parallel_tool_calls,
    tools: config.tools,
    toolChoice: config.tool_choice,
    metadata: null,
    overrides: undefined,
  };
}

/** The session's instructions, if a client has given any. */
function givenInstructions({ instructions }: SessionConfig, { ownInstructions }: Birth): string {
  return instructions === ownInstructions ? '' : instructions;
}

/** What a response says of its own about instructions, if it does. Without a `prompt` of its own they take the place of the session's too. */
function responseInstructions({ config, birth }: Core, { prompt, instructions }: ResponseParams, known: Known): string | undefined {
  if (!prompt) return instructions ?? (prompt === null ? config.instructions : undefined);
  const text = promptText(known.prompt, prompt, 'response.prompt');
  return joinedInstructions(text, instructions ?? givenInstructions(config, birth));
}

/**
 * The session's settings with a `response.create`'s own over them, for this response only.
 * @throws RealtimeError naming the field that cannot be used.
 */
export function responseSettings(
  core: Core,
  params: ResponseParams | null | undefined,
  known: Known,
  input: readonly ResponseInput[] | undefined,
): ResponseSettings {
  const base = sessionSettings(core);
  if (!params) return base;
  const output = params.audio?.output;
  if (output?.voice !== undefined && !isServed(known, 'voice', output.voice)) {
    throw errors.unknownVoice('response.audio.output.voice', output.voice, nearestOf(known, 'voice', output.voice));
  }
  checkVoiceLock(core, output?.voice ?? base.voice);
  checkSize('response.tools', params.tools);
  checkConnectors(params.tools, known, 'response.tools');
  checkSize('response.prompt', params.prompt);
  const tools = params.tools ?? base.tools;
  checkToolChoice(params.tool_choice ?? 'auto', tools, 'response.tool_choice', true);
  tellUnserved(core, unservedTools(tools));
  const { input: _, ...own } = params;
  return {
    ...base,
    outOfBand: params.conversation === 'none',
    input,
    instructions: responseInstructions(core, params, known) ?? base.instructions,
    modalities: params.output_modalities ?? base.modalities,
    format: core.speaker?.format ?? output?.format ?? base.format,
    voice: output?.voice ?? base.voice,
    ttsModel: (output?.voice === undefined ? undefined : providerOf(output.voice)) ?? base.ttsModel,
    speed: output?.speed ?? base.speed,
    temperature: params.temperature === undefined ? base.temperature : (params.temperature ?? undefined),
    maxOutputTokens: params.max_output_tokens ?? base.maxOutputTokens,
    parallelToolCalls: params.parallel_tool_calls ?? base.parallelToolCalls,
    reasoningEffort: params.reasoning === undefined ? base.reasoningEffort : params.reasoning?.effort,
    tools,
    toolChoice: params.tool_choice ?? base.toolChoice,
    metadata: params.metadata ?? null,
    overrides: { params: own, known },
  };
}

/** What a response holds of its own besides its items. */
export function settingsBytes({ overrides, instructions }: ResponseSettings): number {
  if (!overrides) return 0;
  return Buffer.byteLength(JSON.stringify(overrides.params)) + (overrides.params.prompt ? Buffer.byteLength(instructions) : 0);
}

/** What a response is to answer instead of the conversation. The names that a client gives to its items there mean nothing. */
export function inputOf(core: Core, input: ResponseParams['input']): ResponseInput[] | undefined {
  return input?.map((item) => {
    if (item.type === 'item_reference') return { kind: 'reference', item: item.id };
    const entry = newEntry(completeItem(item, mint(core, 'item'), () => mint(core, 'call')));
    const sound = soundOf(item);
    return { kind: 'item', entry: { ...entry, soundBytes: sound === undefined ? 0 : soundBytes(sound) } };
  });
}

/** The response will be given: its own sound is recognised for it. */
export function hearInput(core: Core, settings: ResponseSettings, input: ResponseParams['input'] = []): void {
  for (const [index, item] of input.entries()) {
    const own = settings.input?.[index];
    const sound = item.type === 'item_reference' ? undefined : soundOf(item);
    if (own?.kind !== 'item' || sound === undefined) continue;
    expectWords(core, own.entry);
    core.effects.push({ kind: 'transcribe', item: own.entry.item.id, audio: sound, format: core.config.audio.input.format });
  }
}

/** The items that a response brings along. */
export function ownInput({ input = [] }: ResponseSettings): Entry[] {
  return input.flatMap((each) => (each.kind === 'item' ? each.entry : []));
}
