// The models as OpenAI's client lists and retrieves them.
import OpenAI, { AuthenticationError } from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpRig } from './rig.ts';

let rig: Awaited<ReturnType<typeof httpRig>>;
beforeEach(async () => {
  rig = await httpRig();
});
afterEach(() => rig.close());

const openai = (apiKey = rig.key.credential) => new OpenAI({ apiKey, baseURL: `${rig.url}/v1`, maxRetries: 0 });

test("OpenAI's client lists the models, each with a date", async () => {
  const models = [];
  for await (const model of openai().models.list()) models.push(model);
  expect(models).toEqual([
    { id: 'offline/assistant', object: 'model', created: rig.clock.wallMs() / 1000, owned_by: 'offline', kind: 'llm' },
    { id: 'google-ai-studio/gemini-2.5-flash', object: 'model', created: 1_600_000_000, owned_by: 'google-ai-studio', kind: 'llm' },
  ]);
});

test("OpenAI's client retrieves one by an id that has a slash, and learns of one that is not there", async () => {
  expect(await openai().models.retrieve('offline/assistant')).toMatchObject({ id: 'offline/assistant' });
  expect((await rig.get('/v1/models/offline/assistant')).status).toBe(200);
  await expect(openai().models.retrieve('nobody')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
});

test('the voices are listed in the same manner, each as a session names it', async () => {
  const { data } = (await rig.get('/v1/voices')).body as { data: { id: string; owned_by: string; language: string }[] };
  expect(data.map(({ id }) => id)).toEqual(['Dennis', 'Clive', 'Olivia', 'Mathilde']);
  expect(data[0]).toMatchObject({ object: 'voice', owned_by: 'parley', language: 'en-US' });
});

test('nobody lists them without a key', async () => {
  await expect(openai('wrong').models.list()).rejects.toBeInstanceOf(AuthenticationError);
});
