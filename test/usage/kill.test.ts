// A server that is killed in the middle of answers: what its clients were told of usage is in its account after the next start, each answer once.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ParleyProcess } from '../cli/parley-process.ts';
import { Client } from '../e2e/support/client.ts';
import { field } from '../e2e/support/events.ts';
import { apiKey } from '../e2e/support/server.ts';

interface Told {
  answers: number;
  input: number;
  output: number;
}

interface Row {
  session: string;
  requests: number;
  input_tokens: number;
  output_tokens: number;
}

/** Asks and asks again, until the server is gone: what it was told, by its session. */
async function asking(client: Client, audio: boolean): Promise<[session: string, told: Told]> {
  const told = { answers: 0, input: 0, output: 0 };
  const ask = () => {
    client.say('Hello');
    client.send({ type: 'response.create', response: { output_modalities: [audio ? 'audio' : 'text'] } });
  };
  client.socket.on('message', (data) => {
    const event = JSON.parse((data as Buffer).toString('utf8')) as { type: string };
    if (event.type !== 'response.done') return;
    told.answers += 1;
    told.input += Number(field(event, 'response.usage.input_tokens'));
    told.output += Number(field(event, 'response.usage.output_tokens'));
    ask();
  });
  ask();
  await client.closed;
  const [created] = client.log.of('session.created');
  return [String(field(created as never, 'session.id')), told];
}

/** Resolves when it has had so many. */
async function answers(client: Client | undefined, count: number): Promise<void> {
  let had = 0;
  await client?.log.wait(({ type }) => type === 'response.done' && ++had >= count);
}

async function usage(server: ParleyProcess, query: string): Promise<{ data: Row[]; totals: Record<string, number> }> {
  const response = await fetch(`${server.http}/v1/usage?${query}`, { headers: { authorization: `Bearer ${apiKey}` } });
  const body: unknown = await response.json();
  expect(response.status, `answered ${JSON.stringify(body)}`).toBe(200);
  return body as { data: Row[]; totals: Record<string, number> };
}

test('a kill in the middle of answers loses no token that a client was told of, and counts none twice', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-usage-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const settings = { PARLEY_DATA_DIR: dataDir, PARLEY_SCRIPTED: 'llm=5,rate=300,tokens=20,tts=5' };
  const told = new Map<string, Told>();
  const killed = await ParleyProcess.start(settings);
  const clients = await Promise.all([0, 1, 2, 3].map(() => Client.open(killed.ws)));
  const all = clients.map((client, index) => asking(client, index === 0));
  await Promise.all([answers(clients[0], 1), answers(clients[1], 20)]);
  killed.signal('SIGKILL');
  await killed.exited;
  for (const [session, sums] of await Promise.all(all)) told.set(session, sums);
  expect(readdirSync(join(dataDir, 'usage')).length).toBeGreaterThan(0);
  const server = await ParleyProcess.start(settings);
  const { data } = await usage(server, 'group_by=session,stage&limit=1000');
  const counted = data.filter((row) => (row as unknown as { stage: string }).stage === 'llm');
  expect(counted.map(({ session }) => session).sort()).toEqual([...told.keys()].sort());
  let exact = 0;
  for (const row of counted) {
    const sums = told.get(row.session) as Told;
    // An answer may have been counted of which the client was not told any more.
    expect(row.requests - sums.answers, `of ${row.session}`).toBeOneOf([0, 1]);
    expect(row.input_tokens).toBeGreaterThanOrEqual(sums.input);
    expect(row.output_tokens).toBe(row.requests * 20);
    if (row.requests > sums.answers) continue;
    exact += 1;
    expect(row).toMatchObject({ input_tokens: sums.input, output_tokens: sums.output });
  }
  expect(exact).toBeGreaterThan(0);
  expect(data.some((row) => (row as unknown as { stage: string; spoken_seconds: number }).spoken_seconds > 0)).toBe(true);
  expect(readdirSync(join(dataDir, 'usage'))).toEqual([]);
}, 30_000);
