// A call that goes out, until it is answered or has failed (RFC 3261 section 13.2).
import { Acknowledgement } from './acknowledge.ts';
import type { Failure, OutgoingCall, OutgoingEvents } from './agent.ts';
import { descriptionOf } from './body.ts';
import { makeRequest, sdpBody } from './build.ts';
import { CallDialog } from './call-dialog.ts';
import { type Core, wayWithin } from './core.ts';
import { Dialog } from './dialog.ts';
import { EarlyDialog } from './early-dialog.ts';
import { abilities, withoutReliable } from './established.ts';
import { Exchange, exchanged, type Sent } from './exchange.ts';
import type { Header } from './header-list.ts';
import { parseCount } from './headers.ts';
import type { Keyring } from './keyring.ts';
import { type SipResponse, tagOf } from './message.ts';
import { agreedAsClient, intervalWish } from './session-interval.ts';
import { reasonOf } from './status.ts';

type State =
  | { readonly kind: 'calling' }
  | { readonly kind: 'cancelled'; readonly reason: string | undefined }
  /** Answered by the far end of this tag; other branches of a fork are ended. */
  | { readonly kind: 'answered'; readonly tag: string }
  | { readonly kind: 'failed' };

export interface OutgoingParts {
  readonly id: string;
  readonly uri: string;
  /** With its tag. */
  readonly from: string;
  readonly hop: string;
  readonly keyring: Keyring;
  readonly headers: readonly Header[];
  readonly offer: string | undefined;
  readonly events: OutgoingEvents;
  readonly onOver: () => void;
}

/** Branches of a fork that are told apart; further ones are neither heard before the answer nor asked to be. */
const mostBranches = 16;

export class OutgoingInvite implements OutgoingCall {
  readonly id: string;
  readonly callId: string;
  readonly #core: Core;
  readonly #parts: OutgoingParts;
  readonly #acknowledgements = new Map<string, Acknowledgement>();
  readonly #early = new Map<string, EarlyDialog>();
  #state: State = { kind: 'calling' };
  #exchange: Exchange | undefined;
  #number = 1;
  #raised = false;

  constructor(core: Core, parts: OutgoingParts) {
    this.id = parts.id;
    this.callId = core.chance.token(24);
    this.#core = core;
    this.#parts = parts;
    this.#call(core.interval.leastS);
  }

  cancel(reason?: string): void {
    if (this.#state.kind !== 'calling') return;
    this.#state = { kind: 'cancelled', reason };
    this.#exchange?.cancel(reason);
  }

  #call(leastS: number): void {
    const { uri, from, headers, offer, keyring, hop } = this.#parts;
    const wish = { wantedS: Math.max(this.#core.interval.wantedS, leastS), leastS };
    const request = makeRequest({
      method: 'INVITE',
      uri,
      from,
      to: `<${uri}>`,
      callId: this.callId,
      cseq: this.#number,
      // An offer in a provisional response would have to be answered by its PRACK: without an offer of ours none is asked for.
      headers: [...(offer === undefined ? withoutReliable : abilities), ...intervalWish(wish), ...headers],
      body: offer === undefined ? undefined : sdpBody(offer),
    });
    this.#exchange = new Exchange(
      this.#core,
      { request, hop, keyring, nextNumber: () => ++this.#number },
      {
        onProvisional: (response, sent) => this.#progress(response, sent),
        onSuccess: (response, sent) => this.#success(response, sent),
        onFailure: (status, response) => this.#failure(status, response),
      },
    );
  }

  #progress(response: SipResponse, sent: Sent): void {
    if (this.#state.kind !== 'calling' || response.status === 100) return;
    const { events } = this.#parts;
    const description = descriptionOf(response);
    const sdp = description.kind === 'sdp' ? description.sdp : undefined;
    const branch = this.#branch(response, sent);
    if (response.headers.lists('Require', '100rel')) {
      const number = parseCount(response.headers.first('RSeq'));
      // Out of order, or known already: it is not to be acknowledged, and comes again (RFC 3262 section 4).
      if (!branch || number === undefined || (branch.heard !== 0 && number !== branch.heard + 1)) return;
      branch.heard = number;
      this.#acknowledgeProvisional(branch.dialog, number, sent);
    }
    if (branch && sdp !== undefined) branch.sdp = sdp;
    if (response.status !== 183 || sdp === undefined) events.onRinging?.(response.status);
    if (sdp !== undefined && this.#parts.offer !== undefined) events.onProgress?.(sdp);
  }

  #branch(response: SipResponse, sent: Sent) {
    const tag = tagOf(response.to);
    if (tag === undefined) return undefined;
    const known = this.#early.get(tag);
    if (known) return known;
    const dialog = this.#early.size < mostBranches ? Dialog.ofClient(sent.request, response) : undefined;
    if (!dialog) return undefined;
    const branch = new EarlyDialog(this.#core, dialog, this.#parts.events);
    this.#early.set(tag, branch);
    return branch;
  }

  #acknowledgeProvisional(dialog: Dialog, number: number, sent: Sent): void {
    const request = dialog.request('PRACK', { headers: [{ name: 'RAck', value: `${number} ${sent.request.cseq.number} INVITE` }] });
    const way = wayWithin(dialog, sent.flow);
    void exchanged(this.#core, { ...way, request, keyring: this.#parts.keyring, nextNumber: () => dialog.nextNumber() });
  }

  #success(response: SipResponse, sent: Sent): void {
    const tag = tagOf(response.to) ?? '';
    const repeated = this.#acknowledgements.get(tag);
    if (repeated) {
      repeated.again();
      return;
    }
    if (this.#acknowledgements.size >= mostBranches) return;
    const acknowledgement = new Acknowledgement(this.#core);
    this.#acknowledgements.set(tag, acknowledgement);
    const early = this.#early.get(tag);
    const dialog = early?.dialog ?? Dialog.ofClient(sent.request, response);
    if (!dialog) {
      // Without a Contact nobody could be told anything more, not even that the call is over.
      this.#failure(502, response);
      return;
    }
    dialog.retarget(response);
    const description = descriptionOf(response);
    const sdp = description.kind === 'sdp' ? description.sdp : early?.sdp;
    const unwanted = this.#state.kind !== 'calling' || sdp === undefined;
    const call = this.#established(dialog, response, sent, unwanted);
    if (this.#state.kind !== 'calling' || sdp === undefined) {
      // Taken back too late, another branch of a fork, or an answer that is none: it is acknowledged, and ended (section 13.2.2.4).
      const reason = this.#state.kind === 'cancelled' ? this.#state.reason : undefined;
      void acknowledgement.send(dialog, sent, wayWithin(dialog, sent.flow)).then(() => call.bye(reason));
      if (this.#state.kind === 'cancelled') this.#failure(487, undefined);
      else if (this.#state.kind === 'calling') this.#failure(488, undefined);
      return;
    }
    this.#state = { kind: 'answered', tag };
    this.#forgetEarly();
    void this.#accept(acknowledgement, call, dialog, sent, sdp);
  }

  async #accept(acknowledgement: Acknowledgement, call: CallDialog, dialog: Dialog, sent: Sent, sdp: string): Promise<void> {
    const { offer, events } = this.#parts;
    const way = wayWithin(dialog, sent.flow);
    if (offer !== undefined) {
      await acknowledgement.send(dialog, sent, way);
      this.#tellAnswered(call, sdp);
      return;
    }
    const answer = await events.onOffer?.(sdp).catch(() => undefined);
    await acknowledgement.send(dialog, sent, way, answer === undefined ? undefined : sdpBody(answer));
    if (answer === undefined) call.bye('SIP;cause=488;text="No answer to the offer"');
    else this.#tellAnswered(call, sdp);
  }

  /** Whoever hangs up while we acknowledge has not been talked with. */
  #tellAnswered(call: CallDialog, sdp: string): void {
    const { events } = this.#parts;
    if (call.isUp) events.onAnswered(call, sdp);
    else events.onFailed({ status: 487, reason: reasonOf(487), headers: [] });
  }

  #established(dialog: Dialog, response: SipResponse, sent: Sent, unwanted: boolean): CallDialog {
    const { events, keyring, offer } = this.#parts;
    const ignored = { onSession: () => Promise.resolve({ status: 488 }) };
    return new CallDialog({
      core: this.#core,
      id: this.id,
      dialog,
      flow: sent.flow,
      events: unwanted ? ignored : events,
      role: 'caller',
      trunk: undefined,
      keyring,
      localSdp: offer ?? '',
      theirs: response,
      interval: unwanted ? undefined : agreedAsClient(response),
      onEnded: () => {
        if (!unwanted) this.#parts.onOver();
      },
    });
  }

  #forgetEarly(): void {
    for (const branch of this.#early.values()) branch.forget();
  }

  #failure(status: number, response: SipResponse | undefined): void {
    if (this.#state.kind === 'failed' || this.#state.kind === 'answered') return;
    const leastS = parseCount(response?.headers.first('Min-SE'));
    // RFC 4028 section 7.3: again with the interval that the server can agree to, once.
    if (status === 422 && leastS !== undefined && !this.#raised && this.#state.kind === 'calling') {
      this.#raised = true;
      this.#number++;
      this.#call(leastS);
      return;
    }
    this.#state = { kind: 'failed' };
    this.#forgetEarly();
    const failure: Failure = { status, reason: response?.reason || reasonOf(status), headers: [...(response?.headers ?? [])] };
    this.#parts.events.onFailed(failure);
    this.#parts.onOver();
  }
}
