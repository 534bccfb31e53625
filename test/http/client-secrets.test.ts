// The routes that hand out ephemeral secrets (E05 to E08), asked by the real `openai` package and by hand.
import OpenAI, { AuthenticationError } from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpRig } from './rig.ts';

let rig: Awaited<ReturnType<typeof httpRig>>;
beforeEach(async () => {
  rig = await httpRig();
});
afterEach(() => rig.close());

const openai = (apiKey = rig.key.credential) => new OpenAI({ apiKey, baseURL: `${rig.url}/v1`, maxRetries: 0 });
const holder = (value: string, purpose: 'realtime' | 'api' = 'realtime') =>
  rig.access.authenticate({ authorization: `Bearer ${value}` }, new URLSearchParams(), purpose);
const nowSeconds = () => rig.clock.wallMs() / 1000;

describe('POST /v1/realtime/client_secrets', () => {
  test("E05: answers OpenAI's client with a secret and the session in force", async () => {
    const made = await openai().realtime.clientSecrets.create({
      expires_after: { anchor: 'created_at', seconds: 60 },
      session: { type: 'realtime', instructions: 'Be kind.' },
    });
    expect(made.value).toMatch(/^ek_/);
    expect(made.expires_at).toBe(nowSeconds() + 60);
    expect(made.session).toMatchObject({ id: 'sess_1', object: 'realtime.session', instructions: 'Be kind.', voice: 'Dennis' });
    expect(await holder(made.value)).toMatchObject({
      session: { type: 'realtime', instructions: 'Be kind.' },
      dialect: 'ga',
      workspace: 'acme',
    });
  });

  test('gives ten minutes and the default session to a client that asks for nothing', async () => {
    const made = await openai().realtime.clientSecrets.create({});
    expect(made.expires_at).toBe(nowSeconds() + 600);
    const bare = await fetch(`${rig.url}/v1/realtime/client_secrets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.key.credential}` },
    });
    expect(bare.status).toBe(200);
    expect(rig.asked).toEqual([{}, {}]);
  });

  test('E05: lives from 10 to 7200 seconds, and says so', async () => {
    for (const seconds of [10, 7200])
      expect((await rig.post('/v1/realtime/client_secrets', { expires_after: { seconds } })).status).toBe(200);
    for (const seconds of [9, 7201, 10.5, -1]) {
      const { status, body } = await rig.post('/v1/realtime/client_secrets', { expires_after: { seconds } });
      expect(status, `with ${seconds}`).toBe(400);
      expect(body).toEqual({
        error: {
          type: 'invalid_request_error',
          param: 'expires_after.seconds',
          code: expect.stringMatching(/^invalid_/),
          message: expect.any(String),
        },
      });
    }
    const { body } = await rig.post('/v1/realtime/client_secrets', { expires_after: { seconds: '60' } });
    expect(body).toMatchObject({ error: { code: 'invalid_type', param: 'expires_after.seconds' } });
  });

  test('refuses a session that could not be opened, with its error, and mints nothing', async () => {
    const { status, body } = await rig.post('/v1/realtime/client_secrets', { session: { model: 'nobody/nothing' } });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: 'model_not_found', param: 'session.model', type: 'invalid_request_error' } });
    expect(body).not.toHaveProperty('value');
  });

  test('says what is no JSON, no object, or no session', async () => {
    for (const wrong of ['{', '[]', '"text"', '7', '{"session":7}', '{"session":[]}', '{"expires_after":"soon"}']) {
      const { status, body } = await rig.post('/v1/realtime/client_secrets', wrong);
      expect(status, `with ${wrong}`).toBe(400);
      expect(body).toMatchObject({ error: { type: 'invalid_request_error', message: expect.any(String) } });
    }
  });

  test('E05: a session that is longer than a secret keeps is refused by its name, and one of a million characters is not', async () => {
    const long = { instructions: 'x'.repeat(1_000_000) };
    expect((await rig.post('/v1/realtime/client_secrets', { session: long })).status).toBe(200);
    const longer = { ...long, tools: [{ type: 'function', name: 'f', description: 'x'.repeat(60_000) }] };
    expect(await rig.post('/v1/realtime/client_secrets', { session: longer })).toMatchObject({
      status: 413,
      body: {
        error: { type: 'invalid_request_error', code: 'session_too_large', param: 'session', message: expect.stringContaining('1048576') },
      },
    });
    expect(await rig.post('/v1/realtime/sessions', { ...longer, voice: 'alloy' })).toMatchObject({
      status: 413,
      body: { error: { param: null } },
    });
  });

  test('E05: a key whose secrets keep too much is told to wait; it still opens the door, and another key mints', async () => {
    const small = await httpRig({ secretBytesPerKey: 100_000 });
    try {
      const session = { instructions: 'x'.repeat(60_000) };
      expect((await small.post('/v1/realtime/client_secrets', { session })).status).toBe(200);
      const refused = await small.post('/v1/realtime/client_secrets', { session });
      expect(refused).toMatchObject({ status: 429, body: { error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } } });
      expect(refused.headers.get('retry-after')).toBe('30');
      expect((await small.get('/v1/models')).status).toBe(200);
      const other = await small.makeKey('other');
      const authorization = `Bearer ${other.credential}`;
      expect((await small.post('/v1/realtime/client_secrets', { session }, { authorization })).status).toBe(200);
      small.clock.advance(600_000);
      expect((await small.post('/v1/realtime/client_secrets', { session })).status).toBe(200);
    } finally {
      await small.close();
    }
  });

  test('keeps our own faults to itself', async () => {
    const { status, body } = await rig.post('/v1/realtime/client_secrets', { session: { model: 'our/fault' } });
    expect(status).toBe(500);
    expect(body).toEqual({ error: { message: 'The server had an error.', type: 'server_error', param: null, code: null } });
  });

  test('lets no cache keep the secret', async () => {
    const { headers } = await rig.post('/v1/realtime/client_secrets', {});
    expect(headers.get('cache-control')).toBe('no-store');
  });
});

describe('the older routes', () => {
  test("E07: answer OpenAI's beta client in the flat shape, with a secret that speaks beta", async () => {
    const made = await openai().beta.realtime.sessions.create({
      voice: 'alloy',
      client_secret: { expires_after: { anchor: 'created_at', seconds: 30 } },
    });
    expect(made).toMatchObject({ flat: true, client_secret: { value: expect.stringMatching(/^ek_/), expires_at: nowSeconds() + 30 } });
    expect(rig.asked).toEqual([{ type: 'realtime', audio: { output: { voice: 'alloy' } } }]);
    expect(await holder(made.client_secret.value)).toMatchObject({
      dialect: 'beta',
      session: { type: 'realtime', audio: { output: { voice: 'alloy' } } },
    });
  });

  test('E08: make transcription sessions too, whose life is spelt another way', async () => {
    const made = await openai().beta.realtime.transcriptionSessions.create({ input_audio_format: 'pcm16' });
    expect(made).toMatchObject({ flat: true, type: 'transcription', client_secret: { expires_at: nowSeconds() + 600 } });
    const { body } = await rig.post('/v1/realtime/transcription_sessions', {
      client_secret: { expires_at: { anchor: 'created_at', seconds: 20 } },
    });
    expect(body).toMatchObject({ client_secret: { expires_at: nowSeconds() + 20 } });
  });
});

test('a flat session that cannot be used is refused by the name of the field the client wrote', async () => {
  const flat = await rig.post('/v1/realtime/sessions', { voice: 'Nobody' });
  expect(flat).toMatchObject({ status: 400, body: { error: { code: 'invalid_value', param: 'voice' } } });
  const nested = await rig.post('/v1/realtime/client_secrets', { session: { audio: { output: { voice: 'Nobody' } } } });
  expect(nested).toMatchObject({ status: 400, body: { error: { param: 'session.audio.output.voice' } } });
});

describe('nobody mints', () => {
  const paths = ['/v1/realtime/client_secrets', '/v1/realtime/sessions', '/v1/realtime/transcription_sessions'];

  test("without a key: 401 in OpenAI's words, and OpenAI's client throws its own error", async () => {
    for (const path of paths) {
      const { status, body, headers } = await rig.post(path, '{', {});
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe('Bearer');
      expect(body).toEqual({
        error: { message: expect.stringContaining('API key'), type: 'invalid_request_error', param: null, code: 'invalid_api_key' },
      });
    }
    await expect(openai('wrong').realtime.clientSecrets.create({})).rejects.toBeInstanceOf(AuthenticationError);
  });

  test('with a secret instead of a key', async () => {
    const { value } = await openai().realtime.clientSecrets.create({});
    for (const path of paths) expect((await rig.post(path, {}, { authorization: `Bearer ${value}` })).status).toBe(401);
    expect((await rig.get('/v1/models', { authorization: `Bearer ${value}` })).status).toBe(401);
    expect((await rig.get('/voices/v1/voices', { authorization: `Bearer ${value}` })).status).toBe(401);
  });

  test('with a revoked key, and what it minted before is dead', async () => {
    const { value } = await openai().realtime.clientSecrets.create({});
    expect(await holder(value)).toBeDefined();
    await rig.revoke();
    await expect(openai().realtime.clientSecrets.create({})).rejects.toBeInstanceOf(AuthenticationError);
    expect(await holder(value)).toBeUndefined();
  });
});

test('A08: a page of another origin may mint and may read the refusal', async () => {
  const preflight = await fetch(`${rig.url}/v1/realtime/client_secrets`, {
    method: 'OPTIONS',
    headers: { origin: 'https://page.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  });
  expect(preflight.status).toBe(204);
  const { status, headers } = await rig.post('/v1/realtime/client_secrets', {}, { origin: 'https://page.example' });
  expect([status, headers.get('access-control-allow-origin')]).toEqual([401, '*']);
});
