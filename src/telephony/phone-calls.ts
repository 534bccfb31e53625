// The telephone calls there are: which route a new one takes, who may decide about it, and whom to ask for one by its id.
import { type Clock, sleep } from '../lib/clock.ts';
import type { Ids } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import type { Speaker } from '../protocol/audio-format.ts';
import { CallError, type CallEvents } from '../transports/calls/call.ts';
import { newCallId } from '../transports/calls/calls.ts';
import type { IncomingPhoneCall, PhoneCall, PhoneCarrier, PhoneParty, TransferOutcome } from '../transports/calls/phone-call.ts';
import { type BeginSession, PhoneLeg } from './phone-leg.ts';
import type { MachineAnswerParts } from './machine-answer.ts';
import type { Route } from './routes-schema.ts';
import { incomingEvent, type WebhookEvent } from './webhook-events.ts';
import type { Asked } from './webhooks.ts';

/** A call whose session is to begin. */
export interface PhoneSession {
  readonly id: string;
  readonly owner: string;
  readonly party: PhoneParty;
  readonly speaker: Speaker;
  /** None for a call that was placed. */
  readonly route: Route | undefined;
  /** What the session is to be, as clients write it; laid over the defaults in this order. */
  readonly patches: readonly Readonly<Record<string, unknown>>[];
  /** Hands the caller over, and has that told. */
  readonly transfer: (target: string, signal: AbortSignal) => Promise<TransferOutcome>;
  readonly sendDigits: (digits: string) => Promise<void>;
  /** Whether it is to be found out if a machine answers; whoever has is told of it here. */
  readonly detectMachine: boolean;
  readonly tellMachine: MachineAnswerParts['tell'];
}

/** What is wished of a call that is placed. */
export interface PlacedWish {
  readonly owner: string;
  readonly session: Readonly<Record<string, unknown>>;
  readonly detectMachine: boolean;
  /** Called once it is over. */
  readonly ended: () => void;
}

/** A call that is to be placed. */
export interface Dialling {
  readonly party: PhoneParty;
  readonly speaker: Speaker;
  /** Resolves when it is answered. @throws PhoneError when it is not, or `givenUp` fires. */
  dial(events: CallEvents, givenUp: AbortSignal): Promise<PhoneCall>;
}

export interface PhoneCallsParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly routeOf: (call: PhoneParty) => Route | undefined;
  /** The id of the key that the calls of a route belong to. */
  readonly ownerOf: (route: Route) => string;
  /** The session of a route with what the parameters of the call may set of it. */
  readonly sessionOf: (route: Route, call: PhoneParty) => Readonly<Record<string, unknown>>;
  /** What begins the session. @throws RealtimeError naming the field that cannot be used. */
  readonly prepare: (session: PhoneSession) => BeginSession;
  /** Ends a call that has been answered, and its session. */
  readonly hangUp: (id: string, owner: string) => void;
  /** Tells what happens to a call of that owner. */
  readonly tell: (event: WebhookEvent, owner: string, call: PhoneCallShown) => void;
  /** Tells somebody who is to decide. */
  readonly ask: (event: WebhookEvent, signal: AbortSignal) => Promise<Asked>;
}

/** How long whoever gets the webhook may take to decide. */
const decideMs = 20_000;
/** Calls that ring at once. Each is a connection or a transaction that is kept open; with one more, the caller hears 503. */
const mostRinging = 1000;
/** What a caller hears who has dialled a number that nobody serves (RFC 3261, 21.4.5), and where something is broken here (21.5.1, 21.5.4). */
const unknownNumberStatus = 404;
const brokenStatus = 500;
const unavailableStatus = 503;

interface Known {
  readonly leg: PhoneLeg;
  /** Of a call that came in. */
  readonly incoming: { readonly call: IncomingPhoneCall; readonly route: Route } | undefined;
}

/** One call, as a list of them shows it. */
export interface PhoneCallShown {
  readonly id: string;
  readonly direction: 'inbound' | 'outbound';
  readonly from: string;
  readonly to: string;
  readonly carrier: PhoneCarrier;
  /** The SIP trunk that it came by. */
  readonly trunk?: string;
  /** None for a call that was placed. */
  readonly route?: string;
  readonly state: PhoneLeg['state'];
  /** Since it began to ring, or to be dialled. */
  readonly seconds: number;
  /** The same and its answer, in seconds since the Unix epoch. */
  readonly began_at: number;
  readonly answered_at?: number;
}

export class PhoneCalls {
  readonly #parts: PhoneCallsParts;
  readonly #calls = new Map<string, Known>();

  constructor(parts: PhoneCallsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#calls.size;
  }

  list(owner: string): PhoneCallShown[] {
    return [...this.#calls.values()].filter(({ leg }) => leg.owner === owner).map(shownOf);
  }

  /** Somebody calls. Never rejects: what goes wrong is the call's end, and logged. */
  async take(call: IncomingPhoneCall): Promise<void> {
    const { log } = this.#parts;
    try {
      const route = this.#parts.routeOf(call);
      if (!route) {
        log.info({ carrier: call.carrier, trunk: call.trunk }, 'a telephone call to a number without a route was refused');
        return call.reject(unknownNumberStatus);
      }
      if (this.#ringing >= mostRinging) {
        log.warn({ carrier: call.carrier, most: mostRinging }, 'a telephone call was refused: too many ring already');
        return call.reject(unavailableStatus);
      }
      await this.#ring(call, route);
    } catch (error) {
      log.error({ err: error, carrier: call.carrier }, 'a telephone call could not be taken');
      call.reject(brokenStatus);
    }
  }

  async #ring(call: IncomingPhoneCall, route: Route): Promise<void> {
    const { clock, log } = this.#parts;
    const leg = this.#add('inbound', this.#parts.ownerOf(route), call, { call, route });
    log.info({ call: leg.id, by: leg.owner, carrier: call.carrier, route: route.name }, 'telephone call');
    const { answer } = route;
    const waitMs = answer.when === 'after' ? answer.ms : 0;
    leg.ring(call, waitMs + decideMs);
    if (answer.when === 'webhook') return this.#ask(leg, call);
    if (waitMs > 0) await sleep(clock, waitMs, leg.decided);
    // The caller may have given up, or somebody else may have decided.
    if (leg.state !== 'ringing') return;
    await this.#answer(leg.id).catch((error: unknown) => {
      // A caller who has gone meanwhile is no fault.
      if (!(error instanceof CallError))
        log.error({ err: error, call: leg.id, route: route.name }, 'a telephone call could not be answered');
      leg.reject(brokenStatus);
    });
  }

  /** Places a call, which belongs to that key; its id. @throws RealtimeError naming the field of the session that cannot be used. */
  place(dialling: Dialling, { owner, session, detectMachine, ended }: PlacedWish): string {
    const { party, speaker } = dialling;
    const leg = this.#add('outbound', owner, party, undefined, ended);
    try {
      const begin = this.#parts.prepare({ ...this.#of(leg), speaker, route: undefined, patches: [session], detectMachine });
      void leg
        .connect((events, givenUp) => dialling.dial(events, givenUp), begin)
        .catch((error: unknown) => {
          if (!(error instanceof CallError)) this.#parts.log.error({ err: error, call: leg.id }, 'a telephone call could not be placed');
        });
    } catch (error) {
      this.#calls.delete(leg.id);
      throw error;
    }
    return leg.id;
  }

  /**
   * Answers a call that rings, with this session over that of its route. False when the owner has no such call.
   * @throws RealtimeError naming the field that cannot be used, CallError when the call cannot be answered.
   */
  async accept(id: string, owner: string, session: Readonly<Record<string, unknown>>): Promise<boolean> {
    if (this.#find(id, owner)?.state !== 'ringing') return false;
    await this.#answer(id, session);
    return true;
  }

  /** False when the owner has no such call that rings. */
  reject(id: string, owner: string, status: number): boolean {
    const leg = this.#find(id, owner);
    if (leg?.state !== 'ringing') return false;
    leg.reject(status);
    return true;
  }

  /** Ends a call, whatever it does. False when the owner has no such call. */
  hangUp(id: string, owner: string): boolean {
    const leg = this.#find(id, owner);
    leg?.hangUp();
    return leg !== undefined;
  }

  /** Whether the owner has such a call, and it has been answered. */
  canTransfer(id: string, owner: string): boolean {
    const state = this.#find(id, owner)?.state;
    return state === 'talking' || state === 'transferring';
  }

  /** Undefined when the owner has no such call. */
  async transfer(id: string, owner: string, target: string): Promise<TransferOutcome | undefined> {
    return this.#find(id, owner)?.transfer(target, new AbortController().signal);
  }

  /** A caller who still waits cannot wait any longer, and nobody else is called. */
  close(): void {
    for (const { leg } of this.#calls.values()) leg.close();
  }

  get #ringing(): number {
    return [...this.#calls.values()].filter(({ leg }) => leg.state === 'ringing').length;
  }

  async #answer(id: string, session: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { prepare, sessionOf } = this.#parts;
    const known = this.#calls.get(id);
    if (!known?.incoming) throw new CallError('unavailable', 'The call is over.');
    const { call, route } = known.incoming;
    const patches = [sessionOf(route, call), session];
    await known.leg.answer(prepare({ ...this.#of(known.leg), speaker: call.speaker, route, patches, detectMachine: false }));
  }

  async #ask(leg: PhoneLeg, call: IncomingPhoneCall): Promise<void> {
    const asked = await this.#parts.ask(incomingEvent(leg.id, call), AbortSignal.any([call.gone, leg.decided]));
    // Whoever was told of it decides; nobody was.
    if (asked !== 'delivered') leg.reject(unavailableStatus);
  }

  #of(leg: PhoneLeg): Pick<PhoneSession, 'id' | 'owner' | 'party' | 'transfer' | 'sendDigits' | 'tellMachine'> {
    const { id, owner, party } = leg;
    return {
      id,
      owner,
      party,
      transfer: (target, signal) => leg.transfer(target, signal),
      sendDigits: (digits) => leg.sendDigits(digits),
      tellMachine: (found) => leg.tellMachine(found),
    };
  }

  #add(direction: 'inbound' | 'outbound', owner: string, party: PhoneParty, incoming: Known['incoming'], ended = () => {}): PhoneLeg {
    const { clock, ids, tell } = this.#parts;
    const id = newCallId(ids);
    const over = () => {
      this.#calls.delete(id);
      ended();
    };
    const hangUp = () => this.#parts.hangUp(id, owner);
    const recorded = incoming?.route.recording !== undefined;
    const tellOfIt = (event: WebhookEvent) => tell(event, owner, shownOf(known));
    const leg = new PhoneLeg({ id, owner, direction, party, clock, tell: tellOfIt, hangUp, over, recorded });
    const known: Known = { leg, incoming };
    this.#calls.set(id, known);
    return leg;
  }

  #find(id: string, owner: string): PhoneLeg | undefined {
    const leg = this.#calls.get(id)?.leg;
    return leg?.owner === owner ? leg : undefined;
  }
}

function shownOf({ leg, incoming }: Known): PhoneCallShown {
  return { ...leg.shown, ...(incoming && { route: incoming.route.name }) };
}
