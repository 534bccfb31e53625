// Usage over HTTP: who sees what, in which sums, and at which cost.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import type { StoredUsage } from '../../src/store/store.ts';
import { Prices } from '../../src/usage/prices.ts';
import { openUsageDesk } from '../../src/usage-desk.ts';
import { storeFor } from '../store/shared.ts';
import { httpRig } from './rig.ts';

type Body = Record<string, unknown> & { data: Record<string, unknown>[]; totals: Record<string, unknown> };

const clock = new ManualClock(Date.parse('2026-11-29T12:00:00Z'));
const table = {
  currency: 'EUR',
  'openai/gpt': { input: 1, cached: 0.5, output: 4 },
  'deepgram/*': { minute: 0.6 },
  'elevenlabs/*': { characters: 50 },
};

let http: Awaited<ReturnType<typeof httpRig>>;
let close: () => Promise<void>;
let owner: Record<string, string>;
let flushed: number;
let prices: Prices;

beforeEach(async () => {
  const own = storeFor({});
  flushed = 0;
  prices = Prices.of(table);
  const ledger = { flush: async () => void flushed++ };
  http = await httpRig(undefined, {}, { usageDesk: openUsageDesk({ store: own.store, ledger, prices: () => prices, clock }) });
  close = () => own.close();
  owner = { authorization: `Bearer ${(await http.makeKey('default')).credential}` };
  const none = { requests: 1, inputTokens: 0, outputTokens: 0, cachedTokens: 0, seconds: 0, characters: 0 };
  const row = (more: Partial<StoredUsage>): StoredUsage => ({
    day: '2026-11-28',
    keyId: http.key.id,
    session: 'sess_1',
    stage: 'llm',
    model: 'openai/gpt',
    ...none,
    ...more,
  });
  const rows = [
    row({ inputTokens: 1_000_000, cachedTokens: 400_000, outputTokens: 100_000 }),
    row({ stage: 'stt', model: 'deepgram/nova-3', seconds: 90 }),
    row({ stage: 'tts', model: 'elevenlabs/flash', seconds: 30.5, characters: 2000 }),
    row({ keyId: 'key_other', session: 'sess_2', model: 'parley/offline', inputTokens: 7, outputTokens: 3 }),
    row({ day: '2026-09-01', session: '', inputTokens: 500 }),
  ];
  await own.store.addUsage('batch', rows, clock.wallMs());
});
afterEach(async () => {
  await http.close();
  await close();
});

async function get(query: string, headers = owner): Promise<{ status: number; body: Body }> {
  const { status, body } = await http.get(`/v1/usage${query}`, headers);
  return { status, body: body as Body };
}

test('without a question: the totals of the last 30 days, with all that was told by then', async () => {
  const { status, body } = await get('');
  expect(status).toBe(200);
  expect(flushed).toBe(1);
  expect(body).toEqual({
    object: 'usage',
    from: '2026-10-31',
    to: '2026-11-29',
    group_by: [],
    currency: 'EUR',
    totals: {
      requests: 4,
      input_tokens: 1_000_007,
      cached_tokens: 400_000,
      output_tokens: 100_003,
      heard_seconds: 90,
      spoken_seconds: 30.5,
      characters: 2000,
      // 0.6 + 0.2 + 0.4 for the model, 0.9 for the recogniser, 0.1 for the voice.
      cost: 2.2,
      cost_is_complete: false,
    },
    data: [],
    has_more: false,
    next_page: null,
  });
});

test('by columns: one row for each, in order, in pages; what has no price has none', async () => {
  const first = await get('?group_by=model,key&limit=2');
  expect(first.body.data.map(({ model, cost, cost_is_complete: complete }) => [model, cost, complete])).toEqual([
    ['deepgram/nova-3', 0.9, true],
    ['elevenlabs/flash', 0.1, true],
  ]);
  expect(first.body).toMatchObject({ has_more: true, next_page: '2' });
  const second = await get(`?group_by=model,key&limit=2&page=${String(first.body['next_page'])}`);
  expect(second.body.data.map(({ model, key, cost, cost_is_complete: complete }) => [model, key, cost, complete])).toEqual([
    ['openai/gpt', http.key.id, 1.2, true],
    ['parley/offline', 'key_other', null, false],
  ]);
  expect(second.body).toMatchObject({ has_more: false, next_page: null });
  const all = await get('?from=2026-09-01&group_by=day,session,stage');
  expect(all.body.data[0]).toMatchObject({ day: '2026-09-01', session: null, stage: 'llm', input_tokens: 500, cost: 0.0005 });
  prices = Prices.none;
  expect((await get('')).body).toMatchObject({ currency: null, totals: { cost: null, cost_is_complete: false } });
});

test('the newest come first where that is asked for, on every page', async () => {
  const days = async (more: string) => (await get(`?from=2026-09-01&group_by=day,session&order=desc&limit=2${more}`)).body.data;
  const named = [...(await days('')), ...(await days('&page=2'))].map(({ day, session }) => [day, session]);
  expect(named).toEqual([
    ['2026-11-28', 'sess_2'],
    ['2026-11-28', 'sess_1'],
    ['2026-09-01', null],
  ]);
});

test('a key of another workspace sees its own usage only, and a token none', async () => {
  const own = { authorization: `Bearer ${http.key.credential}` };
  const { body } = await get('?group_by=key', own);
  expect(body.data.map(({ key }) => key)).toEqual([http.key.id]);
  expect(body.totals).toMatchObject({ requests: 3 });
  const desk = openUsageDesk({ store: storeFor().store, ledger: { flush: async () => {} }, prices: () => prices, clock });
  const token = { kind: 'token', keyId: 'key_1', workspace: 'default', expiresMs: 0 } as const;
  await expect(desk.read({ from: undefined, to: undefined, groupBy: [], limit: 1, offset: 0, order: 'asc' }, token)).rejects.toMatchObject({
    status: 403,
  });
  expect((await get('', {})).status).toBe(401);
});

test.each([
  ['?from=yesterday', 'from'],
  ['?to=2026-02-30', 'to'],
  ['?from=2026-11-30&to=2026-11-29', 'from'],
  ['?from=2025-01-01&to=2026-11-29', 'from'],
  ['?group_by=colour', 'group_by.0'],
  ['?limit=1001', 'limit'],
  ['?order=newest', 'order'],
  ['?page=-1', 'page'],
])('%s is refused, naming %s', async (query, param) => {
  const { status, body } = await get(query);
  expect([status, (body['error'] as { param: string }).param]).toEqual([400, param]);
});
