// What a provider's webhook says of a call that somebody has placed to one of its numbers. Twilio's and SignalWire's fields are from
// twilio.com/docs/voice/twiml (TwiML Voice Request), Telnyx' from developers.telnyx.com/api-reference/callbacks/call-initiated and its TeXML guide, Plivo's
// from plivo.com/docs/voice/xml/request, Vonage's from developer.vonage.com/en/voice/voice-api/webhook-reference (Answer webhook).
import { isRecord } from '../../protocol/json.ts';
import type { StreamCarrier } from './dialect.ts';

export interface AnnouncedCall {
  /** As the provider calls it, where its stream bears the same id. */
  readonly callId: string;
  /** With a plus where they are numbers; empty where the caller withholds it. */
  readonly from: string;
  readonly to: string;
}

type Fields = Readonly<Record<string, unknown>>;
type WebhookCarrier = Exclude<StreamCarrier, 'asterisk' | 'stream'>;

const readers: Record<WebhookCarrier, (fields: Fields) => AnnouncedCall | undefined> = {
  twilio: (fields) => announced(fields['CallSid'], fields['From'], fields['To']),
  signalwire: (fields) => announced(fields['CallSid'], fields['From'], fields['To']),
  telnyx: telnyxCall,
  plivo: (fields) => announced(fields['CallUUID'], fields['From'], fields['To']),
  vonage: (fields) => announced(fields['uuid'], fields['from'], fields['to']),
};

/**
 * @param fields of the form, the query or the JSON that came.
 * @returns undefined when it tells of no call that can be answered: an event of another kind, or one of our own calls.
 */
export function readWebhook(carrier: WebhookCarrier, fields: Fields): AnnouncedCall | undefined {
  return readers[carrier](fields);
}

/** TeXML comes as a form, like Twilio's; Call Control as JSON, with every event of the call. */
function telnyxCall(fields: Fields): AnnouncedCall | undefined {
  const { data } = fields;
  if (!isRecord(data)) return announced(fields['CallSid'], fields['From'], fields['To']);
  const { event_type: type, payload } = data;
  if (type !== 'call.initiated' || !isRecord(payload) || payload['direction'] !== 'incoming') return undefined;
  return announced(payload['call_control_id'], payload['from'], payload['to']);
}

function announced(callId: unknown, from: unknown, to: unknown): AnnouncedCall | undefined {
  if (typeof callId !== 'string' || callId === '' || callId.length > 500) return undefined;
  return { callId, from: partyOf(from), to: partyOf(to) };
}

/** What providers say of callers who withhold their numbers; as a number, the word on the keys of a telephone. */
const withheld = /^(anonymous|restricted|blocked|unknown|unavailable|private|\+?(266696687|7378742833|2562533|8656696|86282452253))$/i;

function partyOf(value: unknown): string {
  const party = typeof value === 'string' || typeof value === 'number' ? String(value).trim().slice(0, 300) : '';
  if (withheld.test(party)) return '';
  // Plivo and Vonage write E.164 without its plus; what is shorter is an extension or a short code.
  return /^[1-9]\d{7,14}$/.test(party) ? `+${party}` : party;
}
