// What a provider is answered when it asks what to do with a call: documents that have it open a media stream to this server. Twilio's from
// twilio.com/docs/voice/twiml/stream, SignalWire's from developer.signalwire.com/compatibility-api/cxml/voice/stream, Telnyx' from
// developers.telnyx.com/docs/voice/programmable-voice/texml-verbs (Stream), Plivo's from plivo.com/docs/voice/xml/the-stream-element, Vonage's from
// developer.vonage.com/en/voice/voice-api/ncco-reference (connect).
import type { StreamCarrier } from './dialect.ts';
import { streamPath } from './stream-path.ts';

/** Of the sound, where the provider lets us choose; others get mu-law. */
export type StreamRateHz = 8000 | 16000 | 24000;

export interface StreamInvitation {
  /** Where this server is reached from outside: `https://voice.example.com`. */
  readonly publicUrl: string;
  /** A one-call token. */
  readonly token: string;
  /** Passed on to the stream, as text. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** 16-bit samples at this rate instead of mu-law. Twilio has mu-law only. */
  readonly rateHz?: StreamRateHz;
}

export interface CallDocument {
  readonly contentType: 'text/xml' | 'application/json';
  readonly body: string;
}

/** TwiML: a query is not allowed in its URL, so that the token is a parameter. When the stream ends, so does the call. */
export function twilioAnswer(invitation: StreamInvitation): CallDocument {
  return xml(`<Connect>${twimlStream('twilio', invitation, '')}</Connect>`);
}

/** cXML is TwiML, and can ask for wider sound. */
export function signalWireAnswer(invitation: StreamInvitation): CallDocument {
  const { rateHz } = invitation;
  return xml(`<Connect>${twimlStream('signalwire', invitation, rateHz ? ` codec="L16@${rateHz}h"` : '')}</Connect>`);
}

/** TeXML. Without `bidirectionalMode="rtp"` Telnyx takes MP3 and nothing else from us. */
export function telnyxAnswer(invitation: StreamInvitation): CallDocument {
  const { rateHz } = invitation;
  const codec = rateHz ? 'L16' : 'PCMU';
  const rate = rateHz ? ` bidirectionalSamplingRate="${rateHz}"` : '';
  const url = attribute(streamUrl('telnyx', invitation, true));
  const attributes = `url="${url}" track="inbound_track" codec="${codec}" bidirectionalMode="rtp" bidirectionalCodec="${codec}"${rate}`;
  return xml(`<Connect><Stream ${attributes}>${parametersOf(invitation.parameters)}</Stream></Connect>`);
}

/** Plivo's XML: the URL is the element's text. `keepCallAlive` keeps the call for as long as its stream. */
export function plivoAnswer(invitation: StreamInvitation): CallDocument {
  const { rateHz, parameters = {} } = invitation;
  const contentType = rateHz ? `audio/x-l16;rate=${rateHz === 24000 ? 16000 : rateHz}` : 'audio/x-mulaw;rate=8000';
  // Its own separators are left out of names and values.
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${value}`.replaceAll(/[,;]/g, ' '));
  const headers = pairs.length > 0 ? ` extraHeaders="${attribute(pairs.join(','))}"` : '';
  const attributes = `bidirectional="true" keepCallAlive="true" contentType="${contentType}"${headers}`;
  return xml(`<Stream ${attributes}>${attribute(streamUrl('plivo', invitation, true))}</Stream>`);
}

/** An NCCO. Its headers come with the first message of the stream; some hundred bytes of them are taken. */
export function vonageAnswer(invitation: StreamInvitation, from?: string): CallDocument {
  return { contentType: 'application/json', body: JSON.stringify(vonageConnection(invitation, from)) };
}

/** The same as an object: Vonage's REST API takes it as well. */
export function vonageConnection({ publicUrl, token, parameters = {}, rateHz = 16000 }: StreamInvitation, from?: string): object[] {
  const endpoint = {
    type: 'websocket',
    uri: streamUrl('vonage', { publicUrl, token }, false),
    'content-type': `audio/l16;rate=${rateHz}`,
    headers: { ...parameters, token },
  };
  return [{ action: 'connect', ...(from && { from }), endpoint: [endpoint] }];
}

/** Whom a caller is handed over to, in TwiML and what is like it. A target that is no number is a SIP address. */
export function dialDocument(target: string, callerId?: string): CallDocument {
  const { kind, address } = addressOf(target);
  const caller = callerId ? ` callerId="${attribute(callerId)}"` : '';
  const inner = kind === 'number' ? `<Number>${attribute(address)}</Number>` : `<Sip>${attribute(address)}</Sip>`;
  return xml(`<Dial${caller}>${inner}</Dial>`);
}

/** The same in Plivo's words. */
export function plivoDialDocument(target: string): CallDocument {
  const { kind, address } = addressOf(target);
  const inner = kind === 'number' ? `<Number>${attribute(address)}</Number>` : `<User>${attribute(address)}</User>`;
  return xml(`<Dial>${inner}</Dial>`);
}

/** What a provider is answered when the call goes nowhere. */
export const rejection = {
  twiml: xml('<Reject/>'),
  plivo: xml('<Hangup reason="rejected"/>'),
  /** Nothing to do is the end of a call. */
  ncco: { contentType: 'application/json', body: '[]' },
} as const satisfies Record<string, CallDocument>;

export interface PhoneAddress {
  readonly kind: 'number' | 'sip';
  readonly address: string;
}

/** `tel:+1555…` is a number, `sip:…` an address; what has no scheme is what it looks like. */
export function addressOf(target: string): PhoneAddress {
  const bare = target.trim();
  if (/^sips?:/i.test(bare)) return { kind: 'sip', address: bare };
  const number = bare.replace(/^tel:/i, '').replaceAll(/[\s().-]/g, '');
  return /^\+?\d{2,20}$/.test(number) ? { kind: 'number', address: number } : { kind: 'sip', address: `sip:${bare}` };
}

/** Where a carrier's stream comes to. `withToken` where a query may stand in it. */
export function streamUrl(carrier: StreamCarrier, { publicUrl, token }: StreamInvitation, withToken: boolean): string {
  const url = new URL(publicUrl);
  url.protocol = url.protocol === 'http:' || url.protocol === 'ws:' ? 'ws:' : 'wss:';
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${streamPath(carrier)}`;
  url.search = withToken ? `?token=${encodeURIComponent(token)}` : '';
  return url.href;
}

function twimlStream(carrier: 'twilio' | 'signalwire', invitation: StreamInvitation, more: string): string {
  const url = attribute(streamUrl(carrier, invitation, false));
  return `<Stream url="${url}"${more}>${parametersOf({ ...invitation.parameters, token: invitation.token })}</Stream>`;
}

function parametersOf(parameters: Readonly<Record<string, string>> = {}): string {
  return Object.entries(parameters)
    .map(([name, value]) => `<Parameter name="${attribute(name)}" value="${attribute(value)}"/>`)
    .join('');
}

function xml(inner: string): CallDocument {
  return { contentType: 'text/xml', body: `<?xml version="1.0" encoding="UTF-8"?><Response>${inner}</Response>` };
}

const references: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Text within XML, between quotes or not. Control characters cannot stand there at all. */
function attribute(text: string): string {
  const allowed = [...text.toWellFormed()].filter((each) => each >= ' ' || each === '\t' || each === '\n' || each === '\r').join('');
  return allowed.replaceAll(/[&<>"']/g, (each) => references[each] ?? each);
}
