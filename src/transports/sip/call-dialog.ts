// An answered call: what comes within its dialog, what is asked of its far end, and how it ends (RFC 3261 sections 12.2 and 15).
import { type CallEnd, CallFailure, type IncomingCall, type ReferResult, type SipDialog } from './agent.ts';
import type { AnswerUntilAck } from './answer-until-ack.ts';
import { mediaType } from './body.ts';
import { responseTo } from './build.ts';
import type { DialogUser } from './core.ts';
import { abilities, type Established, type EstablishedParts, ourAbilities, reasonHeader, sendingWithin } from './established.ts';
import { exchanged } from './exchange.ts';
import type { Flow } from './flow.ts';
import type { SipRequest } from './message.ts';
import { Referrals } from './referrals.ts';
import { SessionChanges } from './session-changes.ts';
import type { InviteServerTransaction } from './transactions/invite-server.ts';
import type { ServerTransaction } from './transactions/server.ts';

type State =
  | { readonly kind: 'up' }
  /** Hung up by us before the caller has acknowledged our answer: the BYE waits for that (section 15). */
  | { readonly kind: 'ending'; readonly reason: string | undefined }
  | { readonly kind: 'over' };

export class CallDialog implements SipDialog, DialogUser {
  readonly id: string;
  readonly callId: string;
  readonly ended: Promise<CallEnd>;
  readonly #call: Established;
  readonly #changes: SessionChanges;
  readonly #referrals: Referrals;
  readonly #onEnded: (end: CallEnd) => void;
  #state: State = { kind: 'up' };
  #resolveEnded: (end: CallEnd) => void = () => {};
  #firstAnswer: AnswerUntilAck | undefined;
  #lateAnswer: string | undefined;

  constructor({ theirs, interval, onEnded, ...parts }: EstablishedParts) {
    this.#call = { ...parts, takesUpdate: theirs.headers.lists('Allow', 'UPDATE') };
    this.id = parts.id;
    this.callId = parts.dialog.callId;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#onEnded = onEnded;
    this.#changes = new SessionChanges(this.#call, interval, (by) => this.#lose(by));
    this.#referrals = new Referrals(this.#call, () => this.bye('SIP;cause=200;text="Transferred"'));
    parts.core.dialogs.set(parts.dialog.key, this);
  }

  get remote(): string {
    return this.#call.dialog.remote;
  }

  get target(): string {
    return this.#call.dialog.target;
  }

  get replacesValue(): string {
    const { callId, localTag, remoteTag } = this.#call.dialog;
    return `${callId};to-tag=${remoteTag};from-tag=${localTag}`;
  }

  get lateAnswer(): string | undefined {
    return this.#lateAnswer;
  }

  get isUp(): boolean {
    return this.#state.kind === 'up';
  }

  get trunk(): string | undefined {
    return this.#call.trunk;
  }

  /** Where its far end is, for whoever must know that a request comes from the same place. */
  get flow(): Flow {
    return this.#call.flow;
  }

  /** Whether the owner of this call takes one that is to take its place. */
  takeReplacement(call: IncomingCall): boolean {
    const { events } = this.#call;
    events.onReplaced?.(call);
    return events.onReplaced !== undefined;
  }

  /** Our answer to the INVITE, which waits for its ACK. With `offered`, that ACK has to bring the answer to our offer. */
  awaitAck(answer: AnswerUntilAck, offered: boolean): void {
    this.#firstAnswer = answer;
    if (offered) this.#changes.awaitLateAnswer();
  }

  /** The ACK has come; `late` is the description in it. */
  acknowledged(late: string | undefined): void {
    this.#lateAnswer = late;
    this.#changes.lateAnswerCame();
    if (this.#state.kind === 'ending') this.#sendBye(this.#state.reason);
  }

  /** No ACK came: the session is not up (section 13.3.1.4), and the far end is told so. */
  unacknowledged(): void {
    this.#lose('lost');
  }

  receiveAck(request: SipRequest): void {
    if (!this.#firstAnswer?.take(request)) this.#changes.receiveAck(request);
  }

  receiveInvite(request: SipRequest, transaction: InviteServerTransaction, flow: Flow): void {
    if (this.#state.kind !== 'up') transaction.respond(responseTo(request, 481));
    else if (!this.#call.dialog.takeInOrder(request)) transaction.respond(responseTo(request, 500));
    else {
      this.#call.flow = flow;
      this.#changes.receiveInvite(request, transaction);
    }
  }

  receive(request: SipRequest, transaction: ServerTransaction, flow: Flow): void {
    const { method } = request;
    // A BYE that crosses ours is answered; a NOTIFY may tell of a transfer after the end. Nothing else is.
    if (this.#state.kind === 'over' && method !== 'BYE' && !(method === 'NOTIFY' && this.#referrals.waits)) {
      transaction.respond(responseTo(request, 481));
      return;
    }
    if (!this.#call.dialog.takeInOrder(request)) {
      transaction.respond(responseTo(request, 500));
      return;
    }
    this.#call.flow = flow;
    if (method === 'BYE') {
      transaction.respond(responseTo(request, 200));
      const cause = reasonHeader(request);
      this.#end({ by: 'them', ...(cause === undefined ? {} : { cause }) });
    } else if (method === 'UPDATE') this.#changes.receiveUpdate(request, transaction);
    else if (method === 'INFO') this.#receiveInfo(request, transaction);
    else if (method === 'REFER') this.#referrals.receiveRefer(request, transaction);
    else if (method === 'NOTIFY') this.#referrals.receiveNotify(request, transaction);
    else if (method === 'OPTIONS') {
      const headers = [...ourAbilities(flow, request), { name: 'Accept', value: 'application/sdp' }];
      transaction.respond(responseTo(request, 200, { headers }));
    }
    // A PRACK belongs to a provisional response, and those are over.
    else if (method === 'PRACK') transaction.respond(responseTo(request, 481));
    else transaction.respond(responseTo(request, 405, { headers: abilities }));
  }

  async reinvite(offer: string): Promise<string> {
    return this.#changes.reinvite(offer);
  }

  async refer(target: string, options: { readonly replaces?: string } = {}): Promise<ReferResult> {
    if (this.#state.kind !== 'up') throw new CallFailure(481, 'the call is over');
    return this.#referrals.refer(target, options.replaces);
  }

  bye(reason?: string): void {
    if (this.#state.kind !== 'up') return;
    const waits = this.#firstAnswer?.waits === true;
    this.#finish({ by: 'us', ...(reason === undefined ? {} : { cause: reason }) }, waits ? { kind: 'ending', reason } : { kind: 'over' });
    if (!waits) this.#sendBye(reason);
  }

  close(): void {
    this.bye();
  }

  /** RFC 2833's predecessor, which old gateways still send: `Signal=5` (application/dtmf-relay), or the digit alone (application/dtmf). */
  #receiveInfo(request: SipRequest, transaction: ServerTransaction): void {
    if (request.headers.first('Info-Package') !== undefined) {
      transaction.respond(responseTo(request, 469, { headers: [{ name: 'Recv-Info', value: '' }] }));
      return;
    }
    const type = mediaType(request.headers.first('Content-Type') ?? '');
    const text = request.body.toString('latin1');
    const relay = type === 'application/dtmf-relay';
    if (!relay && type !== 'application/dtmf' && request.body.length > 0) {
      transaction.respond(responseTo(request, 415, { headers: [{ name: 'Accept', value: 'application/dtmf-relay, application/dtmf' }] }));
      return;
    }
    const signal = (relay ? /^[ \t]*Signal[ \t]*=[ \t]*(\S{1,2})/im : /^\s*(\S{1,2})/).exec(text)?.[1] ?? '';
    const digit = signal === '10' ? '*' : signal === '11' ? '#' : signal.toUpperCase();
    const [, duration] = /^[ \t]*Duration[ \t]*=[ \t]*(\d{1,6})/im.exec(text) ?? [];
    transaction.respond(responseTo(request, 200));
    if (/^[0-9A-D*#]$/.test(digit)) this.#call.events.onInfoDigit?.(digit, duration === undefined ? undefined : Number(duration));
  }

  /** The far end is gone, or was silent for too long. It is told, in case it is there after all. */
  #lose(by: 'timer' | 'lost'): void {
    if (this.#state.kind === 'over') return;
    this.#end({ by }, false);
    this.#sendBye(by === 'timer' ? 'SIP;cause=408;text="Session timer expired"' : undefined);
  }

  #sendBye(reason: string | undefined): void {
    const { core, dialog } = this.#call;
    this.#state = { kind: 'over' };
    const request = dialog.request('BYE', { headers: reason === undefined ? [] : [{ name: 'Reason', value: reason }] });
    void exchanged(core, sendingWithin(this.#call, request)).then(() => this.#forget());
  }

  #end(end: CallEnd, forget = true): void {
    if (this.#state.kind === 'over') return;
    this.#finish(end, { kind: 'over' });
    if (forget) this.#forget();
  }

  #finish(end: CallEnd, state: State): void {
    const wasUp = this.#state.kind === 'up';
    this.#state = state;
    this.#changes.stop();
    if (state.kind === 'over') this.#firstAnswer?.stop();
    if (!wasUp) return;
    this.#resolveEnded(end);
    this.#onEnded(end);
    this.#call.events.onBye?.(end);
  }

  #forget(): void {
    const { core, dialog } = this.#call;
    this.#referrals.callEnded(() => {
      if (core.dialogs.get(dialog.key) === this) core.dialogs.delete(dialog.key);
    });
  }
}
