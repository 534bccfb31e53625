// The routes of telephone calls: accepting, rejecting, handing over, hanging up, placing and listing, each error with its status and its field, and that a
// key has nothing to do with the calls of another.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openPhoneDesk } from '../../src/phone-desk.ts';
import { silentLog } from '../../src/lib/log.ts';
import { OutboundLedger } from '../../src/telephony/outbound-ledger.ts';
import { routesOf } from '../../src/telephony/routes-file.ts';
import { errors } from '../../src/protocol/errors.ts';
import { type PhoneCall, PhoneError } from '../../src/transports/calls/phone-call.ts';
import { byUs, callsRig, FakeCall, party, Ringing, session, settle } from '../telephony/phone-rig.ts';
import { httpRig } from './rig.ts';

const asks = { name: 'asks', numbers: ['*'], answer: 'webhook' };
const routes = [
  { name: 'reminder', numbers: [], session: { instructions: 'Remind them.' }, overridable: ['audio.output'] },
  { name: 'others', numbers: [], key: 'key_of_another' },
];
const limits = { callsAtOnce: 1, callsPerMinute: 3, callsPerDay: 100, secondsPerDay: 3600 };

let phones: ReturnType<typeof callsRig>;
/** Calls that are to say that they end. */
let farewells: { readonly id: string; readonly heard: PromiseWithResolvers<boolean> }[];
let http: Awaited<ReturnType<typeof httpRig>>;
let owner: string;
let outbound: { from: string | undefined; by: string | undefined };
let dialled: {
  readonly by: string;
  readonly target: string;
  readonly caller: string;
  readonly came: PromiseWithResolvers<PhoneCall>;
  rings?: () => void;
}[];

beforeEach(async () => {
  phones = callsRig([asks], {
    ownerOf: () => owner,
    prepare(prepared) {
      const { patches } = prepared;
      phones.prepared.push(prepared);
      if (JSON.stringify(patches).includes('Nobody')) throw errors.invalid('session.audio.output.voice', 'There is no such voice.');
      const begun = session();
      phones.sessions.set(prepared.id, begun);
      return begun.begin;
    },
    hangUp: (id) => phones.sessions.get(id)?.end(byUs),
  });
  outbound = { from: '+15550001111', by: 'twilio' };
  dialled = [];
  farewells = [];
  const file = routesOf({ routes }, 'file', { environment: {} });
  const desk = openPhoneDesk({
    calls: phones.calls,
    ledger: new OutboundLedger({
      rules: { prefixes: ['+1'], domains: ['pbx.example.com'], limits },
      clock: phones.clock,
      book: { outboundUse: () => Promise.resolve([]), addOutboundUse: () => Promise.resolve() },
      log: silentLog,
    }),
    file: () => ({ outbound: { ...file.outbound, ...outbound }, routes: file.routes }),
    sayLast({ id }) {
      const heard = Promise.withResolvers<boolean>();
      farewells.push({ id, heard });
      return heard.promise;
    },
    diallingBy(by, target, caller) {
      const came = Promise.withResolvers<PhoneCall>();
      const one: (typeof dialled)[number] = { by, target, caller, came };
      dialled.push(one);
      return {
        party,
        speaker: { format: { type: 'audio/pcmu' }, lagMs: 60 },
        dial(_events, _givenUp, rings) {
          one.rings = rings;
          return came.promise;
        },
      };
    },
  });
  http = await httpRig(undefined, {}, { phones: desk });
  owner = http.key.id;
});
afterEach(() => http.close());

async function ask(method: 'GET' | 'POST', path: string, body?: unknown, credential = http.key.credential) {
  const response = await fetch(`${http.url}/v1/realtime/calls${path}`, {
    method,
    headers: { authorization: `Bearer ${credential}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = text === '' ? undefined : (JSON.parse(text) as { error?: { code: string; param: string; message: string } });
  const { code, param } = json?.error ?? {};
  return { status: response.status, json, code, param, headers: response.headers };
}

async function ring(): Promise<Ringing> {
  const ringing = new Ringing();
  void phones.calls.take(ringing);
  await settle();
  return ringing;
}

async function talking(): Promise<Ringing> {
  const ringing = await ring();
  expect((await ask('POST', '/rtc_1/accept', {})).status).toBe(200);
  return ringing;
}

const refused = (status: number, code: string | null, param: string | null) => ({ status, code, param });

describe('accept', () => {
  test('answers a call that rings, and no other', async () => {
    const ringing = await talking();
    expect(ringing.answers).toBe(1);
    expect(await ask('POST', '/rtc_1/accept', {})).toMatchObject(refused(404, 'call_not_found', 'call_id'));
    expect(await ask('POST', '/rtc_9/accept', {})).toMatchObject(refused(404, 'call_not_found', 'call_id'));
  });

  test.each([[[]], ['text'], [5], [undefined]])('refuses %j for a session', async (body) => {
    const ringing = await ring();
    expect((await ask('POST', '/rtc_1/accept', body)).status).toBe(400);
    expect(ringing.answers).toBe(0);
  });

  test('names the field of a session that cannot be used, and leaves the call ringing', async () => {
    await ring();
    const answer = await ask('POST', '/rtc_1/accept', { audio: { output: { voice: 'Nobody' } } });
    expect(answer).toMatchObject({ status: 400, param: 'session.audio.output.voice' });
    expect(phones.calls.list(owner)).toMatchObject([{ state: 'ringing' }]);
  });

  test('says 404 of a caller who leaves meanwhile', async () => {
    const ringing = await ring();
    ringing.answering = Promise.withResolvers<PhoneCall>();
    const accepting = ask('POST', '/rtc_1/accept', {});
    await expect.poll(() => ringing.answers).toBe(1);
    ringing.leave();
    expect(await accepting).toMatchObject(refused(404, 'call_not_found', 'call_id'));
  });
});

describe('reject', () => {
  test.each([
    [undefined, 603],
    [{}, 603],
    [{ status_code: null }, 603],
    [{ status_code: 486 }, 486],
  ])('%j says it to the caller as %i', async (body, status) => {
    const ringing = await ring();
    expect((await ask('POST', '/rtc_1/reject', body)).status).toBe(200);
    expect(ringing.rejected).toEqual([status]);
    expect(await ask('POST', '/rtc_1/reject', body)).toMatchObject(refused(404, 'call_not_found', 'call_id'));
  });

  test.each([200, 299, 700, 486.5, '486'])('refuses %j for a status', async (status) => {
    const ringing = await ring();
    const answer = await ask('POST', '/rtc_1/reject', { status_code: status });
    expect(answer).toMatchObject({ status: 400, param: 'status_code' });
    expect(ringing.rejected).toEqual([]);
  });
});

describe('refer', () => {
  test('hands a caller over whom somebody else takes', async () => {
    const { call } = await talking();
    const asked = ask('POST', '/rtc_1/refer', { target_uri: 'tel:+1-555-234-5678' });
    await expect.poll(() => call.transfers.length).toBe(1);
    expect(call.transfers[0]?.target).toBe('tel:+15552345678');
    call.transfers[0]?.came.resolve({ outcome: 'transferred' });
    expect((await asked).status).toBe(200);
  });

  test('leaves the far sides of two calls to each other', async () => {
    const { call } = await talking();
    const other = await ring();
    const connect = () => ask('POST', '/rtc_1/refer', { target_call_id: 'rtc_2' });
    // One that rings has nobody to be left to, and neither has one whose carrier cannot do that.
    expect(await connect()).toMatchObject(refused(404, 'call_not_found', 'target_call_id'));
    expect((await ask('POST', '/rtc_2/accept', {})).status).toBe(200);
    expect(await connect()).toMatchObject(refused(404, 'call_not_found', 'target_call_id'));
    other.call.replaceable = { target: 'sip:b@192.0.2.2', replaces: 'id;to-tag=1;from-tag=2' };
    call.replaceable = { target: 'sip:a@192.0.2.1', replaces: 'x' };
    expect(await ask('POST', '/rtc_1/refer', { target_call_id: 'rtc_1' })).toMatchObject(refused(404, 'call_not_found', 'target_call_id'));
    expect(await ask('POST', '/rtc_9/refer', { target_call_id: 'rtc_2' })).toMatchObject(refused(404, 'call_not_found', 'call_id'));
    expect(await ask('POST', '/rtc_1/refer', { target_call_id: 5 })).toMatchObject({ status: 400, param: 'target_call_id' });
    const asked = connect();
    await expect.poll(() => call.transfers.length).toBe(1);
    expect(call.transfers[0]).toMatchObject({ target: 'sip:b@192.0.2.2', replaces: 'id;to-tag=1;from-tag=2' });
    call.transfers[0]?.came.resolve({ outcome: 'refused', reason: 'Nobody took it.' });
    expect(await asked).toMatchObject(refused(409, 'transfer_refused', 'target_call_id'));
  });

  test('says 409 of a transfer that is refused', async () => {
    const { call } = await talking();
    const asked = ask('POST', '/rtc_1/refer', { target_uri: 'sip:desk@pbx.example.com' });
    await expect.poll(() => call.transfers.length).toBe(1);
    call.transfers[0]?.came.resolve({ outcome: 'refused', status: 486, reason: 'It is busy.' });
    expect(await asked).toMatchObject(refused(409, 'transfer_refused', 'target_uri'));
  });

  test.each([undefined, 5, '', '+15552345678', 'https://example.com', `tel:+${'1'.repeat(1100)}`])(
    'refuses %j for a target',
    async (target) => {
      const { call } = await talking();
      expect(await ask('POST', '/rtc_1/refer', { target_uri: target })).toMatchObject({ status: 400, param: 'target_uri' });
      expect(call.transfers).toEqual([]);
    },
  );

  test('refuses whom this server may not call', async () => {
    await talking();
    const asked = await ask('POST', '/rtc_1/refer', { target_uri: 'tel:+4930123456' });
    expect(asked).toMatchObject(refused(403, 'number_not_allowed', 'target_uri'));
  });

  test('says 429 and when to try again where there have been too many', async () => {
    const { call } = await talking();
    for (let number = 0; number < 3; number++) {
      const asked = ask('POST', '/rtc_1/refer', { target_uri: 'tel:+15552345678' });
      await expect.poll(() => call.transfers.length).toBe(number + 1);
      call.transfers[number]?.came.resolve({ outcome: 'refused', reason: 'No.' });
      expect((await asked).status).toBe(409);
    }
    const answer = await ask('POST', '/rtc_1/refer', { target_uri: 'tel:+15552345678' });
    expect(answer).toMatchObject(refused(429, 'rate_limit_exceeded', 'target_uri'));
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('says 404 of a call that rings or does not exist, which counts for nothing', async () => {
    await ring();
    for (let number = 0; number < 5; number++)
      expect(await ask('POST', '/rtc_1/refer', { target_uri: 'tel:+15552345678' })).toMatchObject(
        refused(404, 'call_not_found', 'call_id'),
      );
    expect((await ask('POST', '', { to: '+15552345678' })).status).toBe(201);
  });
});

test('hangup declines a call that rings, and says 404 of one that is not there', async () => {
  const ringing = await ring();
  expect((await ask('POST', '/rtc_1/hangup')).status).toBe(200);
  expect(ringing.rejected).toEqual([603]);
  expect(await ask('POST', '/rtc_1/hangup')).toMatchObject(refused(404, 'call_not_found', 'call_id'));
});

test.each(['accept', 'reject', 'refer'])('%s: an id that is too long is refused', async (what) => {
  const answer = await ask('POST', `/rtc_${'1'.repeat(70)}${'2'.repeat(70)}/${what}`, { target_uri: 'tel:+15552345678' });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
});

test('the list has the calls of the key', async () => {
  await ring();
  const { status, json } = await ask('GET', '');
  expect([status, json]).toMatchObject([200, { object: 'list', data: [{ id: 'rtc_1', direction: 'inbound', state: 'ringing' }] }]);
});

test('the list goes page by page, the newest first, and shows those that have ended where they are asked for', async () => {
  for (let number = 0; number < 3; number++) await ring();
  const ids = async (query: string) => {
    const { json } = await ask('GET', query);
    const { data, has_more: hasMore, last_id: last } = json as unknown as { data: { id: string }[]; has_more: boolean; last_id: string };
    return { ids: data.map(({ id }) => id), hasMore, last };
  };
  expect(await ids('?limit=2')).toEqual({ ids: ['rtc_3', 'rtc_2'], hasMore: true, last: 'rtc_2' });
  expect(await ids('?limit=2&after=rtc_2')).toEqual({ ids: ['rtc_1'], hasMore: false, last: 'rtc_1' });
  await ask('POST', '/rtc_2/reject');
  expect((await ids('')).ids).toEqual(['rtc_3', 'rtc_1']);
  expect((await ids('?state=ringing')).ids).toEqual(['rtc_3', 'rtc_1']);
  expect((await ids('?state=ended')).ids).toEqual(['rtc_2']);
  expect((await ids('?state=all')).ids).toEqual(['rtc_3', 'rtc_1', 'rtc_2']);
});

test.each([
  ['?limit=0', 'limit'],
  ['?limit=1001', 'limit'],
  ['?limit=many', 'limit'],
  ['?limit=1.5', 'limit'],
  ['?state=asleep', 'state'],
  ['?after=rtc_9', 'after'],
])('the list refuses %s, and names the field', async (query, param) => {
  expect(await ask('GET', query)).toMatchObject({ status: 400, param });
});

test('one call is shown as it is, also after its end, and to its key only', async () => {
  await ask('POST', '', { to: '+15552345678', route: 'reminder' });
  const about = { id: 'rtc_1', object: 'realtime.call', direction: 'outbound', to: '+15550002', route: 'reminder' };
  expect((await ask('GET', '/rtc_1')).json).toMatchObject({ ...about, state: 'connecting' });
  dialled[0]?.rings?.();
  expect((await ask('GET', '/rtc_1')).json).toMatchObject({ ...about, state: 'ringing' });
  dialled[0]?.came.reject(new PhoneError({ status: 486, reason: 'The line is busy.' }));
  await settle();
  const end = { state: 'ended', cause: 'busy', status: 486, reason: 'The line is busy.', duration_seconds: 0 };
  expect((await ask('GET', '/rtc_1')).json).toMatchObject({ ...about, ...end });
  const other = (await http.makeKey('other')).credential;
  for (const [id, credential] of [
    ['rtc_1', other],
    ['rtc_2', undefined],
  ] as const)
    expect(await ask('GET', `/${id}`, undefined, credential)).toMatchObject(refused(404, 'call_not_found', 'call_id'));
});

test('the calls of a key are nobody else’s', async () => {
  const { call, rejected } = await talking();
  const other = (await http.makeKey('other')).credential;
  expect((await ask('GET', '', undefined, other)).json).toEqual({
    object: 'list',
    data: [],
    first_id: null,
    last_id: null,
    has_more: false,
  });
  for (const [what, body] of [
    ['accept', {}],
    ['reject', {}],
    ['refer', { target_uri: 'tel:+15552345678' }],
    ['hangup', undefined],
  ] as const)
    expect([what, await ask('POST', `/rtc_1/${what}`, body, other)]).toMatchObject([what, refused(404, 'call_not_found', 'call_id')]);
  expect([call.transfers, rejected, phones.calls.list(owner)]).toMatchObject([[], [], [{ state: 'talking' }]]);
  expect((await ask('GET', '', undefined, 'wrong')).status).toBe(401);
});

describe('placing', () => {
  test('says which call it is, and where', async () => {
    const { status, json, headers } = await ask('POST', '', { to: '+1 555 234 5678' });
    expect([status, json, headers.get('location')]).toEqual([
      201,
      { id: 'rtc_1', object: 'realtime.call', direction: 'outbound' },
      '/v1/realtime/calls/rtc_1',
    ]);
    expect(dialled).toMatchObject([{ by: 'twilio', target: 'tel:+15552345678', caller: '+15550001111' }]);
  });

  test('has the session of a route, with what may be set of it', async () => {
    const wish = { to: '+15552345678', route: 'reminder', session: { type: 'realtime', audio: { output: { voice: 'Olivia' } } } };
    expect((await ask('POST', '', wish)).status).toBe(201);
    expect(phones.prepared).toMatchObject([{ route: { name: 'reminder' }, patches: [{ instructions: 'Remind them.' }, wish.session] }]);
  });

  test.each([
    [{ route: 'reminder', session: { instructions: 'Sell.' } }, 'session.instructions'],
    [
      { route: 'reminder', session: { audio: { output: { voice: 'Olivia' }, input: { turn_detection: null } } } },
      'session.audio.input.turn_detection',
    ],
    [{ route: 'nobody' }, 'route'],
    [{ route: 'others' }, 'route'],
    [{ route: 5 }, 'route'],
  ])('refuses %j of a route, and names the field', async (wish, param) => {
    expect(await ask('POST', '', { to: '+15552345678', ...wish })).toMatchObject({ status: 400, param });
    // It counts for nothing.
    expect((await ask('POST', '', { to: '+15552345678' })).status).toBe(201);
  });

  test('shows the caller id that is asked for', async () => {
    expect((await ask('POST', '', { to: '+15552345678', from: '+15550009999' })).status).toBe(201);
    expect(dialled[0]?.caller).toBe('+15550009999');
  });

  test.each([
    [{ to: 5 }, 'to'],
    [{ to: '' }, 'to'],
    [{ to: '1'.repeat(1100) }, 'to'],
    [{ to: '+15552345678', from: 'me' }, 'from'],
    [{ to: '+15552345678', from: 'sip:a@b\r\nX-Evil: 1' }, 'from'],
    [{ to: '+15552345678', from: 'sip:a@b>;tag=1' }, 'from'],
    [{ to: '+15552345678', session: 'brief' }, 'session'],
    [{ to: '+15552345678', session: { audio: { output: { voice: 'Nobody' } } } }, 'session.audio.output.voice'],
    [{ to: 'nobody at all' }, 'to'],
  ])('refuses %j, and names the field', async (body, param) => {
    expect(await ask('POST', '', body)).toMatchObject({ status: 400, param });
    expect(phones.calls.size).toBe(0);
  });

  test('refuses whom this server may not call', async () => {
    expect(await ask('POST', '', { to: '+4930123456' })).toMatchObject(refused(403, 'number_not_allowed', 'to'));
  });

  test('says 429 while the calls at once are taken, and takes the next when one has ended', async () => {
    expect((await ask('POST', '', { to: '+15552345678' })).status).toBe(201);
    expect(await ask('POST', '', { to: '+15552345678' })).toMatchObject(refused(429, 'rate_limit_exceeded', 'to'));
    dialled[0]?.came.reject(new PhoneError({ status: 486, reason: 'Busy.' }));
    await expect.poll(() => phones.calls.size).toBe(0);
    expect((await ask('POST', '', { to: '+15552345678' })).status).toBe(201);
  });

  test('a session that cannot be used leaves the place free', async () => {
    const bad = { to: '+15552345678', session: { audio: { output: { voice: 'Nobody' } } } };
    expect((await ask('POST', '', bad)).status).toBe(400);
    expect((await ask('POST', '', { to: '+15552345678' })).status).toBe(201);
  });

  test.each(['by', 'from'] as const)('says 409 where the file has no outbound.%s', async (what) => {
    outbound[what] = undefined;
    expect(await ask('POST', '', { to: '+15552345678' })).toMatchObject(refused(409, 'no_outbound_carrier', null));
  });

  describe('until the seconds of the day are used up', () => {
    async function answered(): Promise<void> {
      await ask('POST', '', { to: '+15552345678' });
      dialled[0]?.came.resolve(new FakeCall());
      await settle();
      expect(phones.calls.list(owner)).toMatchObject([{ state: 'talking' }]);
    }
    const ending = () => phones.told.at(-1)?.data;
    const limit = { cause: 'limit_reached', limit: 'seconds_per_day' };

    test('says so ten seconds before, and ends when that was heard', async () => {
      await answered();
      phones.clock.advance(3589_999);
      expect(farewells).toEqual([]);
      phones.clock.advance(1);
      expect(farewells).toMatchObject([{ id: 'rtc_1' }]);
      phones.clock.advance(4000);
      farewells[0]?.heard.resolve(true);
      await settle();
      expect(ending()).toMatchObject({ ...limit, duration_seconds: 3594 });
    });

    test.each([
      ['takes longer to be heard', undefined],
      ['is not to be said', false],
    ])('ends at the last of them where that %s', async (_what, heard) => {
      await answered();
      phones.clock.advance(3590_000);
      if (heard !== undefined) farewells[0]?.heard.resolve(heard);
      await settle();
      phones.clock.advance(9999);
      expect(phones.calls.list(owner)).toMatchObject([{ state: 'talking' }]);
      phones.clock.advance(1);
      expect(ending()).toMatchObject({ ...limit, duration_seconds: 3600 });
      expect(await ask('POST', '', { to: '+15552345678' })).toMatchObject(refused(429, 'rate_limit_exceeded', 'to'));
    });

    test('gives up one that rings', async () => {
      await ask('POST', '', { to: '+15552345678' });
      phones.clock.advance(3600_000);
      dialled[0]?.came.reject(new PhoneError({ status: 487, reason: 'The call was given up.' }));
      await settle();
      expect(ending()).toMatchObject(limit);
    });
  });
});
