// Webhooks as OpenAI's own client reads them; and what becomes of those that nobody takes.
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { countingIds } from '../../src/lib/ids.ts';
import type { Log } from '../../src/lib/log.ts';
import { incomingEvent, isSubscribed, type WebhookEvent } from '../../src/telephony/webhook-events.ts';
import { webhookHeaders, webhookKey } from '../../src/telephony/webhook-signature.ts';
import { Webhooks, type WebhookTarget } from '../../src/telephony/webhooks.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

interface Request {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly atMs: number;
  readonly signal: AbortSignal;
}

/** Webhooks over a network that answers with what the test says: a status, or an error. */
function rig(options: { targets?: WebhookTarget[]; answer?: (request: Request) => Promise<number> | number } = {}) {
  const clock = new ManualClock();
  const requests: Request[] = [];
  const logged: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const logOf = (own: object): Log => {
    const note = (level: string) => (fields: object, message: string) =>
      void logged.push({ level, fields: { ...own, ...fields }, message });
    return {
      debug: note('debug'),
      info: note('info'),
      warn: note('warn'),
      error: note('error'),
      child: (fields) => logOf({ ...own, ...fields }),
    };
  };
  const webhooks = new Webhooks({
    targets: options.targets ?? [{ url: 'https://hooks.example/secret-path?token=abc', secret }],
    fetch: async (url, init) => {
      const request = {
        url: String(url),
        headers: init?.headers as Record<string, string>,
        body: init?.body as string,
        atMs: clock.now(),
        signal: init?.signal as AbortSignal,
      };
      requests.push(request);
      return new Response(null, { status: (await options.answer?.(request)) ?? 200 });
    },
    clock,
    ids: countingIds(),
    log: logOf({}),
  });
  const settle = async () => {
    for (let round = 0; round < 20; round++) await setImmediate();
  };
  const wait = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return { clock, requests, logged, webhooks, settle, wait };
}

const facts = { call_id: 'rtc_1', direction: 'inbound', from: '+15550001111', to: '+15552223333', carrier: 'sip' } as const;
const ringing: WebhookEvent = { type: 'realtime.call.ringing', data: facts };
const answered: WebhookEvent = { type: 'realtime.call.answered', data: facts };
const party = { from: '+15550001111', to: '+15552223333', carrierId: 'c1' };
const incoming = incomingEvent('rtc_1', {
  ...party,
  carrier: 'sip',
  fields: [
    { name: 'From', value: '"Ann" <sip:+15550001111@trunk.example>' },
    { name: 'Via', value: 'one' },
    { name: 'Via', value: 'two' },
    { name: 'Proxy-Authorization', value: 'Digest username="x"' },
    { name: 'authorization', value: 'Digest username="y"' },
  ],
  media: 'srtp',
});

test('a call that bears no headers of SIP has From and To made for it', () => {
  const { data } = incomingEvent('rtc_1', { ...party, carrier: 'twilio', fields: [{ name: 'FirstName', value: 'Jane' }] });
  expect(data).toEqual({
    call_id: 'rtc_1',
    sip_headers: [
      { name: 'From', value: '+15550001111' },
      { name: 'To', value: '+15552223333' },
      { name: 'FirstName', value: 'Jane' },
    ],
  });
});

describe('the signature', () => {
  test('is that of the example in the specification', () => {
    // Standard Webhooks, "Verifying signatures", and the tests of its reference library.
    const key = webhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const headers = webhookHeaders(key, {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampSeconds: 1_614_265_330,
      body: '{"test": 2432232314}',
    });
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test.each([
    ['no prefix', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['another prefix', 'sk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['no base64', 'whsec_this is not base64, is it? no it is not'],
    ['too few bytes', `whsec_${randomBytes(23).toString('base64')}`],
    ['too many bytes', `whsec_${randomBytes(65).toString('base64')}`],
    ['nothing', 'whsec_'],
  ])('needs a secret as the specification has it: %s is refused, and not quoted', (_what, bad) => {
    let message = '';
    try {
      webhookKey(bad);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^a webhook secret /);
    expect(message).not.toContain(bad.slice(7) || 'nothing');
  });
});

describe('an event', () => {
  test('E19: an incoming call is read and verified by the client of OpenAI', async () => {
    const { webhooks, requests, clock } = rig();
    expect(await webhooks.ask(incoming, new AbortController().signal)).toBe('delivered');
    const [request] = requests;
    expect(request?.url).toBe('https://hooks.example/secret-path?token=abc');
    // Its tolerance is of the machine's own clock.
    const client = new OpenAI({ apiKey: 'none', webhookSecret: secret });
    await client.webhooks.verifySignature(request?.body ?? '', request?.headers ?? {}, secret, 1e9);
    expect(JSON.parse(request?.body ?? '')).toEqual({
      object: 'event',
      id: 'evt_1',
      type: 'realtime.call.incoming',
      created_at: clock.wallMs() / 1000,
      data: {
        call_id: 'rtc_1',
        sip_headers: [
          { name: 'From', value: '"Ann" <sip:+15550001111@trunk.example>' },
          { name: 'Via', value: 'one' },
          { name: 'Via', value: 'two' },
        ],
        sip_media_security: 'srtp',
      },
    });
    expect(request?.headers['webhook-id']).toBe('evt_1');
    const wrong = { ...request?.headers, 'webhook-timestamp': '1700000001' };
    await expect(client.webhooks.verifySignature(request?.body ?? '', wrong, secret, 1e9)).rejects.toThrow(/signature/i);
  });

  test('signed at the time of the machine, it is unwrapped whole', async () => {
    const body = JSON.stringify({ object: 'event', id: 'evt_9', type: 'realtime.call.incoming', created_at: 1, data: incoming.data });
    const headers = webhookHeaders(webhookKey(secret), { id: 'evt_9', timestampSeconds: Math.floor(Date.now() / 1000), body });
    const event = await new OpenAI({ apiKey: 'none', webhookSecret: secret }).webhooks.unwrap(body, headers);
    expect(event).toMatchObject({ type: 'realtime.call.incoming', data: { call_id: 'rtc_1' } });
  });

  test('goes to those who want its kind', async () => {
    const target = (path: string, events?: string[]) => ({ url: `https://hooks.example/${path}`, secret, ...(events ? { events } : {}) });
    const { webhooks, requests, settle } = rig({
      targets: [target('all'), target('calls', ['realtime.call.*']), target('ends', ['realtime.call.ended']), target('other', ['batch.*'])],
    });
    webhooks.tell(ringing);
    await settle();
    expect(requests.map(({ url }) => url)).toEqual(['https://hooks.example/all', 'https://hooks.example/calls']);
    expect(
      ['*', 'realtime.*', 'realtime.call.ended', 'realtime.call', 'call.ended'].map((p) => isSubscribed(p, 'realtime.call.ended')),
    ).toEqual([true, true, true, false, false]);
  });
});

describe('an event that is not taken', () => {
  test('is tried five times with one id, each time signed anew, and then logged without its address', async () => {
    const { webhooks, requests, logged, settle, wait } = rig({ answer: () => 503 });
    webhooks.tell(ringing);
    await settle();
    for (const ms of [999, 1, 4999, 1, 29_999, 1, 119_999, 1, 600_000]) await wait(ms);
    expect(requests.map(({ atMs }) => atMs)).toEqual([0, 1000, 6000, 36_000, 156_000]);
    expect(new Set(requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(['evt_1']));
    expect(requests.map(({ headers }) => Number(headers['webhook-timestamp']) - 1_700_000_000)).toEqual([0, 1, 6, 36, 156]);
    expect(new Set(requests.map(({ headers }) => headers['webhook-signature'])).size).toBe(5);
    expect(logged).toEqual([
      {
        level: 'warn',
        fields: {
          webhook: 'hooks.example',
          event: 'realtime.call.ringing',
          id: 'evt_1',
          call: 'rtc_1',
          tries: 5,
          reason: 'it answered 503',
        },
        message: 'webhook not delivered',
      },
    ]);
    expect(JSON.stringify(logged)).not.toMatch(/secret-path|token|\+1555|whsec/);
  });

  test('is tried again when the network fails, and what the network says is not logged', async () => {
    let fails = true;
    const { webhooks, requests, logged, settle, wait } = rig({
      answer: () => (fails ? Promise.reject(new Error('connect to https://hooks.example/secret-path')) : 204),
    });
    webhooks.tell(ringing);
    await settle();
    fails = false;
    await wait(1000);
    expect(requests).toHaveLength(2);
    expect(logged.map(({ level }) => level)).toEqual(['debug']);
  });

  test('is waited for ten seconds, then tried again', async () => {
    const { webhooks, requests, settle, wait } = rig({ answer: ({ atMs }) => (atMs === 0 ? new Promise<number>(() => {}) : 200) });
    webhooks.tell(ringing);
    await settle();
    await wait(9999);
    expect(requests[0]?.signal.aborted).toBe(false);
    await wait(1);
    expect(requests[0]?.signal.aborted).toBe(true);
    await wait(1000);
    expect(requests).toHaveLength(2);
  });

  test('is not tried again where the receiver is gone for good', async () => {
    const { webhooks, requests, settle, wait } = rig({ answer: () => 410 });
    webhooks.tell(ringing);
    await settle();
    await wait(600_000);
    expect(requests).toHaveLength(1);
  });

  test('holds back the later events of its call, and of no other', async () => {
    const { webhooks, requests, settle, wait } = rig({ answer: ({ atMs, body }) => (atMs === 0 && body.includes('rtc_1') ? 500 : 200) });
    webhooks.tell(ringing);
    webhooks.tell(answered);
    webhooks.tell({ type: 'realtime.call.ringing', data: { ...facts, call_id: 'rtc_2' } });
    await settle();
    const told = () => requests.map(({ body }) => `${JSON.parse(body).data.call_id} ${JSON.parse(body).type.split('.').at(-1)}`);
    expect(told()).toEqual(['rtc_1 ringing', 'rtc_2 ringing']);
    await wait(1000);
    expect(told().slice(2)).toEqual(['rtc_1 ringing', 'rtc_1 answered']);
  });
});

describe('a question', () => {
  test('is tried again until its time is over, and fails then', async () => {
    const { webhooks, requests, clock, wait } = rig({ answer: () => 500 });
    const time = new AbortController();
    clock.after(20_000, () => time.abort());
    const asked = webhooks.ask(incoming, time.signal);
    await wait(0);
    for (let second = 0; second < 20; second++) await wait(1000);
    expect(await asked).toBe('failed');
    expect(requests.map(({ atMs }) => atMs)).toEqual([0, 1000, 6000]);
    await wait(600_000);
    expect(requests).toHaveLength(3);
  });

  test('a try that is under way ends with its time', async () => {
    const { webhooks, requests, settle } = rig({ answer: () => new Promise<number>(() => {}) });
    const time = new AbortController();
    const asked = webhooks.ask(incoming, time.signal);
    await settle();
    time.abort();
    expect(await asked).toBe('failed');
    expect(requests[0]?.signal.aborted).toBe(true);
  });

  test('is answered by the first who takes it', async () => {
    const { webhooks } = rig({
      targets: [
        { url: 'https://dead.example/', secret },
        { url: 'https://alive.example/', secret },
      ],
      answer: ({ url }) => (url.includes('dead') ? 500 : 200),
    });
    expect(await webhooks.ask(incoming, new AbortController().signal)).toBe('delivered');
  });

  test('is nobody’s where no receiver wants it', async () => {
    const { webhooks, requests } = rig({ targets: [{ url: 'https://hooks.example/', secret, events: ['realtime.call.ended'] }] });
    expect(webhooks.wants('realtime.call.incoming')).toBe(false);
    expect(await webhooks.ask(incoming, new AbortController().signal)).toBe('nobody');
    expect(requests).toEqual([]);
  });

  test('does not wait behind what cannot be delivered', async () => {
    const { webhooks, settle } = rig({ answer: ({ body }) => (body.includes('incoming') ? 200 : new Promise<number>(() => {})) });
    for (let call = 0; call < 50; call++) webhooks.tell({ type: 'realtime.call.ringing', data: { ...facts, call_id: `rtc_${call}` } });
    await settle();
    expect(await webhooks.ask(incoming, new AbortController().signal)).toBe('delivered');
  });
});

describe('bounds', () => {
  test('sixteen requests at a time go to one receiver, and the others follow', async () => {
    const open: (() => void)[] = [];
    const { webhooks, requests, settle } = rig({ answer: () => new Promise<number>((answer) => open.push(() => answer(200))) });
    for (let call = 0; call < 40; call++) webhooks.tell({ type: 'realtime.call.ringing', data: { ...facts, call_id: `rtc_${call}` } });
    await settle();
    expect(requests).toHaveLength(16);
    while (open.length > 0) {
      for (const answer of open.splice(0)) answer();
      await settle();
    }
    expect(requests).toHaveLength(40);
  });

  test.each([
    ['a thousand events', 'x', 1000],
    ['four megabytes', 'x'.repeat(1024 * 1024), 3],
  ])('%s wait at most, and the loss is said once', async (_what, from, kept) => {
    const { webhooks, logged, settle } = rig({ answer: () => new Promise<number>(() => {}) });
    for (let call = 0; call < kept + 5; call++)
      webhooks.tell({ type: 'realtime.call.ringing', data: { ...facts, from, call_id: `rtc_${call}` } });
    await settle();
    expect(logged.map(({ level, fields, message }) => [level, fields['waiting'], message])).toEqual([
      ['warn', kept, 'webhooks are lost: too many wait to be delivered'],
    ]);
  });
});

test('there is room again when what waited was delivered, and a further loss is said again', async () => {
  let open: (() => void)[] = [];
  const { webhooks, logged, settle, requests } = rig({ answer: () => new Promise<number>((answer) => open.push(() => answer(200))) });
  const megabyte = (call: string): WebhookEvent => ({
    type: 'realtime.call.ringing',
    data: { ...facts, from: 'x'.repeat(1024 * 1024), call_id: call },
  });
  for (const round of ['a', 'b']) {
    for (let call = 0; call < 4; call++) webhooks.tell(megabyte(`rtc_${round}${call}`));
    await settle();
    for (const answer of open) answer();
    open = [];
    await settle();
  }
  expect(requests).toHaveLength(6);
  expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(2);
});

describe('closing', () => {
  test('lets what was not tried yet be tried, and waits for no further try', async () => {
    const { webhooks, requests, settle } = rig({ answer: ({ body }) => (body.includes('answered') ? 200 : 500) });
    webhooks.tell(ringing);
    await settle();
    webhooks.tell(answered);
    await webhooks.close();
    expect(requests.map(({ body }) => JSON.parse(body).type)).toEqual(['realtime.call.ringing', 'realtime.call.answered']);
    webhooks.tell(ringing);
    await settle();
    expect(requests).toHaveLength(2);
  });

  test('takes a second at most', async () => {
    const { webhooks, requests, settle, wait } = rig({ answer: () => new Promise<number>(() => {}) });
    for (let call = 0; call < 20; call++) webhooks.tell({ type: 'realtime.call.ringing', data: { ...facts, call_id: `rtc_${call}` } });
    await settle();
    let closed = false;
    const closing = webhooks.close().then(() => (closed = true));
    await wait(999);
    expect(closed).toBe(false);
    await wait(1);
    await closing;
    expect(requests.every(({ signal }) => signal.aborted)).toBe(true);
  });
});

describe('other receivers', () => {
  const other = { url: 'https://other.example/', secret };
  const first = { url: 'https://hooks.example/secret-path?token=abc', secret };

  test('are told of what comes from then on, and those that stay keep what waits for them', async () => {
    let isUp = false;
    const { webhooks, requests, settle, wait } = rig({ targets: [first], answer: () => (isUp ? 200 : 503) });
    webhooks.tell(ringing);
    await settle();
    webhooks.configure([first, other]);
    isUp = true;
    webhooks.tell(answered);
    await wait(1000);
    expect(requests.map(({ url, body }) => [new URL(url).host, (JSON.parse(body) as { type: string }).type])).toEqual([
      ['hooks.example', 'realtime.call.ringing'],
      ['other.example', 'realtime.call.answered'],
      ['hooks.example', 'realtime.call.ringing'],
      ['hooks.example', 'realtime.call.answered'],
    ]);
  });

  test('take the place of those that are gone, for whom nothing is tried again', async () => {
    const { webhooks, requests, settle, wait } = rig({ targets: [first], answer: () => 503 });
    webhooks.tell(ringing);
    await settle();
    webhooks.configure([other]);
    await wait(1000);
    webhooks.tell(answered);
    await wait(100);
    expect(requests.map(({ url }) => new URL(url).host)).toEqual(['hooks.example', 'other.example']);
    await webhooks.close();
  });

  test('that cannot be used leave those that there are', async () => {
    const { webhooks, requests, settle } = rig({ targets: [first] });
    expect(() => webhooks.configure([{ url: 'https://other.example/', secret: 'none' }])).toThrow(/whsec_/);
    webhooks.tell(ringing);
    await settle();
    expect(requests.map(({ url }) => new URL(url).host)).toEqual(['hooks.example']);
  });
});
