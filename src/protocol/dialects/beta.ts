// The dialect of `OpenAI-Beta: realtime=v1` (protocol 6): flat sessions, short names, one event where an item enters the conversation.
// Events that the beta never had are not sent to its clients.
import { isRecord } from '../json.ts';
import type { StampedEvent } from '../server-events.ts';
import type { Dialect } from './dialect.ts';
import { flatParam, flatResponseToGa, flatToGa, gaResponseToFlat, gaToFlat } from './beta-session.ts';

/** GA's name of a server event, and the beta's. */
export const betaNames: Readonly<Record<string, string>> = {
  'conversation.item.added': 'conversation.item.created',
  'response.output_text.delta': 'response.text.delta',
  'response.output_text.done': 'response.text.done',
  'response.output_audio.delta': 'response.audio.delta',
  'response.output_audio.done': 'response.audio.done',
  'response.output_audio_transcript.delta': 'response.audio_transcript.delta',
  'response.output_audio_transcript.done': 'response.audio_transcript.done',
};

/** GA's server events, and Inworld's, that the beta has no word for. */
export const unknownToBeta: ReadonlySet<string> = new Set([
  'conversation.item.done',
  'conversation.item.input_audio_transcription.segment',
  'input_audio_buffer.timeout_triggered',
  'input_audio_buffer.dtmf_event_received',
  'input_audio_buffer.turn_suggestion',
  'input_audio_buffer.turn_suggestion_revoked',
  'mcp_list_tools.in_progress',
  'mcp_list_tools.completed',
  'mcp_list_tools.failed',
  'response.mcp_call_arguments.delta',
  'response.mcp_call_arguments.done',
  'response.mcp_call.in_progress',
  'response.mcp_call.completed',
  'response.mcp_call.failed',
]);

/** What the beta calls the session events of a session that only writes down. */
const transcriptionNames: Readonly<Record<string, string>> = {
  'session.created': 'transcription_session.created',
  'session.updated': 'transcription_session.updated',
};

export const beta: Dialect = { name: 'beta', toGa, fromGa, audioDeltaType: 'response.audio.delta' };

function toGa(message: unknown): unknown {
  if (!isRecord(message)) return message;
  switch (message.type) {
    case 'session.update':
      return { ...message, session: flatToGa(message.session) };
    case 'transcription_session.update':
      return { ...message, type: 'session.update', session: flatToGa(message.session, 'transcription') };
    case 'conversation.item.create':
      return { ...message, item: gaItem(message.item) };
    case 'response.create': {
      if (!isRecord(message.response)) return message;
      const response = flatResponseToGa(message.response);
      if (Array.isArray(response.input)) response.input = response.input.map(gaItem);
      return { ...message, response };
    }
    default:
      return message;
  }
}

function fromGa(event: StampedEvent): object[] {
  const whole: Record<string, unknown> = { ...event };
  const { session, item, response, error } = whole;
  if (unknownToBeta.has(event.type) || (isRecord(item) && isMcp(item))) return [];
  if (isRecord(session)) {
    whole.session = gaToFlat(session);
    if (session.type === 'transcription') whole.type = transcriptionNames[event.type] ?? event.type;
  }
  if (isRecord(item)) whole.item = betaItem(item);
  if (isRecord(response)) whole.response = betaResponse(response);
  if (event.type === 'error' && isRecord(error)) whole.error = betaError(error);
  return [{ ...whole, type: betaNames[event.type] ?? whole.type }];
}

function betaResponse(response: Record<string, unknown>): Record<string, unknown> {
  const output = Array.isArray(response.output) ? response.output.filter(isRecord) : [];
  return gaResponseToFlat(response, output.filter((item) => !isMcp(item)).map(betaItem));
}

/** The field at fault, under the name that the client gave it. */
function betaError(error: Record<string, unknown>): Record<string, unknown> {
  if (typeof error.param !== 'string') return error;
  const param = flatParam(error.param);
  const message = typeof error.message === 'string' ? error.message.replaceAll(`'${error.param}'`, `'${param}'`) : error.message;
  return { ...error, param, message };
}

function isMcp(item: Record<string, unknown>): boolean {
  return typeof item.type === 'string' && item.type.startsWith('mcp_');
}

const betaParts: Readonly<Record<string, string>> = { output_text: 'text', output_audio: 'audio' };

function betaItem(item: Record<string, unknown>): Record<string, unknown> {
  return withParts(item, (type) => betaParts[type] ?? type);
}

/** `text` and `audio` are what an assistant said or what a user put in: the role tells. */
function gaItem(item: unknown): unknown {
  if (!isRecord(item)) return item;
  const side = item.role === 'assistant' ? 'output' : 'input';
  return withParts(item, (type) => (type === 'text' || type === 'audio' ? `${side}_${type}` : type));
}

function withParts(item: Record<string, unknown>, rename: (type: string) => string): Record<string, unknown> {
  if (!Array.isArray(item.content)) return item;
  const content = item.content.map((part: unknown) =>
    isRecord(part) && typeof part.type === 'string' ? { ...part, type: rename(part.type) } : part,
  );
  return { ...item, content };
}
