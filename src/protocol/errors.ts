// The catalogue of everything that can be the client's fault or ours, as the wire says it. These codes are API, and so are the texts that
// OpenAI's service is known to send: clients match on them. docs/protocol.md says where each is known from.
import { type Excess, limitReached } from './limits.ts';

export type ErrorType = 'invalid_request_error' | 'server_error' | 'rate_limit_error';

/** When a refusal with 503 is worth another try, where it says nothing else. */
export const unavailableRetrySeconds = 5;
/** How long whoever is refused for now waits: for the answer of a door, or until the next event is taken. Refusing costs time as well. */
export const refusalRestMs = 250;

/** What every door says to a key of which too much waits already. */
export const tooManyWaiting = 'Too many requests of this API key wait to be seen to.';

/** What every door says to those who come from where too many wrong keys came from. */
export const tooManyWrongKeys = 'Too many wrong API keys came from this address; try again later.';

/** An error quotes what is wrong, which may be as long as a client likes: the name of a voice, a key of a map. */
const mostMessageCharacters = 600;
const mostParamCharacters = 512;

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** A fault that becomes one `error` event; the session lives on. `param` is a dotted path: `session.audio.output.speed`. */
export class RealtimeError extends Error {
  readonly type: ErrorType;
  readonly code: string | null;
  readonly param: string | null;
  /** When the same may be possible, where that is known. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string | null,
    message: string,
    param: string | null = null,
    type: ErrorType = 'invalid_request_error',
    retryAfterMs?: number,
  ) {
    super(shortened(message, mostMessageCharacters));
    this.name = 'RealtimeError';
    this.type = type;
    this.code = code;
    this.param = param === null ? null : shortened(param, mostParamCharacters);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The `error` object of an event (protocol 4.12): its five keys always present. */
export interface ErrorBody {
  type: ErrorType;
  code: string | null;
  message: string;
  param: string | null;
  event_id: string | null;
  /** Over a limit: when it is worth another try. Ours. */
  retry_after_ms?: number;
}

export function errorBody({ type, code, message, param, retryAfterMs }: RealtimeError, clientEventId: string | null): ErrorBody {
  const body = { type, code, message, param, event_id: clientEventId };
  return retryAfterMs === undefined ? body : { ...body, retry_after_ms: retryAfterMs };
}

const kinds: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'a boolean',
  int: 'an integer',
  number: 'a decimal',
  object: 'an object',
  record: 'an object',
  string: 'a string',
};

/** A kind of JSON value as OpenAI names it. */
function named(kind: string): string {
  return kinds[kind] ?? kind;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Number.isInteger(value)) return 'int';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** `'a', 'b', and 'c'` */
function listed(names: readonly string[]): string {
  return names.map((name, index) => `${index > 0 && index === names.length - 1 ? 'and ' : ''}'${name}'`).join(', ');
}

export const errors = {
  invalidJson: (detail: string) => new RealtimeError('invalid_json', `Invalid event: failed to parse JSON value. ${detail}`),
  missingType: () => new RealtimeError('invalid_event', "The event's 'type' field is missing or is not a string."),
  unknownType: (type: string, known: readonly string[]) =>
    new RealtimeError('invalid_value', `Invalid value: '${type}'. Supported values are: ${listed(known)}.`, 'type'),
  missing: (param: string) => new RealtimeError('missing_required_parameter', `Missing required parameter: '${param}'.`, param),
  wrongType: (param: string, expected: string, got: unknown) =>
    new RealtimeError(
      'invalid_type',
      `Invalid type for '${param}': expected ${named(expected)}, but got ${named(kindOf(got))} instead.`,
      param,
    ),
  invalid: (param: string | null, message: string) => new RealtimeError('invalid_value', message, param),
  tooMuch: (excess: string, param: string | null = null) => new RealtimeError('invalid_value', `The event is too much: ${excess}.`, param),
  tooLong: (param: string, most: number, length: number) =>
    new RealtimeError(
      'string_above_max_length',
      `Invalid '${param}': string too long. Expected a string with maximum length ${most}, but got a string with length ${length} instead.`,
      param,
    ),
  commitEmpty: (ms: number) =>
    new RealtimeError(
      'input_audio_buffer_commit_empty',
      `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`,
    ),
  activeResponse: (id: string) =>
    new RealtimeError(
      'conversation_already_has_active_response',
      `Conversation already has an active response in progress: ${id}. Wait until the response is finished before creating a new one.`,
    ),
  noResponses: () => new RealtimeError('invalid_value', 'A transcription session makes no responses.', 'type'),
  // Clients drop this error by its first words (LiveKit's plugin: 'Cancellation failed'), or by all of them: there is no full stop.
  cancelNotActive: () => new RealtimeError('response_cancel_not_active', 'Cancellation failed: no active response found'),
  itemNotFound: (param: string, id: string) =>
    new RealtimeError('item_not_found', `The item with id '${id}' does not exist in the conversation.`, param),
  retrieveUnknown: (id: string) =>
    new RealtimeError('item_retrieve_invalid_item_id', `Error retrieving item: the item with id '${id}' does not exist.`),
  deleteUnknown: (id: string) =>
    new RealtimeError('item_delete_invalid_item_id', `Error deleting item: the item with id '${id}' does not exist.`),
  truncateUnknown: (id: string) =>
    new RealtimeError('item_truncate_invalid_item_id', `Error truncating item: the item with id '${id}' does not exist.`),
  truncateNotAudio: () => new RealtimeError(null, 'Only model output audio messages can be truncated'),
  alreadyTruncated: (id: string, atMs: number) =>
    new RealtimeError(
      'item_already_truncated',
      `The item '${id}' is already truncated at ${atMs}ms; it cannot grow again.`,
      'audio_end_ms',
    ),
  duplicateItem: (id: string) =>
    new RealtimeError('item_create_duplicate_item_id', `Error adding item: an item with id '${id}' already exists.`),
  unknownCall: (callId: string) => new RealtimeError('invalid_tool_call_id', `Tool call ID '${callId}' not found in conversation.`),
  /** `nearest`: ids that are served and may have been meant. */
  modelNotFound: (param: string, id: string, nearest: readonly string[] = []) =>
    new RealtimeError('model_not_found', `The model '${id}' is served by no configured provider and is no alias.${meant(nearest)}`, param),
  /** `what`: what the field names, as in `The transcription model`. */
  notServed: (param: string, what: string, id: string, nearest: readonly string[]) =>
    errors.invalid(param, `${what} '${id}' is served by no configured engine.${meant(nearest)}`),
  unknownVoice: (param: string, id: string, nearest: readonly string[]) => errors.invalid(param, `Unknown voice '${id}'.${meant(nearest)}`),
  cannotUpdateVoice: () => new RealtimeError('cannot_update_voice', "Cannot update a conversation's voice if assistant audio is present."),
  contextTooLong: (tokens: number, most: number) =>
    new RealtimeError(
      'context_length_exceeded',
      `The conversation has about ${tokens} tokens after instructions and tools, and there is room for ${most}.`,
    ),
  conversationTooLarge: (param: string, asked: { bytes: number; items: number }, most: { bytes: number; items: number }) =>
    new RealtimeError(
      'conversation_too_large',
      `The conversation would hold ${asked.bytes} bytes in ${asked.items} items; a session may hold ${most.bytes} bytes in ${most.items} items. Delete items to make room.`,
      param,
    ),
  tooLarge: (param: string, mostBytes: number) =>
    new RealtimeError('invalid_value', `Invalid value for '${param}': it holds more than ${mostBytes} bytes as JSON.`, param),
  limited: (excess: Excess) =>
    new RealtimeError(
      'rate_limit_exceeded',
      limitReached(excess),
      excess.limit === 'responses' ? 'response.conversation' : null,
      'rate_limit_error',
      excess.retryAfterMs,
    ),
  sessionExpired: (minutes: number) => new RealtimeError('session_expired', `Your session hit the maximum duration of ${minutes} minutes.`),
  internal: () =>
    new RealtimeError(null, 'The server had an error while processing this event. The session goes on.', null, 'server_error'),
};

function meant(nearest: readonly string[]): string {
  return nearest.length === 0 ? '' : ` Did you mean ${nearest.map((id) => `'${id}'`).join(' or ')}?`;
}
