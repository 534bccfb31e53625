// JSON-RPC messages of MCP servers as the SDK accepts them. It checks every message against closed schemas, and drops what does not fit, so that the
// answer is waited for in vain; but well-known servers write null for "absent", and much else. What a message is about stays as it came.
import { type Fields, isObject } from '../lib/fields.ts';

/** What the protocol assumes where nobody names a version. */
const ASSUMED_VERSION = '2025-03-26';

const INTERNAL_ERROR = -32_603;

/** The message, or the messages of a batch; what is neither is given back as it came. */
export function readableMessage(message: unknown): unknown {
  if (Array.isArray(message)) return message.map(readableMessage);
  if (!isObject(message)) return message;
  if (typeof message['method'] === 'string') return request(message, message['method']);
  if (isGiven(message['error'])) return { jsonrpc: '2.0', ...idOf(message), error: errorOf(message['error']) };
  if ('result' in message) return { jsonrpc: '2.0', ...idOf(message), result: resultOf(message['result']) };
  // Neither one nor the other: whoever waits need not wait for more.
  const error = { code: INTERNAL_ERROR, message: 'The MCP server sent an answer without a result' };
  return 'id' in message ? { jsonrpc: '2.0', ...idOf(message), error } : message;
}

function request(message: Fields, method: string): Fields {
  const params = isObject(message['params']) ? given(message['params']) : undefined;
  if (params && method === 'notifications/progress') {
    for (const [name, type] of Object.entries({ total: 'number', message: 'string' }))
      if (typeof params[name] !== type) delete params[name];
  }
  return { jsonrpc: '2.0', ...ownId(message), method, ...(params ? { params } : {}) };
}

function errorOf(error: unknown): Fields {
  if (!isObject(error)) return { code: INTERNAL_ERROR, message: typeof error === 'string' ? error : '' };
  const { code, message, data } = error;
  return {
    code: Number.isSafeInteger(code) ? code : INTERNAL_ERROR,
    message: typeof message === 'string' ? message : '',
    ...(isGiven(data) ? { data } : {}),
  };
}

function resultOf(result: unknown): Fields {
  // A result that is a list is what it should have contained.
  if (Array.isArray(result)) return { content: result, tools: result };
  if (!isObject(result)) return typeof result === 'string' ? { content: result } : {};
  const kept = given(result);
  return 'protocolVersion' in kept || 'serverInfo' in kept ? initialized(kept) : kept;
}

/** The answer to `initialize`, with what is read of it here. */
function initialized({ protocolVersion, capabilities, serverInfo }: Fields): Fields {
  const { name, version } = isObject(serverInfo) ? serverInfo : {};
  // One that does not say what it can do is asked for its tools all the same.
  const hasTools = isObject(capabilities) ? isGiven(capabilities['tools']) : true;
  return {
    protocolVersion: typeof protocolVersion === 'string' && protocolVersion !== '' ? protocolVersion : ASSUMED_VERSION,
    capabilities: hasTools ? { tools: {} } : {},
    serverInfo: { name: typeof name === 'string' ? name : '', version: typeof version === 'string' ? version : '' },
  };
}

/** Our own ids are numbers; some servers give them back as text. */
function idOf(answer: Fields): Fields {
  const { id } = answer;
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? { id: Number(id) } : ownId(answer);
}

/** The id as it came: a server's own is given back to it in the same type. */
function ownId({ id }: Fields): Fields {
  return typeof id === 'string' || Number.isSafeInteger(id) ? { id } : {};
}

/** Without what is null, and without a `_meta` that is no object. */
function given(fields: Fields): Record<string, unknown> {
  const kept = Object.fromEntries(Object.entries(fields).filter(([, value]) => isGiven(value)));
  if (!isObject(kept['_meta'])) delete kept['_meta'];
  return kept;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
