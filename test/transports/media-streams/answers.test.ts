// What providers are answered when they ask what to do with a call.
import { expect, test } from 'vitest';
import {
  addressOf,
  dialDocument,
  plivoAnswer,
  plivoDialDocument,
  signalWireAnswer,
  streamUrl,
  telnyxAnswer,
  twilioAnswer,
  vonageAnswer,
} from '../../../src/transports/media-streams/answers.ts';

const invitation = { publicUrl: 'https://voice.example.com', token: 'T0k3n' };
const head = '<?xml version="1.0" encoding="UTF-8"?><Response>';

test('Twilio gets the token as a parameter: a query in its URL is its error 31920', () => {
  const { contentType, body } = twilioAnswer({ ...invitation, parameters: { plan: 'gold' } });
  expect(contentType).toBe('text/xml');
  expect(body).toBe(
    `${head}<Connect><Stream url="wss://voice.example.com/v1/realtime/twilio"><Parameter name="plan" value="gold"/><Parameter name="token" value="T0k3n"/></Stream></Connect></Response>`,
  );
});

test('SignalWire gets the same, and wider sound where that is wanted', () => {
  expect(signalWireAnswer({ ...invitation, rateHz: 24_000 }).body).toBe(
    `${head}<Connect><Stream url="wss://voice.example.com/v1/realtime/signalwire" codec="L16@24000h"><Parameter name="token" value="T0k3n"/></Stream></Connect></Response>`,
  );
});

test('Telnyx gets the token in the URL, and is told to take sound as it is', () => {
  expect(telnyxAnswer(invitation).body).toBe(
    `${head}<Connect><Stream url="wss://voice.example.com/v1/realtime/telnyx?token=T0k3n" track="inbound_track" codec="PCMU" bidirectionalMode="rtp" bidirectionalCodec="PCMU"></Stream></Connect></Response>`,
  );
  expect(telnyxAnswer({ ...invitation, rateHz: 16_000 }).body).toContain(
    'codec="L16" bidirectionalMode="rtp" bidirectionalCodec="L16" bidirectionalSamplingRate="16000"',
  );
});

test('Plivo gets the URL as the text of its element', () => {
  expect(plivoAnswer({ ...invitation, parameters: { plan: 'gold, really', city: 'Bonn' } }).body).toBe(
    `${head}<Stream bidirectional="true" keepCallAlive="true" contentType="audio/x-mulaw;rate=8000" extraHeaders="plan=gold  really,city=Bonn">wss://voice.example.com/v1/realtime/plivo?token=T0k3n</Stream></Response>`,
  );
});

test('Vonage gets an NCCO with the token among the headers', () => {
  const { contentType, body } = vonageAnswer({ ...invitation, parameters: { plan: 'gold' } }, '447700900000');
  expect(contentType).toBe('application/json');
  expect(JSON.parse(body)).toEqual([
    {
      action: 'connect',
      from: '447700900000',
      endpoint: [
        {
          type: 'websocket',
          uri: 'wss://voice.example.com/v1/realtime/vonage',
          'content-type': 'audio/l16;rate=16000',
          headers: { plan: 'gold', token: 'T0k3n' },
        },
      ],
    },
  ]);
});

test('nothing that a caller or an operator wrote is markup, and what XML has no place for is left out', () => {
  const { body } = twilioAnswer({ ...invitation, parameters: { 'a"b': `<Hangup/>&'\u0000\u0007\ud800` } });
  expect(body).toContain('<Parameter name="a&quot;b" value="&lt;Hangup/&gt;&amp;&apos;\ufffd"/>');
  expect(dialDocument('sip:a@b.example;x="><Hangup/>').body).toBe(
    `${head}<Dial><Sip>sip:a@b.example;x=&quot;&gt;&lt;Hangup/&gt;</Sip></Dial></Response>`,
  );
});

test('a public address may have a path and a port, and one without encryption stays without', () => {
  expect(streamUrl('twilio', { publicUrl: 'https://example.com:8443/parley/', token: 't' }, false)).toBe(
    'wss://example.com:8443/parley/v1/realtime/twilio',
  );
  expect(streamUrl('telnyx', { publicUrl: 'http://127.0.0.1:8080', token: 'a b&c' }, true)).toBe(
    'ws://127.0.0.1:8080/v1/realtime/telnyx?token=a%20b%26c',
  );
});

test('a target is a number or a SIP address, by what it looks like', () => {
  expect(['tel:+1-555-123', '+1 (555) 123', '5551234', 'sip:desk@example.com', 'desk@example.com'].map(addressOf)).toEqual([
    { kind: 'number', address: '+1555123' },
    { kind: 'number', address: '+1555123' },
    { kind: 'number', address: '5551234' },
    { kind: 'sip', address: 'sip:desk@example.com' },
    { kind: 'sip', address: 'sip:desk@example.com' },
  ]);
  expect(dialDocument('tel:+1555123', '+1999').body).toBe(`${head}<Dial callerId="+1999"><Number>+1555123</Number></Dial></Response>`);
  expect(plivoDialDocument('sip:desk@example.com').body).toBe(`${head}<Dial><User>sip:desk@example.com</User></Dial></Response>`);
});
