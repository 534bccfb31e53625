// `/metrics` of a running server: what a conversation leaves there, who may read it and where, and the board that draws it.
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { assemble } from '../../src/assemble.ts';
import { readConfig } from '../../src/config.ts';
import { silentLog } from '../../src/lib/log.ts';
import { table } from '../../src/metrics/meters.ts';
import { FakeChatServer, refuse } from '../contract/fake-chat-server.ts';
import { read } from '../docs/pages.ts';
import { Client } from '../e2e/support/client.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';
import { GoodSession } from '../fuzz/good-session.ts';
import { labelNames, parseMetrics, queried, type Sample, type Queried } from './prometheus-text.ts';

const model = new FakeChatServer();
const telephony = join(mkdtempSync(join(tmpdir(), 'parley-metrics-')), 'telephony.json');
const withVoice = { PARLEY_STT: 'scripted', PARLEY_TTS: 'flite', PARLEY_LLM: 'offline' };
const withKey = { Authorization: `Bearer ${apiKey}` };
let running: RunningServer;
/** Has no key but the one it made. */
let keyless: RunningServer;
let text: string;
let samples: readonly Sample[];

function fetchMetrics(http: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(`${http}/metrics`, { headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** The value of the one series with such labels. */
function value(name: string, labels: Record<string, string> = {}): number {
  const found = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted),
  );
  if (found.length !== 1) throw new Error(`There are ${found.length} series ${name} ${JSON.stringify(labels)}.`);
  return found[0]?.value ?? Number.NaN;
}

beforeAll(async () => {
  const url = await model.listen();
  const settings = {
    ...withVoice,
    PARLEY_LIMIT_MINTS: '1',
    PARLEY_LLM_BASE_URL: url,
    PARLEY_LLM_MODEL: 'small',
    PARLEY_TURN: 'lexical',
    PARLEY_RESUME_SECONDS: '0',
  };
  // Nobody answers the registration.
  const trunk = { name: 'company', register: { server: 'sip:127.0.0.1:9', username: '100', password: 'secret' } };
  writeFileSync(telephony, JSON.stringify({ sip: { listen: ['udp:127.0.0.1:0'], trunks: [trunk] } }));
  running = await startServer({ engines: 'real', settings: { ...settings, PARLEY_TELEPHONY: telephony } });
  keyless = await startServer({ engines: 'scripted', settings: { PARLEY_API_KEY: '', PARLEY_CONSOLE: '' } });
  const session = await GoodSession.open(running.ws);
  await vi.waitFor(() => expect(session.turns.spoken).toBeGreaterThan(0), { timeout: 30_000 });
  await session.end();
  // A provider that refuses, twice in a row, and a stranger.
  model.script = refuse(503, { error: { message: 'busy' } });
  const client = await Client.open(running.ws);
  client.say('Hello.');
  client.send({ type: 'response.create' });
  await client.log.wait('response.done');
  client.socket.close();
  await client.closed;
  const stranger = new Client(`${running.ws}/v1/realtime`, 'nobody-knows-this-key');
  await stranger.closed;
  expect((await fetch(`${running.http}/v1/models`)).status).toBe(401);
  const mint = { method: 'POST', headers: { authorization: `Bearer ${apiKey}` } };
  for (const status of [200, 429]) expect((await fetch(`${running.http}/v1/realtime/client_secrets`, mint)).status).toBe(status);
  const broken = connect(Number(new URL(running.http).port), '127.0.0.1');
  broken.end('hello?\r\n\r\n').resume();
  await once(broken, 'close');
  await vi.waitFor(async () => expect(await (await fetch(`${running.http}/health`)).json()).toMatchObject({ sessions: 0 }));
  ({ body: text } = await fetchMetrics(running.http, withKey));
  samples = parseMetrics(text);
}, 60_000);

afterAll(async () => {
  await Promise.all([running.close(), keyless.close()]);
  await model.close();
});

test('a conversation is seen: its session, turns, responses, tokens, sound and bytes', () => {
  expect(value('parley_sessions')).toBe(0);
  expect(value('parley_ready')).toBe(1);
  expect(value('parley_sessions_opened_total', { way: 'websocket', api: 'openai' })).toBe(2);
  expect(value('parley_sessions_ended_total', { way: 'websocket', reason: 'client' })).toBe(1);
  expect(value('parley_sessions_ended_total', { way: 'websocket', reason: 'lost' })).toBe(1);
  expect(value('parley_session_seconds_count')).toBe(2);
  const turns = value('parley_turns_total');
  expect(turns).toBeGreaterThan(0);
  expect(value('parley_responses_total', { status: 'completed', reason: 'none' })).toBeGreaterThanOrEqual(2 * turns);
  for (const direction of ['in', 'out']) expect(value('parley_tokens_total', { direction })).toBeGreaterThan(0);
  expect(value('parley_sound_received_seconds_total')).toBeGreaterThan(2 * turns);
  expect(value('parley_speech_heard_seconds_total')).toBeLessThan(value('parley_sound_received_seconds_total'));
  expect(value('parley_speech_sent_seconds_total')).toBeGreaterThan(0.5);
  expect(value('parley_received_bytes_total')).toBeGreaterThan(100_000 * turns);
  expect(value('parley_sent_bytes_total')).toBeGreaterThan(48_000 * value('parley_speech_sent_seconds_total'));
});

test('each latency of the timeline is seen once for each turn', () => {
  const turns = value('parley_turns_total');
  const counts = ['answer', 'turn_end', 'transcript', 'server_added'].map((name) => value(`parley_${name}_seconds_count`));
  expect(counts).toEqual([turns, turns, turns, turns]);
  const parts = ['turn_end', 'first_token', 'first_audio'].map((name) => value(`parley_${name}_seconds_sum`));
  expect(Math.min(...parts)).toBeGreaterThan(0);
  expect(value('parley_server_added_seconds_sum')).toBeLessThan(value('parley_answer_seconds_sum'));
});

test('engines are seen: those that work, how long their tasks waited, and what a provider failed at', () => {
  expect(value('parley_engine_up', { engine: 'flite', kind: 'tts' })).toBe(1);
  expect(value('parley_engine_losses_total', { engine: 'flite' })).toBe(0);
  expect(value('parley_engine_waiting', { engine: 'flite' })).toBe(0);
  expect(value('parley_engine_wait_seconds_count', { engine: 'flite' })).toBeGreaterThan(0);
  const errors = samples.filter(({ name }) => name === 'parley_engine_errors_total');
  expect(errors).toMatchObject([{ value: 1, labels: { engine: 'custom', reason: 'broken' } }]);
  expect(value('parley_second_tries_total', errors[0]?.labels)).toBe(1);
  expect(value('parley_responses_total', { status: 'failed', reason: 'broken' })).toBe(1);
});

test('whoever was turned away is counted by why, and probes are not', () => {
  expect(value('parley_refusals_total', { way: 'websocket', reason: 'unauthorized' })).toBe(1);
  expect(value('parley_refusals_total', { way: 'http', reason: 'unauthorized' })).toBe(1);
  expect(value('parley_refusals_total', { way: 'http', reason: 'invalid' })).toBe(1);
  expect(['wrong', 'missing', 'expired', 'throttled'].map((reason) => value('parley_keys_refused_total', { reason }))).toEqual([
    1, 1, 0, 0,
  ]);
  // The one that asks for the figures is known by its key before they are read.
  expect(value('parley_connections', { who: 'known' })).toBeGreaterThan(0);
});

test('connections of strangers are seen, and those that were ended for newer ones', async () => {
  const own = await startServer({ engines: 'scripted', settings: { PARLEY_UNAUTHENTICATED_SOCKETS: '2' } });
  const strangers: Socket[] = [];
  try {
    for (let count = 0; count < 3; count++) {
      const socket = connect(Number(new URL(own.http).port), '127.0.0.1');
      strangers.push(socket);
      await once(socket, 'connect');
    }
    await once(strangers[0] as Socket, 'close');
    const { body } = await fetchMetrics(own.http, withKey);
    expect(body).toContain('parley_connections{who="stranger"} 1\n');
    expect(body).toContain('parley_refusals_total{way="connection",reason="crowded"} 2\n');
  } finally {
    for (const socket of strangers) socket.destroy();
    await own.close();
  }
});

test('what a key is refused is counted by the limit, and how near to its limits the nearest one is, is seen', () => {
  expect(value('parley_limit_refusals_total')).toBe(1);
  expect(value('parley_limit_refusals_total', { limit: 'mints' })).toBe(1);
  expect(value('parley_refusals_total', { way: 'http', reason: 'rate_limited' })).toBe(1);
  expect(value('parley_limit_used', { limit: 'mints' })).toBeGreaterThan(0.5);
  expect(value('parley_limit_keys')).toBe(1);
});

test('the process is seen', () => {
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(30e6);
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(value('process_start_time_seconds')).toBeGreaterThan(1.6e9);
  expect(value('parley_loop_lag_seconds', { quantile: '0.99' })).toBeGreaterThanOrEqual(0);
});

test('no key, session, model or word of the conversation is in it', () => {
  for (const secret of [apiKey, 'sess_', 'resp_', 'item_', 'small', 'key_', 'configured_', 'gpt-realtime'])
    expect(text).not.toContain(secret);
});

test('where SIP is spoken, registrations are told of, to people as well', async () => {
  expect(value('parley_sip_registered', { trunk: 'company' })).toBe(0);
  expect(value('parley_sip_calls')).toBe(0);
  const health = (await (await fetch(`${running.http}/health`)).json()) as { sip: unknown };
  const [port] = running.server.sipAddresses.map((at) => at.split(':').at(-1));
  expect(health.sip).toEqual({ listening: [`udp:${port}`], calls: 0, registrations: [{ trunk: 'company', state: 'trying' }] });
  expect(await (await fetch(`${keyless.http}/health`)).json()).not.toHaveProperty('sip');
});

test('everything in the table is there, with its type, and nothing else', () => {
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]);
  expect(types).toEqual(Object.entries(table).map(([name, { type }]) => [name, type]));
  const seen = Object.keys(table).map((name) => [name, labelNames(samples, name)]);
  expect(seen).toEqual(Object.entries(table).map(([name, { labels }]) => [name, [...labels].sort()]));
});

const board = JSON.parse(read('deploy/grafana/parley.json')) as {
  panels: { type: string; title: string; targets?: { expr: string; legendFormat: string }[] }[];
};
const drawn = board.panels.filter(({ type }) => type !== 'row');

test.each(drawn.map(({ title, targets = [] }) => ({ title, targets })))('the board: "$title" asks for what there is', ({ targets }) => {
  expect(targets.length).toBeGreaterThan(0);
  for (const { expr, legendFormat } of targets) {
    const { metrics, grouped } = queried(expr);
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    const ungrouped = shown.filter((label) => !grouped.includes(label) && label !== 'instance');
    expect({ expr, asks: metrics.length > 0, missing: missingFrom(metrics, grouped), ungrouped }).toEqual({
      expr,
      asks: true,
      missing: [],
      ungrouped: [],
    });
  }
});

test('a board with a misspelt metric, label or grouping is found out', () => {
  const missing = (expr: string) => {
    const { metrics, grouped } = queried(expr);
    return missingFrom(metrics, grouped);
  };
  expect(missing('sum by (status) (rate(parley_responses_total{status!="completed"}[5m]))')).toEqual([]);
  expect(missing('sum(rate(parley_response_total[5m]))')).toEqual(['parley_response_total']);
  expect(missing('sum(rate(parley_responses_total{state="failed"}[5m]))')).toEqual(['parley_responses_total{state}']);
  expect(missing('sum by (reasons) (rate(parley_responses_total[5m]))')).toEqual(['by (reasons)']);
  expect(missing('histogram_quantile(0.9, sum by (le) (rate(parley_answer_seconds[5m])))')).toEqual(['parley_answer_seconds', 'by (le)']);
});

test('every metric that tells of a conversation is on the board', () => {
  const asked = new Set(drawn.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => queried(expr).metrics.map(({ name }) => name))));
  const absent = Object.keys(table).filter((name) => ![name, `${name}_bucket`].some((drawnAs) => asked.has(drawnAs)));
  expect(absent).toEqual([]);
});

/** What of a query is not in the text: names, labels of their selectors, and labels that are grouped by. */
function missingFrom(metrics: Queried['metrics'], grouped: readonly string[]): string[] {
  // Prometheus itself adds who was asked.
  const known = (name: string) => [
    ...new Set(samples.filter((sample) => sample.name === name).flatMap(({ labels }) => Object.keys(labels))),
  ];
  const absent = metrics.flatMap(({ name, labels }) => {
    if (!samples.some((sample) => sample.name === name)) return [name];
    return labels.filter((label) => label !== 'instance' && !known(name).includes(label)).map((label) => `${name}{${label}}`);
  });
  const groupable = new Set(['instance', ...metrics.flatMap(({ name }) => known(name))]);
  return [...absent, ...grouped.filter((label) => !groupable.has(label)).map((label) => `by (${label})`)];
}

test.each<[who: string, headers: Record<string, string>, status: number]>([
  ['a program of this machine', {}, 200],
  ['a person of this machine, in the address bar', { 'Sec-Fetch-Site': 'none' }, 200],
  ["a page of somebody else's in a browser here", { 'Sec-Fetch-Site': 'cross-site' }, 401],
  ["a page of somebody else's that may read answers", { Origin: 'https://evil.example' }, 401],
  ['a name that was made to point here', { Host: 'evil.example' }, 401],
  ['whoever comes through a proxy', { 'X-Forwarded-For': '203.0.113.5' }, 401],
])('on the port of a server without a configured key, %s is answered as it should be', async (_who, headers, status) => {
  const answer = await fetchMetrics(keyless.http, headers);
  expect(answer.status).toBe(status);
  expect(answer.body).toContain(status === 200 ? 'parley_sessions 0' : '"code":"invalid_api_key"');
});

test.each<[who: string, headers: Record<string, string>, status: number]>([
  ['a program of this machine, or a proxy on it that says nothing', {}, 401],
  ['a person of this machine, in the address bar', { 'Sec-Fetch-Site': 'none' }, 401],
  ['a wrong key', { Authorization: 'Bearer nobody-knows-this-key' }, 401],
  ['a key', withKey, 200],
  ['a key through a proxy', { 'X-Forwarded-For': '203.0.113.5', ...withKey }, 200],
])('on the port of a server with a key, %s is answered as it should be', async (_who, headers, status) => {
  const answer = await fetchMetrics(running.http, headers);
  expect(answer.status).toBe(status);
  expect(answer.body).toContain(status === 200 ? 'parley_sessions 0' : '"code":"invalid_api_key"');
});

test('a key that comes with the settings that are read again closes it for this machine, and opens it when it goes', async () => {
  const config = (PARLEY_API_KEY: string) => readConfig({ PARLEY_API_KEY }, keyless.dataDir);
  await keyless.server.reload(config('k'.repeat(40)));
  expect((await fetchMetrics(keyless.http)).status).toBe(401);
  await keyless.server.reload(config(''));
  expect((await fetchMetrics(keyless.http)).status).toBe(200);
});

test('with a port of its own it is there for everybody who can reach that, and on the other it is not', async () => {
  const own = await startServer({ engines: 'scripted', settings: { PARLEY_METRICS_PORT: '127.0.0.1:0' } });
  try {
    const address = new URL(own.server.metricsAddress ?? '');
    expect(address.pathname).toBe('/metrics');
    expect(await fetchMetrics(address.origin, { 'X-Forwarded-For': '203.0.113.5', Host: 'metrics.internal' })).toMatchObject({
      status: 200,
    });
    expect((await fetch(`${address.origin}/v1/models`)).status).toBe(404);
    const post = (path: string) =>
      fetch(`${address.origin}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
    expect([(await post('/nothing')).status, (await post('/metrics')).status]).toEqual([404, 404]);
    expect((await fetchMetrics(own.http)).status).toBe(404);
  } finally {
    await own.close();
  }
});

test('a port of its own takes 64 connections and no more', async () => {
  const own = await startServer({ engines: 'scripted', settings: { PARLEY_METRICS_PORT: '127.0.0.1:0' } });
  const sockets: Socket[] = [];
  try {
    const { port, hostname } = new URL(own.server.metricsAddress ?? '');
    const open = async () => {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      socket.on('error', () => {});
      await once(socket, 'connect');
      return socket;
    };
    for (let count = 0; count < 64; count++) await open();
    const refused = await open();
    await once(refused, 'close');
    // Who leaves makes room.
    const [first] = sockets;
    first?.destroy();
    await expect
      .poll(() =>
        fetchMetrics(`http://${hostname}:${port}`).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  } finally {
    for (const socket of sockets) socket.destroy();
    await own.close();
  }
});

test('switched off it is nowhere', async () => {
  const off = await startServer({ engines: 'scripted', settings: { PARLEY_METRICS: 'off' } });
  try {
    expect(off.server.metricsAddress).toBeUndefined();
    expect((await fetchMetrics(off.http)).status).toBe(404);
  } finally {
    await off.close();
  }
});

test('a port for metrics that is taken stops the start with a sentence that names the setting', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const config = readConfig(
    { ...withVoice, PARLEY_TTS: 'scripted', PARLEY_LLM: 'scripted', PORT: '0', PARLEY_MODELS: 'off', PARLEY_METRICS_PORT: String(port) },
    running.dataDir,
  );
  await expect(assemble(config, silentLog, () => {})).rejects.toThrow(
    /cannot listen on 127\.0\.0\.1:\d+ for metrics .*PARLEY_METRICS_PORT/,
  );
  taken.close();
});

test.each([
  ['PARLEY_METRICS', 'maybe'],
  ['PARLEY_METRICS_PORT', 'http://10.0.0.1:9464'],
  ['PARLEY_METRICS_PORT', '70000'],
  ['PARLEY_METRICS_PORT', '[10.0.0.1]:9464'],
  ['PARLEY_METRICS_PORT', ':9464'],
  ['PARLEY_METRICS_PORT', '8080'],
])('%s=%s cannot be used, and the sentence says so', (name, setting) => {
  expect(() => readConfig({ [name]: setting }, running.dataDir)).toThrow(new RegExp(`^${name} `));
});

test.each([
  [{}, 'shared'],
  [{ PARLEY_METRICS: 'off', PARLEY_METRICS_PORT: '9464' }, 'off'],
  [{ PARLEY_METRICS_PORT: '9464' }, { host: '127.0.0.1', port: 9464 }],
  [{ PARLEY_METRICS_PORT: '0.0.0.0:9464' }, { host: '0.0.0.0', port: 9464 }],
  [{ PARLEY_METRICS_PORT: '[::1]:9464' }, { host: '::1', port: 9464 }],
])('%j puts it %j', (settings, place) => {
  expect(readConfig(settings, running.dataDir).metrics).toEqual(place);
});
