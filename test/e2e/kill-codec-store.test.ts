// The decoder of sound files and the store's thread die again and again in the middle of their work: each file is heard or said not to be, each
// secret is given or refused with a reason, conversations notice nothing, and both are back by themselves.
import { readFileSync } from 'node:fs';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Client } from './support/client.ts';
import { field } from './support/events.ts';
import { health, kills, Threads, watchHealth } from './support/killing.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';
import { base64 } from './support/speech.ts';
import { testTypes } from './support/types.ts';

const speakers = 4;
const wav = base64(readFileSync(new URL('../../samples/question.wav', import.meta.url)));
const input = 'conversation.item.input_audio_transcription';
const threads = new Threads();
let running: RunningServer;

beforeAll(async () => {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_SCRIPTED: 'stt=20,llm=20,tts=20,tokens=5' } });
});
afterAll(async () => {
  threads.close();
  await running.close();
});

async function open(): Promise<Client> {
  const client = await Client.open(running.ws);
  const audio = { input: { transcription: { model: 'gpt-4o-transcribe' } } };
  client.send({ type: 'session.update', session: { type: 'realtime', audio } });
  await client.log.wait('session.updated');
  return client;
}

/** Sends a file in an item and asks for an answer: how its transcription ended, and the answer. */
async function sendFile({
  log,
  send,
}: Pick<Client, 'log'> & { send(event: object): void }): Promise<{ heard: string; status: unknown; code: unknown }> {
  const { mark } = log;
  send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_audio', audio: wav }] } });
  send({ type: 'response.create' });
  const end = await log.wait(({ type }) => [`${input}.completed`, `${input}.failed`].includes(type), mark);
  const done = await log.wait('response.done', mark);
  return { heard: end.type, status: field(done, 'response.status'), code: field(done, 'response.status_details.error.code') };
}

const healed = () => vi.waitFor(async () => expect(await health(running)).toEqual({ status: 200, problems: [] }), { timeout: 20_000 });

test('the decoder of files dies many times, and each file is heard or said not to be', { timeout: 120_000 }, async () => {
  const over = new AbortController();
  const clients = await Promise.all(Array.from({ length: speakers }, open));
  const ends: Awaited<ReturnType<typeof sendFile>>[] = [];
  const talking = Promise.all(
    clients.map(async (client) => {
      while (!over.signal.aborted) ends.push(await sendFile({ log: client.log, send: (event) => client.send(event) }));
    }),
  );
  const watched = watchHealth(running);
  const killing = (async () => {
    for (let kill = 0; kill < kills; kill++) {
      const before = ends.length;
      await vi.waitFor(() => expect(threads.of('opus')).not.toEqual([]), { timeout: 10_000, interval: 1 });
      await pass((kill * 7) % 20);
      await threads.kill('opus');
      await vi.waitFor(() => expect(ends.length).toBeGreaterThanOrEqual(before + speakers), { timeout: 20_000, interval: 5 });
    }
  })();
  try {
    await Promise.race([killing, talking]);
  } finally {
    over.abort();
  }
  await talking;
  const seen = await watched();
  await healed();
  expect(await Promise.all(clients.map((client) => sendFile({ log: client.log, send: (event) => client.send(event) })))).toEqual(
    clients.map(() => ({ heard: `${input}.completed`, status: 'completed', code: undefined })),
  );
  if (process.env['KILLS'] !== undefined)
    console.log(
      ends.length,
      ends.filter(({ status }) => status !== 'completed'),
    );
  expect(
    ends.filter(({ heard, status, code }) => status !== 'completed' && !(heard.endsWith('failed') && code === 'transcription_failed')),
  ).toEqual([]);
  expect(clients.flatMap(({ log }) => log.of('error'))).toEqual([]);
  expect(seen.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  expect(seen.flatMap(({ problems }) => problems).some((problem) => problem.startsWith('Opus'))).toBe(true);
  for (const client of clients) client.close();
});

test('the store dies many times, and whoever needs no secret notices nothing', { timeout: 120_000 }, async () => {
  const over = new AbortController();
  const client = await open();
  const statuses: { status: number; retry: string | null }[] = [];
  const given = () => statuses.filter(({ status }) => status === 200).length;
  const answers: unknown[] = [];
  const talking = Promise.all([
    (async () => {
      while (!over.signal.aborted) {
        const { mark } = client.log;
        client.say('Hello?');
        client.send({ type: 'response.create' });
        answers.push(field(await client.log.wait('response.done', mark), 'response.status'));
      }
    })(),
    ...Array.from({ length: speakers }, async () => {
      while (!over.signal.aborted) statuses.push(await mint());
    }),
  ]);
  const watched = watchHealth(running);
  const killing = (async () => {
    for (let kill = 0; kill < kills; kill++) {
      const before = given();
      await pass((kill * 37) % 100);
      await threads.kill('store');
      await vi.waitFor(() => expect(given()).toBeGreaterThan(before), { timeout: 20_000, interval: 5 });
      await vi.waitFor(() => expect(threads.of('store')).not.toEqual([]), { timeout: 20_000, interval: 5 });
    }
  })();
  try {
    await Promise.race([killing, talking]);
  } finally {
    over.abort();
  }
  await talking;
  const seen = await watched();
  await healed();
  expect((await mint()).status).toBe(200);
  if (process.env['KILLS'] !== undefined) console.log(statuses.length, given(), answers.length);
  // Given, or refused for the moment with the time to try again.
  expect(statuses.filter(({ status, retry }) => status !== 200 && !(status === 503 && Number(retry) > 0))).toEqual([]);
  expect(new Set(answers)).toEqual(new Set(['completed']));
  expect(client.log.of('error')).toEqual([]);
  expect(client.socket.readyState).toBe(WebSocket.OPEN);
  expect(seen.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  expect(seen.flatMap(({ problems }) => problems).some((problem) => problem.startsWith('store'))).toBe(true);
  const metrics = await (await fetch(`${running.http}/metrics`, { headers: { authorization: `Bearer ${apiKey}` } })).text();
  expect(metrics).toContain(`parley_thread_losses_total{thread="store"} ${kills}\n`);
  client.close();
});

async function mint(): Promise<{ status: number; retry: string | null }> {
  const headers = { authorization: `Bearer ${apiKey}` };
  const response = await fetch(`${running.http}/v1/realtime/client_secrets`, { method: 'POST', headers });
  await response.arrayBuffer();
  return { status: response.status, retry: response.headers.get('retry-after') };
}

testTypes();
