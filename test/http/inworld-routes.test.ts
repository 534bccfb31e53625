// Inworld's routes: tokens (E20), voices (E21 to E24) and models (E25), with errors as gRPC says them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { methods, signature } from '../access/rig.ts';
import { httpRig, voices } from './rig.ts';

let rig: Awaited<ReturnType<typeof httpRig>>;
beforeEach(async () => {
  rig = await httpRig();
});
afterEach(() => rig.close());

const tokenPath = '/auth/v1/tokens/token:generate';
const names = (answer: { body: unknown }) => (answer.body as { voices: { voiceId: string }[] }).voices.map(({ voiceId }) => voiceId);

describe(`POST ${tokenPath}`, () => {
  const ask = (body: object = {}, authorization = signature(rig.key, rig.clock)) =>
    rig.post(tokenPath, { key: rig.key.key, resources: [], ...body }, { authorization });

  test('E20 A03: answers with a token that works everywhere until it expires', async () => {
    const { status, body, headers } = await ask({ resources: ['workspaces/acme'] });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      token: expect.stringMatching(/^eyJ/),
      type: 'Bearer',
      expirationTime: '2023-11-14T22:28:20Z',
      sessionId: expect.stringMatching(/^default:/),
    });
    const authorization = `Bearer ${(body as { token: string }).token}`;
    const everywhere = async () =>
      Promise.all([
        rig.get('/voices/v1/voices', { authorization }),
        rig.get('/v1/models', { authorization }),
        rig.post('/v1/realtime/client_secrets', {}, { authorization }),
      ]);
    expect((await everywhere()).map((each) => each.status)).toEqual([200, 200, 200]);
    rig.clock.advance(900_000);
    expect((await everywhere()).map((each) => each.status)).toEqual([401, 401, 401]);
  });

  test('is signed for the name the server was called by, port and all', async () => {
    const own = signature(rig.key, rig.clock, { host: new URL(rig.url).host });
    expect((await ask({}, own)).status).toBe(200);
  });

  test("E20: refuses in Inworld's words a wrong signature, a replay, and a plain key", async () => {
    const once = signature(rig.key, rig.clock);
    expect((await ask({}, once)).status).toBe(200);
    for (const wrong of [once, signature({ ...rig.key, secret: 'guess' }, rig.clock), `Bearer ${rig.key.credential}`]) {
      expect(await ask({}, wrong)).toMatchObject({
        status: 403,
        body: { code: 7, message: 'invalid authorization signature', details: [] },
      });
    }
    expect((await rig.post(tokenPath, {}, {})).status).toBe(403);
  });

  test("refuses another workspace's resources", async () => {
    const answer = await ask({ resources: ['workspaces/other'] });
    expect(answer).toMatchObject({ status: 403, body: { code: 7, message: 'this key has no access to workspaces/other' } });
  });

  test('refuses a body that is none, and one that is too long', async () => {
    expect(await ask({ resources: 'workspaces/acme' })).toMatchObject({ status: 400, body: { code: 3 } });
    expect(await rig.post(tokenPath, '{', {})).toMatchObject({ status: 400, body: { code: 3, details: [] } });
    expect((await rig.post(tokenPath, { key: 'x'.repeat(20_000) }, {})).status).toBe(413);
  });
});

describe('POST /v1/sessionTokens/token:generate', () => {
  const path = '/v1/sessionTokens/token:generate';
  const signed = (method = methods.sessionToken) => signature(rig.key, rig.clock, { method, host: 'api.inworld.ai', nonce: freshNonce() });
  const ask = (body: unknown, authorization = signed()) => rig.post(path, body, { authorization });

  test.each<[what: string, body: () => object]>([
    ['the key alone', () => ({ api_key: rig.key.key })],
    ['the key and its workspace, as the SDKs of games ask', () => ({ api_key: rig.key.key, resource_id: 'workspaces/acme' })],
    ["gRPC's other spelling", () => ({ apiKey: rig.key.key, resourceId: 'workspaces/acme' })],
    ['nothing', () => ({})],
  ])('E20 A03: %s is answered with a token that opens what the older one opens', async (_, body) => {
    const { status, body: answer, headers } = await ask(body());
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(answer).toMatchObject({ token: expect.stringMatching(/^eyJ/), expirationTime: '2023-11-14T22:28:20Z' });
    const authorization = `Bearer ${(answer as { token: string }).token}`;
    expect((await rig.get('/voices/v1/voices', { authorization })).status).toBe(200);
    expect((await rig.post('/v1/realtime/client_secrets', {}, { authorization })).status).toBe(200);
    expect(await rig.access.authenticate({ authorization }, new URLSearchParams(), 'realtime')).toMatchObject({ kind: 'token' });
    rig.clock.advance(900_000);
    expect((await rig.get('/voices/v1/voices', { authorization })).status).toBe(401);
  });

  test("E20: neither route takes a signature for the other, nor another key's, nor one twice", async () => {
    const once = signed();
    expect((await ask({}, once)).status).toBe(200);
    const refused = { status: 403, body: { code: 7, message: 'invalid authorization signature' } };
    expect(await ask({}, once)).toMatchObject(refused);
    expect(await ask({}, signed(methods.token))).toMatchObject(refused);
    expect(await rig.post(tokenPath, {}, { authorization: signed() })).toMatchObject(refused);
    expect(await ask({ api_key: 'another' })).toMatchObject(refused);
    expect(await ask({ resource_id: 'workspaces/other' })).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('other') },
    });
  });

  test('E20: one-time tokens are not made', async () => {
    const authorization = `Basic ${rig.key.credential}`;
    expect((await rig.post('/auth/v1/tokens', {}, { authorization })).status).toBe(404);
  });
});

let nonces = 0;
/** As real clients write it: 32 hexadecimal digits. */
function freshNonce(): string {
  nonces += 1;
  return nonces.toString(16).padStart(32, '0');
}

describe('GET /voices/v1/voices', () => {
  test('E21: lists every voice in the present shape', async () => {
    const answer = await rig.get('/voices/v1/voices');
    expect(answer.body).toMatchObject({ nextPageToken: '', totalSize: voices.length });
    expect(names(answer)).toEqual(['Dennis', 'Clive', 'Olivia', 'Mathilde']);
    expect((answer.body as { voices: unknown[] }).voices[1]).toEqual({
      voiceId: 'Clive',
      name: 'workspaces/acme/voices/Clive',
      displayName: 'Clive',
      description: 'Clive speaks.',
      langCode: 'EN_GB',
      tags: ['cordial'],
      source: 'SYSTEM',
      gender: 'male',
      provider: 'parley',
    });
  });

  test.each([
    ['languages=EN_US', ['Dennis', 'Olivia']],
    ['languages=en-gb&languages=FR_FR', ['Clive', 'Mathilde']],
    ['languages=en_GB,fr', ['Clive', 'Mathilde']],
    ['languages=DE_DE', []],
    ['filter=source = "SYSTEM" AND lang_code = "en"', ['Dennis', 'Clive', 'Olivia']],
    ['filter=gender=female', ['Olivia', 'Mathilde']],
    ['filter=gender != "male" and lang_code != "en"', ['Mathilde']],
    ['filter=tags:friend', ['Dennis', 'Olivia']],
    ['filter=tags = "friend"', []],
    ['filter=source = "IVC"', []],
    ["filter=displayName='clive'", ['Clive']],
    ['orderBy=display_name asc', ['Clive', 'Dennis', 'Mathilde', 'Olivia']],
    ['orderBy=gender, displayName desc', ['Olivia', 'Mathilde', 'Dennis', 'Clive']],
  ])('E21: chooses by %s', async (query, expected) => {
    const answer = await rig.get(`/voices/v1/voices?${query.replaceAll(' ', '%20').replaceAll('"', '%22')}`);
    expect(names(answer)).toEqual(expected);
  });

  test('E21: goes in pages that together are the list', async () => {
    const seen: string[][] = [];
    let query = '?pageSize=3';
    for (let at = 0; at < 5; at++) {
      const answer = await rig.get(`/voices/v1/voices${query}`);
      seen.push(names(answer));
      const { nextPageToken } = answer.body as { nextPageToken: string };
      if (nextPageToken === '') break;
      query = `?pageToken=${nextPageToken}`;
    }
    expect(seen).toEqual([['Dennis', 'Clive', 'Olivia'], ['Mathilde']]);
    expect(names(await rig.get('/voices/v1/voices?pageToken=9-3'))).toEqual([]);
  });

  test.each([
    'filter=colour=red',
    'filter=gender',
    'filter=gender=male OR gender=female',
    'orderBy=gender up',
    'orderBy=__proto__',
    'pageSize=-1',
    'pageSize=many',
    'pageToken=elsewhere',
  ])('refuses %s instead of ignoring it', async (query) => {
    const { status, body } = await rig.get(`/voices/v1/voices?${query.replaceAll(' ', '%20')}`);
    expect(status).toBe(400);
    expect(body).toEqual({ code: 3, message: expect.any(String), details: [] });
  });

  test('changes nothing in the list it sorts', async () => {
    await rig.get('/voices/v1/voices?orderBy=display_name');
    expect(voices.map(({ id }) => id)).toEqual(['Dennis', 'Clive', 'Olivia', 'Mathilde']);
  });
});

describe('a voice', () => {
  test('E23: is had by its id, in any case', async () => {
    for (const path of ['/voices/v1/voices/Dennis', '/voices/v1/voices/dennis', '/voices/v1/workspaces/acme/voices/Dennis']) {
      expect(await rig.get(path)).toMatchObject({ status: 200, body: { voiceId: 'Dennis', langCode: 'EN_US' } });
    }
  });

  test('that is not there is 404', async () => {
    expect(await rig.get('/voices/v1/voices/Nobody')).toMatchObject({
      status: 404,
      body: { code: 5, message: "there is no voice 'Nobody'", details: [] },
    });
  });
});

test("E22: a workspace's voices are its own keys' to list", async () => {
  expect(names(await rig.get('/voices/v1/workspaces/acme/voices?languages=FR_FR'))).toEqual(['Mathilde']);
  const other = await rig.makeKey('other');
  const headers = { authorization: `Basic ${other.credential}` };
  for (const path of ['/voices/v1/workspaces/acme/voices', '/voices/v1/workspaces/acme/voices/Dennis']) {
    expect(await rig.get(path, headers)).toMatchObject({
      status: 403,
      body: { code: 7, message: 'this key has no access to workspaces/acme' },
    });
  }
  expect((await rig.get('/voices/v1/workspaces/other/voices', headers)).status).toBe(200);
});

test('E24: the older list has the older shape', async () => {
  for (const path of ['/tts/v1/voices', '/tts/v1alpha/voices']) {
    const { body } = await rig.get(`${path}?filter=language=fr`);
    expect(body).toEqual({
      voices: [
        {
          voiceId: 'Mathilde',
          displayName: 'Mathilde',
          description: 'Mathilde speaks.',
          languages: ['fr'],
          tags: ['warm'],
          isCustom: false,
        },
      ],
    });
  }
});

test('E25: models are listed for Inworld clients', async () => {
  expect((await rig.get('/llm/v1alpha/models')).body).toMatchObject({
    models: [
      { model: 'offline/assistant', provider: 'offline', isSupported: true },
      { model: 'google-ai-studio/gemini-2.5-flash', provider: 'google-ai-studio', isSupported: true },
    ],
  });
});

test("A07: nobody reads anything without a key: 401 in Inworld's words", async () => {
  const paths = [
    '/voices/v1/voices',
    '/voices/v1/voices/Dennis',
    '/voices/v1/workspaces/acme/voices',
    '/tts/v1/voices',
    '/tts/v1alpha/voices',
    '/llm/v1alpha/models',
  ];
  for (const path of paths) {
    const { status, body } = await rig.get(path, {});
    expect(status, `with ${path}`).toBe(401);
    expect(body).toEqual({ code: 16, message: expect.stringContaining('API key'), details: [] });
  }
});
