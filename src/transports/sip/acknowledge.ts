// The ACK of a success: a request of its own, made by the caller, and sent again for each repetition of the success (RFC 3261 section 13.2.2.4).
import { type Body, withVia } from './build.ts';
import type { Core, Way } from './core.ts';
import type { Dialog } from './dialog.ts';
import type { Sent } from './exchange.ts';
import type { Flow } from './flow.ts';
import { writeMessage } from './message.ts';

export class Acknowledgement {
  readonly #core: Core;
  #made: { readonly bytes: Buffer; readonly flow: Flow } | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Makes it and sends it; `body` is the answer where the success brought an offer. */
  async send(dialog: Dialog, sent: Sent, way: Way, body?: Body): Promise<void> {
    // It carries what the INVITE was authorized with, as nobody can challenge it (RFC 3261 section 22.1).
    const headers = [...sent.request.headers].filter(({ name }) => name === 'Authorization' || name === 'Proxy-Authorization');
    const request = dialog.request('ACK', { number: sent.request.cseq.number, headers, body });
    const flow = way.flow?.open ? way.flow : await this.#flow(way.hop, sent.flow);
    const parameters = new Map<string, string | undefined>([['branch', `z9hG4bK${this.#core.chance.token(16)}`]]);
    if (flow.transport === 'udp') parameters.set('rport', undefined);
    const via = { transport: flow.transport, host: flow.local.host, port: flow.local.port, parameters };
    this.#made = { bytes: writeMessage(withVia(request, via)), flow };
    this.again();
  }

  /** For a repeated success. Nothing where the first is still being made. */
  again(): void {
    this.#made?.flow.send(this.#made.bytes);
  }

  /** The way of the hop; where none leads there, that of the INVITE is the best guess. */
  async #flow(hop: string, used: Flow): Promise<Flow> {
    try {
      const [first] = await this.#core.resolve(hop);
      return first ? await this.#core.network.connect(first) : used;
    } catch {
      return used;
    }
  }
}
