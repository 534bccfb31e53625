// Between every door and Access: wrong keys are logged with where they come from, counted, and after too many of them nothing from there is
// looked at for a while.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { networkOf, type RemoteAddresses } from '../lib/remote-address.ts';
import type { Admission } from '../store/principal.ts';
import { offeredKeys, offeredPlaces } from './keys.ts';

export interface ReceptionOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly addresses: RemoteAddresses;
  /** Wrong keys that may come from one network within a minute. */
  readonly failures: number;
  /** Somebody has authenticated over this socket. */
  known(socket: Socket): void;
}

/** How often nobody was let in, by why, since the start. */
export interface AttemptCounts {
  /** A credential was offered, and none holds. */
  wrong: number;
  /** None was offered. */
  missing: number;
  /** Nothing was looked at. */
  throttled: number;
}

interface Attempts {
  failures: number;
  /** When they are forgotten; when there were too many, until when nothing is looked at. */
  untilMs: number;
}

const windowMs = 60_000;
/** The longest known goes first. */
const mostNetworks = 10_000;
/** Lines about strangers that may be written at once, and how often there is another: they must not fill the log. */
const mostLines = 20;
const lineEveryMs = 3000;

export class Reception {
  readonly #options: ReceptionOptions;
  readonly #attempts = new Map<string, Attempts>();
  readonly #counts: AttemptCounts = { wrong: 0, missing: 0, throttled: 0 };
  readonly #lines: { left: number; atMs: number; unwritten: number };

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#lines = { left: mostLines, atMs: options.clock.now(), unwritten: 0 };
  }

  get counts(): Readonly<AttemptCounts> {
    return this.#counts;
  }

  /** Networks of which something is remembered. */
  get size(): number {
    return this.#attempts.size;
  }

  /** @param identify Who it is; what it throws is nobody's wrong key. */
  async admit<T>(request: IncomingMessage, identify: () => Promise<T | undefined>): Promise<Admission<T>> {
    const address = this.#options.addresses.of(request);
    const network = networkOf(address);
    const closedForMs = this.#closedForMs(network);
    if (closedForMs > 0) {
      this.#counts.throttled += 1;
      return { outcome: 'later', retryAfterSeconds: Math.ceil(closedForMs / 1000) };
    }
    const who = await identify();
    if (who !== undefined) {
      this.#options.known(request.socket);
      return { outcome: 'welcome', who };
    }
    this.#failed(request, address, network);
    return { outcome: 'unknown' };
  }

  #closedForMs(network: string): number {
    const attempts = this.#attempts.get(network);
    return attempts && attempts.failures >= this.#options.failures ? attempts.untilMs - this.#options.clock.now() : 0;
  }

  #failed(request: IncomingMessage, address: string, network: string): void {
    const { clock, log, failures: most } = this.#options;
    const origin = 'http://parley';
    const target = request.url ?? '/';
    const { pathname: path, searchParams } = new URL(URL.canParse(target, origin) ? target : '/', origin);
    if (offeredKeys(request.headers, searchParams).length === 0) {
      this.#counts.missing += 1;
      log.debug({ address, path }, 'a request without a key was refused');
      return;
    }
    this.#counts.wrong += 1;
    const nowMs = clock.now();
    const known = this.#attempts.get(network);
    const attempts = known && known.untilMs > nowMs ? known : { failures: 0, untilMs: nowMs + windowMs };
    const before = attempts.failures;
    // A request may bring a whole list of guesses.
    attempts.failures += offeredPlaces(request.headers, searchParams);
    const tooMany = before < most && attempts.failures >= most;
    if (tooMany) attempts.untilMs = nowMs + windowMs;
    // Behind all others again: who has just been here is forgotten last.
    this.#attempts.delete(network);
    this.#attempts.set(network, attempts);
    for (const [oldest] of this.#attempts) {
      if (this.#attempts.size <= mostNetworks) break;
      this.#attempts.delete(oldest);
    }
    this.#write({ address, path, failures: attempts.failures }, 'a wrong key was refused');
    if (tooMany)
      this.#write(
        { network, failures: most, seconds: windowMs / 1000 },
        'too many wrong keys: nothing from there is looked at for a while',
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
