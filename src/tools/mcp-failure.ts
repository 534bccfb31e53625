// Whatever went wrong between here and an MCP server, as an McpError: plain words, and never a secret that was sent.
import { STATUS_CODES } from 'node:http';
import { GuardedFetchError } from '../lib/guarded-fetch.ts';
import { shortWithoutSecrets } from '../lib/redact.ts';
import { sentence } from './mcp-sentence.ts';
import { codes, type McpError } from './mcp-types.ts';

/** More of an error's text than this helps nobody. */
const MESSAGE_CHARS = 2000;

/** An answer that was no success. Its body is not read: servers quote back what they were sent. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly status: number;

  constructor(status: number) {
    super(`The MCP server answered ${status}${STATUS_CODES[status] === undefined ? '' : ` ${STATUS_CODES[status]}`}`);
    this.status = status;
  }
}

/** Our own end to an exchange. */
export class McpEnded extends Error {
  override readonly name = 'McpEnded';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Takes the secrets out of an error's text, and cuts it. */
export type Redact = (text: string) => string;

/** @param secrets values that must not appear, in any position. */
export function redactor(secrets: readonly string[]): Redact {
  return (text) => shortWithoutSecrets(text, secrets, MESSAGE_CHARS);
}

/** A server's own answer, a refusal, as the SDK gives it: not a connection that broke or time that ran out. */
export function isAnswer(error: unknown): boolean {
  return error instanceof Error && !(error instanceof McpEnded) && 'code' in error && typeof error.code === 'number';
}

export function failureOf(error: unknown, redact: Redact): McpError {
  if (error instanceof HttpFailure) return { type: 'http_error', code: error.status, message: error.message };
  if (error instanceof GuardedFetchError) {
    return {
      type: 'protocol_error',
      code: error.reason === 'timeout' ? codes.timeout : codes.connection,
      message: redact(sentence(error.message)),
    };
  }
  const message = redact(wordsOf(error));
  // The SDK's ProtocolError, and McpEnded: both carry a JSON-RPC code. Its other errors have names for codes.
  const code = error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
  if (code !== undefined) return { type: 'protocol_error', code, message };
  return isConnectionClosed(error)
    ? { type: 'protocol_error', code: codes.connection, message: 'The connection to the MCP server was lost' }
    : { type: 'protocol_error', code: codes.internal, message };
}

/** The words of an error. The SDK's own schemas refuse in a page of JSON, which is of interest to nobody. */
function wordsOf(error: unknown): string {
  if (error instanceof Error && 'issues' in error) return 'The MCP server sent an answer that cannot be understood';
  return sentence(error instanceof Error ? error.message : String(error)) || 'The MCP server refused without saying why';
}

/** The server is known not to have taken the request: it was not there, or it said that it does not know this connection (any more). */
export function neverArrived(error: unknown): boolean {
  if (error instanceof HttpFailure) return error.status === 400 || error.status === 404;
  return error instanceof GuardedFetchError && error.reason === 'unreachable';
}

/** The connection is of no further use. */
export function isLost(error: unknown): boolean {
  return (
    neverArrived(error) ||
    error instanceof GuardedFetchError ||
    isConnectionClosed(error) ||
    (error instanceof McpEnded && error.code === codes.connection)
  );
}

/** The SDK's words for a transport that is closed, at the request or during it. */
function isConnectionClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'CONNECTION_CLOSED' || error.code === 'NOT_CONNECTED');
}
