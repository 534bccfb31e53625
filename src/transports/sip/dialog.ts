// One dialog (RFC 3261 section 12): who talks with whom about what, on which way, and in which order.
import { type Body, makeRequest } from './build.ts';
import type { Header } from './header-list.ts';
import { parseNameAddress, writeParameters } from './headers.ts';
import { type SipRequest, type SipResponse, tagOf } from './message.ts';
import { parseUri, writeUri } from './uri.ts';

export interface DialogId {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
}

export const dialogKey = ({ callId, localTag, remoteTag }: DialogId): string => `${callId} ${localTag} ${remoteTag}`;

/** The dialog that a request belongs to, if it belongs to one. Its users and addresses do not matter: only these three do (section 12.2.2). */
export function dialogOf(request: SipRequest): DialogId | undefined {
  const localTag = tagOf(request.to);
  const remoteTag = tagOf(request.from);
  return localTag === undefined ? undefined : { callId: request.callId, localTag, remoteTag: remoteTag ?? '' };
}

export class Dialog implements DialogId {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From and To of our requests, as they are written. */
  readonly #local: string;
  readonly #remote: string;
  readonly #routes: readonly string[];
  #target: string;
  #localSeq: number;
  #remoteSeq: number | undefined;

  private constructor(parts: {
    id: DialogId;
    local: string;
    remote: string;
    routes: readonly string[];
    target: string;
    localSeq: number;
    remoteSeq?: number;
  }) {
    this.callId = parts.id.callId;
    this.localTag = parts.id.localTag;
    this.remoteTag = parts.id.remoteTag;
    this.#local = parts.local;
    this.#remote = parts.remote;
    this.#routes = parts.routes;
    this.#target = parts.target;
    this.#localSeq = parts.localSeq;
    this.#remoteSeq = parts.remoteSeq;
  }

  /** That of an INVITE we were sent (section 12.1.1). One of RFC 2543 needs no Contact: then its caller is who From names. */
  static ofServer(request: SipRequest, localTag: string): Dialog {
    const target = contactOf(request) ?? request.from.uriText;
    const to = request.headers.first('To') ?? '';
    return new Dialog({
      id: { callId: request.callId, localTag, remoteTag: tagOf(request.from) ?? '' },
      local: tagOf(request.to) === undefined ? `${to};tag=${localTag}` : to,
      remote: request.headers.first('From') ?? '',
      routes: request.headers.values('Record-Route'),
      target,
      localSeq: 0,
      remoteSeq: request.cseq.number,
    });
  }

  /** That of a response to our INVITE (section 12.1.2); nothing where it has no tag or no Contact. */
  static ofClient(request: SipRequest, response: SipResponse): Dialog | undefined {
    const target = contactOf(response);
    const remoteTag = tagOf(response.to);
    if (target === undefined || remoteTag === undefined) return undefined;
    return new Dialog({
      id: { callId: request.callId, localTag: tagOf(request.from) ?? '', remoteTag },
      local: request.headers.first('From') ?? '',
      remote: response.headers.first('To') ?? '',
      // The first proxy that the response passed is the last that our requests pass.
      routes: response.headers.values('Record-Route').toReversed(),
      target,
      localSeq: request.cseq.number,
    });
  }

  get key(): string {
    return dialogKey(this);
  }

  /** The Contact of the far end. */
  get target(): string {
    return this.#target;
  }

  /** Whether requests pass proxies that asked for it. */
  get routed(): boolean {
    return this.#routes.length > 0;
  }

  /** Where requests are sent: to the first proxy, strict or not, or else to the target (section 8.1.2). */
  get hop(): string {
    const [first] = this.#routes;
    return (first === undefined ? undefined : parseNameAddress(first)?.uriText) ?? this.#target;
  }

  /** Takes a request's place in the order: one that is older than another that came is not to be processed (section 12.2.2). */
  takeInOrder(request: SipRequest): boolean {
    if (this.#remoteSeq !== undefined && request.cseq.number <= this.#remoteSeq) return false;
    this.#remoteSeq = request.cseq.number;
    return true;
  }

  /** Where requests go from now on: the Contact of a request or response that refreshes the target (section 12.2). */
  retarget(message: SipRequest | SipResponse): void {
    this.#target = contactOf(message) ?? this.#target;
  }

  /** The number of the next request of ours. */
  nextNumber(): number {
    return ++this.#localSeq;
  }

  /** The far end's From or To, with its tag. */
  get remote(): string {
    return this.#remote;
  }

  /** The next request within the dialog (section 12.2.1.1). `number` is that of the INVITE, for its ACK. */
  request(method: string, parts: { headers?: readonly Header[]; body?: Body | undefined; number?: number } = {}): SipRequest {
    const number = parts.number ?? this.nextNumber();
    const { uri, routes } = this.#way();
    return makeRequest({
      method,
      uri,
      routes,
      from: this.#local,
      to: this.#remote,
      callId: this.callId,
      cseq: number,
      headers: parts.headers,
      body: parts.body,
    });
  }

  #way(): { uri: string; routes: readonly string[] } {
    const [first, ...others] = this.#routes;
    const next = first === undefined ? undefined : parseNameAddress(first);
    if (!next || next.uri.scheme === 'other' || next.uri.parameters.has('lr')) return { uri: this.#target, routes: this.#routes };
    // A strict router of RFC 2543: the request is addressed to it, and the target comes last (section 12.2.1.1).
    return { uri: next.uriText, routes: [...others, `<${this.#target}>`] };
  }
}

/** The URI of the first Contact. */
export function contactOf(message: SipRequest | SipResponse): string | undefined {
  const [contact] = message.headers.values('Contact');
  const address = contact === undefined ? undefined : parseNameAddress(contact);
  return address && address.uri.scheme !== 'other' ? address.uriText : undefined;
}

/** A From or To with another tag. */
export function withTag(uri: string, tag: string | undefined, display = ''): string {
  const parsed = parseUri(uri);
  const bare = parsed ? writeUri(parsed) : uri;
  return `${display === '' ? '' : `${display} `}<${bare}>${tag === undefined ? '' : writeParameters(new Map([['tag', tag]]))}`;
}
