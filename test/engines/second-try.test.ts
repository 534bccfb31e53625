// A language model's service that refuses, fails or breaks off for a moment: nobody who talks is to notice.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createOpenAiChat } from '../../src/engines/cloud/openai-chat.ts';
import type { EngineError, Llm, LlmPart } from '../../src/engines/engine.ts';
import { fallbackLlm } from '../../src/engines/routing/fallback-llm.ts';
import { ModelHealth } from '../../src/engines/routing/health.ts';
import { ManualClock, systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { FakeChatServer, finishChunk, refuse, stream, textChunk, type Script } from '../contract/fake-chat-server.ts';
import { collect, prompt, textOf } from '../contract/llm.ts';

let server: FakeChatServer;
beforeEach(async () => {
  server = new FakeChatServer();
  await server.listen();
});
afterEach(() => server.close());

const answer = stream(textChunk('Here I am.'), finishChunk('stop'), 'data: [DONE]\n\n');

/** The server does the first of these, then the second, and so on; the last again and again. */
function does(...scripts: Script[]): void {
  server.script = (...request) => scripts[Math.min(server.requests.length, scripts.length) - 1]?.(...request);
}

/** The wait goes by the clock that is given; the requests take the time they take. */
function model(clock = new ManualClock(), onSecond: (failure: EngineError) => void = () => {}) {
  const chat = createOpenAiChat({
    id: 'fake',
    name: 'Fake',
    baseUrl: server.url,
    apiKey: 'secret',
    firstTokenMs: 5000,
    clock: systemClock,
    log: silentLog,
  });
  return alone(chat, clock, onSecond);
}

function alone(llm: Llm, clock = new ManualClock(), onSecondTry: (failure: EngineError) => void = () => {}): Llm {
  return fallbackLlm([{ provider: 'fake', llm }], { clock, log: silentLog, health: new ModelHealth(clock), onSecondTry });
}

test('what is known of the model is known of the one that is asked twice', () => {
  const blind = { ...model(), sees: false, followsInstructions: false };
  expect(alone(blind)).toMatchObject({ sees: false, followsInstructions: false });
});

/** Asks, and lets the clock go on by `ms` once the first try has failed. */
async function ask(
  ms: number,
  signal = new AbortController().signal,
  onSecond: (failure: EngineError) => void = () => {},
): Promise<{ parts: LlmPart[]; clock: ManualClock }> {
  const waiting = Promise.withResolvers<void>();
  const clock = new (class extends ManualClock {
    override after(delayMs: number, task: () => void) {
      waiting.resolve();
      return super.after(delayMs, task);
    }
  })();
  const parts = collect(model(clock, onSecond).respond(prompt('hello'), { model: 'small' }, signal));
  await Promise.race([waiting.promise, parts.catch(() => {})]);
  clock.advance(ms);
  return { parts: await parts, clock };
}

const breaks: Script = (_, response) => void response.destroy();
const breaksAfterHeaders: Script = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': so\n\n');
  setImmediate(() => response.destroy());
};

test.each<[string, Script]>([
  ['429', refuse(429, 'slow down')],
  ['500', refuse(500, 'oops')],
  ['503', refuse(503, 'overloaded')],
  ['a broken connection', breaks],
  ['a connection that breaks after the headers', breaksAfterHeaders],
  ['an answer without a word', stream(': nothing\n\n')],
  ['an error as the first of the stream', stream({ error: { message: 'overloaded', code: 529 } })],
])('after %s the model is asked once more, 250 ms later, and the user hears the answer', async (_, failure) => {
  does(failure, answer);
  const { parts } = await ask(250);
  expect(textOf(parts)).toBe('Here I am.');
  expect(server.requests).toHaveLength(2);
  expect(server.requests[1]?.body).toEqual(server.requests[0]?.body);
});

test('the service says when it is to be asked again, up to three seconds', async () => {
  does(refuse(429, 'slow down', { 'retry-after': '2' }), answer);
  const asked = ask(1999);
  await expect.poll(() => server.requests.length).toBe(1);
  const outcome = await Promise.race([asked, new Promise((resolve) => setTimeout(() => resolve('waits'), 100))]);
  expect(outcome).toBe('waits');
  expect(server.requests).toHaveLength(1);
  does(refuse(429, 'slow down', { 'retry-after': '2' }), answer);
  server.requests.length = 0;
  expect(textOf((await ask(2000)).parts)).toBe('Here I am.');
});

test('a service that wants to be left alone for longer fails the answer at once: nobody is silent for so long', async () => {
  does(refuse(429, 'slow down', { 'retry-after': '4' }), answer);
  await expect(ask(60_000)).rejects.toMatchObject({ reason: 'rate_limited' });
  expect(server.requests).toHaveLength(1);
});

test('there is one second try and no third', async () => {
  does(refuse(503, 'first'), refuse(503, 'second'), answer);
  const seconds: string[] = [];
  await expect(ask(250, undefined, ({ engine, reason }) => seconds.push(`${engine} ${reason}`))).rejects.toMatchObject({
    message: 'Fake: second (status 503)',
  });
  expect(server.requests).toHaveLength(2);
  expect(seconds).toEqual(['fake broken']);
});

test.each<[number]>([[400], [401], [402], [404]])('status %i is for good: nobody is asked again', async (status) => {
  does(refuse(status, 'no'), answer);
  await expect(ask(250)).rejects.toThrow(`(status ${status})`);
  expect(server.requests).toHaveLength(1);
});

test('an answer that has begun is never begun again', async () => {
  does((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`data: ${JSON.stringify(textChunk('Here '))}\n\n`);
    setTimeout(() => response.destroy(), 20);
  }, answer);
  const parts: LlmPart[] = [];
  const all = async () => {
    for await (const part of model().respond(prompt('hello'), { model: 'small' }, new AbortController().signal)) parts.push(part);
  };
  await expect(all()).rejects.toMatchObject({ reason: 'broken' });
  expect(textOf(parts)).toBe('Here ');
  expect(server.requests).toHaveLength(1);
});

test('who interrupts while the model is waited for ends the waiting at once', async () => {
  does(refuse(503, 'first'), answer);
  const interrupt = new AbortController();
  const asked = collect(model().respond(prompt('hello'), { model: 'small' }, interrupt.signal));
  await expect.poll(() => server.requests.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  interrupt.abort();
  expect(await asked).toEqual([]);
  expect(server.requests).toHaveLength(1);
});
