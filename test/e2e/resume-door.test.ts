// Who may take a session up whose connection was lost: its own client, with its newest token, and nobody else; and whom a session that waits makes
// room for.
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Client, openaiPath } from './support/client.ts';
import type { WireEvent } from './support/events.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';

const otherKey = 'another-e2e-key-0123456789';
const running: RunningServer[] = [];
let server: RunningServer;
const clients: Client[] = [];

async function start(settings: Record<string, string> = {}): Promise<RunningServer> {
  const started = await startServer({
    engines: 'scripted',
    settings: { PARLEY_API_KEY: `${apiKey},${otherKey}`, PARLEY_SCRIPTED: 'stt=5,llm=10,rate=300,tokens=30,tts=5', ...settings },
  });
  running.push(started);
  return started;
}

beforeAll(async () => {
  server = await start();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  for (const started of running) await started.close();
});

interface Lost {
  readonly id: string;
  readonly token: string;
  readonly lastEvent: string;
}

const sessionsOf = async ({ http }: RunningServer) => ((await (await fetch(`${http}/health`)).json()) as { sessions: number }).sessions;

async function open(on = server, key = apiKey): Promise<Client> {
  const client = await Client.open(on.ws, openaiPath, key);
  clients.push(client);
  return client;
}

function offerOf(client: Client): Lost {
  const [created] = client.log.of('session.created') as unknown as { session: { id: string; parley: { resume: { token: string } } } }[];
  if (!created) throw new Error('the session was not created');
  const { id, parley } = created.session;
  return { id, token: parley.resume.token, lastEvent: String(client.log.all.at(-1)?.['event_id']) };
}

/** A session whose connection was lost. */
async function lose(on = server, key = apiKey): Promise<Lost> {
  const client = await open(on, key);
  const offer = offerOf(client);
  client.socket.terminate();
  await client.closed;
  return offer;
}

interface Answer {
  readonly status: number;
  readonly code: unknown;
  readonly events: WireEvent[];
  readonly socket: WebSocket | undefined;
}

function knock(
  { id, token, lastEvent }: Partial<Lost>,
  { on = server, key = apiKey, inProtocol = false }: { on?: RunningServer; key?: string; inProtocol?: boolean } = {},
): Promise<Answer> {
  const query = `&resume=${id}${lastEvent === undefined ? '' : `&last_event=${lastEvent}`}`;
  const protocols = inProtocol ? ['realtime', `openai-insecure-api-key.${key}`, `parley-resume.${token}`] : [];
  const headers = inProtocol ? {} : { Authorization: `Bearer ${key}`, ...(token !== undefined && { 'Parley-Resume-Token': token }) };
  const socket = new WebSocket(`${on.ws}${openaiPath}${query}`, protocols, { headers });
  return new Promise((resolve, reject) => {
    const events: WireEvent[] = [];
    socket.on('message', (data) => {
      events.push(JSON.parse((data as Buffer).toString('utf8')) as WireEvent);
      if (events.length === 1) resolve({ status: 101, code: undefined, events, socket });
    });
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      response.on('end', () => {
        const { error } = JSON.parse(body) as { error: { code: string } };
        resolve({ status: response.statusCode ?? 0, code: error.code, events, socket: undefined });
      });
    });
    socket.on('error', reject);
  });
}

test('E29: its client takes a session up, with the token in a header or, from a page, in a subprotocol', async () => {
  for (const inProtocol of [false, true]) {
    const lost = await lose();
    const { status, events, socket } = await knock(lost, { inProtocol });
    expect(status).toBe(101);
    expect(events[0]).toMatchObject({ type: 'session.resumed', session_id: lost.id, received: { events: 0, audio_bytes: 0 } });
    expect(socket?.protocol).toBe(inProtocol ? 'realtime' : '');
    socket?.close();
  }
});

test('E29: a wrong token, another key, an unknown session and a gap are refused, and cost its client nothing', async () => {
  const lost = await lose();
  const stolen = { status: 404, code: 'session_not_found' };
  expect(await knock(lost, { key: otherKey })).toMatchObject(stolen);
  expect(await knock({ ...lost, id: 'sess_000000000000000000000' })).toMatchObject(stolen);
  const wrong = { status: 403, code: 'resume_token_invalid' };
  expect(await knock({ ...lost, token: 'x'.repeat(43) })).toMatchObject(wrong);
  expect(await knock({ id: lost.id, lastEvent: lost.lastEvent })).toMatchObject(wrong);
  expect(await knock({ ...lost, lastEvent: 'event_000000000000000000000' })).toMatchObject({ status: 410, code: 'resume_gap' });
  expect(await knock({ id: lost.id, token: lost.token })).toMatchObject({ status: 400, code: 'missing_required_parameter' });
  expect(await knock(lost, { key: 'nobody-knows-this-key' })).toMatchObject({ status: 401, code: 'invalid_api_key' });
  const answer = await knock(lost);
  expect(answer.status).toBe(101);
  answer.socket?.close();
});

test('E29: calls are refused in the same way, and a call takes up what a WebSocket has lost', async () => {
  const lost = await lose();
  const offer = async (token: string, key = apiKey) => {
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/sdp', 'Parley-Resume-Token': token };
    const query = `?resume=${lost.id}&last_event=${lost.lastEvent}`;
    const response = await fetch(`${server.http}/v1/realtime/calls${query}`, { method: 'POST', headers, body: 'v=0' });
    return { status: response.status, code: ((await response.json()) as { error: { code: string } }).error.code };
  };
  expect(await offer(lost.token, otherKey)).toEqual({ status: 404, code: 'session_not_found' });
  expect(await offer('x'.repeat(43))).toEqual({ status: 403, code: 'resume_token_invalid' });
  // It may come in, and has nothing to come in with: the session is as it was.
  expect(await offer(lost.token)).toEqual({ status: 400, code: 'invalid_offer' });
  const answer = await knock(lost);
  expect(answer.status).toBe(101);
  answer.socket?.close();
});

test('E29: a token is good once: the next one comes with the greeting, and from its arrival on the old one opens nothing', async () => {
  const lost = await lose();
  const first = await knock(lost);
  const { resume } = first.events[0] as unknown as { resume: { token: string } };
  const lastEvent = String(first.events.at(-1)?.['event_id']);
  // The greeting is known to have arrived when the ping behind it is answered.
  await vi.waitFor(async () => expect(await knock({ ...lost, lastEvent, token: 'x' })).toMatchObject({ status: 403 }));
  await pass(100);
  expect(await knock(lost)).toMatchObject({ status: 403, code: 'resume_token_invalid' });
  expect(first.socket?.readyState).toBe(WebSocket.OPEN);
  // With the new one the session is taken over, though its connection is alive.
  const closed = new Promise((resolve) => first.socket?.once('close', (code) => resolve(code)));
  const second = await knock({ ...lost, token: resume.token, lastEvent });
  expect(second.status).toBe(101);
  expect(await closed).toBe(1000);
  second.socket?.close();
});

test('E29: whoever was spoken to in the beta dialect still is', async () => {
  const path = '/v1/realtime?model=gpt-4o-realtime-preview';
  const client = await Client.open(server.ws, path, apiKey, { 'OpenAI-Beta': 'realtime=v1' });
  clients.push(client);
  await client.log.wait('conversation.created');
  const offer = offerOf(client);
  client.socket.terminate();
  await client.closed;
  const { socket, events } = await knock(offer);
  socket?.send(
    JSON.stringify({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hello' }] },
    }),
  );
  await vi.waitFor(() => expect(events.map(({ type }) => type)).toContain('conversation.item.created'));
  expect(events.map(({ type }) => type)).not.toContain('conversation.item.added');
  socket?.close();
});

test('a client that says goodbye ends its session at once; one that is lost is waited for, and no longer than it says', async () => {
  const brief = await start({ PARLEY_RESUME_SECONDS: '1' });
  const leaving = await open(brief);
  const left = offerOf(leaving);
  leaving.socket.close(1000);
  await leaving.closed;
  await vi.waitFor(async () => expect(await sessionsOf(brief)).toBe(0));
  expect(await knock(left, { on: brief })).toMatchObject({ status: 404, code: 'session_not_found' });
  const lost = await lose(brief);
  expect(await sessionsOf(brief)).toBe(1);
  await pass(1500);
  expect(await sessionsOf(brief)).toBe(0);
  expect(await knock(lost, { on: brief })).toMatchObject({ status: 404, code: 'session_not_found' });
});

test('switched off, nothing is offered, and a lost session ends with its connection', async () => {
  const off = await start({ PARLEY_RESUME_SECONDS: '0' });
  const client = await open(off);
  expect(client.log.of('session.created')[0]?.['session']).not.toHaveProperty('parley');
  client.socket.terminate();
  await vi.waitFor(async () => expect(await sessionsOf(off)).toBe(0));
});

test('sessions that wait keep nobody out: the longest waiting gives way, of a key that is full or of a server that is', async () => {
  const small = await start({ PARLEY_MAX_SESSIONS: '3', PARLEY_LIMIT_SESSIONS: '2' });
  const [first, second] = [await lose(small), await lose(small)];
  await open(small);
  expect(await sessionsOf(small)).toBe(2);
  expect(await knock(first, { on: small })).toMatchObject({ status: 404 });
  // The other key's place is not taken by what waits here.
  await open(small, otherKey);
  expect(await sessionsOf(small)).toBe(3);
  await open(small, otherKey);
  expect(await sessionsOf(small)).toBe(3);
  expect(await knock(second, { on: small })).toMatchObject({ status: 404 });
});

test('a server that leaves ends those that wait, and nobody waits there any more', async () => {
  const leaving = await start();
  await lose(leaving);
  const staying = await open(leaving);
  staying.say('hello');
  staying.send({ type: 'response.create' });
  await staying.log.wait('response.created');
  const drained = leaving.server.drain();
  await vi.waitFor(async () => expect(await sessionsOf(leaving)).toBe(1));
  staying.socket.terminate();
  await drained;
  expect(await sessionsOf(leaving)).toBe(0);
});

test('the client’s word on what it has played moves what is left to be heard', async () => {
  const client = await open();
  client.say('hello');
  client.send({ type: 'response.create' });
  await client.log.wait('response.done');
  const [answer] = client.log.of('response.output_audio_transcript.done');
  const offer = offerOf(client);
  client.socket.terminate();
  await client.closed;
  // Half a second of its sound was reckoned to have been heard by now; it has heard none of it.
  const played = { ...offer, lastEvent: `${offer.lastEvent}&played_item=${String(answer?.['item_id'])}&played_ms=0` };
  const { socket, events } = await knock(played);
  const tell = (event: object) => socket?.send(JSON.stringify(event));
  await pass(300);
  tell({ type: 'response.create' });
  await vi.waitFor(() => expect(events.some(({ type }) => type === 'response.created')).toBe(true));
  tell({ type: 'response.cancel' });
  tell({ type: 'conversation.item.retrieve', item_id: answer?.['item_id'] });
  const retrieved = await vi.waitUntil(() => events.find(({ type }) => type === 'conversation.item.retrieved'));
  const { content } = retrieved['item'] as { content: { transcript: string }[] };
  const words = content[0]?.transcript.split(' ').length ?? 0;
  // 60 ms each.
  expect(words).toBeGreaterThan(3);
  expect(words).toBeLessThan(9);
  socket?.close();
});
