// A server whose store is damaged: it starts, says so, lets in whom it can, and refuses the others with a sentence and never a stack (A16).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { storeFile } from '../../src/store/embedded.ts';
import { Client } from '../e2e/support/client.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';
import { readableLog } from '../store/rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-trouble-'));
const rubbish = Buffer.alloc(9000, 'no database');
const { log, lines } = readableLog();
let running: RunningServer;

beforeAll(async () => {
  writeFileSync(storeFile(folder), rubbish);
  running = await startServer({ engines: 'scripted', log, settings: { PARLEY_DATA_DIR: folder } });
});
afterAll(async () => {
  await running.close();
  rmSync(folder, { recursive: true });
});

function upgrade(key: string): Promise<{ status: number | undefined; retry: string | undefined; body: unknown }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${running.ws}/v1/realtime`, { headers: { Authorization: `Bearer ${key}` } });
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode, retry: response.headers['retry-after'], body: JSON.parse(text) }));
    });
  });
}

const refusal = {
  error: { message: expect.stringMatching(/^[^/]*store of keys[^/]*$/), type: 'server_error', param: null, code: 'store_unavailable' },
};

test('the log names the file and what to do, once, and the file is left as it is', async () => {
  const told = lines.filter((line) => line.includes('damaged'));
  expect(told).toEqual([expect.stringMatching(/parley\.db is damaged.*Put a backup in its place/)]);
  expect(readFileSync(storeFile(folder)).equals(rubbish)).toBe(true);
  expect(await (await fetch(`${running.http}/health`)).json()).toMatchObject({ status: 'ok', store: { problem: refusal.error.message } });
});

test('a configured key opens the door as ever', async () => {
  // Whatever else it offers beside it.
  for (const path of ['/v1/realtime', '/v1/realtime?token=some-key:some-secret']) {
    const client = await Client.open(running.ws, path);
    client.say('Hello?');
    expect(await client.log.wait('conversation.item.done')).toBeDefined();
    client.close();
  }
});

test('an upgrade with a credential of the store is refused with 503, when to try again, and a sentence', async () => {
  expect(await upgrade('some-key:some-secret')).toEqual({ status: 503, retry: '5', body: refusal });
});

test('so is a request, in the words of its family', async () => {
  const mint = await fetch(`${running.http}/v1/realtime/client_secrets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
  });
  expect([mint.status, mint.headers.get('retry-after'), await mint.json()]).toEqual([503, '5', refusal]);
  const voices = await fetch(`${running.http}/voices/v1/voices`, { headers: { authorization: 'Basic some-key:some-secret' } });
  expect([voices.status, voices.headers.get('retry-after'), await voices.json()]).toEqual([
    503,
    '5',
    { code: 14, message: refusal.error.message, details: [] },
  ]);
});

test('a credential that is none is refused as ever', async () => {
  expect((await upgrade('wrong-key-0123456789')).status).toBe(401);
});
