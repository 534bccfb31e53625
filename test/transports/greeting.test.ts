// How a connection begins: with which session on which path, before anything the client has said, and not at all for a model nobody serves.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../e2e/support/client.ts';
import { field } from '../e2e/support/events.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';

let running: RunningServer;
/** It has a provider, at which nobody listens, and so does not serve just any model. */
let choosy: RunningServer;

beforeAll(async () => {
  running = await startServer({ engines: 'scripted' });
  choosy = await startServer({
    engines: 'scripted',
    settings: { PARLEY_LLM: 'offline', GROQ_API_KEY: 'groq-key', GROQ_BASE_URL: 'http://127.0.0.1:9/v1', GROQ_MODEL: 'llama-4' },
  });
});

afterAll(async () => {
  await Promise.all([running.close(), choosy.close()]);
});

/** The session that a connection to the path is greeted with. */
async function greeting(server: RunningServer, path: string): Promise<unknown> {
  const client = await Client.open(server.ws, path);
  client.close();
  return field(client.log.all[0] ?? { type: '' }, 'session');
}

/** What holds on every path. */
const common = {
  type: 'realtime',
  object: 'realtime.session',
  output_modalities: ['audio'],
  tools: [],
  tool_choice: 'auto',
  audio: {
    input: { format: { type: 'audio/pcm', rate: 24_000 }, noise_reduction: null },
    output: { format: { type: 'audio/pcm', rate: 24_000 }, speed: 1 },
  },
};

test("E01 S01: OpenAI's path has the model of its query, a voice of OpenAI's, server_vad, and no transcription", async () => {
  const session = await greeting(running, '/v1/realtime?model=gpt-4o-mini-realtime-preview');
  expect(session).toMatchObject({ ...common, model: 'gpt-4o-mini-realtime-preview' });
  expect(session).toMatchObject({
    audio: { input: { transcription: null, turn_detection: { type: 'server_vad' } }, output: { voice: 'alloy' } },
  });
});

test("E01: without a model, OpenAI's path has gpt-realtime, which whoever there is serves", async () => {
  expect(await greeting(running, '/v1/realtime')).toMatchObject({ model: 'gpt-realtime' });
  expect(await greeting(choosy, '/v1/realtime')).toMatchObject({ model: 'gpt-realtime' });
  expect(choosy.server.router.llm('gpt-realtime').model).toBe('llama-4');
});

test.each(['?key=my-session&protocol=realtime', '?key=my-session', ''])(
  "E03 S01: Inworld's path has semantic_vad and transcription, with the query %j",
  async (query) => {
    const session = await greeting(running, `/api/v1/realtime/session${query}`);
    expect(session).toMatchObject({ ...common, model: running.server.defaultModel });
    expect(session).toMatchObject({
      audio: {
        input: { transcription: { model: expect.any(String) as string }, turn_detection: { type: 'semantic_vad' } },
        output: { voice: 'Dennis' },
      },
    });
  },
);

test.each(['/v1/realtime', '/api/v1/realtime/session'])(
  'E01 F02: a model that nobody serves is told at %s, and nothing more',
  async (path) => {
    const client = new Client(`${choosy.ws}${path}?model=xai/grok-4`);
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'model_not_found' });
    expect(client.log.all.map(({ type }) => type)).toEqual(['error']);
    expect(field(client.log.all[0] ?? { type: '' }, 'error')).toMatchObject({
      type: 'invalid_request_error',
      code: 'model_not_found',
      param: 'model',
      message: expect.stringContaining('xai/grok-4') as string,
    });
  },
);

/** A whole text frame as a client sends it. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255]), mask, masked]);
}

test('C05: what a client says in the same breath as its handshake is answered after session.created', async () => {
  const update = { type: 'session.update', session: { instructions: `Be early. ${'x'.repeat(200)}` } };
  const said = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(new URL(running.http).port), '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      if (!text.includes('session.updated')) return;
      socket.destroy();
      resolve(text);
    });
    socket.on('error', reject).on('end', () => reject(new Error(`it was hung up on after ${text}`)));
    const head = [
      'GET /v1/realtime HTTP/1.1',
      'Host: parley',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      `Authorization: Bearer ${apiKey}`,
    ];
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), frame(JSON.stringify(update))]));
  });
  expect([...said.matchAll(/\{"type":"([a-z_.]+)","event_id"/g)].map(([, type]) => type).slice(0, 2)).toEqual([
    'session.created',
    'session.updated',
  ]);
});
