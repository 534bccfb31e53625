// What the pages of usage and routers ask of their server, and what they keep of its answers; the server is a function here.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Routers } from '../../console/src/app/routers.ts';
import { Usage } from '../../console/src/app/usage.ts';
import type { OpenRouter } from '../../console/src/realtime/place.ts';
import type { RouterFile } from '../../console/src/realtime/routers.ts';

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
}
type Answer = { readonly status?: number; readonly body: object };

let asked: Asked[];
let answer: (asked: Asked) => Answer | Promise<Answer>;

beforeEach(() => {
  asked = [];
  vi.stubGlobal('sessionStorage', { getItem: () => null });
  vi.stubGlobal('fetch', async (path: string, { method = 'GET', body, signal }: RequestInit) => {
    const one = { method, url: new URL(path, 'http://parley'), body: typeof body === 'string' ? (JSON.parse(body) as unknown) : undefined };
    asked.push(one);
    const { status = 200, body: told } = await answer(one);
    signal?.throwIfAborted();
    return Response.json(told, { status });
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const sums = { requests: 3, input_tokens: 0, cached_tokens: 0, output_tokens: 0, heard_seconds: 0, spoken_seconds: 0, characters: 0 };
const amounts = { ...sums, cost: null, cost_is_complete: false };
const page = (keys: readonly string[], next: string | null) => ({
  body: {
    from: '2026-11-23',
    to: '2026-11-29',
    currency: null,
    totals: amounts,
    data: keys.map((key) => ({ key, ...amounts })),
    next_page: next,
  },
});

test('rows that follow are asked for in the same days, and stand after those that are there', async () => {
  answer = ({ url }) => (url.searchParams.has('page') ? page(['c'], null) : page(['a', 'b'], '2'));
  const usage = new Usage(() => {});
  usage.chooseGroup('key');
  await vi.waitFor(() => expect(usage.state.get().load).toBe('rest'));
  // The rows, and the days for the picture.
  expect(asked.map(({ url }) => url.searchParams.get('group_by'))).toEqual(['key', 'day']);
  await usage.more();
  expect(usage.state.get().report).toMatchObject({ rows: [{ key: 'a' }, { key: 'b' }, { key: 'c' }], nextPage: null });
  expect(Object.fromEntries(asked[2]?.url.searchParams ?? [])).toMatchObject({ from: '2026-11-23', to: '2026-11-29', page: '2' });
  await usage.more();
  expect(asked).toHaveLength(3);
});

test('an answer to what is not asked any more is not shown, and what went wrong is said', async () => {
  const first = Promise.withResolvers<Answer>();
  answer = () => first.promise;
  const usage = new Usage(() => {});
  const outdated = usage.refresh();
  answer = () => ({ status: 503, body: { error: { message: 'The store is locked.', code: 'store_unavailable' } } });
  await usage.refresh();
  first.resolve(page(['old'], null));
  await outdated;
  expect(usage.state.get()).toMatchObject({
    load: 'rest',
    report: undefined,
    problem: expect.stringContaining('The store is locked.') as string,
  });
});

test('a server that wants a key is no problem to be shown, but asked of the user', async () => {
  answer = () => ({ status: 401, body: { error: { message: 'The console needs an API key here.', code: 'invalid_api_key' } } });
  const locked = vi.fn<() => void>();
  const usage = new Usage(locked);
  await usage.refresh();
  const routers = new Routers({ onLocked: locked, usualModel: () => 'auto', onGo: () => {} });
  await routers.refresh();
  expect([locked.mock.calls.length, usage.state.get().problem, routers.state.get().problem]).toEqual([2, undefined, undefined]);
});

const one = (name: string): OpenRouter => ({ kind: 'one', name });
const file = (name: string, more: Partial<RouterFile> = {}): RouterFile => ({
  name,
  router: { name: `routers/${name}`, defaults: {}, default_route: {} },
  serves: true,
  faults: [],
  warnings: [],
  ...more,
});
const folder = (...routers: RouterFile[]) => ({ body: { folder: 'routers', may_change: true, routers, table_faults: [] } });

async function openRouters(...files: RouterFile[]): Promise<Routers> {
  answer = () => folder(...files);
  const routers = new Routers({ onLocked: () => {}, usualModel: () => 'groq/x', onGo: () => {} });
  await routers.refresh();
  return routers;
}

test('what is being edited waits until the router is opened again, and goes back to what the server has when told', async () => {
  const routers = await openRouters(file('a'), file('b'));
  routers.show(one('a'));
  routers.edit('{"mine": true}');
  routers.show(one('b'));
  expect(routers.state.get().draft?.text).toContain('routers/b');
  routers.close();
  await routers.refresh();
  routers.show(one('a'));
  expect(routers.state.get().draft?.text).toBe('{"mine": true}');
  routers.revert();
  expect(routers.state.get().draft?.text).toContain('routers/a');
  // What nobody edits follows the server.
  answer = () => folder(file('a', { router: { name: 'routers/a', displayName: 'Changed elsewhere' } }));
  await routers.refresh();
  expect(routers.state.get().draft?.text).toContain('Changed elsewhere');
});

test('a change takes every field along, those that were taken out among them; another name is refused here', async () => {
  const routers = await openRouters(file('a'));
  routers.show(one('a'));
  routers.edit('{"name": "b"}');
  await routers.save();
  expect(routers.state.get().draft?.faults.map(({ field }) => field)).toEqual(['name']);
  routers.edit('{"name": "a", "routes": []}');
  await routers.save();
  const change = asked.find(({ method }) => method === 'PATCH');
  expect([change?.url.pathname, change?.url.searchParams.get('update_mask')]).toEqual([
    '/console/router/v1/routers/a',
    'defaults,default_route,routes',
  ]);
  expect(routers.state.get()).toMatchObject({ done: expect.stringContaining('Saved') as string, work: 'none', problem: undefined });
});

test('a dry run is of the kept router unless it is being edited, and marks the fields that it finds wrong', async () => {
  const routers = await openRouters(file('a'));
  routers.show(one('a'));
  routers.wish({ message: 'Hi', metadata: '{"tier": "premium"}' });
  answer = () => ({ body: { router: 'a', conditions: [] } });
  await routers.try();
  const request = { model: 'inworld/a', messages: [{ role: 'user', content: 'Hi' }], extra_body: { metadata: { tier: 'premium' } } };
  expect(asked.at(-1)?.body).toEqual({ request });
  expect(routers.state.get().tried.kind).toBe('told');

  const violation = { field: 'router.default_route.variants', description: 'default_route.variants is missing.' };
  answer = () => ({ status: 400, body: { code: 3, message: violation.description, details: [{ fieldViolations: [violation] }] } });
  routers.edit('{"default_route": {}}');
  await routers.try();
  expect(asked.at(-1)?.body).toEqual({ request, router: { name: 'a', default_route: {} } });
  expect(routers.state.get()).toMatchObject({
    tried: { kind: 'refused', why: ['default_route.variants is missing.'] },
    draft: { faults: [{ field: 'default_route.variants' }] },
  });
  // Who goes over to a whole request begins with what the form says.
  routers.wish({ kind: 'request' });
  expect(JSON.parse(routers.state.get().wish.request)).toEqual(request);
  routers.wish({ request: '{"messages":' });
  await routers.try();
  expect(routers.state.get().tried).toMatchObject({ kind: 'refused', why: [expect.stringContaining('The request is not JSON')] });
});

test('what comes of a router that is not open any more does not get into another', async () => {
  const routers = await openRouters(file('a'), file('b'));
  routers.show(one('a'));
  routers.edit('{"name": "a"}');
  const slow = Promise.withResolvers<Answer>();
  answer = ({ method }) => (method === 'GET' ? folder(file('a'), file('b')) : slow.promise);
  const saving = routers.save();
  routers.show(one('b'));
  slow.resolve({ body: {} });
  await saving;
  expect(routers.state.get()).toMatchObject({ open: one('b'), work: 'none', done: undefined });
  expect(routers.state.get().draft?.text).toContain('routers/b');
});
