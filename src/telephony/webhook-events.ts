// What webhooks tell of telephone calls: OpenAI's `realtime.call.incoming` as its clients read it, and the events of a call's life, which are ours.
import type { PhoneCarrier, PhoneField, PhoneParty } from '../transports/calls/phone-call.ts';

/** What every event of ours says of its call. */
export interface CallFacts {
  readonly call_id: string;
  readonly direction: 'inbound' | 'outbound';
  readonly from: string;
  readonly to: string;
  readonly carrier: PhoneCarrier;
}

/**
 * How a call came to its end: hung up by the far side or here, handed over, lost because its connection broke, ended because a limit of its key was
 * reached; or there never was one, because the caller gave up, it was rejected, the line was busy, nobody answered, or it could not be had.
 */
export type EndCause =
  | 'far_side_hung_up'
  | 'hung_up'
  | 'transferred'
  | 'lost'
  | 'limit_reached'
  | 'cancelled'
  | 'rejected'
  | 'busy'
  | 'not_answered'
  | 'failed';

/** What is told of an end. */
export interface CallEnding {
  readonly cause: EndCause;
  /** Which one was reached: a setting of `outbound` in the telephony file, or the sessions that a key may have (docs/operating.md). */
  readonly limit?: 'seconds_per_day' | 'sessions';
  /** Why a call that was placed did not come about: the status of SIP, or of the provider's API, and a sentence. */
  readonly status?: number;
  readonly reason?: string;
}

interface WebhookData {
  'realtime.call.incoming': {
    readonly call_id: string;
    readonly sip_headers: readonly PhoneField[];
    readonly sip_media_security?: 'rtp' | 'srtp';
  };
  'realtime.call.ringing': CallFacts;
  'realtime.call.answered': CallFacts;
  'realtime.call.transferred': CallFacts & { readonly target: string };
  'realtime.call.transfer_failed': CallFacts & { readonly target: string; readonly reason: string; readonly status?: number };
  'realtime.call.party_changed': CallFacts & {
    /** Who is at the far side now. */
    readonly party: string;
    /** `refer`: the far side had this server call them; `replaces`: they took its place. */
    readonly by: 'refer' | 'replaces';
  };
  'realtime.call.machine_detected': CallFacts & {
    /** What answered. */
    readonly answered_by: 'machine' | 'fax';
    /** Since the call was answered. */
    readonly at_ms: number;
    readonly reason: string;
  };
  'realtime.call.ended': CallFacts & CallEnd;
}

/** How a call ended. */
export interface CallEnd extends CallEnding {
  /** From the answer on; 0 where there was none. */
  readonly duration_seconds: number;
  /** The name of the file, where the call was recorded. */
  readonly recording?: string;
}

export const webhookTypes = [
  'realtime.call.incoming',
  'realtime.call.ringing',
  'realtime.call.answered',
  'realtime.call.transferred',
  'realtime.call.transfer_failed',
  'realtime.call.party_changed',
  'realtime.call.machine_detected',
  'realtime.call.ended',
] as const satisfies readonly (keyof WebhookData)[];

export type WebhookType = keyof WebhookData;

/** One event: what happened, and to which call. */
export type WebhookEvent = { [T in WebhookType]: { readonly type: T; readonly data: WebhookData[T] } }[WebhookType];

/** These would let whoever reads them place calls in another's name (RFC 3261, 22). */
const credentials = new Set(['authorization', 'proxy-authorization', 'authentication-info', 'proxy-authenticate', 'www-authenticate']);

/** The event of a call that waits for a decision. Calls that bear no headers of SIP have the two that its receivers look for made for them. */
export function incomingEvent(callId: string, { carrier, from, to, fields, media }: PhoneParty): WebhookEvent {
  const parties = carrier === 'sip' ? [] : [field('From', from), field('To', to)];
  return {
    type: 'realtime.call.incoming',
    data: {
      call_id: callId,
      sip_headers: [...parties, ...fields]
        .filter(({ name }) => !credentials.has(name.toLowerCase()))
        .map(({ name, value }) => ({ name, value })),
      ...(media === undefined ? {} : { sip_media_security: media }),
    },
  };
}

function field(name: string, value: string): PhoneField {
  return { name, value };
}

/** Whether a pattern of the configuration (`realtime.call.*`, `*`, the name of an event) means events of that type. */
export function isSubscribed(pattern: string, type: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}
