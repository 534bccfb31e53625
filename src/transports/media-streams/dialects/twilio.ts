// Twilio's media streams, and SignalWire's, which are the same with wider sound. Written from twilio.com/docs/voice/media-streams/websocket-messages
// and developer.signalwire.com/compatibility-api/cxml/voice/stream. Twilio ends a stream over a key that it does not know (its error 31924).
import type { StreamCarrier, StreamDialect, StreamMessage } from '../dialect.ts';
import * as read from './fields.ts';
import { connected, dtmf, jsonEvents, mark, media, stopped } from './json-events.ts';

export function twilioDialect(carrier: Extract<StreamCarrier, 'twilio' | 'signalwire'>): StreamDialect {
  let streamSid = '';
  let beforePayload = '';

  function started(message: read.Fields): StreamMessage {
    const start = read.objectOf(message['start']);
    const { encoding, sampleRate } = read.objectOf(start['mediaFormat']);
    const format = read.formatOf(read.textOf(encoding) || 'audio/x-mulaw', read.numberOf(sampleRate));
    if (!format) return read.unusable(read.textOf(encoding), sampleRate);
    streamSid = read.textOf(message['streamSid']) || read.textOf(start['streamSid']);
    beforePayload = `{"event":"media","streamSid":${JSON.stringify(streamSid)},"media":{"payload":"`;
    const parameters = read.parametersOf(start['customParameters']);
    const { from = '', to = '' } = parameters;
    return { kind: 'started', start: { streamId: streamSid, callId: read.textOf(start['callSid']), from, to, parameters, format } };
  }

  return {
    carrier,
    messageMs: 100,
    aheadMs: 500,
    gapMs: 20,
    read: jsonEvents({ connected, start: started, media, dtmf, mark, stop: stopped }),
    sound: (bytes) => ({ text: `${beforePayload}${read.base64Of(bytes)}"}}` }),
    mark: (name) => ({ text: JSON.stringify({ event: 'mark', streamSid, mark: { name } }) }),
    clear: () => ({ text: JSON.stringify({ event: 'clear', streamSid }) }),
  };
}
