// A call that comes in, until it is answered, refused or taken back (RFC 3261 section 13.3).
import type { Timer } from '../../lib/clock.ts';
import { CallFailure, type Cancelled, type DialogEvents, type IncomingCall, type SipDialog } from './agent.ts';
import { AnswerUntilAck } from './answer-until-ack.ts';
import { descriptionOf } from './body.ts';
import { responseTo, type ResponseParts, sdpBody } from './build.ts';
import { CallDialog } from './call-dialog.ts';
import type { Core, DialogUser } from './core.ts';
import { Dialog } from './dialog.ts';
import { abilities, ourAbilities, reasonHeader } from './established.ts';
import type { Flow } from './flow.ts';
import type { Header } from './header-list.ts';
import { parseCount } from './headers.ts';
import { tellableHeaders } from './invite-rules.ts';
import { Keyring } from './keyring.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { ReliableProvisionals } from './reliable-provisionals.ts';
import { agreeAsServer } from './session-interval.ts';
import type { InviteServerTransaction } from './transactions/invite-server.ts';
import type { ServerTransaction } from './transactions/server.ts';

type State =
  | { readonly kind: 'offered' }
  /** An answer waits for a PRACK, or was sent. */
  | { readonly kind: 'answering' }
  | { readonly kind: 'over'; readonly cancelled?: Cancelled };

/** Proxies give up an INVITE that says nothing for three minutes: it is told each minute that it rings (section 13.3.1.1). */
const remindMs = 60_000;

export interface IncomingParts {
  readonly id: string;
  readonly request: SipRequest;
  readonly transaction: InviteServerTransaction;
  readonly flow: Flow;
  readonly trunk: string;
  readonly replaces: CallDialog | undefined;
  /** The call does not count any more: refused, taken back, or ended after its answer. */
  readonly onOver: () => void;
}

export class IncomingInvite implements IncomingCall, DialogUser {
  readonly id: string;
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly requestUri: string;
  readonly headers: readonly Header[];
  readonly source: IncomingCall['source'];
  readonly trunk: string;
  readonly offer: string | undefined;
  readonly replaces: SipDialog | undefined;
  readonly #core: Core;
  readonly #parts: IncomingParts;
  readonly #dialog: Dialog;
  readonly #tag: string;
  readonly #reliable: ReliableProvisionals | undefined;
  readonly #onCancel: ((cancelled: Cancelled) => void)[] = [];
  #state: State = { kind: 'offered' };
  #reminder: Timer | undefined;
  #expiry: Timer | undefined;

  constructor(core: Core, parts: IncomingParts) {
    const { request, flow, transaction } = parts;
    this.id = parts.id;
    this.callId = request.callId;
    this.from = request.headers.first('From') ?? '';
    this.to = request.headers.first('To') ?? '';
    this.requestUri = request.uri;
    this.headers = tellableHeaders(request);
    this.source = { address: flow.remote.host, port: flow.remote.port, transport: flow.transport };
    this.trunk = parts.trunk;
    const description = descriptionOf(request);
    this.offer = description.kind === 'sdp' ? description.sdp : undefined;
    this.replaces = parts.replaces;
    this.#core = core;
    this.#parts = parts;
    this.#tag = core.chance.token(20);
    this.#dialog = Dialog.ofServer(request, this.#tag);
    if (request.headers.lists('Require', '100rel') || request.headers.lists('Supported', '100rel')) {
      this.#reliable = new ReliableProvisionals(core, transaction, () => this.reject(504));
    }
    core.dialogs.set(this.#dialog.key, this);
    transaction.onCancel = (cancel) => this.#cancel('caller', reasonHeader(cancel));
    const expiresS = parseCount(request.headers.first('Expires'));
    if (expiresS !== undefined && expiresS > 0) this.#expiry = core.clock.after(expiresS * 1000, () => this.#cancel('time'));
  }

  ring(): void {
    this.#tell({ status: 180 });
  }

  progress(sdp: string): void {
    // Without an offer of the caller's it would be ours, and its answer would come with a PRACK: sound before the answer is not worth that.
    if (this.offer === undefined) this.ring();
    else this.#tell({ status: 183, body: sdpBody(sdp) }, sdp);
  }

  answer(sdp: string, events: DialogEvents): Promise<SipDialog> {
    if (this.#state.kind !== 'offered') return Promise.reject(new CallFailure(487, 'the call is over, or was answered before'));
    this.#state = { kind: 'answering' };
    return new Promise((resolve, reject) => {
      const send = () => {
        if (this.#state.kind === 'answering') this.#answer(sdp, events, resolve, reject);
        else reject(new CallFailure(487, 'the caller has hung up'));
      };
      this.onCancel(() => reject(new CallFailure(487, 'the caller has hung up')));
      if (this.#reliable) this.#reliable.whenIdle(send);
      else send();
    });
  }

  reject(status: number, reason?: string, headers: readonly Header[] = []): void {
    if (this.#state.kind === 'over' || this.#parts.transaction.state !== 'proceeding') return;
    this.#refuse(responseTo(this.#parts.request, status, { toTag: this.#tag, reason, headers }), { by: 'us' });
  }

  onCancel(task: (cancelled: Cancelled) => void): void {
    const state = this.#state;
    if (state.kind === 'over' && state.cancelled) task(state.cancelled);
    else this.#onCancel.push(task);
  }

  receive(request: SipRequest, transaction: ServerTransaction): void {
    const { method } = request;
    if (!this.#dialog.takeInOrder(request)) transaction.respond(responseTo(request, 500));
    else if (method === 'PRACK') this.#receivePrack(request, transaction);
    else if (method === 'BYE') {
      // A caller may end a dialog that is not answered yet (section 15).
      transaction.respond(responseTo(request, 200));
      this.#cancel('caller', reasonHeader(request));
    } else if (method === 'UPDATE' && descriptionOf(request).kind === 'none') {
      this.#dialog.retarget(request);
      transaction.respond(responseTo(request, 200, { headers: ourAbilities(this.#parts.flow, request) }));
    }
    // Their first offer has no answer yet (RFC 3311 section 5.2).
    else if (method === 'UPDATE') transaction.respond(responseTo(request, 500, { headers: [{ name: 'Retry-After', value: '3' }] }));
    else transaction.respond(responseTo(request, 405, { headers: abilities }));
  }

  receiveInvite(request: SipRequest, transaction: InviteServerTransaction): void {
    const seconds = String(this.#core.chance.integer(11));
    transaction.respond(responseTo(request, 500, { headers: [{ name: 'Retry-After', value: seconds }] }));
  }

  receiveAck(): void {}

  close(): void {
    if (this.#state.kind === 'offered') this.reject(503);
  }

  #tell(parts: ResponseParts & { readonly status: number }, sdp?: string): void {
    if (this.#state.kind !== 'offered') return;
    const { request, transaction, flow } = this.#parts;
    const make = (headers: readonly Header[]): SipResponse =>
      responseTo(request, parts.status, { ...parts, toTag: this.#tag, headers: [...ourAbilities(flow, request), ...headers] });
    // Ringing may be lost without harm; a description may not, and who requires certainty gets it.
    if (this.#reliable && (sdp !== undefined || request.headers.lists('Require', '100rel'))) this.#reliable.send(make);
    else transaction.respond(make([]));
    this.#reminder?.cancel();
    this.#reminder = this.#core.clock.after(remindMs, () => this.#tell(parts, sdp));
  }

  #receivePrack(request: SipRequest, transaction: ServerTransaction): void {
    if (!this.#reliable?.take(request)) transaction.respond(responseTo(request, 481));
    // A new offer before the answer: there is no session to change yet.
    else transaction.respond(responseTo(request, descriptionOf(request).kind === 'none' ? 200 : 488));
  }

  #answer(sdp: string, events: DialogEvents, resolve: (dialog: SipDialog) => void, reject: (error: Error) => void): void {
    const { request, transaction, flow, replaces } = this.#parts;
    const agreement = agreeAsServer(request, this.#core.interval);
    const response = responseTo(request, 200, {
      toTag: this.#tag,
      headers: [...ourAbilities(flow, request), ...agreement.headers],
      body: sdpBody(sdp),
    });
    this.#stop();
    this.#state = { kind: 'over' };
    const call = new CallDialog({
      core: this.#core,
      id: this.id,
      dialog: this.#dialog,
      flow,
      events,
      role: 'callee',
      trunk: this.trunk,
      keyring: new Keyring(undefined, () => ''),
      localSdp: sdp,
      theirs: request,
      interval: agreement.kind === 'agreed' ? agreement.interval : undefined,
      onEnded: (end) => {
        reject(new CallFailure(487, `the call ended before it was acknowledged, by ${end.by}`));
        this.#parts.onOver();
      },
    });
    const waiting = new AnswerUntilAck(this.#core, transaction, response, {
      onAck: (ack) => {
        const description = descriptionOf(ack);
        const late = this.offer === undefined && description.kind === 'sdp' ? description.sdp : undefined;
        call.acknowledged(late);
        if (this.offer === undefined && late === undefined) {
          // Our offer has no answer: there is nothing to talk over.
          call.bye('SIP;cause=488;text="No answer to the offer"');
          return;
        }
        resolve(call);
      },
      onNone: () => call.unacknowledged(),
    });
    call.awaitAck(waiting, this.offer === undefined);
    if (replaces?.isUp) replaces.bye('SIP;cause=200;text="Replaced"');
  }

  #cancel(by: 'caller' | 'time', cause?: string): void {
    if (this.#state.kind === 'over') return;
    this.#refuse(responseTo(this.#parts.request, 487, { toTag: this.#tag }), { by, ...(cause === undefined ? {} : { cause }) });
  }

  #refuse(response: SipResponse, cancelled: Cancelled): void {
    this.#stop();
    this.#state = { kind: 'over', cancelled };
    this.#parts.transaction.respond(response);
    this.#core.dialogs.delete(this.#dialog.key);
    for (const task of this.#onCancel) task(cancelled);
    this.#onCancel.length = 0;
    this.#parts.onOver();
  }

  #stop(): void {
    this.#reliable?.stop();
    this.#reminder?.cancel();
    this.#expiry?.cancel();
    this.#parts.transaction.onCancel = undefined;
  }
}
