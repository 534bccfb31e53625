// The telephone calls there are: which route a new one takes, who may decide about it, and whom to ask for one by its id.
import { type Clock, sleep } from '../lib/clock.ts';
import type { Ids } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import { newCallId } from '../transports/calls/calls.ts';
import { CallError } from '../transports/calls/call.ts';
import type { IncomingPhoneCall, PhoneParty, TransferOutcome } from '../transports/calls/phone-call.ts';
import type { PhoneEvent } from './phone-events.ts';
import { type BeginSession, PhoneLeg } from './phone-leg.ts';
import type { PhoneRoute } from './route.ts';

/** What is wished of a call's session: the patch of its route, with that of whoever accepts the call over it. */
export interface PhoneSession {
  readonly id: string;
  readonly owner: string;
  readonly party: PhoneParty;
  readonly route: PhoneRoute | undefined;
  /** In the order in which they are laid over the defaults. */
  readonly patches: readonly Readonly<Record<string, unknown>>[];
}

export interface PhoneCallsParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  routeOf(call: PhoneParty): PhoneRoute | undefined;
  /** What the fields that came with the call change about the route's session, as far as the route lets them. */
  overrides(route: PhoneRoute, call: PhoneParty): Readonly<Record<string, unknown>>;
  /** What begins the session of an incoming call. @throws RealtimeError naming the field that cannot be used. */
  prepare(session: PhoneSession, call: IncomingPhoneCall): BeginSession;
  tell(event: PhoneEvent): void;
}

/** How long whoever gets the webhook may take to decide. */
const decideMs = 20_000;
/** What a caller hears who has dialled a number that nobody serves (RFC 3261, 21.4.5). */
const unknownNumberStatus = 404;
const brokenStatus = 500;

export class PhoneCalls {
  readonly #parts: PhoneCallsParts;
  readonly #legs = new Map<string, { readonly leg: PhoneLeg; readonly call: IncomingPhoneCall; readonly route: PhoneRoute }>();

  constructor(parts: PhoneCallsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#legs.size;
  }

  /** Somebody calls. Never rejects: what goes wrong is the call's end, and logged. */
  async take(call: IncomingPhoneCall): Promise<void> {
    const { clock, ids, log, tell } = this.#parts;
    const route = this.#parts.routeOf(call);
    if (!route) {
      log.info({ carrier: call.carrier, trunk: call.trunk }, 'a telephone call to a number without a route was refused');
      return call.reject(unknownNumberStatus);
    }
    const id = newCallId(ids);
    const over = () => void this.#legs.delete(id);
    const leg = new PhoneLeg({ id, owner: route.owner, route: route.name, direction: 'inbound', party: call, clock, tell, over });
    this.#legs.set(id, { leg, call, route });
    log.info({ call: id, by: route.owner, carrier: call.carrier, route: route.name }, 'telephone call');
    const { answering } = route;
    leg.ring(call, answering.how === 'by_webhook' ? decideMs : answering.afterMs + decideMs);
    if (answering.how === 'by_webhook') return this.#announce(leg, call);
    await sleep(clock, answering.afterMs);
    await this.#answer(id).catch((error: unknown) => {
      // The caller may have given up.
      if (!(error instanceof CallError)) log.error({ err: error, call: id, route: route.name }, 'a telephone call could not be answered');
      leg.reject(brokenStatus);
    });
  }

  /**
   * Answers a call that rings, with this session over that of its route. False when the owner has no such call.
   * @throws RealtimeError naming the field that cannot be used, CallError when the call cannot be answered.
   */
  async accept(id: string, owner: string, session: Readonly<Record<string, unknown>>): Promise<boolean> {
    if (!this.#find(id, owner)?.leg.isRinging) return false;
    await this.#answer(id, session);
    return true;
  }

  /** False when the owner has no such call that rings. */
  reject(id: string, owner: string, status: number): boolean {
    const leg = this.#find(id, owner)?.leg;
    if (!leg?.isRinging) return false;
    leg.reject(status);
    return true;
  }

  /** Undefined when the owner has no such call. */
  async transfer(id: string, owner: string, target: string, signal: AbortSignal): Promise<TransferOutcome | undefined> {
    return this.#find(id, owner)?.leg.transfer(target, signal);
  }

  async #answer(id: string, session: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { prepare, overrides } = this.#parts;
    const known = this.#legs.get(id);
    if (!known) throw new CallError('unavailable', 'The call is over.');
    const { leg, call, route } = known;
    const patches = [route.session, overrides(route, call), session];
    await leg.answer(prepare({ id, owner: route.owner, party: call, route, patches }, call));
  }

  #announce({ id }: PhoneLeg, { fields, media }: PhoneParty): void {
    this.#parts.tell({
      type: 'realtime.call.incoming',
      data: { call_id: id, sip_headers: fields, ...(media === undefined ? {} : { sip_media_security: media }) },
    });
  }

  #find(id: string, owner: string) {
    const known = this.#legs.get(id);
    return known?.leg.owner === owner ? known : undefined;
  }
}
