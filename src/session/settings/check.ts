// What settings cannot be, whether a session or one response has them: each refusal names its field.
import { errors } from '../../protocol/errors.ts';
import { providerDataFault, readProviderData } from '../../protocol/provider-data/provider-data.ts';
import type { SessionConfig, SessionPatch, ToolChoice, Tool } from '../../protocol/session-config.ts';
import type { Core } from '../core.ts';
import { checkPatience } from '../floor/patience.ts';
import { isServed, type Known, nearestOf } from '../known.ts';

/** Of what a session keeps and tells again: tools, the variables of a prompt, providerData. */
const mostFieldBytes = 1024 * 1024;

/** @throws RealtimeError naming the field that holds too much. */
export function checkSize(param: string, value: unknown): void {
  if (value != null && Buffer.byteLength(JSON.stringify(value)) > mostFieldBytes) throw errors.tooLarge(param, mostFieldBytes);
}

export function check(next: SessionConfig, known: Known, patch: SessionPatch): void {
  checkSize('session.tools', patch.tools);
  checkSize('session.prompt', patch.prompt);
  if (patch.providerData) checkSize('session.providerData', next.providerData);
  if (next.type === 'transcription' && patch.audio?.input?.transcription === null) {
    throw errors.invalid('session.audio.input.transcription', 'A transcription session transcribes: this cannot be turned off in it.');
  }
  checkProviderData(next, patch);
  checkSmallModels(patch.providerData, known);
  checkFallback(patch.providerData, known);
  if (patch.model !== undefined && !isServed(known, 'llm', next.model))
    throw errors.modelNotFound('session.model', next.model, nearestOf(known, 'llm', next.model));
  const { transcription } = next.audio.input;
  if (patch.audio?.input?.transcription?.model != null && transcription && !isServed(known, 'stt', transcription.model)) {
    throw errors.notServed(
      'session.audio.input.transcription.model',
      'The transcription model',
      transcription.model,
      nearestOf(known, 'stt', transcription.model),
    );
  }
  const { output } = next.audio;
  if (patch.audio?.output?.model !== undefined && !isServed(known, 'tts', output.model)) {
    throw errors.notServed('session.audio.output.model', 'The speech model', output.model, nearestOf(known, 'tts', output.model));
  }
  if (patch.audio?.output?.voice !== undefined && !isServed(known, 'voice', output.voice)) {
    throw errors.unknownVoice('session.audio.output.voice', output.voice, nearestOf(known, 'voice', output.voice));
  }
  checkConnectors(patch.tools, known, 'session.tools');
  checkToolChoice(next.tool_choice, next.tools, 'session.tool_choice', patch.tool_choice !== undefined);
  checkPatience(next);
}

/** @throws RealtimeError when a patch of `providerData` names a model that nobody serves. */
function checkSmallModels(patch: Readonly<Record<string, unknown>> | undefined, known: Known): void {
  const data = readProviderData(patch);
  for (const section of ['backchannel', 'responsiveness'] as const) {
    const model = data[section]?.small_model;
    if (model && !isServed(known, 'llm', model))
      throw errors.modelNotFound(`session.providerData.${section}.small_model`, model, nearestOf(known, 'llm', model));
  }
}

/** @throws RealtimeError when a patch of `providerData` names somebody to fall back on whom nobody serves. */
function checkFallback(patch: Readonly<Record<string, unknown>> | undefined, known: Known): void {
  const { fallback = {} } = readProviderData(patch);
  for (const kind of ['llm', 'stt', 'tts'] as const) {
    for (const [index, id] of (fallback[kind] ?? []).entries()) {
      if (isServed(known, kind, id)) continue;
      const param = `session.providerData.fallback.${kind}[${index}]`;
      throw errors.notServed(param, 'The model', id, nearestOf(known, kind, id));
    }
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
export function checkVoiceLock({ birth, spoke, config }: Core, voice: string): void {
  if (!birth.voiceLock || !spoke || voice.toLowerCase() === config.audio.output.voice.toLowerCase()) return;
  throw errors.cannotUpdateVoice();
}

/** @throws RealtimeError when a tool is on board for other sessions than this. */
export function checkConnectors(tools: readonly Tool[] | null | undefined, known: Known, param: string): void {
  for (const [index, tool] of (tools ?? []).entries()) {
    if (tool.type !== 'mcp' || tool.connector_id === undefined || isServed(known, 'connector', tool.connector_id)) continue;
    throw errors.invalid(
      `${param}[${index}].connector_id`,
      `The tools of '${tool.connector_id}' are those of a telephone call whose route gives them to the model; this session has none.`,
    );
  }
}

export function checkToolChoice(choice: ToolChoice, tools: readonly Tool[], param: string, asked: boolean): void {
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
