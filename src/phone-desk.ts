// Telephone calls as the HTTP routes ask for them: what a key may do with its calls and where it may call, and each refusal with its status and its field.
import type { PhoneDesk } from './http/routes/deps.ts';
import { Refusal } from './http/routes/family.ts';
import type { Clock } from './lib/clock.ts';
import type { OutboundPolicy } from './telephony/outbound-policy.ts';
import type { Dialling, PhoneCalls } from './telephony/phone-calls.ts';
import type { RoutesFile } from './telephony/routes-schema.ts';
import { CallError } from './transports/calls/call.ts';

export interface PhoneDeskParts {
  readonly calls: PhoneCalls;
  readonly policy: OutboundPolicy;
  readonly clock: Clock;
  readonly outbound: Pick<RoutesFile['outbound'], 'from' | 'by'>;
  /** How a call is placed by a carrier, or by `sip:<trunk>`. */
  readonly diallingBy: (by: string, target: string, caller: string) => Dialling;
}

type Refused = Extract<ReturnType<OutboundPolicy['transfer']>, { allowed: false }>;

export function openPhoneDesk({ calls, policy, clock, outbound, diallingBy }: PhoneDeskParts): PhoneDesk {
  return {
    accept: (id, { keyId }, session) => calls.accept(id, keyId, session).catch(refuseGone),
    reject: (id, { keyId }, status) => calls.reject(id, keyId, status),
    async transfer(id, { keyId }, target) {
      // Asked first: what is not handed over does not count.
      if (!calls.canTransfer(id, keyId)) return undefined;
      const verdict = policy.transfer(keyId, target, clock.now());
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
    place({ to, from, session, detectMachine }, { keyId }) {
      const caller = from ?? outbound.from;
      const { by } = outbound;
      if (by === undefined || caller === undefined) throw noOutbound();
      const allowed = policy.place(keyId, to, clock.now());
      if ('allowed' in allowed) throw refusalOf(allowed, 'to');
      const ended = () => policy.ended(allowed.placement, clock.now());
      try {
        return calls.place(diallingBy(by, allowed.verdict.target, caller), { owner: keyId, session, detectMachine, ended });
      } catch (error) {
        ended();
        throw error;
      }
    },
    list: ({ keyId }) => calls.list(keyId),
  };
}

export function noOutbound(): Refusal {
  return new Refusal(409, 'no_outbound_carrier', 'This server places no calls: its telephony file has no outbound.by and outbound.from.');
}

function refusalOf({ code, reason, retryAfterMs }: Refused, field: string): Refusal {
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
