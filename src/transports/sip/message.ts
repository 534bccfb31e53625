// SIP messages: what they consist of, how their bytes are read (RFC 3261 section 7) and written again.
import { isUtf8 } from 'node:buffer';
import { type Header, HeaderList, headerName } from './header-list.ts';
import { type NameAddress, token, type Via } from './headers.ts';
import { type Essentials, essentialsOf, faultOfBody } from './message-rules.ts';
import { reasonOf } from './status.ts';
import { parseUri } from './uri.ts';

interface Common extends Essentials {
  readonly headers: HeaderList;
  readonly body: Buffer;
}

export interface SipRequest extends Common {
  readonly kind: 'request';
  readonly method: string;
  /** The Request-URI as written. */
  readonly uri: string;
}

export interface SipResponse extends Common {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}

export type SipMessage = SipRequest | SipResponse;

/** How the end of the body is known: the datagram's own, or by Content-Length alone (RFC 3261 section 18.3). */
export type Carriage = 'datagram' | 'stream';

export type Parsed =
  | { readonly kind: 'message'; readonly message: SipMessage }
  /** CRLFs only: a keep-alive (RFC 5626 section 3.5.1), or what is ignored before a start line. */
  | { readonly kind: 'empty' }
  /**
   * Not to be processed. With `answer`, it is a request of which enough could be read to refuse it with that status; a response, an
   * ACK and what is no SIP at all are dropped without a word.
   */
  | { readonly kind: 'malformed'; readonly why: string; readonly answer?: { readonly request: MalformedRequest; readonly status: number } };

/** What a refusal copies from a request that could not be read in full. */
export interface MalformedRequest {
  readonly method: string;
  readonly headers: HeaderList;
  readonly via: Via;
}

const mostHeaders = 256;
const startOfRequest = /^([^ ]+) ([^ ]+) (SIP\/\d+\.\d+)$/i;
const startOfResponse = /^SIP\/2\.0 (\d{3}) (.*)$/is;
const lineBreak = /[\r\n]/;
const nothing = Buffer.alloc(0);

/** Reads one message. Never throws, and takes time in proportion to its bytes. */
export function parseMessage(bytes: Buffer, carriage: Carriage): Parsed {
  let from = 0;
  while (bytes[from] === 13 || bytes[from] === 10) from++;
  if (from === bytes.length) return { kind: 'empty' };
  const blank = bytes.indexOf('\r\n\r\n', from);
  // A datagram whose headers end with it has no body; on a stream, framing has found the blank line.
  const headEnd = blank < 0 ? bytes.length : blank;
  const head = bytes.subarray(from, headEnd);
  // Old devices write Latin-1 into display names; bytes that are no UTF-8 are read as that, so that none is lost.
  const lines = head.toString(isUtf8(head) ? 'utf8' : 'latin1').split('\r\n');
  const startLine = lines[0] as string;
  const read = readHeaders(lines);
  const body = blank < 0 ? nothing : bytes.subarray(blank + 4);
  if (/^SIP\//i.test(startLine)) return response(startLine, read, body, carriage);
  return request(startLine, read, body, carriage);
}

interface ReadHeaders {
  readonly headers: HeaderList;
  readonly fault: string | undefined;
}

function readHeaders(lines: readonly string[]): ReadHeaders {
  const headers: Header[] = [];
  let fault: string | undefined;
  for (let index = 1; index < lines.length; index++) {
    let line = lines[index] as string;
    // A line that begins with a blank continues the one before (RFC 3261 section 7.3.1).
    const folded = [];
    while (index + 1 < lines.length && /^[ \t]/.test(lines[index + 1] as string)) folded.push((lines[++index] as string).trim());
    if (folded.length > 0) line = [line.trimEnd(), ...folded].join(' ');
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trimEnd();
    if (!token.test(name) || /[\r\n]/.test(line)) fault ??= 'a header line is none';
    else if (headers.length === mostHeaders) fault ??= `there are more than ${mostHeaders} headers`;
    else headers.push({ name: headerName(name), value: line.slice(colon + 1).trim() });
  }
  return { headers: new HeaderList(headers), fault };
}

function request(startLine: string, { headers, fault }: ReadHeaders, body: Buffer, carriage: Carriage): Parsed {
  const [, method, uri, version] = startOfRequest.exec(startLine) ?? [];
  const named = method ?? /^[^ ]+/.exec(startLine)?.[0] ?? '';
  const essentials = essentialsOf(headers);
  const refuse = (status: number, why: string): Parsed => {
    // Whose Via cannot be read is answered where the request came from, with the Via as it was written.
    const via = essentials.via ?? { transport: '', host: '', parameters: new Map([['rport', undefined]]) };
    // Only what shows by its start line and a Via that it is meant as SIP is told anything.
    const answerable = headers.first('Via') !== undefined && named !== 'ACK' && /SIP\/\d/i.test(startLine);
    return { kind: 'malformed', why, ...(answerable ? { answer: { request: { method: named, headers, via }, status } } : {}) };
  };
  if (version !== undefined && version.toUpperCase() !== 'SIP/2.0') return refuse(505, 'the version is not 2.0');
  if (method === undefined || uri === undefined || !token.test(method) || /[<>"]/.test(uri))
    return refuse(400, 'the request line is malformed');
  const target = parseUri(uri);
  if (!target) return refuse(400, 'the Request-URI is malformed');
  // RFC 3261 section 19.1.1: a Request-URI has no headers. Whoever obeyed them would let a caller write our headers.
  if ('headers' in target && target.headers !== undefined) return refuse(400, 'the Request-URI has headers');
  if (fault !== undefined) return refuse(400, fault);
  if ('fault' in essentials) return refuse(400, essentials.fault);
  if (essentials.cseq.method !== method) return refuse(400, 'CSeq names another method');
  const counted = faultOfBody(headers, body.length, carriage);
  if (typeof counted === 'string') return refuse(400, counted);
  return { kind: 'message', message: { kind: 'request', method, uri, headers, body: body.subarray(0, counted), ...essentials } };
}

function response(startLine: string, { headers, fault }: ReadHeaders, body: Buffer, carriage: Carriage): Parsed {
  const [, digits, reason = ''] = startOfResponse.exec(startLine) ?? [];
  const status = Number(digits);
  if (digits === undefined || status < 100 || status > 699) return { kind: 'malformed', why: 'the status line is malformed' };
  const essentials = essentialsOf(headers);
  if (fault !== undefined) return { kind: 'malformed', why: fault };
  if ('fault' in essentials) return { kind: 'malformed', why: essentials.fault };
  const counted = faultOfBody(headers, body.length, carriage);
  if (typeof counted === 'string') return { kind: 'malformed', why: counted };
  return { kind: 'message', message: { kind: 'response', status, reason, headers, body: body.subarray(0, counted), ...essentials } };
}

/** The bytes of a message. Content-Length is always written, as streams need it. */
export function writeMessage(message: SipMessage): Buffer {
  let head =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${message.reason || reasonOf(message.status)}\r\n`;
  for (const { name, value } of message.headers) {
    // What others hand in (a reason, a header of their own) begins no further line.
    if (name !== 'Content-Length') head += `${name}: ${lineBreak.test(value) ? value.replace(/[\r\n]+/g, ' ') : value}\r\n`;
  }
  head += `Content-Length: ${message.body.length}\r\n\r\n`;
  return message.body.length === 0 ? Buffer.from(head) : Buffer.concat([Buffer.from(head), message.body]);
}

/** The tag of From or To. */
export function tagOf(address: NameAddress): string | undefined {
  return address.parameters.get('tag');
}
