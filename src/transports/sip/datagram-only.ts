// Hosts that took no connection when a request was too long for a datagram: asked again only after a while, as each try costs seconds.
import type { Clock } from '../../lib/clock.ts';

const rememberedMs = 600_000;
const mostHosts = 1024;

export class DatagramOnly {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(host: string): boolean {
    const until = this.#until.get(host);
    if (until === undefined) return false;
    if (until > this.#clock.now()) return true;
    this.#until.delete(host);
    return false;
  }

  add(host: string): void {
    this.#until.set(host, this.#clock.now() + rememberedMs);
    const [oldest] = this.#until.keys();
    if (this.#until.size > mostHosts && oldest !== undefined) this.#until.delete(oldest);
  }
}
