// WebRTC's signalling as HTTP: which bodies are understood, what comes back, and who may.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpRig } from './rig.ts';

let rig: Awaited<ReturnType<typeof httpRig>>;
beforeEach(async () => {
  rig = await httpRig();
});
afterEach(() => rig.close());

const offer = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n';

async function post(path: string, body: string | FormData, headers: Record<string, string> = {}) {
  const response = await fetch(`${rig.url}${path}`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${rig.key.credential}`, ...headers },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
const sdp = { 'content-type': 'application/sdp' };
const json = { 'content-type': 'application/json' };

describe('POST /v1/realtime/calls', () => {
  test('E09: takes a bare offer, and answers with the SDP and where the call is', async () => {
    const { status, headers, text } = await post('/v1/realtime/calls?model=gpt-realtime', offer, sdp);
    expect([status, text, headers.get('content-type')]).toEqual([201, 'v=0 answer', expect.stringMatching(/^application\/sdp/)]);
    expect(headers.get('location')).toBe('/v1/realtime/calls/rtc_1');
    expect(rig.wishes[0]?.wish).toEqual({
      sdp: offer,
      session: {},
      model: 'gpt-realtime',
      transcriptionOnly: false,
      onlyInworld: false,
      authorization: `Bearer ${rig.key.credential}`,
    });
  });

  test('E10: takes a form with the offer and the session', async () => {
    const form = new FormData();
    form.set('sdp', offer);
    form.set('session', JSON.stringify({ type: 'realtime', model: 'gpt-realtime', instructions: 'Be brief.' }));
    const { status, text } = await post('/v1/realtime/calls', form);
    expect([status, text]).toEqual([201, 'v=0 answer']);
    expect(rig.wishes[0]?.wish).toMatchObject({
      sdp: offer,
      session: { model: 'gpt-realtime', instructions: 'Be brief.' },
      onlyInworld: false,
    });
  });

  test.each(['null', '', '{}'])('E10: takes a form whose session is %j for one that asks for nothing', async (text) => {
    const form = new FormData();
    form.set('sdp', offer);
    form.set('session', text);
    expect((await post('/v1/realtime/calls', form)).status).toBe(201);
    expect(rig.wishes.at(-1)?.wish.session).toEqual({});
  });

  test('E10: takes the fields of a form as files too', async () => {
    const form = new FormData();
    form.set('sdp', new Blob([offer], { type: 'application/sdp' }), 'offer.sdp');
    form.set('session', new Blob(['{"type":"realtime"}'], { type: 'application/json' }), 'session.json');
    expect((await post('/v1/realtime/calls', form)).status).toBe(201);
    expect(rig.wishes[0]?.wish).toMatchObject({ sdp: offer, session: { type: 'realtime' } });
  });

  test("E11: takes Inworld's JSON, and answers in JSON with the ICE servers", async () => {
    const { status, headers, text } = await post(
      '/v1/realtime/calls',
      JSON.stringify({ sdp: offer, session: { instructions: 'Hi.' } }),
      json,
    );
    expect(status).toBe(201);
    expect(headers.get('location')).toBe('/v1/realtime/calls/rtc_1');
    expect(JSON.parse(text)).toMatchObject({
      id: 'rtc_1',
      sdp: 'v=0 answer',
      ice_servers: [{ urls: ['stun:stun.example:3478'] }, { username: '1:rtc_1' }],
    });
    expect(rig.wishes[0]?.wish).toMatchObject({ session: { instructions: 'Hi.' }, onlyInworld: true });
  });

  test('an ephemeral secret opens it, and comes with its session', async () => {
    const secret = await rig.post('/v1/realtime/client_secrets', { session: { type: 'realtime', instructions: 'Whisper.' } });
    const { status } = await post('/v1/realtime/calls', offer, {
      ...sdp,
      authorization: `Bearer ${(secret.body as { value: string }).value}`,
    });
    expect(status).toBe(201);
    expect(rig.wishes[0]?.by).toMatchObject({ kind: 'secret', session: { instructions: 'Whisper.' } });
  });

  test.each([
    ['no body', '', sdp, 400, 'invalid_value'],
    ['a form without an offer', 'form', {}, 400, 'missing_required_parameter'],
    ['a session that is no object', 'list', {}, 400, 'invalid_value'],
    ['JSON without an offer', '{}', json, 400, 'invalid_type'],
    ['a body of a kind that is no offer', '<sdp/>', { 'content-type': 'application/xml' }, 415, null],
    ['an offer that cannot be answered', 'bad', sdp, 400, 'invalid_offer'],
    ['an offer when all calls are taken', 'full', sdp, 503, 'server_overloaded'],
  ])('refuses %s', async (_what, body, headers, status, code) => {
    const form = new FormData();
    if (body === 'list') form.set('sdp', offer);
    form.set('session', '[1]');
    const answer = await post('/v1/realtime/calls', body === 'form' || body === 'list' ? form : body, headers);
    expect(answer.status).toBe(status);
    const { error } = JSON.parse(answer.text);
    expect(error.message.length).toBeGreaterThan(10);
    expect(error.code).toBe(code);
    expect(rig.wishes).toEqual([]);
  });

  test('nobody calls without a key, and a page of any origin can read why', async () => {
    const response = await fetch(`${rig.url}/v1/realtime/calls`, {
      method: 'POST',
      body: offer,
      headers: { ...sdp, origin: 'https://page.example' },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('a page may send the headers that its client sends', async () => {
    const response = await fetch(`${rig.url}/v1/realtime/calls`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://page.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-stainless-os',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toContain('x-stainless-os');
    expect(response.headers.get('access-control-expose-headers')).toContain('Location');
  });
});

test("E12: the beta's route takes a bare offer", async () => {
  const { status, text } = await post('/v1/realtime?model=gpt-4o-realtime-preview', offer, sdp);
  expect([status, text]).toEqual([201, 'v=0 answer']);
  expect(rig.wishes[0]?.wish.model).toBe('gpt-4o-realtime-preview');
});

test("E13 F48: Inworld's route takes a session in its own spelling", async () => {
  const { status, text } = await post(
    '/v1/realtime/webrtc',
    JSON.stringify({ sdp: offer, sessionConfig: { maxTokens: 100, voice: 'Clive' } }),
    json,
  );
  expect([status, JSON.parse(text)]).toEqual([200, { sdp: 'v=0 answer', sessionId: 'sess_1' }]);
  expect(rig.wishes[0]?.wish).toMatchObject({ session: { maxTokens: 100, voice: 'Clive' }, onlyInworld: true });
});

test.each([
  ['nobody known', JSON.stringify({ sdp: offer }), { ...json, authorization: 'Bearer nobody' }, 401, 16],
  ['no offer', '{}', json, 400, 3],
  ['a session that is none', JSON.stringify({ sdp: offer, sessionConfig: 'short' }), json, 400, 3],
  ['what is no JSON', '{', json, 400, 3],
  ['an offer by itself', offer, sdp, 415, 3],
  ['a body too large', JSON.stringify({ sdp: 'x'.repeat(2.5 * 1024 * 1024) }), json, 413, 3],
  ['an offer that cannot be answered', JSON.stringify({ sdp: 'bad' }), json, 400, 3],
  ['an offer when all calls are taken', JSON.stringify({ sdp: 'full' }), json, 503, 14],
])("E13: refuses %s in Inworld's envelope", async (_what, body, headers, status, code) => {
  const answer = await post('/v1/realtime/webrtc', body, headers);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.text)).toEqual({ code, message: expect.stringMatching(/.{10}/), details: [] });
});

test('E14: ICE servers come with credentials made for who asks', async () => {
  const { status, body } = await rig.get('/v1/realtime/ice-servers');
  expect(status).toBe(200);
  expect(body).toEqual({
    ice_servers: [{ urls: ['stun:stun.example:3478'] }, expect.objectContaining({ username: expect.stringMatching(/^1:/) })],
  });
});

test('E15: a call is hung up by those who made it, once', async () => {
  await post('/v1/realtime/calls', offer, sdp);
  const other = await rig.makeKey('elsewhere');
  const hangUp = (id: string, credential = rig.key.credential) =>
    post(`/v1/realtime/calls/${id}/hangup`, '{}', { ...json, authorization: `Bearer ${credential}` });
  expect((await hangUp('rtc_1', other.credential)).status).toBe(404);
  expect((await hangUp('rtc_2')).status).toBe(404);
  expect((await hangUp('rtc_1')).status).toBe(200);
});

test('a hang-up needs no body', async () => {
  await post('/v1/realtime/calls', offer, sdp);
  const response = await fetch(`${rig.url}/v1/realtime/calls/rtc_1/hangup`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.key.credential}` },
  });
  expect(response.status).toBe(200);
});
