// Makes requests and responses: what RFC 3261 sections 8.1.1 and 8.2.6 say is in them.
import { type Header, HeaderList, splitList } from './header-list.ts';
import { parseNameAddress, parseVia, type Via, writeVia } from './headers.ts';
import type { MalformedRequest, SipRequest, SipResponse } from './message.ts';
import { reasonOf } from './status.ts';

/** Methods that are understood; what Allow tells. */
export const methods = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'PRACK', 'UPDATE', 'INFO', 'REFER', 'NOTIFY'] as const;
/** Extensions that a request may require of us. */
export const extensions = ['100rel', 'timer', 'replaces', 'norefersub'] as const;
export const maxForwards = 70;

const nothing = Buffer.alloc(0);

export interface Body {
  readonly type: string;
  readonly content: string;
}

export const sdpBody = (content: string): Body => ({ type: 'application/sdp', content });

export interface ResponseParts {
  readonly reason?: string | undefined;
  /** Put onto To where it has none (section 8.2.6.2). */
  readonly toTag?: string | undefined;
  readonly headers?: readonly Header[] | undefined;
  readonly body?: Body | undefined;
}

/** A response to the request; to one that creates a dialog, with its Record-Route (section 12.1.1). */
export function responseTo(
  request: SipRequest | (MalformedRequest & Partial<SipRequest>),
  status: number,
  parts: ResponseParts = {},
): SipResponse {
  const headers = new HeaderList();
  for (const value of request.headers.all('Via')) headers.add('Via', value);
  if (status > 100 && status < 300 && request.method === 'INVITE') {
    for (const value of request.headers.all('Record-Route')) headers.add('Record-Route', value);
  }
  for (const name of ['From', 'To', 'Call-ID', 'CSeq']) {
    const value = request.headers.first(name);
    if (value !== undefined) headers.add(name, value);
  }
  const to = request.headers.first('To');
  if (parts.toTag !== undefined && to !== undefined && status > 100 && !request.to?.parameters.has('tag')) {
    headers.set('To', `${to};tag=${parts.toTag}`);
  }
  if (status === 100) for (const value of request.headers.all('Timestamp')) headers.add('Timestamp', value);
  for (const { name, value } of parts.headers ?? []) headers.add(name, value);
  if (parts.body) headers.set('Content-Type', parts.body.type);
  const reason = (parts.reason ?? reasonOf(status)).replace(/[\r\n]/g, ' ');
  const body = parts.body ? Buffer.from(parts.body.content) : nothing;
  // What is copied is what was read: an answer to a malformed request is only ever written, and its essentials are not asked for.
  const { via, from, callId, cseq } = request as SipRequest;
  const taggedTo = parseNameAddress(headers.first('To') ?? '') ?? (request as SipRequest).to;
  return { kind: 'response', status, reason, headers, body, via, from, to: taggedTo, callId, cseq };
}

export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  readonly routes?: readonly string[] | undefined;
  readonly headers?: readonly Header[] | undefined;
  readonly body?: Body | undefined;
}

const unsent: Via = { transport: 'udp', host: 'unsent.invalid', parameters: new Map() };

/** A request without its Via, which is known once it is known over what it goes: `withVia`. */
export function makeRequest(parts: RequestParts): SipRequest {
  const headers = new HeaderList();
  headers.add('Max-Forwards', String(maxForwards));
  headers.add('From', parts.from).add('To', parts.to).add('Call-ID', parts.callId);
  headers.add('CSeq', `${parts.cseq} ${parts.method}`);
  for (const route of parts.routes ?? []) headers.add('Route', route);
  for (const { name, value } of parts.headers ?? []) headers.add(name, value);
  if (parts.body) headers.set('Content-Type', parts.body.type);
  const from = parseNameAddress(parts.from);
  const to = parseNameAddress(parts.to);
  if (!from || !to) throw new Error('From or To of a request is no address');
  const body = parts.body ? Buffer.from(parts.body.content) : nothing;
  const cseq = { number: parts.cseq, method: parts.method };
  return { kind: 'request', method: parts.method, uri: parts.uri, headers, body, via: unsent, from, to, callId: parts.callId, cseq };
}

/** The request with this Via on top, for one try of it (section 8.1.1.7). */
export function withVia(request: SipRequest, via: Via): SipRequest {
  return { ...request, via, headers: request.headers.copy().prepend('Via', writeVia(via)) };
}

/** The ACK of a response that is no success, which belongs to the transaction (section 17.1.1.3). */
export function ackOfFailure(request: SipRequest, response: SipResponse): SipRequest {
  const headers = new HeaderList().add('Via', request.headers.first('Via') ?? '').add('Max-Forwards', String(maxForwards));
  headers.add('From', request.headers.first('From') ?? '').add('To', response.headers.first('To') ?? '');
  headers.add('Call-ID', request.callId).add('CSeq', `${request.cseq.number} ACK`);
  for (const route of request.headers.all('Route')) headers.add('Route', route);
  return { ...request, method: 'ACK', headers, body: nothing, to: response.to, cseq: { number: request.cseq.number, method: 'ACK' } };
}

/** The CANCEL of an INVITE: the same branch, so that every hop finds what it is about (section 9.1). */
export function cancelOf(request: SipRequest, reason?: string): SipRequest {
  const headers = new HeaderList().add('Via', request.headers.first('Via') ?? '').add('Max-Forwards', String(maxForwards));
  for (const name of ['From', 'To', 'Call-ID']) headers.add(name, request.headers.first(name) ?? '');
  headers.add('CSeq', `${request.cseq.number} CANCEL`);
  for (const route of request.headers.all('Route')) headers.add('Route', route);
  if (reason !== undefined) headers.add('Reason', reason);
  return { ...request, method: 'CANCEL', headers, body: nothing, cseq: { number: request.cseq.number, method: 'CANCEL' } };
}

/** Notes in the topmost Via where a request came from (RFC 3261 section 18.2.1, RFC 3581 section 4). Changes the message. */
export function noteSource(request: { readonly headers: HeaderList; readonly via: Via }, host: string, port: number): Via {
  const parameters = new Map(request.via.parameters);
  if (parameters.has('rport')) parameters.set('rport', String(port));
  if (parameters.has('rport') || request.via.host !== host) parameters.set('received', host);
  const via = { ...request.via, parameters };
  const [line = ''] = request.headers.all('Via');
  const [top = '', ...others] = splitList(line);
  if (parseVia(top)) request.headers.setFirst('Via', [writeVia(via), ...others].join(', '));
  return via;
}
