// Prompts that lie in a folder of the running server: named by sessions, by responses and by secrets.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from './support/client.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-prompts-'));
let running: RunningServer;

beforeAll(async () => {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_LLM: 'offline', PARLEY_PROMPTS_DIR: folder } });
});

afterAll(async () => {
  await running.close();
  rmSync(folder, { recursive: true });
});

function mint(prompt: object): Promise<Response> {
  return fetch(`${running.http}/v1/realtime/client_secrets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ session: { type: 'realtime', prompt } }),
  });
}

test('F09 prompt: the assistant is who the stored prompt says', async () => {
  writeFileSync(join(folder, 'host.md'), 'You are {{name}}. Be brief.');
  const client = await Client.open(running.ws);
  const prompt = { id: 'host', variables: { name: 'Brunhilde' } };
  client.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'], prompt } });
  expect((await client.log.wait('session.updated'))['session']).toMatchObject({ prompt });
  client.say('What is your name?');
  client.send({ type: 'response.create' });
  expect((await client.log.wait('response.output_text.done'))['text']).toContain('Brunhilde');
  client.close();
});

test('F09 prompt: a secret brings it along, is not minted without it, and does not open a session once it is gone', async () => {
  expect((await mint({ id: 'brief' })).status).toBe(400);
  writeFileSync(join(folder, 'brief.md'), 'You are Brief.');
  const { value, session } = (await (await mint({ id: 'brief' })).json()) as { value: string; session: object };
  expect(session).toMatchObject({ prompt: { id: 'brief' } });
  const client = await Client.open(running.ws, '/v1/realtime', value);
  expect((await client.log.wait('session.created'))['session']).toMatchObject({ prompt: { id: 'brief' } });
  client.close();
  rmSync(join(folder, 'brief.md'));
  const late = new Client(`${running.ws}/v1/realtime`, value);
  expect((await late.log.wait('error'))['error']).toMatchObject({ code: 'invalid_value', param: 'session.prompt.id' });
  expect(await late.closed).toMatchObject({ code: 1008, reason: 'invalid_value' });
});
