// Registers with a provider, so that its calls find us, and stays registered (RFC 3261 section 10.2).
import type { Timer } from '../../lib/clock.ts';
import type { RegistrationOptions, RegistrationState, SipRegistration } from './agent.ts';
import { makeRequest } from './build.ts';
import type { Flow } from './flow.ts';
import type { Core } from './core.ts';
import { withTag } from './dialog.ts';
import { exchanged, retryAfterS, type Sent } from './exchange.ts';
import { parseCount, parseNameAddress } from './headers.ts';
import { Keyring } from './keyring.ts';
import type { SipResponse } from './message.ts';
import { parseUri, unescaped } from './uri.ts';

/** The part of the granted time after which it is asked for again: two more tries fit into what is left. */
const refreshPart = 0.6;
const shortestMs = 5000;
/** After a failure on all servers; doubled by each further one (RFC 5626 section 4.5). */
const firstRetryMs = 30_000;
const lastRetryMs = 1_800_000;
/**
 * Routers forget an idle UDP port after 30 s at the shortest (RFC 4787 asks for two minutes, few grant them). Below that, an empty datagram
 * keeps the way open on which calls come in.
 */
const keepOpenMs = 25_000;
const emptyDatagram = Buffer.from('\r\n\r\n');
/** No provider needs us to ask for more than a day. */
const mostExpiresS = 86_400;

export class Registration implements SipRegistration {
  readonly #core: Core;
  readonly #options: RegistrationOptions;
  readonly #onState: (state: RegistrationState) => void;
  readonly #keyring: Keyring;
  readonly #callId: string;
  readonly #from: string;
  readonly #servers: readonly string[];
  #number = 0;
  #wantedS: number;
  #failures = 0;
  #timer: Timer | undefined;
  #keepOpen: Timer | undefined;
  #state: RegistrationState = { kind: 'trying' };

  /** Begins at once. @throws Error where the address or a server is no SIP URI. */
  constructor(core: Core, options: RegistrationOptions, onState: (state: RegistrationState) => void) {
    const address = parseUri(options.address);
    if (!address || !('host' in address)) throw new Error(`'${options.address}' is no SIP address to register`);
    for (const server of options.servers ?? []) if (!parseUri(server)) throw new Error(`'${server}' is no SIP URI of a server`);
    this.#core = core;
    this.#options = options;
    this.#onState = onState;
    this.#keyring = new Keyring(options.credentials, () => core.chance.token(16));
    // The same for all of its requests, so that the server knows them as one (section 10.2).
    this.#callId = core.chance.token(24);
    this.#from = withTag(options.address, core.chance.token(16));
    this.#servers = options.servers?.length ? options.servers : [`${address.scheme}:${address.host}`];
    this.#wantedS = options.expiresS ?? 600;
    void this.#register();
  }

  get state(): RegistrationState {
    return this.#state;
  }

  async close(): Promise<void> {
    this.#keepOpen?.cancel();
    await this.withdraw();
  }

  async withdraw(): Promise<void> {
    if (this.#state.kind === 'over') return;
    const { kind } = this.#state;
    const server = this.#state.kind === 'registered' ? this.#state.server : undefined;
    this.#timer?.cancel();
    this.#become({ kind: 'over' });
    if (kind === 'registered' && server !== undefined) await this.#ask(server, 0);
  }

  async #register(): Promise<void> {
    let status = 503;
    let response: SipResponse | undefined;
    // The one that served last is asked first.
    const last = this.#state.kind === 'registered' ? this.#state.server : undefined;
    for (const server of [...new Set([...(last === undefined ? [] : [last]), ...this.#servers])]) {
      let answer = await this.#ask(server, this.#wantedS);
      const leastS = parseCount(answer.response?.headers.first('Min-Expires'), mostExpiresS);
      if (answer.status === 423 && leastS !== undefined && leastS > this.#wantedS) {
        this.#wantedS = leastS;
        answer = await this.#ask(server, leastS);
      }
      if (this.#isOver()) return;
      ({ status, response } = answer);
      if (status < 300 && response && answer.sent) {
        this.#registered(server, response, answer.sent);
        return;
      }
    }
    this.#failures++;
    const backOffMs = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(10, this.#failures - 1));
    // By up to half, so that all who lost one server do not come back at once.
    const chosenMs = backOffMs / 2 + this.#core.chance.integer(backOffMs / 2 + 1);
    const retryMs = Math.max(chosenMs, Math.min(lastRetryMs, (retryAfterS(response) ?? 0) * 1000));
    this.#become({ kind: 'failed', status, retryMs });
    this.#again(retryMs);
  }

  #registered(server: string, response: SipResponse, sent: Sent): void {
    this.#failures = 0;
    const expiresS = this.#granted(response, sent);
    this.#become({ kind: 'registered', server, expiresS });
    this.#keepOpen?.cancel();
    if (behindRouter(response, sent)) this.#keepWayOpen(sent.flow);
    this.#again(Math.max(shortestMs, expiresS * 1000 * refreshPart));
  }

  /** What our own Contact was granted; the response lists those of other devices as well (section 10.2.4). */
  #granted(response: SipResponse, sent: Sent): number {
    const ours = parseNameAddress(sent.request.headers.first('Contact') ?? '')?.uriText;
    const contacts = response.headers.values('Contact').map(parseNameAddress);
    const own = contacts.find((contact) => contact?.uriText === ours) ?? (contacts.length === 1 ? contacts[0] : undefined);
    const seconds = parseCount(own?.parameters.get('expires')) ?? parseCount(response.headers.first('Expires')) ?? this.#wantedS;
    return Math.min(mostExpiresS, seconds);
  }

  #ask(server: string, expiresS: number): ReturnType<typeof exchanged> {
    const { address, contactUser } = this.#options;
    const own = parseUri(address);
    const user = contactUser ?? (own && 'user' in own && own.user !== undefined ? unescaped(own.user) : 'parley');
    const domain = own && 'host' in own ? `${own.scheme}:${own.host}` : server;
    const request = makeRequest({
      method: 'REGISTER',
      uri: domain,
      from: this.#from,
      to: withTag(address, undefined),
      callId: this.#callId,
      cseq: ++this.#number,
      headers: [
        { name: 'Expires', value: String(expiresS) },
        { name: 'Supported', value: 'path' },
      ],
    });
    const contact = { contactUser: encodeURIComponent(user) };
    return exchanged(this.#core, { request, hop: server, keyring: this.#keyring, ...contact, nextNumber: () => ++this.#number });
  }

  #keepWayOpen(flow: Flow): void {
    this.#keepOpen = this.#core.clock.after(keepOpenMs, () => {
      flow.send(emptyDatagram);
      this.#keepWayOpen(flow);
    });
  }

  #again(delayMs: number): void {
    this.#timer = this.#core.clock.after(delayMs, () => void this.#register());
  }

  #become(state: RegistrationState): void {
    this.#state = state;
    this.#onState(state);
  }

  #isOver(): boolean {
    return this.#state.kind === 'over';
  }
}

/** Whether the server has seen our datagram come from elsewhere than from where we have sent it (RFC 3581 section 4). */
function behindRouter({ via }: SipResponse, { flow }: Sent): boolean {
  const received = via.parameters.get('received');
  const port = via.parameters.get('rport');
  return (
    flow.transport === 'udp' &&
    ((received !== undefined && received !== flow.local.host) || (port !== undefined && Number(port) !== flow.local.port))
  );
}
