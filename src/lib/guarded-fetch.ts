// One fetch for addresses that a client named: it reaches the public internet and what the operator listed, follows no redirect, and
// ends. The address is checked where the socket is made, so no name can resolve to one thing for the check and another for the request.
import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, Response as AgentResponse, buildConnector, fetch as agentFetch } from 'undici';
import type { Clock, Timer } from './clock.ts';
import { isPublicAddress, machineAddresses } from './guarded-address.ts';
import { boundedBody } from './guarded-body.ts';
import { HostRules } from './guarded-hosts.ts';

/**
 * `url`: not an http or https URL, or one with credentials in it · `address`: not on the public internet, or a name of nothing that is ·
 * `redirect` · `too_large` · `timeout` · `unreachable`: nobody listening, no TLS · `broken`: the connection ended too early · `closed`: by us.
 */
export type GuardReason = 'url' | 'address' | 'redirect' | 'too_large' | 'timeout' | 'unreachable' | 'broken' | 'closed';

/** Names the host at most: never a path, a query, a header, or the address that a name resolved to. */
export class GuardedFetchError extends Error {
  override readonly name = 'GuardedFetchError';
  readonly reason: GuardReason;

  constructor(reason: GuardReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** Milliseconds and bytes; Infinity for none. */
export interface FetchLimits {
  /** Until the head of the answer is there, connecting included. */
  readonly headMs: number;
  /** Between two pieces of the body, while it is being read. */
  readonly idleMs: number;
  /** From the request to the last byte. */
  readonly totalMs: number;
  /** Of the body, unpacked. */
  readonly maxBytes: number;
}

/** As the global fetch, but the target is a URL, and a `FormData` must be undici's own. */
export type FetchFunction = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface GuardedFetchOptions {
  readonly clock: Clock;
  /** `host`, `host:port`, `*.example.org`: hosts to which the rule about addresses does not apply. */
  readonly allowHosts?: readonly string[];
  /** How names are resolved; the system's way unless told. */
  readonly lookup?: LookupFunction;
  /** Addresses by which this server itself is reached, public ones too; those of the machine's interfaces unless told. */
  readonly ownAddresses?: () => readonly string[];
}

const usual: FetchLimits = { headMs: 10_000, idleMs: 10_000, totalMs: 30_000, maxBytes: 8 * 1024 * 1024 };

/** How long one attempt to connect may take: it also bounds what a request that was given up leaves behind. */
const CONNECT_MS = 5000;

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Holds the connections: one for the whole server, closed with it. */
export class GuardedFetch {
  readonly #clock: Clock;
  readonly #agent: Agent;
  #closed = false;

  /** @throws Error naming an entry of `allowHosts` that cannot be read. */
  constructor(options: GuardedFetchOptions) {
    this.#clock = options.clock;
    // Its own timeouts are off: time is the clock's, and a stream of events may be quiet for as long as its reader likes.
    this.#agent = new Agent({
      connect: connector(new HostRules(options.allowHosts ?? []), options.ownAddresses ?? machineAddresses, options.lookup),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /**
   * A fetch within these limits (of what is not given: 10 s, 10 s, 30 s, 8 MiB). It rejects, and the body fails, with a
   * `GuardedFetchError`, or with the reason of the caller's own signal.
   */
  fetch(limits: Partial<FetchLimits> = {}): FetchFunction {
    const bounds = { ...usual, ...limits };
    return (url, init = {}) => this.#exchange(url, init, bounds);
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#agent.destroy();
  }

  async #exchange(target: string | URL, init: RequestInit, limits: FetchLimits): Promise<Response> {
    const url = checked(target);
    if (this.#closed) throw new GuardedFetchError('closed', 'This server is going away');
    const signal = init.signal ?? undefined;
    signal?.throwIfAborted();
    const request = new AbortController();
    const dropped = () => request.abort(signal?.reason);
    signal?.addEventListener('abort', dropped, { once: true });
    const head = this.#deadline(limits.headMs, request, `${url.host} did not answer for ${limits.headMs} ms`);
    const total = this.#deadline(limits.totalMs, request, `${url.host} was not done after ${limits.totalMs} ms`);
    const release = () => {
      total?.cancel();
      signal?.removeEventListener('abort', dropped);
    };
    const failure = (cause: unknown, started: boolean) =>
      request.signal.aborted ? request.signal.reason : this.#failure(url, cause, started);
    try {
      const response = await agentFetch(url, {
        ...(init as object),
        redirect: 'manual',
        signal: request.signal,
        dispatcher: this.#agent,
      });
      if (redirects.has(response.status))
        throw new GuardedFetchError('redirect', `${url.host} answered with a redirect, which is not followed`);
      const tooLarge = () => new GuardedFetchError('too_large', `${url.host} sent more than ${limits.maxBytes} bytes`);
      // Known at once where the length is told; the answer to a HEAD tells one and has no body.
      if (response.body && Number(response.headers.get('content-length') ?? 0) > limits.maxBytes) throw tooLarge();
      if (!response.body) release();
      const body =
        response.body &&
        boundedBody(response.body as ReadableStream<Uint8Array>, {
          maxBytes: limits.maxBytes,
          idleMs: limits.idleMs,
          clock: this.#clock,
          tooLarge,
          tooSlow: () => new GuardedFetchError('timeout', `${url.host} sent nothing for ${limits.idleMs} ms`),
          broken: (cause) => failure(cause, true),
          ended: release,
        });
      return answer(response, body, url);
    } catch (cause) {
      release();
      const error = failure(cause, false);
      // Whatever the answer still holds is not wanted.
      request.abort(error);
      throw error;
    } finally {
      head?.cancel();
    }
  }

  #deadline(ms: number, request: AbortController, message: string): Timer | undefined {
    if (!Number.isFinite(ms)) return undefined;
    return this.#clock.after(ms, () => request.abort(new GuardedFetchError('timeout', message)));
  }

  #failure(url: URL, error: unknown, started: boolean): GuardedFetchError {
    let cause = error;
    // fetch hides what happened one cause down.
    while (!(cause instanceof GuardedFetchError) && cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
    if (cause instanceof GuardedFetchError) return cause;
    if (this.#closed) return new GuardedFetchError('closed', 'This server is going away', cause);
    const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
    // After these the request may already have been read at the far side.
    const underWay = started || code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE' || code?.startsWith('HPE_') === true;
    const detail = code === undefined ? '' : ` (${code})`;
    return underWay
      ? new GuardedFetchError('broken', `The connection to ${url.host} broke${detail}`, cause)
      : new GuardedFetchError('unreachable', `${url.host} cannot be reached${detail}`, cause);
  }
}

function checked(target: string | URL): URL {
  const url = URL.parse(String(target));
  if (!url) throw new GuardedFetchError('url', 'Not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new GuardedFetchError('url', 'Only http and https URLs are fetched');
  if (url.username !== '' || url.password !== '') throw new GuardedFetchError('url', 'A URL must not hold credentials');
  return url;
}

/** undici's Response cannot be given a body: the same answer again, with ours. */
function answer(response: AgentResponse, body: ReadableStream<Uint8Array> | null, url: URL): Response {
  const { status, statusText, headers } = response;
  const again = new AgentResponse(body, { status, statusText, headers });
  Object.defineProperty(again, 'url', { value: url.href });
  return again;
}

/** Makes sockets to public addresses that are not ours, and to any address of the hosts that the rules allow. */
function connector(
  rules: HostRules,
  ownAddresses: () => readonly string[],
  lookup: LookupFunction = systemLookup,
): buildConnector.connector {
  const isFree = (address: string) => isPublicAddress(address) && !ownAddresses().includes(address);
  const free = buildConnector({ timeout: CONNECT_MS, lookup });
  const guarded = buildConnector({ timeout: CONNECT_MS, lookup: only(isFree, lookup) });
  return (options, done) => {
    const host = options.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80);
    if (rules.allows(host, port)) {
      free(options, done);
      return;
    }
    // An address needs no lookup, so it is checked here; URLs spell every address in one way only.
    if (isIP(host) !== 0 && !isFree(host)) {
      done(refused(host), null);
      return;
    }
    guarded(options, (...[error, socket]) => {
      if (error) done(error, null);
      else if (isFree(socket.remoteAddress ?? '')) done(null, socket);
      else {
        socket.destroy();
        done(refused(host), null);
      }
    });
  };
}

function only(isFree: (address: string) => boolean, lookup: LookupFunction): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = error || !Array.isArray(found) ? [] : found.filter(({ address }) => isFree(address));
      const [first] = addresses;
      // In the same words whether there is no such name or a private one: they would tell which names there are inside.
      if (!first) done(refused(hostname, error ?? undefined), '');
      else if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

function refused(host: string, cause?: Error): GuardedFetchError {
  const what = isIP(host) === 0 ? 'has no address on the public internet' : 'is not on the public internet';
  return new GuardedFetchError('address', `${host} ${what}, and this server's configuration does not allow it`, cause);
}
