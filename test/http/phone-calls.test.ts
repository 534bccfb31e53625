// Telephone calls as HTTP: what whoever was told of one may do with it, what is refused before anybody is asked, and how outcomes are said.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpRig } from './rig.ts';

let rig: Awaited<ReturnType<typeof httpRig>>;
/** What was asked of the calls, in order. */
let asked: unknown[];

beforeEach(async () => {
  rig = await httpRig();
  asked = [];
  const note = (what: string, id: string, keyId: string, about?: unknown) => {
    asked.push([what, id, ...(about === undefined ? [] : [about])]);
    return id === 'rtc_1' && keyId === rig.key.id;
  };
  rig.phones.accept = (id, { keyId }, session) => Promise.resolve(note('accept', id, keyId, session));
  rig.phones.reject = (id, { keyId }, status) => note('reject', id, keyId, status);
  rig.phones.transfer = (id, { keyId }, target) => {
    if (!note('transfer', id, keyId, target)) return Promise.resolve(undefined);
    if (target === 'tel:+12025550199') return Promise.resolve({ outcome: 'refused', reason: 'The line is busy.' });
    return Promise.resolve({ outcome: 'transferred' });
  };
  rig.phones.place = ({ to, from, session, detectMachine }, { keyId }) => {
    note('place', to, keyId, { from, session, detectMachine });
    return 'rtc_2';
  };
  rig.phones.list = ({ keyId }) => (keyId === rig.key.id ? [{ id: 'rtc_1', state: 'ringing' }] : []);
});
afterEach(() => rig.close());

/** The status, and what an error says: answers to whoever decides have no body. */
async function post(path: string, body?: unknown, authorization = `Bearer ${rig.key.credential}`) {
  const response = await fetch(`${rig.url}/v1/realtime/calls${path}`, {
    method: 'POST',
    headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return text === '' ? { status: response.status } : { status: response.status, ...(JSON.parse(text) as { error?: unknown }) };
}

test('E16: a call is accepted with a session, and one that does not ring is not found', async () => {
  const session = { type: 'realtime', model: 'gpt-realtime', instructions: 'Be kind.' };
  expect(await post('/rtc_1/accept', session)).toEqual({ status: 200 });
  expect(await post('/rtc_9/accept', session)).toMatchObject({ status: 404, error: { code: 'call_not_found', param: 'call_id' } });
  expect(asked).toEqual([
    ['accept', 'rtc_1', session],
    ['accept', 'rtc_9', session],
  ]);
});

test('E17: a call is rejected with 603, or whichever final status is named', async () => {
  expect(await post('/rtc_1/reject')).toEqual({ status: 200 });
  expect(await post('/rtc_1/reject', { status_code: 486 })).toEqual({ status: 200 });
  expect(await post('/rtc_1/reject', { status_code: 200 })).toMatchObject({ status: 400, error: { param: 'status_code' } });
  expect(asked).toEqual([
    ['reject', 'rtc_1', 603],
    ['reject', 'rtc_1', 486],
  ]);
});

test('E18: a caller is handed over, and whoever wanted it hears when that did not come about', async () => {
  expect(await post('/rtc_1/refer', { target_uri: 'tel:+12025550101' })).toEqual({ status: 200 });
  expect(await post('/rtc_1/refer', { target_uri: 'sip:desk@pbx.example.com' })).toEqual({ status: 200 });
  expect(await post('/rtc_1/refer', { target_uri: 'tel:+12025550199' })).toMatchObject({
    status: 409,
    error: { code: 'transfer_refused', message: 'The line is busy.', param: 'target_uri' },
  });
  expect(await post('/rtc_9/refer', { target_uri: 'tel:+12025550101' })).toMatchObject({ status: 404 });
  expect(asked).toHaveLength(4);
});

test('E18: what is no address is refused before anybody is asked', async () => {
  for (const target of ['+12025550101', 'https://example.com', `sip:${'a'.repeat(1100)}@example.com`, 5, undefined])
    expect(await post('/rtc_1/refer', { target_uri: target })).toMatchObject({ status: 400, error: { param: 'target_uri' } });
  expect(asked).toEqual([]);
});

test('a call is placed, and found where its answer says', async () => {
  const placed = await fetch(`${rig.url}/v1/realtime/calls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.key.credential}`, 'content-type': 'application/json' },
    body: JSON.stringify({ to: '+12025550101', session: { instructions: 'Ask.' }, detect_machine: true }),
  });
  expect([placed.status, placed.headers.get('location')]).toEqual([201, '/v1/realtime/calls/rtc_2']);
  expect(await placed.json()).toEqual({ id: 'rtc_2', object: 'realtime.call', direction: 'outbound' });
  expect(asked).toEqual([['place', '+12025550101', { from: undefined, session: { instructions: 'Ask.' }, detectMachine: true }]]);
});

test('each key sees and reaches its own calls, and nobody without a key any', async () => {
  const other = await rig.makeKey('acme');
  expect((await rig.get('/v1/realtime/calls')).body).toEqual({
    object: 'list',
    data: [{ id: 'rtc_1', object: 'realtime.call', state: 'ringing' }],
    first_id: 'rtc_1',
    last_id: 'rtc_1',
    has_more: false,
  });
  const { body } = await rig.get('/v1/realtime/calls', { authorization: `Bearer ${other.credential}` });
  expect(body).toMatchObject({ object: 'list', data: [] });
  expect(await post('/rtc_1/reject', undefined, `Bearer ${other.credential}`)).toMatchObject({ status: 404 });
  asked = [];
  for (const path of ['/rtc_1/accept', '/rtc_1/reject', '/rtc_1/refer']) expect((await post(path, {}, 'Bearer nobody')).status).toBe(401);
  expect(asked).toEqual([]);
});

test('whoever has but an ephemeral secret, as any page may, neither sees telephone calls nor places, takes or hands over one', async () => {
  const minted = await fetch(`${rig.url}/v1/realtime/client_secrets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.key.credential}`, 'content-type': 'application/json' },
    body: '{}',
  });
  const { value } = (await minted.json()) as { value: string };
  const bearer = `Bearer ${value}`;
  for (const path of ['/rtc_1/accept', '/rtc_1/reject', '/rtc_1/refer']) expect((await post(path, {}, bearer)).status).toBe(401);
  expect((await fetch(`${rig.url}/v1/realtime/calls`, { headers: { authorization: bearer } })).status).toBe(401);
  expect(await post('', { to: '+12025550147' }, bearer)).toMatchObject({ status: 403, error: { code: 'key_needed' } });
  expect(asked).toEqual([]);
});
