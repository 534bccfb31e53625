// What a connected client cannot do to the server, and how the server leaves.
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Client } from '../e2e/support/client.ts';
import { field } from '../e2e/support/events.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';

let running: RunningServer;

async function start(settings: Record<string, string> = {}): Promise<RunningServer> {
  running = await startServer({ engines: 'scripted', settings });
  return running;
}

afterEach(async () => {
  await running.close();
});

test('C07 C48 C49 C50 C51 C52: what is no event is told so by its fault, and the session lives', async () => {
  const { ws } = await start();
  const client = await Client.open(ws);
  client.socket.send(Buffer.from('{"type":"input_audio_buffer.clear"}'), { binary: true });
  client.socket.send('{"type":');
  client.socket.send('[]');
  client.send({ event_id: 'a' });
  client.send({ type: 'no.such', event_id: 'b' });
  client.send({ type: 'input_audio_buffer.append', event_id: 'c', audio: '***' });
  client.send({ type: 'input_audio_buffer.clear' });
  await client.log.wait('input_audio_buffer.cleared');
  const faults = client.log.of('error').map((event) => [field(event, 'error.code'), field(event, 'error.event_id')]);
  expect(faults).toEqual([
    ['invalid_json', null],
    ['invalid_json', null],
    ['invalid_json', null],
    ['invalid_event', 'a'],
    ['invalid_value', 'b'],
    ['invalid_value', 'c'],
  ]);
  expect(client.log.of('input_audio_buffer.cleared')).toHaveLength(1);
  client.close();
});

test('a name that every object has something for is no voice, and asking for it costs no session', async () => {
  const { ws } = await start();
  const client = await Client.open(ws);
  for (const voice of ['constructor', '__proto__', 'toString']) {
    const mark = client.log.mark;
    client.send({ type: 'session.update', session: { type: 'realtime', audio: { output: { voice } } } });
    expect(field(await client.log.wait('error', mark), 'error.message')).toBe(`Unknown voice '${voice}'.`);
  }
  client.close();
});

test('a burst of small events is taken in whole and in order', async () => {
  const { ws } = await start();
  const client = await Client.open(ws);
  const ids = Array.from({ length: 6000 }, (_, index) => String(index));
  for (const event_id of ids) client.send({ type: 'x', event_id });
  await client.log.wait((event) => field(event, 'error.event_id') === ids.at(-1));
  expect(client.log.of('error').map((event) => field(event, 'error.event_id'))).toEqual(ids);
  client.close();
});

test('a frame of 20 MiB is read, and one above 21 MiB ends the connection with 1009', async () => {
  const { ws } = await start();
  const client = await Client.open(ws);
  client.send({ type: 'no.such', event_id: 'large', padding: 'x'.repeat(20 * 1024 * 1024) });
  await client.log.wait((event) => field(event, 'error.event_id') === 'large');
  client.socket.send(`{"type":"no.such","padding":"${'x'.repeat(21 * 1024 * 1024)}"}`);
  expect((await client.closed).code).toBe(1009);
  const other = await Client.open(ws);
  expect(other.log.all[0]?.type).toBe('session.created');
  other.close();
});

test('a session too many is refused with 503 until another has gone', async () => {
  const { ws } = await start({ PARLEY_MAX_SESSIONS: '2' });
  const [first, second] = [await Client.open(ws), await Client.open(ws)];
  const refusal = await new Promise<{ status: number; retryAfter: string | undefined; body: string }>((resolve, reject) => {
    const socket = new WebSocket(`${ws}/v1/realtime`, { headers: { Authorization: `Bearer ${apiKey}` } });
    socket.on('error', reject);
    socket.on('open', () => reject(new Error('let in')));
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        body += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body }));
    });
  });
  const readiness = await fetch(`${running.http}/readyz`);
  expect([readiness.status, await readiness.json()]).toMatchObject([
    503,
    { status: 'not_ready', reasons: [expect.stringContaining('All sessions')] },
  ]);
  expect(refusal.status).toBe(503);
  expect(Number(refusal.retryAfter)).toBeGreaterThan(0);
  expect(JSON.parse(refusal.body)).toMatchObject({ error: { type: 'server_error', code: 'server_overloaded' } });
  first.close();
  await first.closed;
  await expect
    .poll(
      () =>
        Client.open(ws).then(
          (third) => third.close(),
          () => 'refused',
        ),
      { timeout: 10_000 },
    )
    .not.toBe('refused');
  second.close();
});

test('a server that leaves closes every session with 1001, one in the middle of an answer as well', async () => {
  const { ws, server } = await start({ PARLEY_SCRIPTED: 'tokens=500,rate=20,tts=10,llm=10' });
  const idle = await Client.open(ws);
  const busy = await Client.open(ws, '/api/v1/realtime/session?key=a&protocol=realtime');
  busy.say('Hello');
  busy.send({ type: 'response.create' });
  await busy.log.wait('response.output_audio.delta');
  const startedAt = performance.now();
  await server.close();
  const tookMs = performance.now() - startedAt;
  for (const { code } of [await idle.closed, await busy.closed]) expect(code).toBe(1001);
  // A second is what it may take; the rest is for a machine with other things to do.
  expect(tookMs).toBeLessThan(3000);
  await expect(fetch(`${running.http}/health`)).rejects.toThrow('fetch failed');
});

test('a client that answers nothing cannot keep the server from leaving', async () => {
  const { ws, server } = await start();
  const client = await Client.open(ws);
  client.socket.pause();
  const startedAt = performance.now();
  await server.close();
  expect(performance.now() - startedAt).toBeLessThan(4000);
  client.close();
});
