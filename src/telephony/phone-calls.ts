// The telephone calls there are: which route a new one takes, who may decide about it, and whom to ask for one by its id.
import { type Clock, sleep } from '../lib/clock.ts';
import type { Ids } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import type { Speaker } from '../protocol/audio-format.ts';
import { CallError, type CallEvents } from '../transports/calls/call.ts';
import { newCallId } from '../transports/calls/calls.ts';
import {
  type AnsweredBy,
  type IncomingPhoneCall,
  type PhoneCall,
  PhoneError,
  type PhoneParty,
  type TransferOutcome,
} from '../transports/calls/phone-call.ts';
import { EndedCalls, type ListedCall } from './listed-calls.ts';
import { MachineWatch } from './machine-watch.ts';
import { type BeginSession, PhoneLeg } from './phone-leg.ts';
import type { Route } from './routes-schema.ts';
import { type CallEnding, incomingEvent, type WebhookEvent } from './webhook-events.ts';
import type { Asked } from './webhooks.ts';

/** A call whose session is to begin. */
export interface PhoneSession {
  readonly id: string;
  readonly owner: string;
  readonly party: PhoneParty;
  readonly speaker: Speaker;
  /** None for a call that was placed without one. */
  readonly route: Route | undefined;
  /** What the session is to be, as clients write it; laid over the defaults in this order. */
  readonly patches: readonly Readonly<Record<string, unknown>>[];
  /** Hands the caller over, and has that told. */
  readonly transfer: (target: string, signal: AbortSignal) => Promise<TransferOutcome>;
  readonly sendDigits: (digits: string) => Promise<void>;
  /** Where it is to be found out if a machine answers. */
  readonly machine: MachineWatch | undefined;
}

/** What is wished of a call that is placed. */
export interface PlacedWish {
  readonly owner: string;
  readonly route: Route | undefined;
  /** Over that of the route. */
  readonly session: Readonly<Record<string, unknown>>;
  readonly detectMachine: boolean;
  /** Called once it is over. */
  readonly ended: () => void;
}

/** A call that is to be placed. */
export interface Dialling {
  readonly party: PhoneParty;
  readonly speaker: Speaker;
  /**
   * Resolves when it is answered.
   * @param rings is called when it rings over there, if that is known.
   * @param answeredBy is given where it is to be found out who answers, and called if the carrier finds out.
   * @throws PhoneError when it is not, or `givenUp` fires.
   */
  dial(events: CallEvents, givenUp: AbortSignal, rings: () => void, answeredBy?: (who: AnsweredBy) => void): Promise<PhoneCall>;
}

export interface PhoneCallsParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** The route that answers a call now. */
  readonly routeOf: (call: PhoneParty) => Promise<Route | undefined>;
  /** The id of the key that the calls of a route belong to. */
  readonly ownerOf: (route: Route) => string;
  /** The session of a route with what the parameters of the call may set of it. */
  readonly sessionOf: (route: Route, call: PhoneParty) => Readonly<Record<string, unknown>>;
  /** What begins the session. @throws RealtimeError naming the field that cannot be used. */
  readonly prepare: (session: PhoneSession) => BeginSession;
  /** Ends a call that has been answered, and its session. */
  readonly hangUp: (id: string, owner: string) => void;
  /** Tells what happens to a call of that owner. */
  readonly tell: (event: WebhookEvent, owner: string) => void;
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
  readonly route: Route | undefined;
  /** Of a call that came in. */
  readonly incoming: IncomingPhoneCall | undefined;
}

export class PhoneCalls {
  readonly #parts: PhoneCallsParts;
  readonly #calls = new Map<string, Known>();
  readonly #ended = new EndedCalls();

  constructor(parts: PhoneCallsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** The calls of an owner that go on, in the order in which they began. */
  list(owner: string): ListedCall[] {
    return [...this.#calls.values()].filter(({ leg }) => leg.owner === owner).map(shownOf);
  }

  /** Those that have ended and are not forgotten yet, in the order in which they ended. */
  ended(owner: string): ListedCall[] {
    return this.#ended.of(owner);
  }

  /** A call of the owner's, also one that has ended and is not forgotten yet. */
  find(id: string, owner: string): ListedCall | undefined {
    const known = this.#calls.get(id);
    if (!known) return this.#ended.find(id, owner);
    return known.leg.owner === owner ? shownOf(known) : undefined;
  }

  /** Somebody calls. Never rejects: what goes wrong is the call's end, and logged. */
  async take(call: IncomingPhoneCall): Promise<void> {
    const { log } = this.#parts;
    try {
      const route = await this.#parts.routeOf(call);
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
    const leg = this.#add('inbound', this.#parts.ownerOf(route), call, { route, incoming: call });
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
  place(dialling: Dialling, { owner, route, session, detectMachine, ended }: PlacedWish): string {
    const { party, speaker } = dialling;
    const leg = this.#add('outbound', owner, party, { route, incoming: undefined }, ended);
    const machine = detectMachine ? new MachineWatch((found) => leg.tellMachine(found)) : undefined;
    const answeredBy = machine && ((who: AnsweredBy) => machine.told(who));
    try {
      const patches = route ? [route.session, session] : [session];
      const begin = this.#parts.prepare({ ...this.#of(leg), speaker, route, patches, machine });
      void leg
        .connect((events, givenUp, rings) => dialling.dial(events, givenUp, rings, answeredBy), begin)
        .catch((error: unknown) => {
          const { log } = this.#parts;
          if (error instanceof PhoneError)
            log.info({ call: leg.id, ...error.failure }, 'a telephone call that was placed did not come about');
          else if (!(error instanceof CallError)) log.error({ err: error, call: leg.id }, 'a telephone call could not be placed');
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
    if (this.#leg(id, owner)?.state !== 'ringing') return false;
    await this.#answer(id, session);
    return true;
  }

  /** False when the owner has no such call that rings. */
  reject(id: string, owner: string, status: number): boolean {
    const leg = this.#leg(id, owner);
    if (leg?.state !== 'ringing') return false;
    leg.reject(status);
    return true;
  }

  /** Ends a call, whatever it does, which is told as `ending`. False when the owner has no such call. */
  hangUp(id: string, owner: string, ending?: CallEnding): boolean {
    const leg = this.#leg(id, owner);
    leg?.hangUp(ending);
    return leg !== undefined;
  }

  /** Whether the owner has such a call, and it has been answered. */
  canTransfer(id: string, owner: string): boolean {
    const state = this.#leg(id, owner)?.state;
    return state === 'talking' || state === 'transferring';
  }

  /** Undefined when the owner has no such call. */
  async transfer(id: string, owner: string, target: string): Promise<TransferOutcome | undefined> {
    return this.#leg(id, owner)?.transfer(target, new AbortController().signal);
  }

  /**
   * Hands the far side over to that of another call, where it takes our place: both are left to each other. Undefined when the owner has no such call, or the
   * other cannot be left that way.
   */
  async connect(id: string, owner: string, otherId: string): Promise<TransferOutcome | undefined> {
    const place = id === otherId ? undefined : this.#leg(otherId, owner)?.replaceable;
    return place && this.#leg(id, owner)?.transfer(place.target, new AbortController().signal, place.replaces);
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
    const { leg, route, incoming: call } = known;
    const patches = [...(route ? [sessionOf(route, call)] : []), session];
    await leg.answer(prepare({ ...this.#of(leg), speaker: call.speaker, route, patches, machine: undefined }));
  }

  async #ask(leg: PhoneLeg, call: IncomingPhoneCall): Promise<void> {
    const asked = await this.#parts.ask(incomingEvent(leg.id, call), AbortSignal.any([call.gone, leg.decided]));
    // Whoever was told of it decides; nobody was.
    if (asked !== 'delivered') leg.reject(unavailableStatus);
  }

  #of(leg: PhoneLeg): Pick<PhoneSession, 'id' | 'owner' | 'party' | 'transfer' | 'sendDigits'> {
    const { id, owner, party } = leg;
    return {
      id,
      owner,
      party,
      transfer: (target, signal) => leg.transfer(target, signal),
      sendDigits: (digits) => leg.sendDigits(digits),
    };
  }

  #add(
    direction: 'inbound' | 'outbound',
    owner: string,
    party: PhoneParty,
    known: Pick<Known, 'route' | 'incoming'>,
    ended = () => {},
  ): PhoneLeg {
    const { clock, ids, tell } = this.#parts;
    const id = newCallId(ids);
    const over = () => {
      this.#calls.delete(id);
      this.#ended.keep(owner, shownOf({ leg, ...known }));
      ended();
    };
    const hangUp = () => this.#parts.hangUp(id, owner);
    const recorded = known.route?.recording !== undefined;
    const tellOfIt = (event: WebhookEvent) => tell(event, owner);
    const leg: PhoneLeg = new PhoneLeg({ id, owner, direction, party, clock, tell: tellOfIt, hangUp, over, recorded });
    this.#calls.set(id, { leg, ...known });
    return leg;
  }

  #leg(id: string, owner: string): PhoneLeg | undefined {
    const leg = this.#calls.get(id)?.leg;
    return leg?.owner === owner ? leg : undefined;
  }
}

function shownOf({ leg, route }: Pick<Known, 'leg' | 'route'>): ListedCall {
  return { ...leg.shown, ...(route ? { route: route.name } : {}) };
}
