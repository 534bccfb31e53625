// One telephone call, from its first ring to its end: who may answer it, what is told of it, and what became of it.
import type { Clock, Timer } from '../lib/clock.ts';
import type { Ending } from '../transports/transport.ts';
import { CallError, type CallEvents } from '../transports/calls/call.ts';
import type { IncomingPhoneCall, PhoneCall, PhoneParty, TransferOutcome } from '../transports/calls/phone-call.ts';
import { causeOf, refusalOf, refusedBy } from './call-failures.ts';
import { recordingName } from './recording.ts';
import type { CallFacts, EndCause, WebhookEvent } from './webhook-events.ts';

/** Begins the session of a call that `connect` answers or places. Rejects when either cannot be. */
export type BeginSession = (
  connect: (events: CallEvents) => Promise<PhoneCall>,
  ended: (ending: Ending | undefined) => void,
) => Promise<void>;

export interface LegParts {
  readonly id: string;
  /** The id of the key that it belongs to. */
  readonly owner: string;
  readonly direction: CallFacts['direction'];
  readonly party: PhoneParty;
  readonly clock: Clock;
  readonly tell: (event: WebhookEvent) => void;
  /** Whether it is recorded once it is answered. */
  readonly recorded: boolean;
  /** Ends the session, and with it the call that has been answered. */
  readonly hangUp: () => void;
  /** It is over. */
  readonly over: () => void;
}

type LegState =
  | { readonly state: 'ringing'; readonly call: IncomingPhoneCall; readonly decision: Timer }
  /** Being answered, or placed; `givenUp` is fired by whoever hangs up meanwhile. */
  | { readonly state: 'connecting'; readonly givenUp: AbortController }
  | { readonly state: 'talking'; readonly call: PhoneCall; readonly sinceMs: number }
  /** The caller is being handed over, and still talks. */
  | { readonly state: 'transferring'; readonly call: PhoneCall; readonly sinceMs: number }
  /** The call has ended before it is known what became of its transfer: many hang up as soon as they have handed over. */
  | { readonly state: 'parted'; readonly sinceMs: number; readonly untilMs: number; readonly cause: EndCause }
  /** Another has taken the caller over, and this side is hanging up. */
  | { readonly state: 'transferred'; readonly sinceMs: number }
  | { readonly state: 'over' };

/** What a caller hears of a call that nobody has decided about in time: temporarily unavailable (RFC 3261, 21.4.18). */
const undecidedStatus = 480;
const declinedStatus = 603;
/** And of a server that ends (21.5.4). */
const unavailableStatus = 503;

export class PhoneLeg {
  readonly #parts: LegParts;
  readonly #beganAtMs: number;
  /** In seconds since the Unix epoch. */
  readonly #beganAt: number;
  #answeredAt: number | undefined;
  readonly #decided = new AbortController();
  #state: LegState = { state: 'connecting', givenUp: new AbortController() };

  constructor(parts: LegParts) {
    this.#parts = parts;
    this.#beganAtMs = parts.clock.now();
    this.#beganAt = Math.floor(parts.clock.wallMs() / 1000);
  }

  get id(): string {
    return this.#parts.id;
  }

  get owner(): string {
    return this.#parts.owner;
  }

  get party(): PhoneParty {
    return this.#parts.party;
  }

  /** A caller waits. Who has not answered or rejected it by then is too late. */
  ring(call: IncomingPhoneCall, decideMs: number): void {
    const decision = this.#parts.clock.after(decideMs, () => this.reject(undecidedStatus));
    this.#state = { state: 'ringing', call, decision };
    call.gone.addEventListener('abort', () => this.#leave(), { once: true, signal: this.decided });
    call.ring();
    this.#tell('realtime.call.ringing');
    // The caller may have gone before there was anybody to hear of it.
    if (call.gone.aborted) this.#leave();
  }

  get state(): LegState['state'] {
    return this.#state.state;
  }

  /** Fires when somebody has decided about a call that rang. */
  get decided(): AbortSignal {
    return this.#decided.signal;
  }

  get shown() {
    const { id, direction, party, clock } = this.#parts;
    const { carrier, from, to, trunk } = party;
    const seconds = Math.round((clock.now() - this.#beganAtMs) / 1000);
    const shown = { id, direction, carrier, from, to, state: this.state, seconds, began_at: this.#beganAt };
    const answered = this.#answeredAt === undefined ? {} : { answered_at: this.#answeredAt };
    return { ...shown, ...(trunk !== undefined && { trunk }), ...answered };
  }

  /** Answers a call that rings. @throws CallError when the caller has gone, or it cannot be answered. */
  async answer(begin: BeginSession): Promise<void> {
    const { call } = this.#takeRinging();
    try {
      await this.connect((events) => call.answer(events), begin, call.gone);
    } catch (error) {
      call.reject(refusalOf(error));
      throw error;
    }
  }

  /** Has a call answered or placed, and its session begun. `gone` fires when a caller does not wait any longer. */
  async connect(
    place: (events: CallEvents, givenUp: AbortSignal) => Promise<PhoneCall>,
    begin: BeginSession,
    gone?: AbortSignal,
  ): Promise<void> {
    const givenUp = new AbortController();
    this.#state = { state: 'connecting', givenUp };
    const connected = async (events: CallEvents): Promise<PhoneCall> => {
      const call = await place(events, givenUp.signal);
      // Whoever hung up meanwhile could not stop the answer.
      if (givenUp.signal.aborted) {
        call.close();
        throw new CallError('unavailable', 'The call was hung up before it was answered.');
      }
      // It may have ended before its answer is known here; then its end has been told.
      if (this.#state.state === 'connecting') {
        const { clock } = this.#parts;
        this.#state = { state: 'talking', call, sinceMs: clock.now() };
        this.#answeredAt = Math.floor(clock.wallMs() / 1000);
        this.#tell('realtime.call.answered');
      }
      return call;
    };
    try {
      await begin(connected, (ending) => this.#endTalking(ending));
    } catch (error) {
      const { direction } = this.#parts;
      const now = this.#current();
      if (now.state === 'talking') now.call.close();
      if (givenUp.signal.aborted) this.#end(direction === 'inbound' ? 'hung_up' : 'cancelled');
      else this.#end(gone?.aborted ? 'cancelled' : causeOf(error));
      throw error;
    }
  }

  /** Rejects a call that rings, with a final SIP status. */
  reject(status: number): void {
    if (this.#state.state !== 'ringing') return;
    const { call } = this.#takeRinging();
    call.reject(status);
    this.#end(status === undecidedStatus ? 'not_answered' : 'rejected');
  }

  /** Ends it, whatever it does. */
  hangUp(): void {
    const { state } = this.#state;
    if (state === 'ringing') this.reject(declinedStatus);
    else if (state === 'connecting') this.#state.givenUp.abort();
    else if (state === 'talking' || state === 'transferring') this.#parts.hangUp();
  }

  /** The server ends: who waits cannot wait any longer. Calls that talk end with their sessions. */
  close(): void {
    if (this.state === 'ringing') this.reject(unavailableStatus);
    else if (this.state === 'connecting') this.hangUp();
  }

  /** Hands the caller over. The call goes on here unless it is taken. Never rejects. */
  async transfer(target: string, signal: AbortSignal): Promise<TransferOutcome> {
    const talking = this.#state;
    if (talking.state === 'transferring') return { outcome: 'refused', reason: 'Another transfer of this call is under way.' };
    if (talking.state !== 'talking') return { outcome: 'refused', reason: 'The call is not answered, or it is over.' };
    this.#state = { ...talking, state: 'transferring' };
    const outcome = await talking.call.transfer(target, signal).catch(refusedBy);
    this.#tellTransfer(target, outcome);
    const isTaken = outcome.outcome === 'transferred';
    const now = this.#current();
    if (now.state === 'parted') this.#end(isTaken ? 'transferred' : now.cause);
    else if (now.state === 'transferring' && !isTaken) this.#state = talking;
    else if (now.state === 'transferring') {
      this.#state = { state: 'transferred', sinceMs: talking.sinceMs };
      this.#parts.hangUp();
    }
    return outcome;
  }

  /** @throws CallError when there is nobody to hear them. */
  /** A machine has answered, and not a person. */
  tellMachine({ answeredBy, atMs, reason }: { answeredBy: 'machine' | 'fax'; atMs: number; reason: string }): void {
    this.#parts.tell({ type: 'realtime.call.machine_detected', data: { ...this.#about, answered_by: answeredBy, at_ms: atMs, reason } });
  }

  async sendDigits(digits: string): Promise<void> {
    if (this.#state.state !== 'talking') throw new CallError('unavailable', 'The call is not answered, or it is over.');
    await this.#state.call.sendDigits(digits);
  }

  /** The state as it is after something was waited for: what was known of it before need not hold any more. */
  #current(): LegState {
    return this.#state;
  }

  #tellTransfer(target: string, outcome: TransferOutcome): void {
    const { tell } = this.#parts;
    if (outcome.outcome === 'transferred') return tell({ type: 'realtime.call.transferred', data: { ...this.#about, target } });
    const { status, reason } = outcome;
    tell({
      type: 'realtime.call.transfer_failed',
      data: { ...this.#about, target, ...(status === undefined ? {} : { status }), reason },
    });
  }

  #takeRinging(): Extract<LegState, { state: 'ringing' }> {
    const ringing = this.#state;
    if (ringing.state !== 'ringing') throw new CallError('unavailable', 'The call does not ring any more.');
    ringing.decision.cancel();
    this.#decided.abort();
    this.#state = { state: 'connecting', givenUp: new AbortController() };
    return ringing;
  }

  /** The caller does not wait any longer. */
  #leave(): void {
    if (this.#state.state !== 'ringing') return;
    this.#takeRinging();
    this.#end('cancelled');
  }

  #endTalking(ending: Ending | undefined): void {
    const before = this.#state;
    const cause = ending?.lost ? 'lost' : ending?.by === 'client' ? 'far_side_hung_up' : 'hung_up';
    if (before.state === 'transferred') this.#end('transferred');
    else if (before.state !== 'transferring') this.#end(cause);
    else this.#state = { state: 'parted', sinceMs: before.sinceMs, untilMs: this.#parts.clock.now(), cause };
  }

  #end(cause: EndCause): void {
    const { id, clock, tell, over, recorded } = this.#parts;
    const before = this.#state;
    if (before.state === 'over') return;
    this.#state = { state: 'over' };
    const wasAnswered = 'sinceMs' in before;
    const untilMs = before.state === 'parted' ? before.untilMs : clock.now();
    tell({
      type: 'realtime.call.ended',
      data: {
        ...this.#about,
        cause,
        duration_seconds: wasAnswered ? Math.round((untilMs - before.sinceMs) / 1000) : 0,
        ...(recorded && wasAnswered ? { recording: recordingName(id) } : {}),
      },
    });
    over();
  }

  #tell(type: 'realtime.call.ringing' | 'realtime.call.answered'): void {
    this.#parts.tell({ type, data: this.#about });
  }

  get #about(): CallFacts {
    const { id, direction, party } = this.#parts;
    const { carrier, from, to } = party;
    return { call_id: id, direction, from, to, carrier };
  }
}
