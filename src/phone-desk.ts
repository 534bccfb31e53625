// Telephone calls as the HTTP routes ask for them: what a key may do with its calls and where it may call, and each refusal with its status and its field.
import type { PhoneDesk } from './http/routes/deps.ts';
import { Refusal } from './http/routes/family.ts';
import { errors } from './protocol/errors.ts';
import type { Refusal as NotAllowed } from './telephony/key-calls.ts';
import type { OutboundLedger } from './telephony/outbound-ledger.ts';
import type { Dialling, PhoneCalls } from './telephony/phone-calls.ts';
import { notOverridable } from './telephony/route-match.ts';
import type { Route, RoutesFile } from './telephony/routes-schema.ts';
import type { CallEnding } from './telephony/webhook-events.ts';
import { CallError } from './transports/calls/call.ts';
import { PhoneError } from './transports/calls/phone-call.ts';

export interface PhoneDeskParts {
  readonly calls: PhoneCalls;
  readonly ledger: OutboundLedger;
  /** The telephony file as it is now. */
  readonly file: () => Pick<RoutesFile, 'outbound' | 'routes'>;
  /** How a call is placed by a carrier, or by `sip:<trunk>`. @throws PhoneError when there is none of that name. */
  readonly diallingBy: (by: string, target: string, caller: string) => Dialling;
  /** Has the agent say that the call ends; resolves when that was heard, and with false when nothing is to be said, or nobody hears it. */
  readonly sayLast: (call: { readonly id: string; readonly owner: string }) => Promise<boolean>;
}

const exhausted: CallEnding = { cause: 'limit_reached', limit: 'seconds_per_day' };

export function openPhoneDesk({ calls, ledger, file, diallingBy, sayLast }: PhoneDeskParts): PhoneDesk {
  function routeNamed(name: string, keyId: string): Route {
    const route = file().routes.find((each) => each.name === name);
    // One that belongs to another key is none of this one's.
    if (route && (route.key === undefined || route.key === keyId)) return route;
    throw errors.invalid('route', `Invalid value for 'route': this key has no route '${name.slice(0, 64)}'.`);
  }

  return {
    accept: (id, { keyId }, session) => calls.accept(id, keyId, session).catch(refuseGone),
    reject: (id, { keyId }, status) => calls.reject(id, keyId, status),
    async transfer(id, { keyId }, target) {
      // Asked first: what is not handed over does not count.
      if (!calls.canTransfer(id, keyId)) return undefined;
      const verdict = ledger.transfer(keyId, target);
      if (!verdict.allowed) throw refusalOf(verdict, 'target_uri');
      return calls.transfer(id, keyId, verdict.target);
    },
    async connect(id, { keyId }, otherId) {
      if (!calls.canTransfer(id, keyId)) return undefined;
      const outcome = await calls.connect(id, keyId, otherId);
      if (outcome) return outcome;
      throw new Refusal(404, 'call_not_found', `There is no other call '${otherId}' by SIP that talks now.`, 'target_call_id');
    },
    hangUp: (id, { keyId }) => calls.hangUp(id, keyId),
    place({ to, from, route: name, session, detectMachine }, { keyId: owner }) {
      const { outbound } = file();
      const caller = from ?? outbound.from;
      const { by } = outbound;
      if (by === undefined || caller === undefined) throw noOutbound();
      const route = name === undefined ? undefined : routeNamed(name, owner);
      const field = route && notOverridable(session, route.overridable);
      if (route && field !== undefined)
        throw errors.invalid(
          `session.${field}`,
          `'session.${field}' cannot be set for the route '${route.name}', whose overridable does not name it.`,
        );
      const placed = ledger.place(owner, to);
      if ('allowed' in placed) throw refusalOf(placed, 'to');
      const { target, placement } = placed;
      try {
        const ended = () => ledger.ended(placement);
        const id = calls.place(diallingBy(by, target, caller), { owner, route, session, detectMachine, ended });
        const end = () => void calls.hangUp(id, owner, exhausted);
        const warn = () => void sayLast({ id, owner }).then((isSaid) => isSaid && end());
        ledger.watch(placement, { warn, end });
        return id;
      } catch (error) {
        ledger.ended(placement);
        throw error instanceof PhoneError ? new Refusal(503, 'no_outbound_carrier', error.message) : error;
      }
    },
    list: ({ keyId }) => calls.list(keyId),
    ended: ({ keyId }) => calls.ended(keyId),
    find: (id, { keyId }) => calls.find(id, keyId),
  };
}

export function noOutbound(): Refusal {
  return new Refusal(409, 'no_outbound_carrier', 'This server places no calls: its telephony file has no outbound.by and outbound.from.');
}

function refusalOf({ code, reason, retryAfterMs }: NotAllowed, field: string): Refusal {
  const seconds = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  if (code === 'too_many') return new Refusal(429, 'rate_limit_exceeded', reason, field, seconds);
  if (code === 'unreadable') return new Refusal(400, 'invalid_value', reason, field);
  return new Refusal(403, 'number_not_allowed', reason, field);
}

/** The caller has gone meanwhile: there is no call to accept any more. */
function refuseGone(error: unknown): boolean {
  if (error instanceof CallError && error.reason === 'unavailable') return false;
  throw error;
}
