// One telephone call, from its first ring to its end: who may answer it, what is told of it, and what became of it.
import type { Clock, Timer } from '../lib/clock.ts';
import type { Ending } from '../transports/transport.ts';
import { CallError, type CallEvents } from '../transports/calls/call.ts';
import {
  type IncomingPhoneCall,
  type PhoneCall,
  PhoneError,
  type PhoneParty,
  type TransferOutcome,
} from '../transports/calls/phone-call.ts';
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
  /** Being answered, or placed. */
  | { readonly state: 'connecting'; readonly given: AbortController }
  | { readonly state: 'talking'; readonly call: PhoneCall; readonly sinceMs: number }
  /** Another has taken the caller over, and this side is hanging up. */
  | { readonly state: 'transferred'; readonly sinceMs: number }
  | { readonly state: 'over' };

/** What a caller hears of a call that nobody has decided about in time: temporarily unavailable (RFC 3261, 21.4.18). */
const undecidedStatus = 480;
const declinedStatus = 603;

export class PhoneLeg {
  readonly #parts: LegParts;
  readonly #beganAtMs: number;
  readonly #decided = new AbortController();
  #state: LegState = { state: 'connecting', given: new AbortController() };

  constructor(parts: LegParts) {
    this.#parts = parts;
    this.#beganAtMs = parts.clock.now();
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
    call.gone.addEventListener('abort', () => this.#giveUp(), { once: true });
    call.ring();
    this.#tell('realtime.call.ringing');
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
    const { carrier, from, to } = party;
    const seconds = Math.round((clock.now() - this.#beganAtMs) / 1000);
    return { id, direction, carrier, from, to, state: this.state, seconds };
  }

  /** Answers a call that rings. @throws CallError when the caller has gone, or it cannot be answered. */
  async answer(begin: BeginSession): Promise<void> {
    const { call } = this.#takeRinging();
    await this.connect((events) => call.answer(events), begin).catch((error: unknown) => {
      call.reject(error instanceof CallError ? 500 : 503);
      throw error;
    });
  }

  /** Has a call answered or placed, and its session begun. */
  async connect(place: (events: CallEvents, givenUp: AbortSignal) => Promise<PhoneCall>, begin: BeginSession): Promise<void> {
    const given = new AbortController();
    this.#state = { state: 'connecting', given };
    const connected = async (events: CallEvents): Promise<PhoneCall> => {
      const call = await place(events, given.signal);
      this.#state = { state: 'talking', call, sinceMs: this.#parts.clock.now() };
      this.#tell('realtime.call.answered');
      return call;
    };
    try {
      await begin(connected, (ending) => this.#endTalking(ending));
    } catch (error) {
      this.#end(given.signal.aborted ? 'cancelled' : causeOf(error));
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
    const { state } = this;
    if (state === 'ringing') this.reject(declinedStatus);
    else if (this.#state.state === 'connecting') this.#state.given.abort();
    else if (state === 'talking') this.#parts.hangUp();
  }

  /** Hands the caller over. The call goes on here unless it is taken. */
  async transfer(target: string, signal: AbortSignal): Promise<TransferOutcome> {
    const talking = this.#state;
    if (talking.state !== 'talking') return { outcome: 'refused', reason: 'The call is not answered, or it is over.' };
    const outcome = await talking.call.transfer(target, signal);
    if (outcome.outcome === 'refused') {
      const { status, reason } = outcome;
      this.#parts.tell({
        type: 'realtime.call.transfer_failed',
        data: { ...this.#about, target, ...(status === undefined ? {} : { status }), reason },
      });
      return outcome;
    }
    this.#parts.tell({ type: 'realtime.call.transferred', data: { ...this.#about, target } });
    if (this.#state.state === 'talking') this.#state = { state: 'transferred', sinceMs: talking.sinceMs };
    this.#parts.hangUp();
    return outcome;
  }

  async sendDigits(digits: string): Promise<void> {
    if (this.#state.state === 'talking') await this.#state.call.sendDigits(digits);
  }

  #takeRinging(): Extract<LegState, { state: 'ringing' }> {
    const ringing = this.#state;
    if (ringing.state !== 'ringing') throw new CallError('unavailable', 'The call does not ring any more.');
    ringing.decision.cancel();
    this.#decided.abort();
    this.#state = { state: 'connecting', given: new AbortController() };
    return ringing;
  }

  /** The caller does not wait any longer. */
  #giveUp(): void {
    if (this.#state.state !== 'ringing') return;
    this.#takeRinging();
    this.#end('cancelled');
  }

  #endTalking(ending: Ending | undefined): void {
    if (this.#state.state === 'transferred') this.#end('transferred');
    else if (ending?.lost) this.#end('lost');
    else this.#end(ending?.by === 'client' ? 'far_side_hung_up' : 'hung_up');
  }

  #end(cause: EndCause): void {
    const { id, clock, tell, over, recorded } = this.#parts;
    const before = this.#state;
    if (before.state === 'over') return;
    this.#state = { state: 'over' };
    const seconds = 'sinceMs' in before ? Math.round((clock.now() - before.sinceMs) / 1000) : 0;
    tell({
      type: 'realtime.call.ended',
      data: {
        ...this.#about,
        cause,
        duration_seconds: seconds,
        ...(recorded && 'sinceMs' in before ? { recording: recordingName(id) } : {}),
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

/** Why a call that was placed did not come about. */
function causeOf(error: unknown): EndCause {
  if (!(error instanceof PhoneError)) return 'failed';
  const { status } = error.failure;
  if (status === 408 || status === 480) return 'not_answered';
  return status === 486 || status === 600 || status === 603 ? 'rejected' : 'failed';
}
