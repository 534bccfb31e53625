// Engines that tell what is used of them: whose it was, which model served, and how much, also where it was cut off or failed.
import { expect, test } from 'vitest';
import { EngineError, type LlmPart, type Speech } from '../../src/engines/engine.ts';
import { meteredLlm, meteredStt, meteredTts, type Used } from '../../src/engines/metered.ts';
import type { Prompt } from '../../src/protocol/prompt.ts';
import { FakeLlm, FakeStt, FakeTts } from '../pipeline/fake-engines.ts';

const origin = { key: 'key_1', session: 'sess_1' };
const prompt: Prompt = {
  instructions: '12345678',
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'abcd' }] }],
  tools: [],
  toolChoice: 'auto',
};
const broken = () => new EngineError('fake', 'broken', 'It broke.');

function answering(options: { origin?: typeof origin } = { origin }) {
  const fake = new FakeLlm();
  const told: Used[] = [];
  const controller = new AbortController();
  const parts: LlmPart[] = [];
  const llm = meteredLlm(
    fake,
    (model) => `openai/${model}`,
    (used) => told.push(used),
  );
  const done = (async () => {
    for await (const part of llm.respond(prompt, { model: 'gpt', ...options }, controller.signal)) parts.push(part);
  })();
  return { answer: fake.last, told, parts, controller, done };
}

test('a model: what it tells of its use, before whoever asked sees it; where it tells more than once, what has come to it', async () => {
  const { answer, told, parts, done } = answering();
  answer.text('Hello');
  answer.give({ type: 'usage', usage: { inputTokens: 20, outputTokens: 1, cachedTokens: 8 } });
  answer.give({ type: 'usage', usage: { inputTokens: 20, outputTokens: 6, cachedTokens: 8 } });
  answer.give({ type: 'end', reason: 'stop' });
  answer.finish();
  await done;
  expect(parts).toHaveLength(4);
  const whose = { stage: 'llm', model: 'openai/gpt', origin };
  expect(told).toEqual([
    { ...whose, requests: 1, inputTokens: 20, outputTokens: 1, cachedTokens: 8 },
    { ...whose, requests: 0, inputTokens: 0, outputTokens: 5, cachedTokens: 0 },
  ]);
});

test('a model that is cut off before it has told is reckoned; one that has told is not', async () => {
  const cut = answering();
  cut.answer.text('12345', '678');
  while (cut.parts.length < 2) await Promise.resolve();
  cut.controller.abort();
  await cut.done;
  expect(cut.told).toMatchObject([{ requests: 1, inputTokens: 3, outputTokens: 2, cachedTokens: 0 }]);
  const late = answering();
  late.answer.give({ type: 'usage', usage: { inputTokens: 9, outputTokens: 9, cachedTokens: 0 } });
  while (late.parts.length < 1) await Promise.resolve();
  late.controller.abort();
  await late.done;
  expect(late.told).toMatchObject([{ inputTokens: 9, outputTokens: 9 }]);
});

test('a model that refuses, or that nobody asks on his account, has used nothing', async () => {
  const refusing = answering();
  refusing.answer.fail(broken());
  await expect(refusing.done).rejects.toThrow('It broke.');
  const sample = answering({});
  sample.answer.end();
  await sample.done;
  expect([refusing.told, sample.told]).toEqual([[], []]);
});

function hearing() {
  const fake = new FakeStt();
  fake.script = undefined;
  const told: Used[] = [];
  const stt = meteredStt(
    fake,
    () => 'parley/ear',
    (used) => told.push(used),
  );
  const recognition = stt.open({ model: '', vocabulary: [], origin }, () => {});
  return { recognition, told, call: () => fake.calls[0] };
}

test('a recogniser: the seconds that it was given, with its words, and one request for an utterance', async () => {
  const { recognition, told, call } = hearing();
  recognition.hear(new Int16Array(16_000));
  const early = recognition.words('speculative');
  call()?.say('One.');
  await early;
  recognition.hear(new Int16Array(8000));
  const last = recognition.words('final');
  call()?.say('One, two.');
  await last;
  recognition.close();
  expect(told.map(({ model, requests, seconds }) => [model, requests, seconds])).toEqual([
    ['parley/ear', 1, 1],
    ['parley/ear', 0, 0.5],
  ]);
});

test('an utterance that nobody wants to its end counts, one that the recogniser failed at does not', async () => {
  const unwanted = hearing();
  unwanted.recognition.hear(new Int16Array(4000));
  unwanted.recognition.close();
  expect(unwanted.told).toMatchObject([{ requests: 1, seconds: 0.25 }]);
  const failing = hearing();
  failing.recognition.hear(new Int16Array(4000));
  const words = failing.recognition.words('final');
  failing.call()?.fail(broken());
  await expect(words).rejects.toThrow('It broke.');
  failing.recognition.close();
  expect(failing.told).toEqual([]);
});

function speaking(...texts: string[]) {
  const fake = new FakeTts();
  const told: Used[] = [];
  const controller = new AbortController();
  const heard: Speech[] = [];
  const tts = meteredTts(
    fake,
    (model) => `elevenlabs/${model}`,
    (used) => told.push(used),
  );
  async function* text() {
    yield* texts;
  }
  const done = (async () => {
    for await (const speech of tts.speak(text(), { model: 'flash', voice: 'v', speed: 1, origin }, controller.signal)) heard.push(speech);
  })();
  return { call: () => fake.last, told, heard, controller, done };
}

test('a voice: characters and seconds, every two seconds of sound and at its end', async () => {
  const { call, told, heard, done } = speaking('Twelve chars');
  for (const seconds of [1, 1.5, 0.5]) call().speak(new Int16Array(seconds * 8000), 8000);
  call().finish();
  await done;
  expect(heard).toHaveLength(3);
  expect(told.map(({ model, requests, seconds }) => [model, requests, seconds])).toEqual([
    ['elevenlabs/flash', 1, 2.5],
    ['elevenlabs/flash', 0, 0.5],
  ]);
  expect(told.reduce((sum, { characters = 0 }) => sum + characters, 0)).toBe(12);
});

test('a voice that is cut off counts as far as it came, one that fails before its first sound does not', async () => {
  const cut = speaking('Hello');
  cut.call().speak(new Int16Array(4000), 8000);
  while (cut.heard.length < 1) await Promise.resolve();
  cut.controller.abort();
  await cut.done;
  expect(cut.told).toMatchObject([{ requests: 1, seconds: 0.5, characters: 5 }]);
  const failing = speaking('Hello');
  failing.call().fail(broken());
  await expect(failing.done).rejects.toThrow('It broke.');
  expect(failing.told).toEqual([]);
});
