// The user agent: what comes from the network is sorted here, to the transactions, the gate, the calls, or nowhere (RFC 3261 section 8.2).
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type {
  AgentEvents,
  CallTarget,
  Credentials,
  OutgoingCall,
  OutgoingEvents,
  RegistrationOptions,
  RegistrationState,
  SipAgent,
  SipRegistration,
} from './agent.ts';
import { makeRequest } from './build.ts';
import type { Chance, Core } from './core.ts';
import { withTag } from './dialog.ts';
import { exchanged } from './exchange.ts';
import type { Flow, Network, OnBytes } from './flow.ts';
import { Gate, type StrangerCounts, usualMostCalls } from './gate.ts';
import { parseNameAddress, quoted } from './headers.ts';
import { OutgoingInvite } from './invite-client.ts';
import { Keyring } from './keyring.ts';
import { parseMessage } from './message.ts';
import type { SipOptions } from './options.ts';
import { Reception } from './reception.ts';
import { Registration } from './registration.ts';
import { Remembered } from './remembered.ts';
import { addressesBehind, type Resolver, resolveUri, systemResolver } from './resolve.ts';
import { Sockets } from './sockets.ts';
import { TransactionTable } from './transactions/table.ts';
import { sipTimes } from './transactions/timers.ts';
import { parseUri } from './uri.ts';

export interface AgentMeans {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** Looks names up; by this machine's own settings unless told. */
  readonly resolver?: Resolver;
  /** What carries messages; sockets of this machine unless told. */
  readonly network?: (onBytes: OnBytes) => Promise<Network>;
}

const mostTransactions = 20_000;
const datagramOnlyMs = 600_000;
const outOfServiceMs = 300_000;
/** So long the far ends have to answer our BYEs when the server ends. */
const farewellMs = 1000;

/** @throws Error where an address cannot be listened at, or a trunk lets everybody in. */
export async function openSipAgent(options: SipOptions, means: AgentMeans, events: AgentEvents): Promise<UserAgent> {
  const received: { take: OnBytes } = { take: () => {} };
  const onBytes: OnBytes = (bytes, flow) => received.take(bytes, flow);
  const gate = new Gate(options, means.clock, means.chance.token(32));
  const { clock } = means;
  const network = means.network
    ? await means.network(onBytes)
    : await Sockets.open(options.listen, { clock, publicAddress: options.publicAddress, tls: options.tls }, onBytes);
  const agent = new UserAgent(options, means, network, gate, events);
  received.take = (bytes, flow) => agent.take(bytes, flow);
  return agent;
}

export class UserAgent implements SipAgent {
  readonly core: Core;
  readonly #options: SipOptions;
  readonly #gate: Gate;
  readonly #resolver: Resolver;
  readonly #reception: Reception;
  /** Calls that we have placed, until they have failed or ended. */
  readonly #outgoing = new Set<OutgoingInvite>();
  readonly #registrations = new Set<Registration>();
  #calls = 0;
  #state: 'open' | 'draining' | 'closing' | 'closed' = 'open';

  constructor(options: SipOptions, means: AgentMeans, network: Network, gate: Gate, events: AgentEvents) {
    const times = options.times ?? sipTimes;
    const resolver = means.resolver ?? systemResolver(means.clock);
    const spoken = [...new Set(network.addresses.map(({ transport }) => transport))];
    this.#options = options;
    this.#gate = gate;
    this.#resolver = resolver;
    this.core = {
      ...means,
      times,
      network,
      table: new TransactionTable({ clock: means.clock, times, most: mostTransactions }),
      dialogs: new Map(),
      datagramOnly: new Remembered(means.clock, datagramOnlyMs),
      outOfService: new Remembered(means.clock, outOfServiceMs),
      interval: { wantedS: options.sessionExpiresS ?? 1800, leastS: options.minSessionExpiresS ?? 90 },
      ownHeaders: options.userAgent === undefined ? [] : [{ name: 'User-Agent', value: options.userAgent }],
      resolve: async (text) => {
        const uri = parseUri(text);
        if (uri?.scheme !== 'sip' && uri?.scheme !== 'sips') throw new Error(`'${text}' leads nowhere: only sip and sips URIs do`);
        return resolveUri(uri, resolver, (below) => means.chance.integer(below), spoken);
      },
      onUsed: (flow) => gate.welcome(flow),
    };
    this.#reception = new Reception(this.core, {
      options,
      gate,
      onIncoming: (call) => events.onIncoming(call),
      calls: () => this.#calls,
      takesCalls: () => this.#state === 'open',
      isReady: () => this.#state === 'open' && this.#calls < this.#mostCalls && (events.isReady?.() ?? true),
      begun: () => this.#begun(),
    });
  }

  get addresses(): SipAgent['addresses'] {
    return this.core.network.addresses;
  }

  get calls(): number {
    return this.#calls;
  }

  get strangers(): Readonly<StrangerCounts> {
    return this.#gate.counts;
  }

  /** The bytes of one message. */
  take(bytes: Buffer, flow: Flow): void {
    if (this.#state === 'closed' || !this.#gate.hears(flow)) return;
    try {
      const parsed = parseMessage(bytes, flow.reliable ? 'stream' : 'datagram');
      if (parsed.kind === 'malformed') this.#reception.refuseMalformed(parsed, flow);
      else if (parsed.kind === 'message' && parsed.message.kind === 'response') this.core.table.receive(parsed.message);
      else if (parsed.kind === 'message' && parsed.message.kind === 'request') this.#reception.receive(parsed.message, flow);
    } catch (error) {
      // Our own fault with one message must not cost the others.
      this.core.log.error({ err: error }, 'a SIP message could not be processed');
    }
  }

  invite(target: CallTarget, offer: string | undefined, events: OutgoingEvents): OutgoingCall {
    const uri = parseUri(target.uri);
    if (!uri || uri.scheme === 'other') throw new Error(`'${target.uri}' is no sip, sips or tel URI`);
    if (uri.scheme === 'tel' && target.proxy === undefined) throw new Error('a tel URI needs a proxy that knows where it leads');
    if (this.#state !== 'open') throw new Error('the SIP agent drains or has ended');
    if (this.#calls >= this.#mostCalls) throw new Error('there are too many calls');
    const from = this.#from(target.from);
    const over = this.#begun();
    const call = new OutgoingInvite(this.core, {
      id: this.core.chance.ids('call'),
      uri: target.uri,
      from,
      hop: target.proxy ?? target.uri,
      keyring: this.keyring(target.credentials),
      headers: target.headers ?? [],
      offer,
      events,
      onOver: () => {
        this.#outgoing.delete(call);
        over();
      },
    });
    this.#outgoing.add(call);
    return call;
  }

  async ping(target: { readonly uri: string; readonly from?: string; readonly credentials?: Credentials }): Promise<number> {
    const request = makeRequest({
      method: 'OPTIONS',
      uri: target.uri,
      from: this.#from(target.from ?? 'sip:ping@invalid'),
      to: `<${target.uri}>`,
      callId: this.core.chance.token(24),
      cseq: 1,
      headers: [{ name: 'Accept', value: 'application/sdp' }],
    });
    let number = 1;
    const { status } = await exchanged(this.core, {
      request,
      hop: target.uri,
      keyring: this.keyring(target.credentials),
      nextNumber: () => ++number,
    });
    return status;
  }

  keyring(credentials: Credentials | undefined): Keyring {
    return new Keyring(credentials, () => this.core.chance.token(16));
  }

  register(options: RegistrationOptions, onState: (state: RegistrationState) => void): SipRegistration {
    const registration = new Registration(this.core, options, onState);
    this.#registrations.add(registration);
    return registration;
  }

  async admitServers(trunk: string, uri: string): Promise<void> {
    const parsed = parseUri(uri);
    if (!parsed || !('host' in parsed)) return;
    const addresses = await addressesBehind(parsed, this.#resolver);
    if (addresses.length > 0) this.#gate.move(trunk, addresses);
  }

  drain(): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    for (const registration of this.#registrations) void registration.withdraw();
  }

  async close(): Promise<void> {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'closing';
    const { clock, dialogs, network, table } = this.core;
    const users = new Set(dialogs.values());
    for (const user of users) user.close();
    for (const call of this.#outgoing) call.cancel();
    let leaving = this.#registrations.size;
    for (const registration of this.#registrations) void registration.close().then(() => leaving--);
    // Farewells have to arrive: until each has its answer, or the time is over.
    const endsAtMs = clock.now() + farewellMs;
    while (dialogs.size + leaving + this.#calls > 0 && clock.now() < endsAtMs)
      await new Promise<void>((resolve) => void clock.after(20, resolve));
    this.#state = 'closed';
    table.close();
    await network.close();
  }

  get #mostCalls(): number {
    return this.#options.mostCalls ?? usualMostCalls;
  }

  /** A From of ours with a new tag. */
  #from(text: string): string {
    const address = parseNameAddress(text);
    if (!address) throw new Error(`'${text}' is no address for From`);
    return withTag(address.uriText, this.core.chance.token(16), address.display === '' ? '' : quoted(address.display));
  }

  /** Counts a call; what it gives counts it out again, once. */
  #begun(): () => void {
    this.#calls++;
    let under = true;
    return () => {
      if (under) this.#calls--;
      under = false;
    };
  }
}
