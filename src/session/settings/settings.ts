// session.update: a partial change, made whole or refused whole. Also how a session's settings become one response's.
import type { ClientEvents, ResponseParams } from '../../protocol/client-events.ts';
import { errors } from '../../protocol/errors.ts';
import {
  callFormat,
  type NoiseReduction,
  semanticVadDefaults,
  serverVadDefaults,
  type SessionConfig,
  type SessionObject,
  type SessionPatch,
  type ToolChoice,
  type Tool,
  type Transcription,
  type TurnDetection,
  type TurnDetectionPatch,
} from '../../protocol/session-config.ts';
import { mergedProviderData } from '../../protocol/provider-data/merge.ts';
import { providerDataFault, readProviderData } from '../../protocol/provider-data/provider-data.ts';
import { unservedOf, unservedTools } from '../../protocol/unserved.ts';
import type { Birth } from '../birth.ts';
import { type Core, send, tell } from '../core.ts';
import { checkPatience } from '../floor/patience.ts';
import { isServed, type Known } from '../known.ts';
import { keptSettings } from '../questions.ts';
import type { ResponseInput, ResponseSettings } from '../state.ts';
import { generationOf } from './generation.ts';
import { checkLocked, speechManner } from './manner.ts';
import { present } from './present.ts';
import { joinedInstructions, promptText } from './stored-prompt.ts';

/** A session as its client sees it. */
export function describeSession(own: { id: string; expires_at: number }, whole: SessionConfig): SessionObject {
  const { type, tools, ...rest } = structuredClone(whole);
  const config = { ...rest, tools: tools.map(withoutSecrets) };
  if (type === 'realtime') return { type, object: 'realtime.session', ...own, ...config };
  return { type, object: 'realtime.transcription_session', ...own, include: config.include, audio: { input: config.audio.input } };
}

export function sessionObject({ birth, config }: Core): SessionObject {
  return describeSession({ id: birth.sessionId, expires_at: birth.expiresAt }, config);
}

/**
 * A configuration with a client's patch over it, before there is a session: what an ephemeral secret or a call brings along. `promptText`
 * is that of the stored prompt, where the patch names one.
 * @param detectionYields The detection is Inworld's default, and no client has named one.
 * @throws RealtimeError naming the field that cannot be used.
 */
export function configured(
  config: SessionConfig,
  patch: SessionPatch,
  known: Known,
  detectionYields: boolean,
): { config: SessionConfig; promptText: string | undefined } {
  const next = merged(config, patch, detectionYields);
  check(next, known, patch);
  return { config: next, promptText: givenPromptText(known, patch) };
}

/** The text of the stored prompt that a patch names; empty where it takes one away, undefined where it says nothing of it. */
function givenPromptText(known: Known, { prompt }: SessionPatch): string | undefined {
  return prompt ? promptText(known.prompt, prompt, 'session.prompt') : prompt === null ? '' : undefined;
}

/** On a call the sound is the call's, and comes to us and leaves us in one format, whatever a client asks for. */
export function inOwnFormats(birth: Pick<Birth, 'speaker'>, config: SessionConfig): SessionConfig {
  if (!birth.speaker) return config;
  const { input, output } = config.audio;
  return { ...config, audio: { input: { ...input, format: callFormat }, output: { ...output, format: callFormat } } };
}

/** What opens an MCP server is never told again. */
function withoutSecrets(tool: Tool): Tool {
  if (tool.type !== 'mcp') return tool;
  const { authorization: _, headers: __, ...shown } = tool;
  return shown;
}

/** A session may change its type as long as nothing has happened in it: a client may only now say what it wants. */
function checkType(core: Core, type: SessionConfig['type'] | undefined): void {
  if (type === undefined || type === core.config.type) return;
  const fresh = core.conversation.entries.length === 0 && core.live.length === 0 && core.input.receivedMs === 0;
  if (!fresh) throw errors.invalid('session.type', `A session's type cannot be changed; this one is '${core.config.type}'.`);
}

export function updateSession(core: Core, event: ClientEvents['session.update'], known: Known): void {
  checkType(core, event.session.type);
  const next = inOwnFormats(core.birth, merged(core.config, event.session, core.birth.inworld && !core.detectionNamed));
  check(next, known, event.session);
  checkLocked(core, next);
  checkVoiceLock(core, next.audio.output.voice);
  core.promptText = givenPromptText(known, event.session) ?? core.promptText;
  // Under other rules what was left out may be told again.
  if (JSON.stringify(next.truncation) !== JSON.stringify(core.config.truncation))
    for (const entry of core.conversation.entries) entry.leftOut = false;
  core.config = keptSettings(core, next);
  if (namesDetection(event.session)) core.detectionNamed = true;
  core.effects.push({ kind: 'listen.configure', config: next });
  send(core, { type: 'session.updated', session: sessionObject(core) });
  tell(core, { kind: 'session.configured', toolsNamed: event.session.tools !== undefined });
  tellUnserved(core, unservedOf(next));
}

/** What is accepted and shown, and that nobody acts upon. */
export function tellUnserved(core: Core, what: readonly string[]): void {
  if (what.length > 0) core.effects.push({ kind: 'unserved', what });
}

/** The configuration with the patch laid over it: objects merge, arrays and formats are replaced, null clears. */
function merged(config: SessionConfig, patch: SessionPatch, detectionYields: boolean): SessionConfig {
  const { audio, temperature, providerData, ...rest } = patch;
  const input = audio?.input;
  const { temperature: oldTemperature, providerData: oldProviderData, ...old } = config;
  const newTemperature = temperature === undefined ? oldTemperature : (temperature ?? undefined);
  const newProviderData = providerData ? mergedProviderData(oldProviderData ?? {}, providerData) : oldProviderData;
  return {
    ...old,
    ...present(rest),
    ...(newTemperature === undefined ? {} : { temperature: newTemperature }),
    ...(newProviderData === undefined ? {} : { providerData: newProviderData }),
    audio: {
      input: {
        ...config.audio.input,
        ...(input?.format ? { format: input.format } : {}),
        ...(input?.noise_reduction === undefined
          ? {}
          : { noise_reduction: mergedNoiseReduction(config.audio.input.noise_reduction, input.noise_reduction) }),
        transcription: mergedTranscription(patch.type ?? config.type, config.audio.input.transcription, input?.transcription),
        turn_detection: nextDetection(config.audio.input.turn_detection, input, detectionYields),
      },
      output: { ...config.audio.output, ...present(audio?.output ?? {}) },
    },
  };
}

/** The model's name where a client wants words and names none: one that every published list has. */
export const anyTranscriptionModel = 'whisper-1';

function mergedTranscription(
  type: SessionConfig['type'],
  old: Transcription | null,
  patch: NonNullable<NonNullable<SessionPatch['audio']>['input']>['transcription'],
): Transcription | null {
  if (patch === undefined) return old ?? (type === 'transcription' ? { model: anyTranscriptionModel } : null);
  if (patch === null) return null;
  const result: Transcription = { ...old, model: patch.model ?? old?.model ?? anyTranscriptionModel };
  const { model: _, ...rest } = patch;
  for (const [key, value] of Object.entries(rest)) {
    if (value === null) delete result[key as keyof typeof rest];
    else if (value !== undefined) Object.assign(result, { [key]: value });
  }
  return result;
}

type InputPatch = NonNullable<NonNullable<SessionPatch['audio']>['input']>;

/**
 * A client of Inworld's that finds the turns itself says so by leaving `turn_detection` out of an input that is whole otherwise: pipecat
 * drops every null. That switches off only the detection that Inworld's defaults brought, and only while no client has set
 * `turn_detection` (docs/decisions/0015-turns-of-the-clients-own.md).
 */
function nextDetection(old: TurnDetection, input: InputPatch | undefined, yields: boolean): TurnDetection {
  if (input?.turn_detection !== undefined) return mergedDetection(old, input.turn_detection);
  return yields && input?.format && input.transcription ? null : old;
}

/** Whether a client says with this which detection it wants, or that it wants none. */
export function namesDetection({ audio }: SessionPatch): boolean {
  return audio?.input?.turn_detection !== undefined;
}

/** A strength that nothing is said about stays; where there is no noise reduction yet, a strength alone begins it, and an empty object does not. */
function mergedNoiseReduction(
  old: NoiseReduction | null,
  patch: NonNullable<NonNullable<SessionPatch['audio']>['input']>['noise_reduction'],
): NoiseReduction | null {
  if (!patch) return null;
  const said = present(patch);
  return Object.keys(said).length > 0 ? { type: 'near_field', ...old, ...said } : old;
}

function mergedDetection(old: TurnDetection, patch: TurnDetectionPatch): TurnDetection {
  if (patch === null) return null;
  const type = patch.type ?? old?.type ?? 'server_vad';
  // Another kind of detection starts from its own defaults; the two switches are common to both and stay.
  const common = old ? { create_response: old.create_response, interrupt_response: old.interrupt_response } : {};
  const base = old?.type === type ? old : { ...(type === 'server_vad' ? serverVadDefaults : semanticVadDefaults), ...common };
  const result: Record<string, unknown> = { ...base };
  for (const key of Object.keys(base)) {
    const value = patch[key as keyof typeof patch];
    if (value !== undefined) result[key] = value;
  }
  return { ...result, type } as TurnDetection;
}

/** Of what a session keeps and tells again: tools, the variables of a prompt, providerData. */
const mostFieldBytes = 1024 * 1024;

/** @throws RealtimeError naming the field that holds too much. */
function checkSize(param: string, value: unknown): void {
  if (value != null && Buffer.byteLength(JSON.stringify(value)) > mostFieldBytes) throw errors.tooLarge(param, mostFieldBytes);
}

function check(next: SessionConfig, known: Known, patch: SessionPatch): void {
  checkSize('session.tools', patch.tools);
  checkSize('session.prompt', patch.prompt);
  if (patch.providerData) checkSize('session.providerData', next.providerData);
  if (next.type === 'transcription' && patch.audio?.input?.transcription === null) {
    throw errors.invalid('session.audio.input.transcription', 'A transcription session transcribes: this cannot be turned off in it.');
  }
  checkProviderData(next, patch);
  checkSmallModels(patch.providerData, known);
  if (patch.model !== undefined && !isServed(known, 'llm', next.model)) throw errors.modelNotFound('session.model', next.model);
  const { transcription } = next.audio.input;
  if (patch.audio?.input?.transcription?.model != null && transcription && !isServed(known, 'stt', transcription.model)) {
    throw errors.invalid(
      'session.audio.input.transcription.model',
      `The transcription model '${transcription.model}' is served by no configured engine.`,
    );
  }
  const { output } = next.audio;
  if (patch.audio?.output?.model !== undefined && !isServed(known, 'tts', output.model)) {
    throw errors.invalid('session.audio.output.model', `The speech model '${output.model}' is served by no configured engine.`);
  }
  if (patch.audio?.output?.voice !== undefined && !isServed(known, 'voice', output.voice)) {
    throw errors.invalid('session.audio.output.voice', `Unknown voice '${output.voice}'.`);
  }
  checkToolChoice(next.tool_choice, next.tools, 'session.tool_choice', patch.tool_choice !== undefined);
  checkPatience(next);
}

/** @throws RealtimeError when a patch of `providerData` names a model that nobody serves. */
function checkSmallModels(patch: Readonly<Record<string, unknown>> | undefined, known: Known): void {
  const data = readProviderData(patch);
  for (const section of ['backchannel', 'responsiveness'] as const) {
    const model = data[section]?.small_model;
    if (model && !isServed(known, 'llm', model)) throw errors.modelNotFound(`session.providerData.${section}.small_model`, model);
  }
}

/** The patch is right by itself; laid over what there was, it may be too much. */
function checkProviderData({ providerData }: SessionConfig, patch: SessionPatch): void {
  const fault = patch.providerData && providerData && providerDataFault(providerData);
  if (!fault) return;
  const param = `session.providerData.${fault.path}`;
  throw errors.invalid(param, `Invalid value for '${param}': ${fault.message}`);
}

/** Naming the voice it has already is no change. */
function checkVoiceLock({ birth, spoke, config }: Core, voice: string): void {
  if (!birth.voiceLock || !spoke || voice.toLowerCase() === config.audio.output.voice.toLowerCase()) return;
  throw errors.cannotUpdateVoice();
}

function checkToolChoice(choice: ToolChoice, tools: readonly Tool[], param: string, asked: boolean): void {
  if (!asked || typeof choice === 'string') return;
  if (choice.type === 'mcp') {
    if (tools.some((tool) => tool.type === 'mcp' && tool.server_label === choice.server_label)) return;
    throw errors.invalid(`${param}.server_label`, `There is no MCP server labelled '${choice.server_label}'.`);
  }
  const searches = tools.some((tool) => tool.type === 'web_search');
  if (choice.type === 'web_search') {
    if (searches) return;
    throw errors.invalid(`${param}.type`, "There is no tool of type 'web_search'.");
  }
  if (choice.name === 'web_search' && searches) return;
  if (!tools.some((tool) => tool.type === 'function' && tool.name === choice.name))
    throw errors.invalid(`${param}.name`, `There is no tool named '${choice.name}'.`);
}

export function sessionSettings({ config, birth, promptText: text }: Core): ResponseSettings {
  return {
    outOfBand: false,
    input: undefined,
    instructions: config.prompt ? joinedInstructions(text, givenInstructions(config, birth)) : config.instructions,
    modalities: config.output_modalities,
    format: config.audio.output.format,
    voice: config.audio.output.voice,
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
  const { birth } = core;
  const output = params.audio?.output;
  if (output?.voice !== undefined && !isServed(known, 'voice', output.voice)) {
    throw errors.invalid('response.audio.output.voice', `Unknown voice '${output.voice}'.`);
  }
  checkVoiceLock(core, output?.voice ?? base.voice);
  checkSize('response.tools', params.tools);
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
    format: birth.speaker ? callFormat : (output?.format ?? base.format),
    voice: output?.voice ?? base.voice,
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
