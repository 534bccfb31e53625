// The media plane of the server in this process, without a session behind it, and its callers in a process of their own.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { createLog } from '../src/lib/log.ts';
import type { Call, CallEvents } from '../src/transports/calls/call.ts';
import type { CallMedia } from '../src/transports/webrtc/media.ts';
import { openWeriftMedia } from '../src/transports/webrtc/werift-media.ts';
import type { Asked, Findings, Order } from './webrtc-orders.ts';

const options = {
  mostCalls: 1000,
  portRange: undefined,
  publicAddress: undefined,
  interfaces: [],
  tcp: false,
  candidates: undefined,
  iceServers: [],
};
const deaf: CallEvents = { onSound() {}, onOpen() {}, onMessage() {}, onPlayed() {}, onDigit() {}, onTaken() {}, onEnd() {} };

export class Plane {
  /** The server's side of the calls of the order that runs. */
  calls: Call[] = [];
  readonly #media: CallMedia;
  readonly #callers: ChildProcess;
  /** What the server's side of every call is told. */
  #events: CallEvents = deaf;
  #connected = () => {};
  #done: PromiseWithResolvers<Findings> = Promise.withResolvers();

  constructor(workers: number) {
    this.#media = openWeriftMedia({ ...options, workers }, { log: createLog('warn'), clock: systemClock });
    this.#callers = fork(join(import.meta.dirname, 'webrtc-callers.ts'), { serialization: 'advanced' });
    this.#callers.on('message', (asked: Asked) => this.#hear(asked));
  }

  /** Runs an order to its end; `meanwhile` begins when all callers are connected. */
  async run(order: Order, meanwhile: () => Promise<void> = async () => {}, told: Partial<CallEvents> = {}): Promise<Findings> {
    this.#events = { ...deaf, ...told };
    this.calls = [];
    this.#done = Promise.withResolvers();
    const both = new Promise<void>((resolve, reject) => {
      this.#connected = () => void meanwhile().then(resolve, reject);
    });
    this.#order(order);
    const findings = await this.#done.promise;
    if (order.kind !== 'come-and-go') await both;
    while (this.#media.size > 0) await sleep(systemClock, 50);
    return findings;
  }

  async close(): Promise<void> {
    this.#order({ kind: 'close' });
    if (this.#callers.exitCode === null) await once(this.#callers, 'exit');
    await this.#media.close();
  }

  #order(order: Order): void {
    this.#callers.send(order);
  }

  #hear(asked: Asked): void {
    if (asked.kind === 'connected') this.#connected();
    else if (asked.kind === 'done') this.#done.resolve(asked.findings);
    else if (asked.kind === 'failed') this.#done.reject(new Error(asked.why));
    else void this.#answer(asked.offer, asked.sdp);
  }

  async #answer(offer: number, sdp: string): Promise<void> {
    try {
      const call = await this.#media.answer(sdp, this.#events);
      this.calls.push(call);
      this.#order({ kind: 'answered', offer, sdp: call.sdp });
    } catch (error) {
      this.#order({ kind: 'refused', offer, why: String(error) });
    }
  }
}
