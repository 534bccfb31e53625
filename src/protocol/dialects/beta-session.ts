// The beta's flat session and response, and GA's nested ones (protocol 6): one table of where each flat name lives, read both ways.
import { isRecord } from '../json.ts';
import { meaningsOfNull } from '../nulls.ts';
import { at, type Home, nest, pick } from './paths.ts';

const sessionHomes: readonly Home[] = [
  ['modalities', 'output_modalities'],
  ['max_response_output_tokens', 'max_output_tokens'],
  ['voice', 'audio.output.voice'],
  ['speed', 'audio.output.speed'],
  ['output_audio_format', 'audio.output.format'],
  ['input_audio_format', 'audio.input.format'],
  ['input_audio_transcription', 'audio.input.transcription'],
  ['input_audio_noise_reduction', 'audio.input.noise_reduction'],
  ['turn_detection', 'audio.input.turn_detection'],
];
const responseHomes: readonly Home[] = [
  ['modalities', 'output_modalities'],
  ['max_response_output_tokens', 'max_output_tokens'],
  ['voice', 'audio.output.voice'],
  ['output_audio_format', 'audio.output.format'],
];

/** Whether a session says something under a name that only the beta has. Null does where it has a meaning of its own. */
export function saysFlat(session: Readonly<Record<string, unknown>>): boolean {
  return sessionHomes.some(
    ([flat, home]) => session[flat] != null || (session[flat] === null && Object.hasOwn(meaningsOfNull, `session.${home}`)),
  );
}

/** What the beta shows where nobody asked for a temperature. */
const defaultTemperature = 0.8;

/**
 * A flat session as GA nests it. What is already nested stays, so that a session in GA's shape comes out as it went in. The keys of an
 * ephemeral secret are not the session's and are left out.
 * @param type The kind of session, where the route or the event tells it and the client does not.
 */
export function flatToGa(session: Readonly<Record<string, unknown>>, type?: 'realtime' | 'transcription'): Record<string, unknown>;
export function flatToGa(session: unknown, type?: 'realtime' | 'transcription'): unknown;
export function flatToGa(session: unknown, type?: 'realtime' | 'transcription'): unknown {
  if (!isRecord(session)) return session;
  const { client_secret: _secret, ...rest } = session;
  if (type === 'transcription') {
    // A transcription session answers nothing; the beta lets its clients name modalities all the same.
    delete rest.modalities;
  }
  const nested = nestSession(rest, sessionHomes);
  return type === undefined ? nested : { ...nested, type };
}

/** A flat `response` of `response.create` as GA nests it. Its `input` is not looked into. */
export function flatResponseToGa(response: Record<string, unknown>): Record<string, unknown> {
  return nestSession(response, responseHomes);
}

/** An effective GA session, of either kind, as the beta shows it. */
export function gaToFlat(session: object): Record<string, unknown> {
  const detection = at(session, 'audio.input.turn_detection');
  const heard = {
    input_audio_format: flatFormat(at(session, 'audio.input.format')),
    input_audio_transcription: at(session, 'audio.input.transcription') ?? null,
    input_audio_noise_reduction: at(session, 'audio.input.noise_reduction') ?? null,
    turn_detection: isRecord(detection) ? flatDetection(detection, at(session, 'type')) : null,
  };
  const named = (...keys: string[]) => pick(session, keys);
  if (at(session, 'type') === 'transcription') {
    return { ...named('id'), object: 'realtime.transcription_session', ...named('expires_at'), ...heard, ...named('include', 'parley') };
  }
  return {
    ...named('id'),
    object: 'realtime.session',
    ...named('model', 'expires_at'),
    modalities: flatModalities(at(session, 'output_modalities')),
    ...named('instructions'),
    voice: at(session, 'audio.output.voice'),
    speed: at(session, 'audio.output.speed') ?? 1,
    output_audio_format: flatFormat(at(session, 'audio.output.format')),
    ...heard,
    tools: flatTools(at(session, 'tools')),
    tool_choice: flatToolChoice(at(session, 'tool_choice')),
    temperature: at(session, 'temperature') ?? defaultTemperature,
    max_response_output_tokens: at(session, 'max_output_tokens') ?? 'inf',
    tracing: at(session, 'tracing') ?? null,
    ...named('prompt', 'include', 'providerData', 'parley'),
  };
}

/** A GA response object as the beta shows it; `output` is as the caller made it. */
export function gaResponseToFlat(response: Record<string, unknown>, output: readonly unknown[]): Record<string, unknown> {
  const { output_modalities: modalities, audio, temperature, ...rest } = response;
  return {
    ...rest,
    output,
    modalities: flatModalities(modalities),
    voice: at(audio, 'output.voice'),
    output_audio_format: flatFormat(at(audio, 'output.format')),
    temperature: temperature ?? defaultTemperature,
  };
}

const flatParams: readonly Home[] = [
  ...sessionHomes.map(([flat, home]): Home => [`session.${flat}`, `session.${home}`]),
  ...responseHomes.map(([flat, home]): Home => [`response.${flat}`, `response.${home}`]),
];

/** The path of a field as the beta's client wrote it: `session.audio.output.voice` is its `session.voice`. */
export function flatParam(param: string): string {
  for (const [flat, home] of flatParams) {
    if (param !== home && !param.startsWith(`${home}.`) && !param.startsWith(`${home}[`)) continue;
    // A format is one word here, so nothing of it can be at fault but itself.
    return flat.endsWith('_audio_format') ? flat : `${flat}${param.slice(home.length)}`;
  }
  return param;
}

const formats = {
  pcm16: { type: 'audio/pcm', rate: 24000 },
  g711_ulaw: { type: 'audio/pcmu' },
  g711_alaw: { type: 'audio/pcma' },
} as const;

function flatFormat(format: unknown): keyof typeof formats {
  const type = at(format, 'type');
  if (type === 'audio/pcmu') return 'g711_ulaw';
  return type === 'audio/pcma' ? 'g711_alaw' : 'pcm16';
}

/** In the beta, sound brings its words with it, and says so. */
function flatModalities(modalities: unknown): string[] {
  return Array.isArray(modalities) && !modalities.includes('audio') ? ['text'] : ['text', 'audio'];
}

function flatDetection(detection: Record<string, unknown>, type: unknown): Record<string, unknown> {
  const { idle_timeout_ms: _unknownToBeta, ...rest } = detection;
  if (type !== 'transcription') return rest;
  // Where nothing is answered there is nothing to create or to interrupt.
  const { create_response: _, interrupt_response: __, ...heard } = rest;
  return heard;
}

function flatTools(tools: unknown): unknown[] {
  return Array.isArray(tools) ? tools.filter((tool) => at(tool, 'type') === 'function') : [];
}

/** The beta's choice is one word; a function is chosen by its name. */
function flatToolChoice(choice: unknown): string {
  if (typeof choice === 'string') return choice;
  if (!isRecord(choice) || choice.type === 'web_search') return 'auto';
  return typeof choice.name === 'string' && choice.type === 'function' ? choice.name : 'required';
}

const choices: readonly unknown[] = ['none', 'auto', 'required'];

function nestSession(flat: Record<string, unknown>, homes: readonly Home[]): Record<string, unknown> {
  const result = nest(flat, homes, nestedValue);
  const { tool_choice: choice } = result;
  if (typeof choice === 'string' && !choices.includes(choice)) result.tool_choice = { type: 'function', name: choice };
  return result;
}

function nestedValue(name: string, value: unknown): unknown {
  if (name.endsWith('_audio_format'))
    return typeof value === 'string' && Object.hasOwn(formats, value) ? formats[value as keyof typeof formats] : value;
  if (name === 'modalities' && Array.isArray(value) && value.length === 2 && value.includes('audio') && value.includes('text'))
    return ['audio'];
  return value;
}
