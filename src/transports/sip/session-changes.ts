// Changes of an answered call's session in both directions: re-INVITE (RFC 3261 section 14), UPDATE (RFC 3311), and refreshes (RFC 4028).
import { CallFailure } from './agent.ts';
import { Acknowledgement } from './acknowledge.ts';
import { AnswerUntilAck } from './answer-until-ack.ts';
import { descriptionOf } from './body.ts';
import { responseTo, sdpBody } from './build.ts';
import { type Established, ourAbilities, sendingWithin, wayOf, abilities } from './established.ts';
import { Exchange, exchanged } from './exchange.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { agreeAsServer, agreedAsClient, type Interval, intervalWish } from './session-interval.ts';
import { SessionTimer } from './session-timer.ts';
import { parseCount } from './headers.ts';
import type { InviteServerTransaction } from './transactions/invite-server.ts';
import type { ServerTransaction } from './transactions/server.ts';
import { sleep } from '../../lib/clock.ts';

/** Whose offer has no answer yet. There is one at most (RFC 3264 section 4). */
type Pending = 'none' | 'ours' | 'theirs';

const mostGlares = 5;
const busyRetryMs = 2000;

type Responder = { respond(response: SipResponse): void };

export class SessionChanges {
  readonly #call: Established;
  readonly #lost: (by: 'timer' | 'lost') => void;
  readonly #timer: SessionTimer;
  readonly #over = new AbortController();
  #pending: Pending = 'none';
  /** Their change that `onSession` is thinking about: it gets one answer, whatever comes first. */
  #asked: { readonly request: SipRequest; readonly transaction: Responder } | undefined;
  #answer: AnswerUntilAck | undefined;
  #leastS: number;

  constructor(call: Established, interval: Interval | undefined, lost: (by: 'timer' | 'lost') => void) {
    this.#call = call;
    this.#lost = lost;
    this.#leastS = call.core.interval.leastS;
    this.#timer = new SessionTimer(call.core.clock, { refresh: () => void this.#refresh(), expire: () => lost('timer') });
    this.#timer.restart(interval);
  }

  /** An offer of ours went out with the first answer, and its answer comes with the ACK. */
  awaitLateAnswer(): void {
    this.#pending = 'ours';
  }

  lateAnswerCame(): void {
    this.#pending = 'none';
  }

  stop(): void {
    this.#over.abort();
    // Requests that wait when a call ends are answered still (RFC 3261 section 15.1.2).
    this.#withdraw();
    this.#timer.stop();
    this.#answer?.stop();
  }

  receiveInvite(request: SipRequest, transaction: InviteServerTransaction): void {
    const refusal = this.#refusal(request);
    if (refusal) {
      transaction.respond(refusal);
      return;
    }
    transaction.onCancel = () => this.#withdraw();
    void this.#answerOffer(request, transaction, 're-invite', (response) => {
      const late = descriptionOf(request).kind === 'none';
      this.#pending = late ? 'ours' : 'none';
      this.#answer?.stop();
      this.#answer = new AnswerUntilAck(this.#call.core, transaction, response, {
        onAck: (ack) => {
          if (late) this.#takeLateAnswer(ack);
        },
        onNone: () => this.#lost('lost'),
      });
    });
  }

  receiveUpdate(request: SipRequest, transaction: ServerTransaction): void {
    const offers = descriptionOf(request).kind !== 'none';
    const refusal = this.#refusal(request, offers);
    if (refusal) {
      transaction.respond(refusal);
      return;
    }
    if (offers) {
      void this.#answerOffer(request, transaction, 'update', (response) => {
        this.#pending = 'none';
        transaction.respond(response);
      });
      return;
    }
    const agreement = agreeAsServer(request, this.#call.core.interval);
    if (agreement.kind === 'agreed') this.#timer.restart(agreement.interval);
    this.#call.dialog.retarget(request);
    transaction.respond(responseTo(request, 200, { headers: [...ourAbilities(this.#call.flow, request), ...agreement.headers] }));
  }

  /** Whether the ACK was for an answer of this. */
  receiveAck(ack: SipRequest): boolean {
    return this.#answer?.take(ack) ?? false;
  }

  async reinvite(offer: string): Promise<string> {
    for (let glares = 0; glares < mostGlares; glares++) {
      if (this.#over.signal.aborted) throw new CallFailure(481, 'the call is over');
      if (this.#pending === 'none') {
        const result = await this.#invite(offer);
        if ('sdp' in result) return result.sdp;
        if (result.status !== 491)
          throw new CallFailure(result.status, `the far end has refused the change of the session with ${result.status}`);
      }
      await sleep(this.#call.core.clock, this.#glareMs(), this.#over.signal);
    }
    throw new CallFailure(491, 'both sides kept changing the session at the same time');
  }

  /** What stands against a re-INVITE or UPDATE (RFC 3261 section 14.2, RFC 3311 section 5.2). */
  #refusal(request: SipRequest, offers = true): SipResponse | undefined {
    if (offers && this.#pending === 'ours') return responseTo(request, 491);
    if (offers && this.#pending === 'theirs') {
      const seconds = String(this.#call.core.chance.integer(11));
      return responseTo(request, 500, { headers: [{ name: 'Retry-After', value: seconds }] });
    }
    if (descriptionOf(request).kind === 'unsupported')
      return responseTo(request, 415, { headers: [{ name: 'Accept', value: 'application/sdp' }] });
    const agreement = agreeAsServer(request, this.#call.core.interval);
    return agreement.kind === 'too-short' ? responseTo(request, 422, { headers: agreement.headers }) : undefined;
  }

  async #answerOffer(
    request: SipRequest,
    transaction: Responder,
    kind: 're-invite' | 'update',
    send: (response: SipResponse) => void,
  ): Promise<void> {
    const { core, events, dialog, flow } = this.#call;
    const description = descriptionOf(request);
    const asked = { request, transaction };
    this.#asked = asked;
    this.#pending = 'theirs';
    let answer: string | { readonly status: number };
    try {
      answer = await events.onSession(description.kind === 'sdp' ? description.sdp : undefined, kind);
    } catch (error) {
      core.log.warn({ err: error, call: this.#call.id }, 'a change of a call could not be answered');
      answer = { status: 500 };
    }
    // Taken back in the meantime, or the call is over.
    if (this.#asked !== asked) return;
    this.#asked = undefined;
    this.#pending = 'none';
    if (typeof answer !== 'string') {
      transaction.respond(responseTo(request, answer.status));
      return;
    }
    const agreement = agreeAsServer(request, core.interval);
    if (agreement.kind === 'agreed') this.#timer.restart(agreement.interval);
    dialog.retarget(request);
    this.#call.localSdp = answer;
    send(responseTo(request, 200, { headers: [...ourAbilities(flow, request), ...agreement.headers], body: sdpBody(answer) }));
  }

  #withdraw(): void {
    const asked = this.#asked;
    if (!asked) return;
    this.#asked = undefined;
    this.#pending = 'none';
    asked.transaction.respond(responseTo(asked.request, 487));
  }

  #takeLateAnswer(ack: SipRequest): void {
    this.#pending = 'none';
    const description = descriptionOf(ack);
    if (description.kind === 'sdp') this.#call.events.onLateAnswer?.(description.sdp);
    // An offer that is never answered leaves no session (RFC 3261 section 13.2.1).
    else this.#lost('lost');
  }

  /** Sends one re-INVITE. */
  #invite(offer: string): Promise<{ readonly sdp: string } | { readonly status: number }> {
    const call = this.#call;
    this.#pending = 'ours';
    const { interval } = this.#timer;
    const headers = [...abilities, ...(interval ? this.#wish(interval) : [])];
    const request = call.dialog.request('INVITE', { headers, body: sdpBody(offer) });
    const acknowledgement = new Acknowledgement(call.core);
    let answered = false;
    return new Promise((resolve) => {
      void new Exchange(call.core, sendingWithin(call, request), {
        onSuccess: (response, sent) => {
          if (answered) {
            acknowledgement.again();
            return;
          }
          answered = true;
          this.#pending = 'none';
          call.dialog.retarget(response);
          void acknowledgement.send(call.dialog, sent, wayOf(call));
          if (!this.#over.signal.aborted) this.#timer.restart(agreedAsClient(response));
          const description = descriptionOf(response);
          if (description.kind !== 'sdp') {
            resolve({ status: 488 });
            return;
          }
          call.localSdp = offer;
          resolve({ sdp: description.sdp });
        },
        onFailure: (status, response) => {
          this.#pending = 'none';
          this.#noteFailure(status, response);
          resolve({ status });
        },
      });
    });
  }

  async #refresh(): Promise<void> {
    const { core, dialog, takesUpdate, localSdp } = this.#call;
    const { interval } = this.#timer;
    if (this.#over.signal.aborted || !interval) return;
    if (this.#pending !== 'none') {
      core.clock.after(busyRetryMs, () => void this.#refresh());
      return;
    }
    if (!takesUpdate) {
      await this.reinvite(localSdp).catch((error: unknown) => core.log.debug({ err: error }, 'a session could not be refreshed'));
      return;
    }
    const request = dialog.request('UPDATE', { headers: [...abilities, ...this.#wish(interval)] });
    const { status, response } = await exchanged(core, sendingWithin(this.#call, request));
    if (this.#over.signal.aborted) return;
    if (status < 300 && response) {
      dialog.retarget(response);
      this.#timer.restart(agreedAsClient(response));
      return;
    }
    const hadLeast = this.#leastS;
    this.#noteFailure(status, response);
    if (status === 405 || status === 501) this.#call.takesUpdate = false;
    if (status === 405 || status === 501 || this.#leastS > hadLeast) await this.#refresh();
  }

  #wish(interval: Interval) {
    return intervalWish({ wantedS: Math.max(interval.seconds, this.#leastS), leastS: this.#leastS }, interval.refresher);
  }

  /** RFC 3261 section 12.2.1.2 and RFC 4028 section 10: these say that the far end has no such call any more. */
  #noteFailure(status: number, response: SipResponse | undefined): void {
    if (status === 422) this.#leastS = Math.max(this.#leastS, parseCount(response?.headers.first('Min-SE')) ?? 0);
    if (status === 481 || status === 408) this.#lost('lost');
  }

  #glareMs(): number {
    const { chance } = this.#call.core;
    return this.#call.role === 'caller' ? 2100 + 10 * chance.integer(191) : 10 * chance.integer(201);
  }
}
