// The REST requests of each provider: what is sent, and what their answers come to.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { countingIds } from '../../../src/lib/ids.ts';
import type { CallDocument } from '../../../src/transports/media-streams/answers.ts';
import { plivoRest } from '../../../src/transports/media-streams/rest/plivo-rest.ts';
import type { ProviderFetch, ProviderRest, RestOptions } from '../../../src/transports/media-streams/rest/provider-rest.ts';
import { telnyxRest } from '../../../src/transports/media-streams/rest/telnyx-rest.ts';
import { signalWireRest, twilioRest } from '../../../src/transports/media-streams/rest/twilio-rest.ts';
import { vonageRest } from '../../../src/transports/media-streams/rest/vonage-rest.ts';

interface Sent {
  readonly url: string;
  readonly method: string | undefined;
  readonly authorization: string;
  readonly body: unknown;
}

/** A provider that answers everything alike, and what it was sent. */
function provider(status: number, answer: object | string): { rest: RestOptions; sent: Sent[]; clock: ManualClock } {
  const sent: Sent[] = [];
  const clock = new ManualClock();
  const fetch: ProviderFetch = (url, init) => {
    const headers = init.headers as Record<string, string>;
    const body = typeof init.body === 'string' ? init.body : '';
    const isForm = headers['content-type'] === 'application/x-www-form-urlencoded';
    const parsed: unknown = body === '' ? undefined : isForm ? fieldsOf(new URLSearchParams(body)) : JSON.parse(body);
    sent.push({ url, method: init.method, authorization: headers['authorization'] ?? '', body: parsed });
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
    return Promise.resolve(new Response(status === 204 ? null : text, { status }));
  };
  return { rest: { fetch, clock }, sent, clock };
}

/** A field that is sent several times has a list of values. */
function fieldsOf(form: URLSearchParams): object {
  const values = (name: string) => form.getAll(name);
  return Object.fromEntries([...form.keys()].map((name) => [name, values(name).length > 1 ? values(name) : form.get(name)]));
}

const never = new AbortController().signal;
const invitation = { publicUrl: 'https://voice.example.com', token: 'T0k3n' };
const placing = {
  to: '+15550001',
  from: '+15550002',
  invitation,
  ringSeconds: 30,
  detectMachine: true,
  statusUrl: 'https://voice.example.com/status',
};
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

function serving(): { served: CallDocument[]; serve: (document: CallDocument) => string } {
  const served: CallDocument[] = [];
  return { served, serve: (document) => `https://voice.example.com/documents/${served.push(document)}` };
}

test('Twilio: a call is placed with its TwiML', async () => {
  const { rest, sent } = provider(201, { sid: 'CA7' });
  const twilio = twilioRest(rest, { accountSid: 'AC1', keySid: 'SK1', authToken: 'secret' });
  expect(await twilio.place(placing, never)).toEqual({ outcome: 'placed', callId: 'CA7' });
  expect(sent).toEqual([
    {
      url: 'https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json',
      method: 'POST',
      authorization: basic('SK1:secret'),
      body: {
        To: '+15550001',
        From: '+15550002',
        Twiml:
          '<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://voice.example.com/v1/realtime/twilio"><Parameter name="token" value="T0k3n"/></Stream></Connect></Response>',
        Timeout: '30',
        MachineDetection: 'Enable',
        AsyncAmd: 'true',
        AsyncAmdStatusCallback: 'https://voice.example.com/status',
        StatusCallback: 'https://voice.example.com/status',
        StatusCallbackEvent: ['ringing', 'completed'],
      },
    },
  ]);
});

test('Twilio: a call is handed over by new TwiML, and hung up by its status', async () => {
  const { rest, sent } = provider(200, { sid: 'CA7' });
  const twilio = twilioRest({ ...rest, baseUrl: 'https://api.dublin.ie1.twilio.com/' }, { accountSid: 'AC1', authToken: 'secret' });
  expect(await twilio.transfer('CA7', 'tel:+15550009', never)).toEqual({ outcome: 'transferred' });
  expect(await twilio.hangUp?.('CA7')).toBeUndefined();
  expect(sent.map(({ url, body }) => ({ url, body }))).toEqual([
    {
      url: 'https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/AC1/Calls/CA7.json',
      body: { Twiml: '<?xml version="1.0" encoding="UTF-8"?><Response><Dial><Number>+15550009</Number></Dial></Response>' },
    },
    { url: 'https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/AC1/Calls/CA7.json', body: { Status: 'completed' } },
  ]);
});

test('SignalWire: at the host of the space, with documents that it fetches', async () => {
  const { rest, sent } = provider(200, { sid: 'c-7' });
  const { served, serve } = serving();
  const signalWire = signalWireRest(rest, { space: 'example.signalwire.com', projectId: 'P1', authToken: 'secret' }, serve);
  const { to, from } = placing;
  expect(await signalWire.place({ to, from, invitation }, never)).toEqual({ outcome: 'placed', callId: 'c-7' });
  expect(await signalWire.transfer('c-7', 'sip:desk@example.com', never)).toEqual({ outcome: 'transferred' });
  const calls = 'https://example.signalwire.com/api/laml/2010-04-01/Accounts/P1/Calls';
  expect(sent).toEqual([
    {
      url: `${calls}.json`,
      method: 'POST',
      authorization: basic('P1:secret'),
      body: { To: '+15550001', From: '+15550002', Url: 'https://voice.example.com/documents/1', Method: 'GET' },
    },
    {
      url: `${calls}/c-7.json`,
      method: 'POST',
      authorization: basic('P1:secret'),
      body: { Url: 'https://voice.example.com/documents/2', Method: 'GET' },
    },
  ]);
  expect(served[0]?.body).toContain('/v1/realtime/signalwire');
  expect(served[1]?.body).toContain('<Sip>sip:desk@example.com</Sip>');
});

const telnyxStream = {
  stream_url: 'wss://voice.example.com/v1/realtime/telnyx?token=T0k3n',
  stream_track: 'inbound_track',
  stream_codec: 'PCMU',
  stream_bidirectional_mode: 'rtp',
  stream_bidirectional_codec: 'PCMU',
  stream_bidirectional_sampling_rate: 8000,
};

test('Telnyx: placing, answering, handing over, hanging up', async () => {
  const { rest, sent } = provider(200, { data: { call_control_id: 'v3:abc', result: 'ok' } });
  const telnyx = telnyxRest(rest, { apiKey: 'KEY', connectionId: 'conn1' });
  expect(await telnyx.place(placing, never)).toEqual({ outcome: 'placed', callId: 'v3:abc' });
  expect(await telnyx.answer('v3:abc', { ...invitation, parameters: { plan: 'gold' } }, never)).toMatchObject({ outcome: 'done' });
  expect(await telnyx.transfer('v3:abc', 'tel:+15550009', never)).toEqual({ outcome: 'transferred' });
  expect(await telnyx.hangUp?.('v3:abc')).toBeUndefined();
  const action = 'https://api.telnyx.com/v2/calls/v3%3Aabc/actions';
  expect(sent.map(({ url, body }) => ({ url, body }))).toEqual([
    {
      url: 'https://api.telnyx.com/v2/calls',
      body: {
        connection_id: 'conn1',
        to: '+15550001',
        from: '+15550002',
        ...telnyxStream,
        timeout_secs: 30,
        answering_machine_detection: 'detect',
        webhook_url: 'https://voice.example.com/status',
      },
    },
    { url: `${action}/answer`, body: { ...telnyxStream, stream_url: `${telnyxStream.stream_url}&plan=gold` } },
    { url: `${action}/transfer`, body: { to: '+15550009' } },
    { url: `${action}/hangup`, body: {} },
  ]);
  expect(new Set(sent.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer KEY']));
});

test('Plivo: with documents that it fetches', async () => {
  const { rest, sent } = provider(201, { message: 'call fired', request_uuid: 'r-1' });
  const { served, serve } = serving();
  const plivo = plivoRest(rest, { authId: 'MA1', authToken: 'secret' }, serve);
  expect(await plivo.place(placing, never)).toEqual({ outcome: 'placed', callId: 'r-1' });
  expect(await plivo.transfer('u-1', '+15550009', never)).toEqual({ outcome: 'transferred' });
  expect(await plivo.hangUp?.('u-1')).toBeUndefined();
  expect(sent.map(({ url, method, body }) => ({ url, method, body }))).toEqual([
    {
      url: 'https://api.plivo.com/v1/Account/MA1/Call/',
      method: 'POST',
      body: {
        to: '15550001',
        from: '15550002',
        answer_url: 'https://voice.example.com/documents/1',
        answer_method: 'GET',
        ring_timeout: 30,
        machine_detection: 'true',
        machine_detection_url: 'https://voice.example.com/status',
        hangup_url: 'https://voice.example.com/status',
        ring_url: 'https://voice.example.com/status',
      },
    },
    {
      url: 'https://api.plivo.com/v1/Account/MA1/Call/u-1/',
      method: 'POST',
      body: { legs: 'aleg', aleg_url: 'https://voice.example.com/documents/2', aleg_method: 'GET' },
    },
    { url: 'https://api.plivo.com/v1/Account/MA1/Call/u-1/', method: 'DELETE', body: undefined },
  ]);
  expect(served[1]?.body).toContain('<Dial><Number>+15550009</Number></Dial>');
});

test('Plivo: a call that still rings is cancelled by its request', async () => {
  const { rest, sent } = provider(404, { error: 'not found' });
  const { hangUp } = plivoRest(rest, { authId: 'MA1', authToken: 'secret' }, () => '');
  expect(await hangUp?.('r-1')).toBe('The provider answered with status 404: not found');
  expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'DELETE https://api.plivo.com/v1/Account/MA1/Call/r-1/',
    'DELETE https://api.plivo.com/v1/Account/MA1/Request/r-1/',
  ]);
});

test('Vonage: with a token of its application for each request', async () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const { rest, sent, clock } = provider(201, { uuid: 'aaaa', status: 'started' });
  const vonage = vonageRest(rest, { applicationId: 'app1', privateKey }, countingIds());
  expect(await vonage.place(placing, never)).toEqual({ outcome: 'placed', callId: 'aaaa' });
  expect(await vonage.transfer('aaaa', '+15550009', never)).toEqual({ outcome: 'transferred' });
  expect(await vonage.hangUp?.('aaaa')).toBeUndefined();
  expect(sent.map(({ url, method, body }) => ({ url, method, body }))).toEqual([
    {
      url: 'https://api.nexmo.com/v1/calls',
      method: 'POST',
      body: {
        to: [{ type: 'phone', number: '15550001' }],
        from: { type: 'phone', number: '15550002' },
        ncco: [
          {
            action: 'connect',
            endpoint: [
              {
                type: 'websocket',
                uri: 'wss://voice.example.com/v1/realtime/vonage',
                'content-type': 'audio/l16;rate=16000',
                headers: { token: 'T0k3n' },
              },
            ],
          },
        ],
        ringing_timer: 30,
        machine_detection: 'continue',
        event_url: ['https://voice.example.com/status'],
      },
    },
    {
      url: 'https://api.nexmo.com/v1/calls/aaaa',
      method: 'PUT',
      body: {
        action: 'transfer',
        destination: { type: 'ncco', ncco: [{ action: 'connect', endpoint: [{ type: 'phone', number: '15550009' }] }] },
      },
    },
    { url: 'https://api.nexmo.com/v1/calls/aaaa', method: 'PUT', body: { action: 'hangup' } },
  ]);
  const claims = await claimsOf(sent[0]?.authorization ?? '', pair.publicKey, clock.wallMs());
  expect(claims).toEqual({ application_id: 'app1', iat: clock.wallMs() / 1000, exp: clock.wallMs() / 1000 + 60, jti: 'jwt_1' });
});

async function claimsOf(authorization: string, key: KeyObject, wallMs: number): Promise<object> {
  const { payload } = await jwtVerify(authorization.replace(/^Bearer /, ''), key, { algorithms: ['RS256'], currentDate: new Date(wallMs) });
  return payload;
}

/** Each provider, as it is when everything it is asked fails alike. */
const all: [name: string, make: (rest: RestOptions) => ProviderRest][] = [
  ['Twilio', (rest) => twilioRest(rest, { accountSid: 'AC1', authToken: 'hush-hush' })],
  [
    'SignalWire',
    (rest) => signalWireRest(rest, { space: 's.example', projectId: 'P', authToken: 'hush-hush' }, () => 'https://x.example/1'),
  ],
  ['Telnyx', (rest) => telnyxRest(rest, { apiKey: 'hush-hush', connectionId: 'c' })],
  ['Plivo', (rest) => plivoRest(rest, { authId: 'MA1', authToken: 'hush-hush' }, () => 'https://x.example/1')],
];

test.each(all)('%s: a refusal says why in the words of the provider, without the credential in them', async (_name, make) => {
  const { rest } = provider(404, { message: 'No call for hush-hush here' });
  expect(await make(rest).transfer('c1', '+1555', never)).toEqual({
    outcome: 'refused',
    status: 404,
    reason: 'The provider answered with status 404: No call for … here',
  });
  const placed = await make(provider(401, '<html>').rest).place({ to: '+1', from: '+2', invitation }, never);
  expect(placed).toEqual({ outcome: 'refused', failure: { status: 401, reason: 'The provider answered with status 401.' } });
  expect(await make(provider(500, {}).rest).hangUp?.('c1')).toBe('The provider answered with status 500.');
});

test('Telnyx says why in a list', async () => {
  const { rest } = provider(422, { errors: [{ code: '10015', title: 'Bad Request', detail: 'The call has ended.' }] });
  const { transfer } = telnyxRest(rest, { apiKey: 'KEY', connectionId: 'c' });
  expect(await transfer('c1', '+1555', never)).toMatchObject({ reason: 'The provider answered with status 422: The call has ended.' });
});

test('a provider that takes a call and names none, one that cannot be reached, one that does not answer, and one that is not waited for', async () => {
  const { rest, clock } = provider(200, {});
  const credentials = { accountSid: 'AC1', authToken: 'secret' };
  expect(await twilioRest(rest, credentials).place({ to: '+1', from: '+2', invitation }, never)).toMatchObject({
    outcome: 'refused',
    failure: { status: 502 },
  });
  const broken = twilioRest({ clock, fetch: () => Promise.reject(new TypeError('fetch failed')) }, credentials);
  expect(await broken.transfer('CA1', '+1555', never)).toEqual({
    outcome: 'refused',
    status: 503,
    reason: 'The provider could not be reached.',
  });
  const silent: ProviderFetch = (_url, { signal }) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  const waiting = twilioRest({ clock, fetch: silent }, credentials).transfer('CA1', '+1555', never);
  clock.advance(10_000);
  expect(await waiting).toEqual({ outcome: 'refused', status: 504, reason: 'The provider did not answer within 10 seconds.' });
  const controller = new AbortController();
  const given = twilioRest({ clock, fetch: silent }, credentials).transfer('CA1', '+1555', controller.signal);
  controller.abort();
  expect(await given).toMatchObject({ outcome: 'refused', status: 487 });
});
