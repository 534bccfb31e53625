// Between every door and Access: wrong keys are logged with where they come from, counted, and after too many of them nothing from there is
// looked at for a while.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { networkOf, type RemoteAddresses } from '../lib/remote-address.ts';
import type { Admission } from '../store/principal.ts';
import { Attempts, windowMs } from './attempts.ts';
import { offeredKeys, offeredPlaces } from './keys.ts';

export interface ReceptionOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly addresses: RemoteAddresses;
  /** Wrong keys that may come from one network within a minute. */
  readonly failures: number;
  /** Whether a credential that does not hold did so once. It may reject, as `identify` may. */
  hasExpired(credential: string): Promise<boolean>;
  /** Somebody has authenticated over this socket. */
  known(socket: Socket): void;
}

/** How often nobody was let in, by why, since the start. */
export interface AttemptCounts {
  /** A credential was offered, and none holds. */
  wrong: number;
  /** What was offered held once, and nothing else was. */
  expired: number;
  /** None was offered. */
  missing: number;
  /** Nothing was looked at. */
  throttled: number;
}

/**
 * Through one trusted proxy so many times as many wrong keys may come as from one network. What a proxy says of its clients may be what they said
 * themselves: then this is the only bound.
 */
const sharesOfProxy = 20;
/** Networks behind proxies from which a right key has come; the longest unseen goes first. */
const mostWelcomed = 10_000;

/** Where a request comes from. */
interface Origin {
  readonly address: string;
  readonly network: string;
  /** The far end of its socket, where that says that the request comes from elsewhere, and a right key has not come from there before. */
  readonly proxy: string | undefined;
}

/** A look at what a request offers, and what came of it. */
interface Look {
  readonly origin: Origin;
  readonly path: string;
  /** How many credentials it offers: it may bring a whole list of guesses. */
  readonly places: number;
  readonly wrong: number;
}

/** Lines about strangers that may be written at once, and how often there is another: they must not fill the log. */
const mostLines = 20;
const lineEveryMs = 3000;

export class Reception {
  readonly #options: ReceptionOptions;
  readonly #attempts: Attempts;
  readonly #attemptsOfProxies: Attempts;
  readonly #welcomed = new Set<string>();
  readonly #counts: AttemptCounts = { wrong: 0, expired: 0, missing: 0, throttled: 0 };
  readonly #lines: { left: number; atMs: number; unwritten: number };

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options.clock, options.failures);
    this.#attemptsOfProxies = new Attempts(options.clock, options.failures * sharesOfProxy);
    this.#lines = { left: mostLines, atMs: options.clock.now(), unwritten: 0 };
  }

  get counts(): Readonly<AttemptCounts> {
    return this.#counts;
  }

  /** @param identify Who it is; what it throws is nobody's wrong key. */
  async admit<T>(request: IncomingMessage, identify: () => Promise<T | undefined>): Promise<Admission<T>> {
    const origin = this.#originOf(request);
    const { address } = origin;
    const { path, credentials, places } = offerOf(request);
    const closedForMs = places === 0 ? this.#attempts.closedForMs(origin.network) : await this.#take(origin, places);
    if (closedForMs > 0) {
      this.#counts.throttled += 1;
      return { outcome: 'later', retryAfterSeconds: Math.ceil(closedForMs / 1000) };
    }
    let wrong = 0;
    try {
      const who = await identify();
      if (who !== undefined) {
        this.#options.known(request.socket);
        if (places > 0) this.#welcome(origin.network);
        return { outcome: 'welcome', who };
      }
      // A page with a secret that has expired guesses nothing, and must not shut out all who share its address.
      const expired = await Promise.all(credentials.map((credential) => this.#options.hasExpired(credential)));
      wrong = Math.max(0, places - expired.filter(Boolean).length);
    } finally {
      if (places > 0) this.#looked({ origin, path, places, wrong });
    }
    if (places === 0) {
      this.#counts.missing += 1;
      this.#options.log.debug({ address, path }, 'a request without a key was refused');
    } else if (wrong === 0) {
      this.#counts.expired += 1;
      this.#write({ address, path }, 'an expired token or secret was refused');
    }
    return { outcome: 'unknown' };
  }

  #originOf(request: IncomingMessage): Origin {
    const address = this.#options.addresses.of(request);
    const network = networkOf(address);
    const farEnd = networkOf(request.socket.remoteAddress ?? '');
    return { address, network, proxy: farEnd === network || this.#welcomed.has(network) ? undefined : farEnd };
  }

  #welcome(network: string): void {
    this.#welcomed.delete(network);
    this.#welcomed.add(network);
    for (const longestUnseen of this.#welcomed) {
      if (this.#welcomed.size <= mostWelcomed) break;
      this.#welcomed.delete(longestUnseen);
    }
  }

  /** As `take` of Attempts. */
  async #take({ network, proxy }: Origin, places: number): Promise<number> {
    const closedForMs = await this.#attempts.take(network, places);
    if (closedForMs > 0 || proxy === undefined) return closedForMs;
    const proxyClosedForMs = await this.#attemptsOfProxies.take(proxy, places);
    if (proxyClosedForMs > 0) this.#attempts.give(network, places, 0);
    return proxyClosedForMs;
  }

  #looked({ origin: { address, network, proxy }, path, places, wrong }: Look): void {
    const { failures, tooMany } = this.#attempts.give(network, places, wrong);
    const throughProxy = proxy === undefined ? undefined : this.#attemptsOfProxies.give(proxy, places, wrong);
    if (wrong === 0) return;
    this.#counts.wrong += 1;
    this.#write({ address, path, failures }, 'a wrong key was refused');
    const { failures: most } = this.#options;
    const seconds = windowMs / 1000;
    if (tooMany) this.#write({ network, failures: most, seconds }, 'too many wrong keys: nothing from there is looked at for a while');
    // Seldom, and not to be lost among the lines of those many.
    if (throughProxy?.tooMany)
      this.#options.log.warn(
        { proxy, failures: most * sharesOfProxy, seconds },
        'too many wrong keys came through a proxy: of what it brings, only what comes from where a right key came from before is looked at for a while',
      );
  }

  #write(fields: object, message: string): void {
    const lines = this.#lines;
    const nowMs = this.#options.clock.now();
    const more = Math.floor((nowMs - lines.atMs) / lineEveryMs);
    lines.left = Math.min(mostLines, lines.left + more);
    lines.atMs += more * lineEveryMs;
    if (lines.left === 0) {
      lines.unwritten += 1;
      return;
    }
    lines.left -= 1;
    this.#options.log.warn(lines.unwritten === 0 ? fields : { ...fields, unwritten: lines.unwritten }, message);
    lines.unwritten = 0;
  }
}

/** What a request asks for, what it offers, in all the forms that may be read, and how many credentials that are. */
function offerOf({ url = '/', headers }: IncomingMessage): { path: string; credentials: readonly string[]; places: number } {
  const origin = 'http://parley';
  const { pathname, searchParams } = new URL(URL.canParse(url, origin) ? url : '/', origin);
  const credentials = offeredKeys(headers, searchParams);
  return { path: pathname, credentials, places: credentials.length === 0 ? 0 : offeredPlaces(headers, searchParams) };
}
