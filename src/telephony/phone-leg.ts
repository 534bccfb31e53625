// One telephone call, from its first ring to its end: who may answer it, what is told of it, and what became of it.
import type { Clock } from '../lib/clock.ts';
import type { Ending } from '../transports/transport.ts';
import { CallError, type CallEvents, relayed } from '../transports/calls/call.ts';
import type { IncomingPhoneCall, PhoneCall, PhoneParty, Replaceable, TransferOutcome } from '../transports/calls/phone-call.ts';
import { endingOf, refusalOf, refusedBy } from './call-failures.ts';
import { type LegState, type PhoneCallShown, shownStates } from './leg-state.ts';
import type { MachineFound } from './machine-watch.ts';
import { recordingName } from './recording.ts';
import type { CallEnd, CallEnding, CallFacts, WebhookEvent } from './webhook-events.ts';

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
  #endedAtMs: number | undefined;

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
    call.gone.addEventListener('abort', () => this.#giveUp(), { once: true, signal: this.decided });
    call.ring();
    this.#tell('realtime.call.ringing');
    // The caller may have gone before there was anybody to hear of it.
    if (call.gone.aborted) this.#giveUp();
  }

  get state(): LegState['state'] {
    return this.#state.state;
  }

  /** Fires when somebody has decided about a call that rang. */
  get decided(): AbortSignal {
    return this.#decided.signal;
  }

  get shown(): PhoneCallShown {
    const { id, direction, party, clock } = this.#parts;
    const { carrier, from, to, trunk } = party;
    const now = this.#state;
    const seconds = Math.round(((this.#endedAtMs ?? clock.now()) - this.#beganAtMs) / 1000);
    return {
      id,
      direction,
      carrier,
      from,
      to,
      state: shownStates[now.state],
      seconds,
      began_at: this.#beganAt,
      ...(trunk === undefined ? {} : { trunk }),
      ...(this.#answeredAt === undefined ? {} : { answered_at: this.#answeredAt }),
      ...(now.state === 'over' ? now.end : {}),
    };
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
    place: (events: CallEvents, givenUp: AbortSignal, rings: () => void) => Promise<PhoneCall>,
    begin: BeginSession,
    gone?: AbortSignal,
  ): Promise<void> {
    const givenUp = new AbortController();
    this.#state = { state: 'connecting', givenUp };
    const connected = async (events: CallEvents): Promise<PhoneCall> => {
      const call = await place(this.#overheard(events), givenUp.signal, () => this.#alert());
      // Whoever hung up meanwhile could not stop the answer.
      if (givenUp.signal.aborted) {
        call.close();
        throw new CallError('unavailable', 'The call was hung up before it was answered.');
      }
      // It may have ended before its answer is known here; then its end has been told.
      if (this.#state.state === 'connecting' || this.#state.state === 'alerting') {
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
      const now = this.#current();
      if (now.state === 'talking') now.call.close();
      if (now.state === 'given-up') this.#end(now.ending);
      else this.#end(gone?.aborted ? { cause: 'cancelled' } : endingOf(error));
      throw error;
    }
  }

  /** Rejects a call that rings, with a final SIP status. */
  reject(status: number): void {
    if (this.#state.state !== 'ringing') return;
    const { call } = this.#takeRinging();
    call.reject(status);
    this.#end({ cause: status === undecidedStatus ? 'not_answered' : 'rejected' });
  }

  /** Ends it, whatever it does. `ending` is what is told of it, where it is more than that it was hung up here. */
  hangUp(ending?: CallEnding): void {
    const now = this.#state;
    if (now.state === 'ringing') this.reject(declinedStatus);
    else if (now.state === 'connecting' || now.state === 'alerting') {
      this.#state = { state: 'given-up', ending: ending ?? { cause: this.#parts.direction === 'inbound' ? 'hung_up' : 'cancelled' } };
      now.givenUp.abort();
    } else if (now.state === 'talking') this.#leave(now.sinceMs, ending ?? { cause: 'hung_up' });
    else if (now.state === 'transferring') {
      this.#part(now.sinceMs, ending ?? { cause: 'hung_up' });
      this.#parts.hangUp();
    }
  }

  /** The server ends: who waits cannot wait any longer. Calls that talk end with their sessions. */
  close(): void {
    if (this.state === 'ringing') this.reject(unavailableStatus);
    else if (this.state === 'connecting' || this.state === 'alerting') this.hangUp();
  }

  /** How somebody else takes our place in it; undefined while that cannot be. */
  get replaceable(): Replaceable | undefined {
    return this.#state.state === 'talking' ? this.#state.call.replaceable : undefined;
  }

  /** Hands the caller over, with `replaces` to take our place in another call. The call goes on here unless it is taken. Never rejects. */
  async transfer(target: string, signal: AbortSignal, replaces?: string): Promise<TransferOutcome> {
    const talking = this.#state;
    if (talking.state === 'transferring') return { outcome: 'refused', reason: 'Another transfer of this call is under way.' };
    if (talking.state !== 'talking') return { outcome: 'refused', reason: 'The call is not answered, or it is over.' };
    this.#state = { ...talking, state: 'transferring' };
    const outcome = await talking.call.transfer(target, signal, replaces).catch(refusedBy);
    this.#tellTransfer(target, outcome);
    const isTaken = outcome.outcome === 'transferred';
    const now = this.#current();
    if (now.state === 'parted') this.#end(isTaken ? { cause: 'transferred' } : now.ending);
    else if (now.state === 'transferring' && !isTaken) this.#state = talking;
    else if (now.state === 'transferring') this.#leave(talking.sinceMs, { cause: 'transferred' });
    return outcome;
  }

  /** A machine has answered, and not a person. */
  tellMachine({ answeredBy, atMs, reason }: MachineFound): void {
    this.#parts.tell({ type: 'realtime.call.machine_detected', data: { ...this.#about, answered_by: answeredBy, at_ms: atMs, reason } });
  }

  /** @throws CallError when there is nobody to hear them. */
  async sendDigits(digits: string): Promise<void> {
    if (this.#state.state !== 'talking') throw new CallError('unavailable', 'The call is not answered, or it is over.');
    await this.#state.call.sendDigits(digits);
  }

  /** The state as it is after something was waited for: what was known of it before need not hold any more. */
  #current(): LegState {
    return this.#state;
  }

  #overheard(events: CallEvents): CallEvents {
    return relayed(events, {
      onPartyChanged: (party, by) => {
        this.#parts.tell({ type: 'realtime.call.party_changed', data: { ...this.#about, party, by } });
        events.onPartyChanged?.(party, by);
      },
    });
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

  /** A call that was placed rings over there; that it does is told once. */
  #alert(): void {
    if (this.#state.state !== 'connecting') return;
    this.#state = { ...this.#state, state: 'alerting' };
    this.#tell('realtime.call.ringing');
  }

  /** The caller does not wait any longer. */
  #giveUp(): void {
    if (this.#state.state !== 'ringing') return;
    this.#takeRinging();
    this.#end({ cause: 'cancelled' });
  }

  #leave(sinceMs: number, ending: CallEnding): void {
    this.#state = { state: 'leaving', sinceMs, ending };
    this.#parts.hangUp();
  }

  #part(sinceMs: number, ending: CallEnding): void {
    this.#state = { state: 'parted', sinceMs, untilMs: this.#parts.clock.now(), ending };
  }

  #endTalking(ending: Ending | undefined): void {
    const before = this.#state;
    const cause = ending?.lost ? 'lost' : ending?.by === 'client' ? 'far_side_hung_up' : 'hung_up';
    if (before.state === 'leaving') this.#end(before.ending);
    else if (before.state === 'transferring') this.#part(before.sinceMs, { cause });
    else if (before.state !== 'parted') this.#end({ cause });
  }

  #end(ending: CallEnding): void {
    const { id, clock, tell, over, recorded } = this.#parts;
    const before = this.#state;
    if (before.state === 'over') return;
    const wasAnswered = 'sinceMs' in before;
    const untilMs = before.state === 'parted' ? before.untilMs : clock.now();
    const end: CallEnd = {
      ...ending,
      duration_seconds: wasAnswered ? Math.round((untilMs - before.sinceMs) / 1000) : 0,
      ...(recorded && wasAnswered ? { recording: recordingName(id) } : {}),
    };
    this.#endedAtMs = untilMs;
    this.#state = { state: 'over', end };
    tell({ type: 'realtime.call.ended', data: { ...this.#about, ...end } });
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
