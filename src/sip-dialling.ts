// The calls that this server places by SIP: those that somebody asks for, and those that the far side of another call has it place in its stead.
import type { Clock } from './lib/clock.ts';
import type { Dialling } from './telephony/phone-calls.ts';
import type { Trunk } from './telephony/routes-schema.ts';
import { PhoneError } from './transports/calls/phone-call.ts';
import type { CallTarget, OutgoingCall, OutgoingEvents, SipAgent } from './transports/sip/agent.ts';
import { phoneSpeaker } from './transports/sip/media/phone-media.ts';
import { proxyUri, targetUri } from './transports/sip/parties.ts';
import { isSecure, placePhoneCall, type SipPhoneParts, sipParty } from './transports/sip/phone-calls.ts';
import type { Referral } from './transports/sip/sip-phone-call.ts';

/** A call that is placed may ring for so long. */
const ringMs = 60_000;

/** Where calls of a trunk are sent, and what they show there, and nowhere else. */
type Way = Required<Pick<CallTarget, 'proxy'>> & Pick<CallTarget, 'credentials'>;

function wayOf({ proxy, register, account, username, password }: Trunk): Way | undefined {
  const at = proxy ?? register?.server;
  if (at === undefined) return undefined;
  const shown = account ?? register ?? (username === undefined || password === undefined ? undefined : { username, password });
  return { proxy: proxyUri(at), ...(shown ? { credentials: { username: shown.username, password: shown.password } } : {}) };
}

/** How a call is placed by that trunk, which is one of the file that leads somewhere. */
export function diallingBy(
  agent: SipAgent,
  trunk: Trunk | undefined,
  { target, from }: { readonly target: string; readonly from: string },
  parts: SipPhoneParts & { readonly clock: Clock },
): Dialling {
  const way = trunk && wayOf(trunk);
  // The file is not read with such a trunk.
  if (!way) throw new PhoneError({ status: 503, reason: 'The trunk is not there, or leads nowhere.' });
  const call = {
    uri: targetUri(target, way.proxy),
    from: /^sips?:/i.test(from) ? from : targetUri(`tel:${from}`, way.proxy),
    ...way,
  };
  return {
    party: sipParty(from, target.replace(/^tel:/, ''), trunk.name),
    speaker: phoneSpeaker,
    async dial(events, givenUp, rings) {
      const tooLong = new AbortController();
      const ringing = parts.clock.after(ringMs, () => tooLong.abort());
      const waits = AbortSignal.any([givenUp, tooLong.signal]);
      try {
        return await placePhoneCall(agent, call, events, waits, { ...parts, trunk: trunk.name, onRinging: rings });
      } catch (error) {
        if (tooLong.signal.aborted && !givenUp.aborted) throw new PhoneError({ status: 408, reason: 'Nobody answered the call.' });
        throw error;
      } finally {
        ringing.cancel();
      }
    },
  };
}

/** How whom a caller of that trunk names is called: by the way of the trunk, or where the address itself leads. Nothing where neither leads there. */
export function following(
  agent: SipAgent,
  clock: Clock,
  trunk: Trunk | undefined,
  from: string,
  { target, headers, encrypted }: Referral,
): ((offer: string, events: OutgoingEvents) => OutgoingCall) | undefined {
  const way = trunk && wayOf(trunk);
  if (!way && /^tel:/i.test(target)) return undefined;
  if (encrypted && !isSecure(way?.proxy ?? target)) return undefined;
  const call = { uri: way ? targetUri(target, way.proxy) : target, from, ...way, headers };
  return (offer, events) => {
    const placed = agent.invite(call, offer, {
      ...events,
      onAnswered(dialog, sdp) {
        ringing.cancel();
        events.onAnswered(dialog, sdp);
      },
      onFailed(failure) {
        ringing.cancel();
        events.onFailed(failure);
      },
    });
    const ringing = clock.after(ringMs, () => placed.cancel());
    return placed;
  };
}
