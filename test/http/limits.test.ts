// A key that asks for too much over HTTP: 429 with Retry-After in the words of each API, and nobody else pays for it.
import { afterEach, expect, test } from 'vitest';
import { signature } from '../access/rig.ts';
import { httpRig } from './rig.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function rigWith(limits: Parameters<typeof httpRig>[1]) {
  const rig = await httpRig({}, limits);
  closing.push(() => rig.close());
  return rig;
}

test('over the requests of a second, each API says when to come again, and then it goes on', async () => {
  const rig = await rigWith({ requests: 2 });
  expect((await rig.get('/v1/models')).status).toBe(200);
  expect((await rig.get('/voices/v1/voices')).status).toBe(200);
  const openai = await rig.get('/v1/models');
  expect([openai.status, openai.headers.get('retry-after')]).toEqual([429, '1']);
  expect(openai.body).toEqual({
    error: {
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      param: null,
      message: 'Rate limit reached: This API key may make 2 requests a second. Try again in 500 ms.',
    },
  });
  const inworld = await rig.get('/voices/v1/voices');
  expect([inworld.status, inworld.headers.get('retry-after')]).toEqual([429, '1']);
  expect(inworld.body).toMatchObject({ code: 8, message: expect.stringContaining('2 requests a second') as string, details: [] });
  const other = await rig.makeKey('acme');
  expect((await rig.get('/v1/models', { authorization: `Bearer ${other.credential}` })).status).toBe(200);
  rig.clock.advance(500);
  expect((await rig.get('/v1/models')).status).toBe(200);
});

test('a wrong key is no request of anybody’s', async () => {
  const rig = await rigWith({ requests: 1 });
  for (let count = 0; count < 5; count++) expect((await rig.get('/v1/models', { authorization: 'Bearer wrong' })).status).toBe(401);
  expect((await rig.get('/v1/models')).status).toBe(200);
});

test('over the mints of a minute no secret and no token is made, and it is said for how long', async () => {
  const rig = await rigWith({ mints: 2 });
  const secret = () => rig.post('/v1/realtime/client_secrets', {});
  const token = () => rig.post('/auth/v1/tokens/token:generate', {}, { authorization: signature(rig.key, rig.clock) });
  expect([(await secret()).status, (await token()).status]).toEqual([200, 200]);
  const refused = await secret();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
  expect(refused.body).toMatchObject({ error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } });
  for (const path of ['/v1/realtime/sessions', '/v1/realtime/transcription_sessions']) expect((await rig.post(path, {})).status).toBe(429);
  const noToken = await token();
  expect([noToken.status, noToken.headers.get('retry-after')]).toEqual([429, '30']);
  expect(noToken.body).toMatchObject({ code: 8, message: expect.stringContaining('2 secrets and tokens a minute') as string });
  rig.clock.advance(30_000);
  expect((await secret()).status).toBe(200);
  expect((await secret()).status).toBe(429);
});
