// The console's own doors: its page under its policy, and who is given a secret by them. No browser here; what one would send is sent as it would.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test, vi } from 'vitest';
import { registerConsolePage } from '../../src/http/console.ts';
import { type ListedEngine, registerConsoleRoutes } from '../../src/http/console-routes.ts';
import { createHttp } from '../../src/http/server.ts';
import { silentLog } from '../../src/lib/log.ts';
import { httpRig, voices } from './rig.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Asked {
  host?: string;
  origin?: string;
  site?: string;
  from?: string;
  key?: string;
  more?: Record<string, string>;
}

async function consoleRig(options: { local?: boolean; hosts?: string[] } = {}) {
  const rig = await httpRig();
  closing.push(() => rig.close());
  const app = createHttp({ tls: undefined, corsOrigins: ['*'], version: '0', health: () => ({ ready: true, detail: {} }) });
  closing.push(() => app.close());
  const samples: string[] = [];
  const engines: ListedEngine[] = [{ kind: 'tts', name: 'Flite', problem: 'The better one is not here.' }];
  registerConsoleRoutes(app, {
    access: rig.access,
    reception: rig.reception,
    local: options.local === false ? undefined : async () => ({ kind: 'key', keyId: rig.key.id, workspace: 'acme' }),
    hosts: options.hosts ?? [],
    log: silentLog,
    defaultModel: 'offline/assistant',
    defaultVoice: 'Dennis',
    models: () => [
      { id: 'offline/assistant', provider: 'offline', kind: 'llm' },
      { id: 'parley/moonshine', provider: 'parley', kind: 'stt' },
      { id: 'parley/hibari', provider: 'parley', kind: 'tts' },
    ],
    voices: () => voices,
    engines: () => engines,
    sample: async ({ id }) => {
      samples.push(id);
      return Buffer.from('RIFF');
    },
    calls: { ticket: ({ keyId }) => `ticket of ${keyId}`, hangUp: (id, { keyId }) => id === 'rtc_1' && keyId === rig.key.id },
    usage: rig.deps.usage,
    shares: rig.deps.shares,
    usageDesk: { read: async (wish, { keyId }) => ({ wish, keyId }) },
    routers: {
      folder: 'routers',
      mayChange: () => false,
      list: () => [],
      files: () => [{ name: 'mine', serves: true, faults: [], warnings: [] }],
      tableFaults: () => [],
      get: () => ({}),
      create: async (router) => router,
      update: async (_, router) => router,
      remove: async () => {},
      try: ({ request }) => ({ request }),
    },
  });
  const ask = (method: 'GET' | 'POST', url: string, asked: Asked = {}) => {
    const host = asked.host ?? '127.0.0.1:8080';
    return app.inject({
      method,
      url,
      remoteAddress: asked.from ?? '127.0.0.1',
      headers: {
        host,
        ...(method === 'POST' || asked.origin ? { origin: asked.origin ?? `http://${host}` } : {}),
        ...(asked.site === '' ? {} : { 'sec-fetch-site': asked.site ?? 'same-origin' }),
        ...(asked.key === undefined ? {} : { authorization: `Bearer ${asked.key}` }),
        ...asked.more,
      },
    });
  };
  const secret = async (asked?: Asked) => {
    const { statusCode, body } = await ask('POST', '/console/secret', asked);
    const answer = JSON.parse(body) as { value?: string; error?: { code: string } };
    return answer.error ? `${statusCode} ${answer.error.code}` : (answer.value ?? '').slice(0, 3);
  };
  return { rig, app, ask, secret, samples, engines };
}

test('the page of this machine is given a secret that opens a session and expires within a minute', async () => {
  const { ask, rig } = await consoleRig();
  const answer = await ask('POST', '/console/secret');
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  const { value, expires_at } = answer.json<{ value: string; expires_at: number }>();
  expect(expires_at - rig.clock.wallMs() / 1000).toBeLessThanOrEqual(60);
  const headers = { 'sec-websocket-protocol': `realtime, openai-insecure-api-key.${value}` };
  expect(await rig.access.authenticate(headers, new URLSearchParams(), 'realtime')).toMatchObject({
    kind: 'secret',
    workspace: 'acme',
    session: { audio: { output: { voice: 'Dennis' } } },
  });
  expect(await rig.access.authenticate(headers, new URLSearchParams(), 'api')).toBeUndefined();
});

test('localhost, its subdomains and ::1 are this machine, too', async () => {
  const { secret } = await consoleRig();
  for (const host of ['localhost:8080', 'parley.localhost', '[::1]:8080']) expect(await secret({ host, from: '::1' })).toBe('ek_');
  expect(await secret({ from: '::ffff:127.0.0.1' })).toBe('ek_');
});

test.each<[string, Asked, string]>([
  ['a page of another origin', { origin: 'https://evil.example', site: 'cross-site' }, '403 origin_not_allowed'],
  ['a page of another port', { origin: 'http://127.0.0.1:9999', site: 'same-site' }, '403 origin_not_allowed'],
  ['another origin whose browser says nothing more', { origin: 'https://evil.example', site: '' }, '403 origin_not_allowed'],
  ['a sandboxed page', { origin: 'null' }, '403 origin_not_allowed'],
  ['a name made to point here', { host: 'evil.example', origin: 'http://evil.example' }, '403 host_not_allowed'],
  ['a name that only begins like ours', { host: 'localhost.evil.example' }, '403 host_not_allowed'],
  ['a name that holds a user', { host: 'localhost@evil.example' }, '403 host_not_allowed'],
  ['another machine', { from: '192.168.1.7' }, '401 invalid_api_key'],
  ['a program that is no browser', { site: '' }, '401 invalid_api_key'],
  ['what comes through a proxy', { more: { 'x-forwarded-for': '203.0.113.9' } }, '401 invalid_api_key'],
  ['what comes through a proxy that sends only X-Real-IP', { more: { 'x-real-ip': '203.0.113.9' } }, '401 invalid_api_key'],
  ['what comes through a proxy that sends only Forwarded', { more: { forwarded: 'for=203.0.113.9' } }, '401 invalid_api_key'],
  ['what comes through a proxy that sends only Via', { more: { via: '1.1 proxy' } }, '401 invalid_api_key'],
  ['what comes through a proxy that tells only its port', { more: { 'x-forwarded-port': '443' } }, '401 invalid_api_key'],
  ['what comes through a network of proxies', { more: { 'cf-connecting-ip': '203.0.113.9' } }, '401 invalid_api_key'],
  ['a wrong key, which must not fall back to none', { key: 'wrong-key-0123456' }, '401 invalid_api_key'],
])('%s is given none', async (_who, asked, answer) => {
  const { secret } = await consoleRig();
  expect(await secret(asked)).toBe(answer);
});

test('a proxy that says nothing but speaks HTTP/1.0, as no browser does, is given none', async () => {
  const { app } = await consoleRig();
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
  const ask = async (version: string) => {
    const socket = connect(Number(port), '127.0.0.1');
    const head = [`Host: 127.0.0.1:${port}`, `Origin: http://127.0.0.1:${port}`, 'Sec-Fetch-Site: same-origin', 'Connection: close'];
    socket.write(`POST /console/secret HTTP/${version}\r\n${head.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
    return (await text(socket)).split(' ', 2)[1];
  };
  expect(await ask('1.1')).toBe('200');
  expect(await ask('1.0')).toBe('401');
});

test('with a key the page may come from elsewhere, under a name that is configured', async () => {
  const { secret, rig } = await consoleRig({ hosts: ['voice.example'] });
  const asked = { host: 'voice.example', origin: 'https://voice.example', from: '203.0.113.9', key: rig.key.credential };
  expect(await secret(asked)).toBe('ek_');
  expect(await secret({ ...asked, site: '' })).toBe('ek_');
  expect(await secret({ ...asked, host: 'other.example', origin: 'https://other.example' })).toBe('403 host_not_allowed');
  const { key: _, ...keyless } = asked;
  expect(await secret(keyless)).toBe('401 invalid_api_key');
});

test('a secret opens none of these doors, nor does a credential in the address', async () => {
  const { ask, rig } = await consoleRig({ local: false });
  const minted = (await ask('POST', '/console/secret', { key: rig.key.credential })).json<{ value: string }>();
  expect((await ask('POST', '/console/secret', { key: minted.value })).statusCode).toBe(401);
  expect((await ask('POST', `/console/secret?token=${rig.key.credential}`)).statusCode).toBe(401);
});

test('where everybody needs a key, this machine does, too', async () => {
  const { secret } = await consoleRig({ local: false });
  expect(await secret()).toBe('401 invalid_api_key');
});

test('the catalogue lists models, voices and engines, and whether calls are taken', async () => {
  const { ask } = await consoleRig();
  const {
    models,
    recognisers,
    speech_models,
    default_speech_model,
    voices: listed,
    engines,
    default_voice,
    webrtc,
  } = (await ask('GET', '/console/catalogue')).json<Record<string, unknown>>();
  expect([models, recognisers, speech_models]).toEqual([['offline/assistant'], ['parley/moonshine'], ['parley/hibari']]);
  expect(default_speech_model).toBe('inworld-tts-1.5-mini');
  expect(listed).toHaveLength(4);
  expect(engines).toEqual([{ kind: 'tts', name: 'Flite', problem: 'The better one is not here.' }]);
  expect([default_voice, webrtc]).toEqual(['Dennis', false]);
  expect((await ask('GET', '/console/catalogue', { origin: 'https://evil.example', site: 'cross-site' })).statusCode).toBe(403);
});

test('a voice is sampled once, and only if there is one of that name', async () => {
  const { ask, samples, engines } = await consoleRig();
  for (let i = 0; i < 3; i++) expect((await ask('GET', '/console/voices/Clive/sample')).headers['content-type']).toBe('audio/wav');
  expect(samples).toEqual(['Clive']);
  engines[0] = { kind: 'tts', name: 'Better' };
  await ask('GET', '/console/voices/Clive/sample');
  expect(samples).toEqual(['Clive', 'Clive']);
  samples.pop();
  expect((await ask('GET', '/console/voices/Nobody/sample')).statusCode).toBe(404);
});

test('the page comes with a policy that runs nothing but its own files, which are kept for ever by their names', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-page-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets', 'index-abc.js'), '1');
  const app = createHttp({ tls: undefined, corsOrigins: ['*'], version: '0', health: () => ({ ready: true, detail: {} }) });
  closing.push(() => app.close());
  registerConsolePage(app, folder);
  const page = await app.inject('/');
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  expect(page.headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  });
  expect(page.headers['permissions-policy']).toContain('microphone=(self)');
  const script = await app.inject('/assets/index-abc.js');
  expect(script.headers['content-type']).toContain('text/javascript');
  expect(script.headers['cache-control']).toContain('immutable');
  for (const path of ['/assets/', '/assets/none.js', '/../package.json', '/%2e%2e/package.json']) {
    expect((await app.inject(path)).statusCode).toBe(404);
  }
});

test('without a build the page says how to make one', async () => {
  const app = createHttp({ tls: undefined, corsOrigins: ['*'], version: '0', health: () => ({ ready: true, detail: {} }) });
  closing.push(() => app.close());
  registerConsolePage(app, join(tmpdir(), 'parley-there-is-no-such-folder'));
  const page = await app.inject('/');
  expect([page.statusCode, page.body]).toEqual([503, expect.stringContaining('npm start')]);
});

test('the page is given a ticket for the calls of its key, and hangs up those only', async () => {
  const { ask, rig } = await consoleRig();
  const answer = await ask('POST', '/console/calls');
  expect([answer.statusCode, answer.json()]).toEqual([200, { ticket: `ticket of ${rig.key.id}` }]);
  expect(answer.headers['cache-control']).toBe('no-store');
  expect((await ask('POST', '/console/calls/rtc_1/hangup')).statusCode).toBe(200);
  const gone = await ask('POST', '/console/calls/rtc_9/hangup');
  expect([gone.statusCode, gone.json()]).toMatchObject([404, { error: { code: 'call_not_found' } }]);
  for (const url of ['/console/calls', '/console/calls/rtc_1/hangup']) {
    expect((await ask('POST', url, { origin: 'https://evil.example', site: 'cross-site' })).statusCode).toBe(403);
    expect((await ask('POST', url, { from: '192.168.1.7' })).statusCode).toBe(401);
  }
});

test('the page asks for usage and routers as its key may, and nobody else by these doors', async () => {
  const { ask, rig } = await consoleRig();
  const usage = await ask('GET', '/console/v1/usage?group_by=day&order=desc');
  expect([usage.statusCode, usage.headers['cache-control'], usage.json()]).toEqual([
    200,
    'no-store',
    { wish: { groupBy: ['day'], limit: 100, order: 'desc', offset: 0 }, keyId: rig.key.id },
  ]);
  expect((await ask('GET', '/console/v1/usage?limit=0')).json()).toMatchObject({ error: { param: 'limit' } });
  expect((await ask('GET', '/console/routers')).json()).toEqual({
    folder: 'routers',
    may_change: false,
    routers: [{ name: 'mine', serves: true, faults: [], warnings: [] }],
    table_faults: [],
  });
  const refused = await ask('POST', '/console/router/v1/routers');
  expect([refused.statusCode, refused.json()]).toEqual([403, { code: 7, message: 'this key may not change routers', details: [] }]);
  const evil = { origin: 'https://evil.example', site: 'cross-site' };
  for (const path of ['/console/v1/usage', '/console/routers', '/console/router/v1/routers']) {
    expect((await ask('GET', path, evil)).statusCode).toBe(403);
  }
  expect((await ask('POST', '/console/router/v1/routers:try', evil)).statusCode).toBe(403);
});

test('what the page asks for so counts for its key', async () => {
  const { ask, rig } = await consoleRig();
  const count = vi.spyOn(rig.deps.usage, 'request');
  await ask('GET', '/console/v1/usage');
  await ask('GET', '/console/routers');
  expect(count.mock.calls).toEqual([[rig.key.id], [rig.key.id]]);
});
