// What becomes of a request that comes in: taken by its transaction, by its dialog, by the gate, or by somebody new (RFC 3261 section 8.2).
import { createHash } from 'node:crypto';
import type { IncomingCall } from './agent.ts';
import { noteSource, responseTo, type ResponseParts } from './build.ts';
import { CallDialog } from './call-dialog.ts';
import type { Core } from './core.ts';
import { dialogKey, dialogOf } from './dialog.ts';
import { abilities } from './established.ts';
import type { Flow } from './flow.ts';
import type { Gate } from './gate.ts';
import type { Header } from './header-list.ts';
import { inviteRefusal, missingExtension } from './invite-rules.ts';
import { IncomingInvite } from './invite-server.ts';
import { type Parsed, type SipRequest, type SipResponse, tagOf, writeMessage } from './message.ts';
import type { SipOptions } from './options.ts';
import { replacedDialog } from './refer.ts';
import { parseUri } from './uri.ts';

export interface ReceptionParts {
  readonly options: SipOptions;
  readonly gate: Gate;
  readonly onIncoming: (call: IncomingCall) => void;
  readonly calls: () => number;
  /** Not once the agent drains or ends. */
  readonly takesCalls: () => boolean;
  /** Whether a new call would be served at this moment. */
  readonly isReady: () => boolean;
  /** A call counts from now on; what it gives ends that. */
  readonly begun: () => () => void;
}

/** Methods that mean something outside of a dialog. */
const beginning = new Set(['INVITE', 'OPTIONS']);
const within = new Set(['BYE', 'PRACK', 'UPDATE', 'INFO', 'NOTIFY', 'REFER']);

export class Reception {
  readonly #core: Core;
  readonly #parts: ReceptionParts;
  readonly #secret: string;

  constructor(core: Core, parts: ReceptionParts) {
    this.#core = core;
    this.#parts = parts;
    this.#secret = core.chance.token(32);
  }

  /** A request that could not be read in full, where enough of it could for an answer. */
  refuseMalformed({ answer, why }: Extract<Parsed, { kind: 'malformed' }>, flow: Flow): void {
    this.#core.log.debug({ why, address: flow.remote.host }, 'a malformed SIP message came');
    if (!answer || !this.#parts.gate.answersStray(flow)) return;
    const { request, status } = answer;
    const noted = { ...request, via: noteSource(request, flow.remote.host, flow.remote.port) };
    const response = responseTo(noted, status, { toTag: this.#core.chance.token(10) });
    this.#back(noted, flow).send(writeMessage(response));
  }

  receive(message: SipRequest, arrived: Flow): void {
    const request: SipRequest = { ...message, via: noteSource(message, arrived.remote.host, arrived.remote.port) };
    const { table, dialogs } = this.#core;
    if (table.absorb(request)) return;
    const flow = this.#back(request, arrived);
    const dialog = dialogOf(request);
    const user = dialog && dialogs.get(dialogKey(dialog));
    if (request.method === 'ACK') {
      user?.receiveAck(request);
    } else if (request.method === 'CANCEL') {
      this.#cancel(request, flow);
    } else if (user) {
      arrived.welcome();
      this.#core.onUsed(arrived);
      this.#within(request, flow, arrived, user);
    } else {
      this.#outside(request, flow, arrived);
    }
  }

  /** Where answers go (RFC 3261 section 18.2.2, RFC 3581 section 4). */
  #back(request: Pick<SipRequest, 'via'>, arrived: Flow): Flow {
    if (arrived.reliable || request.via.parameters.has('rport')) return arrived;
    return arrived.at(request.via.port ?? 5060);
  }

  #within(request: SipRequest, flow: Flow, arrived: Flow, user: NonNullable<ReturnType<Core['dialogs']['get']>>): void {
    const missing = missingExtension(request);
    if (request.method === 'INVITE') {
      const transaction = this.#core.table.acceptInvite(request, flow, { onTerminated: () => {} });
      if (!transaction) return;
      transaction.respond(responseTo(request, 100));
      if (missing) transaction.respond(missing);
      else user.receiveInvite(request, transaction, arrived);
      return;
    }
    const transaction = this.#core.table.accept(request, flow);
    if (missing) transaction?.respond(missing);
    else if (transaction) user.receive(request, transaction, arrived);
  }

  /** A request of no dialog of ours. Up to the gate nothing is kept of it: answers carry a tag that is worked out (section 8.2.7). */
  #outside(request: SipRequest, flow: Flow, arrived: Flow): void {
    const { gate, options } = this.#parts;
    const admission = gate.admit(request, arrived);
    if (admission.kind === 'silence') return;
    const answer = (status: number, headers: readonly Header[] = []) => this.#stateless(request, flow, status, { headers });
    if (admission.kind === 'challenge') {
      answer(
        401,
        admission.challenges.map((value) => ({ name: 'WWW-Authenticate', value })),
      );
      return;
    }
    if (admission.kind === 'refuse') {
      answer(admission.status);
      return;
    }
    arrived.welcome();
    const target = parseUri(request.uri);
    const missing = missingExtension(request);
    if (tagOf(request.to) !== undefined) answer(481);
    else if (!beginning.has(request.method))
      answer(within.has(request.method) ? 481 : 405, [{ name: 'Allow', value: abilities[0]?.value ?? '' }]);
    else if (target?.scheme === 'other') answer(416);
    else if (request.method === 'OPTIONS' && !missing) this.#answerPing(answer);
    else if (options.domains && target?.scheme !== 'tel' && !options.domains.includes(target?.host ?? '')) answer(404);
    else if (missing) this.#stateless(request, flow, 420, { headers: [...missing.headers].filter(({ name }) => name === 'Unsupported') });
    else this.#invite(request, flow, arrived, admission.trunk);
  }

  /** Whoever asks is in front of this server as often as it calls it, and then names the server's address and none of its domains. */
  #answerPing(answer: (status: number, headers: readonly Header[]) => void): void {
    if (this.#parts.isReady()) answer(200, [...abilities, { name: 'Accept', value: 'application/sdp' }]);
    else answer(503, [{ name: 'Retry-After', value: '5' }]);
  }

  #invite(request: SipRequest, flow: Flow, arrived: Flow, trunk: string): void {
    const { gate, calls, begun, onIncoming, takesCalls } = this.#parts;
    const { table } = this.#core;
    if (table.isMerged(request)) {
      this.#stateless(request, flow, 482);
      return;
    }
    const admission = takesCalls() ? gate.admitCall(trunk, calls()) : { kind: 'refuse' as const, status: 503, retryAfterS: 5 };
    if (admission.kind === 'refuse') {
      this.#stateless(request, flow, admission.status, { headers: [{ name: 'Retry-After', value: String(admission.retryAfterS ?? 5) }] });
      return;
    }
    const replaces = this.#replaced(request, trunk, arrived.remote.host);
    const transaction = table.acceptInvite(request, flow, { onTerminated: () => {} });
    if (!transaction) {
      this.#stateless(request, flow, 503, { headers: [{ name: 'Retry-After', value: '5' }] });
      return;
    }
    transaction.respond(responseTo(request, 100));
    const refusal = typeof replaces === 'number' ? responseTo(request, replaces) : inviteRefusal(request, this.#core);
    if (refusal) {
      transaction.respond(this.#tagged(request, refusal));
      return;
    }
    const replaced = typeof replaces === 'number' ? undefined : replaces;
    const call = new IncomingInvite(this.#core, {
      id: this.#core.chance.ids('call'),
      request,
      transaction,
      flow: arrived,
      trunk,
      replaces: replaced,
      onOver: begun(),
    });
    try {
      if (!replaced?.takeReplacement(call)) onIncoming(call);
    } catch (error) {
      call.reject(500);
      throw error;
    }
  }

  /** The call that a Replaces header is about, or the status to refuse with (RFC 3891 section 3). */
  #replaced(request: SipRequest, trunk: string, host: string): CallDialog | undefined | number {
    const values = request.headers.all('Replaces');
    if (values.length === 0) return undefined;
    const named = values.length === 1 ? replacedDialog(values[0] as string) : undefined;
    if (!named) return 400;
    const user = this.#core.dialogs.get(dialogKey(named));
    if (!(user instanceof CallDialog)) return 481;
    if (!user.isUp) return 603;
    if (named.earlyOnly) return 486;
    // Knowing a call's tags is not enough to take it over: it is to come from the same trunk, or from where its far end is.
    const same = user.trunk === undefined ? user.flow.remote.host === host : user.trunk === trunk;
    return same ? user : 403;
  }

  #cancel(request: SipRequest, flow: Flow): void {
    const invite = this.#core.table.cancelled(request);
    if (!invite) {
      if (this.#parts.gate.answersStray(flow)) this.#stateless(request, flow, 481);
      return;
    }
    const transaction = this.#core.table.accept(request, flow);
    transaction?.respond(this.#tagged(request, responseTo(request, 200)));
    invite.onCancel?.(request);
  }

  #stateless(request: SipRequest, flow: Flow, status: number, parts: ResponseParts = {}): void {
    flow.send(writeMessage(responseTo(request, status, { ...parts, toTag: this.#tagFor(request) })));
  }

  #tagged(request: SipRequest, response: SipResponse): SipResponse {
    if (tagOf(request.to) !== undefined) return response;
    response.headers.set('To', `${request.headers.first('To')};tag=${this.#tagFor(request)}`);
    return response;
  }

  /** The same for each repetition of the request, and not to be guessed. */
  #tagFor(request: SipRequest): string {
    const parts = [this.#secret, request.callId, request.cseq.number, tagOf(request.from), request.via.parameters.get('branch')];
    return createHash('sha256').update(parts.join('\n')).digest('base64url').replace(/[-_]/g, '0').slice(0, 12);
  }
}
