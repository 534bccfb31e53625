// What a session begins with where its client names nothing: as the API that the client takes this server for would have it, on WebSockets and
// calls alike, by path and by credential.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signature } from '../access/rig.ts';
import { Client } from '../e2e/support/client.ts';
import { field } from '../e2e/support/events.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';
import { audio, data, offer } from './webrtc/offers.ts';

const pair = { key: 'inworld-key-01234', secret: 'inworld-secret-01234' };
const basic = `Basic ${Buffer.from(`${pair.key}:${pair.secret}`).toString('base64')}`;
const bearer = `Bearer ${apiKey}`;

let running: RunningServer;
beforeAll(async () => {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_API_KEY: `${apiKey},${pair.key}:${pair.secret}` } });
});
afterAll(async () => {
  await running.close();
});

interface Begun {
  model: unknown;
  voice: unknown;
  detection: unknown;
  transcribes: boolean;
}

const openai: Begun = { model: 'gpt-realtime', voice: 'alloy', detection: 'server_vad', transcribes: false };
const inworld: Begun = { model: 'google-ai-studio/gemini-2.5-flash', voice: 'Dennis', detection: 'semantic_vad', transcribes: true };

function begun(session: unknown): Begun {
  const event = { type: '', session };
  return {
    model: field(event, 'session.model'),
    voice: field(event, 'session.audio.output.voice'),
    detection: field(event, 'session.audio.input.turn_detection.type'),
    transcribes: field(event, 'session.audio.input.transcription') !== null,
  };
}

async function connected(path: string, credential: string, headers: Record<string, string> = {}, server = running): Promise<Client> {
  const client = await Client.open(server.ws, path, credential, headers);
  client.close();
  return client;
}

async function greeted(path: string, credential: string, server = running): Promise<Begun> {
  const { log } = await connected(path, credential, {}, server);
  return begun(field(log.all[0] ?? { type: '' }, 'session'));
}

/** A token for the pair, from Inworld's route. */
async function token(): Promise<string> {
  const authorization = signature(pair, { wallMs: () => Date.now() });
  const answer = await post('/auth/v1/tokens/token:generate', authorization, JSON.stringify({ key: pair.key }), 'application/json');
  return ((await answer.json()) as { token: string }).token;
}

function post(path: string, authorization: string, body: string | FormData, type?: string): Promise<Response> {
  const headers = { Authorization: authorization, ...(type === undefined ? {} : { 'Content-Type': type }) };
  return fetch(`${running.http}${path}`, { method: 'POST', headers, body });
}

const sdp = offer(audio(), data());

/** How the session of a call began, as a connection beside it is told. */
async function called(path: string, authorization: string, body: string | FormData = sdp, type?: string): Promise<Begun> {
  const answer = await post(path, authorization, body, body === sdp ? 'application/sdp' : type);
  expect(answer.status).toBe(201);
  const id = answer.headers.get('location')?.split('/').at(-1) ?? '';
  const session = await greeted(`/v1/realtime?call_id=${id}`, authorization);
  expect(
    (await fetch(`${running.http}/v1/realtime/calls/${id}/hangup`, { method: 'POST', headers: { Authorization: authorization } })).status,
  ).toBe(200);
  return session;
}

describe('over a WebSocket', () => {
  test("E01 F31: OpenAI's path begins as OpenAI's sessions do", async () => {
    expect(await greeted('/v1/realtime', bearer)).toEqual(openai);
  });

  test("E01 A02 A03: with a credential of Inworld's, it begins as Inworld's do", async () => {
    expect(await greeted('/v1/realtime', basic)).toEqual(inworld);
    expect(await greeted('/v1/realtime', await token())).toEqual(inworld);
    expect(await greeted('/v1/realtime?model=openai/gpt-4o-mini', basic)).toEqual({ ...inworld, model: 'openai/gpt-4o-mini' });
  });

  test("E03: Inworld's path begins as Inworld's sessions do, whatever the credential", async () => {
    expect(await greeted('/api/v1/realtime/session', basic)).toEqual(inworld);
    expect(await greeted('/api/v1/realtime/session', bearer)).toEqual(inworld);
  });

  test("E04: the beta begins as OpenAI's sessions do, with a model that the beta had", async () => {
    const { log } = await connected('/v1/realtime', bearer, { 'OpenAI-Beta': 'realtime=v1' });
    expect(field(log.all[0] ?? { type: '' }, 'session')).toMatchObject({
      model: 'gpt-4o-realtime-preview',
      voice: 'alloy',
      turn_detection: { type: 'server_vad' },
      input_audio_transcription: null,
    });
  });
});

describe('on a call', () => {
  test("E09 E10: OpenAI's offers begin as OpenAI's sessions do", async () => {
    expect(await called('/v1/realtime/calls', bearer)).toEqual(openai);
    const form = new FormData();
    form.set('sdp', sdp);
    expect(await called('/v1/realtime/calls', bearer, form)).toEqual(openai);
  });

  test("E09 A02 A03: with a credential of Inworld's, they begin as Inworld's do", async () => {
    expect(await called('/v1/realtime/calls', basic)).toEqual(inworld);
    expect(await called('/v1/realtime/calls', `Bearer ${await token()}`)).toEqual(inworld);
  });

  test("E11: an offer in Inworld's JSON begins as Inworld's sessions do", async () => {
    expect(await called('/v1/realtime/calls', bearer, JSON.stringify({ sdp }), 'application/json')).toEqual(inworld);
  });
});

describe('with a secret', () => {
  test('E05 E06: the session that is shown when it is minted is the one it begins with', async () => {
    for (const authorization of [bearer, basic]) {
      const minted = (await (await post('/v1/realtime/client_secrets', authorization, '{}', 'application/json')).json()) as {
        value: string;
        session: unknown;
      };
      expect(begun(minted.session)).toEqual(openai);
      expect(await greeted('/v1/realtime', minted.value)).toEqual(openai);
      expect(await called('/v1/realtime/calls', `Bearer ${minted.value}`)).toEqual(openai);
    }
  });
});

test("F31 F02: what the operator has chosen wins on either API's paths", async () => {
  const server = await startServer({ engines: 'scripted', settings: { PARLEY_VOICE: 'Sarah', PARLEY_MODEL: 'parley/own' } });
  expect(await greeted('/v1/realtime', bearer, server)).toEqual({ ...openai, voice: 'Sarah', model: 'parley/own' });
  expect(await greeted('/api/v1/realtime/session', basicOf(apiKey), server)).toEqual({ ...inworld, voice: 'Sarah', model: 'parley/own' });
  await server.close();
});

function basicOf(key: string): string {
  return `Basic ${Buffer.from(key).toString('base64')}`;
}

describe('S03: conversation.created', () => {
  const types = async (path: string, headers: Record<string, string> = {}) => {
    const client = await Client.open(running.ws, path, apiKey, headers);
    client.send({ type: 'input_audio_buffer.clear' });
    await client.log.wait('input_audio_buffer.cleared');
    client.close();
    return client.log.all.map(({ type }) => type);
  };

  test.each(['/v1/realtime', '/api/v1/realtime/session'])('is not sent in GA, at %s', async (path) => {
    expect(await types(path)).toEqual(['session.created', 'input_audio_buffer.cleared']);
  });

  test('follows session.created in the beta', async () => {
    expect(await types('/v1/realtime', { 'OpenAI-Beta': 'realtime=v1' })).toEqual([
      'session.created',
      'conversation.created',
      'input_audio_buffer.cleared',
    ]);
  });
});
