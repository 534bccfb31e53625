// Errors as sentences a person can act on. What is not known here is said in the server's own words, which name the field.

export interface Fault {
  readonly code?: string | null | undefined;
  readonly param?: string | null | undefined;
  readonly message: string;
}

/** Faults that come of two things happening at once, and mean nothing to a user. */
const harmless = new Set([
  'response_cancel_not_active',
  'conversation_already_has_active_response',
  'item_truncate_invalid_item_id',
  'item_already_truncated',
  'item_retrieve_invalid_item_id',
]);

const byCode: Readonly<Record<string, string>> = {
  input_audio_buffer_commit_empty: 'That was too short to hear: hold the button or the space bar while you speak.',
  model_not_found: 'This server has no such model. Choose another in the settings.',
  session_expired: 'The session has reached its longest life. A new one begins when you talk again.',
  invalid_tool_call_id: 'That function call is not waiting for an answer any more.',
  rate_limit_exceeded: 'Too much at once; try again in a minute.',
  server_overloaded: 'All sessions of this server are taken; try again in a moment.',
  invalid_api_key: 'The server does not accept this key.',
};

const fields: Readonly<Record<string, string>> = {
  'session.model': 'the model',
  'session.audio.output.voice': 'the voice',
  'session.audio.output.speed': 'the speed',
  'session.audio.input.turn_detection': 'turn detection',
  'session.audio.input.transcription': 'transcription',
  'session.tools': 'the tools',
  'session.providerData': 'provider data',
  'session.instructions': 'the instructions',
  'session.temperature': 'the temperature',
  'session.max_output_tokens': 'the longest answer',
};

/** What to tell the user, or undefined when there is nothing to tell. */
export function sentence({ code, param, message }: Fault): string | undefined {
  if (code && harmless.has(code)) return undefined;
  const known = code ? byCode[code] : undefined;
  if (known !== undefined) return known;
  const field = param ? Object.entries(fields).find(([path]) => param.startsWith(path)) : undefined;
  if (field) return `The server refused ${field[1]}: ${lower(message)}`;
  return message;
}

function lower(message: string): string {
  return /^[A-Z][a-z]/.test(message) ? message.charAt(0).toLowerCase() + message.slice(1) : message;
}

/** Why there is no microphone, by the name of what getUserMedia threw. */
export function microphoneSentence(name: string): string {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'The browser does not let this page use the microphone. Allow it beside the address, then press Talk again. You can still type.';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'No microphone was found. Plug one in, or type instead.';
    case 'NotReadableError':
    case 'AbortError':
      return 'The microphone is taken by another program, or does not work.';
    case 'TypeError':
      return 'Browsers give out the microphone on https pages and on localhost only. Open the console there, or type instead.';
    default:
      return `The microphone cannot be used (${name}). You can still type.`;
  }
}

/** Why a connection ended, by the WebSocket's close code. */
export function closeSentence(code: number, reason: string): string {
  switch (code) {
    case 1000:
      return 'The server ended the session.';
    case 1001:
      return 'The server is shutting down.';
    case 1008:
      return reason === 'model_not_found'
        ? (byCode['model_not_found'] ?? '')
        : `The server ended the session${reason ? ` (${reason})` : ''}.`;
    case 1013:
      if (reason.startsWith('too many connections')) return 'As many are connected beside this call already as can be.';
      return 'The connection was too slow for the sound it had to carry.';
    default:
      return 'The connection to the server was lost.';
  }
}
