// A network that is none: messages between addresses, on a clock that stands still, and lost where a test says so.
import type { Clock } from '../../../src/lib/clock.ts';
import type { Address, Destination, Flow, Network, OnBytes, TransportName } from '../../../src/transports/sip/flow.ts';

export interface Carried {
  readonly from: Address;
  readonly to: Address;
  readonly text: string;
}

/** Half the time there and back: less than T1. */
const delayMs = 20;

export class Wire {
  readonly clock: Clock;
  readonly carried: Carried[] = [];
  /** Whether a message gets lost. */
  loses: (message: Carried) => boolean = () => false;
  readonly #ends = new Map<string, OnBytes>();
  readonly #lost = new Map<string, Set<() => void>>();
  readonly #broken = new Set<string>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** One end, at these addresses; `peerNames` are what its far ends find in its certificate. */
  end(addresses: readonly (Address & { transport: TransportName })[], onBytes: OnBytes): Network {
    for (const address of addresses) this.#ends.set(key(address.transport, address), onBytes);
    return {
      addresses,
      connect: (to) => {
        const own = addresses.find(({ transport }) => transport === to.transport);
        if (!own || (to.transport !== 'udp' && !this.#ends.has(key(to.transport, to)))) return Promise.reject(new Error('nobody is there'));
        return Promise.resolve(this.flow(own.transport, own, to));
      },
      close: () => Promise.resolve(),
    };
  }

  flow(transport: TransportName, own: Address, remote: Address | Destination): Flow {
    const line = `${transport} ${own.host}:${own.port} ${remote.host}:${remote.port}`;
    const tasks = this.#lost.get(line) ?? new Set();
    this.#lost.set(line, tasks);
    const broken = this.#broken;
    return {
      transport,
      reliable: transport !== 'udp',
      remote: { host: remote.host, port: remote.port },
      local: { host: own.host, port: own.port },
      peerNames: [],
      get open() {
        return !broken.has(line);
      },
      send: (bytes) => {
        if (!this.#broken.has(line)) this.#carry(transport, { from: own, to: remote, text: bytes.toString('latin1') });
      },
      onLost: (task) => {
        tasks.add(task);
        return () => tasks.delete(task);
      },
      at: (port) => (transport === 'udp' ? this.flow(transport, own, { host: remote.host, port }) : this.flow(transport, own, remote)),
      welcome: () => {},
    };
  }

  /** A connection breaks, as its own end sees it. */
  breakLine(transport: TransportName, own: Address, remote: Address): void {
    const line = `${transport} ${own.host}:${own.port} ${remote.host}:${remote.port}`;
    this.#broken.add(line);
    for (const task of this.#lost.get(line) ?? []) task();
  }

  #carry(transport: TransportName, message: Carried): void {
    this.carried.push(message);
    if (this.loses(message)) return;
    this.clock.after(delayMs, () => {
      const far = this.#ends.get(key(transport, message.to));
      far?.(Buffer.from(message.text, 'latin1'), this.flow(transport, message.to, message.from));
    });
  }
}

const key = (transport: string, { host, port }: Address): string => `${transport} ${host}:${port}`;
