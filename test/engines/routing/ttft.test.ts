// Against real servers and the real clock: one that accepts and says nothing is given up after its time-out, and the next one is asked within 20 ms.
import { afterEach, expect, test } from 'vitest';
import { createOpenAiChat } from '../../../src/engines/cloud/openai-chat.ts';
import type { Attempt, LlmPart } from '../../../src/engines/engine.ts';
import { fallbackLlm } from '../../../src/engines/routing/fallback-llm.ts';
import { ModelHealth } from '../../../src/engines/routing/health.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { FakeChatServer, finishChunk, refuse, stream, textChunk, type Script } from '../../contract/fake-chat-server.ts';
import { collect, prompt, textOf } from '../../contract/llm.ts';

const servers: FakeChatServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

interface Served {
  readonly server: FakeChatServer;
  /** When each request came, in the clock's time. */
  readonly cameAtMs: number[];
}

async function serve(
  id: string,
  script: Script,
): Promise<Served & { candidate: { provider: string; llm: ReturnType<typeof createOpenAiChat>; model: string } }> {
  const server = new FakeChatServer();
  servers.push(server);
  const cameAtMs: number[] = [];
  server.script = (...request) => {
    cameAtMs.push(systemClock.now());
    return script(...request);
  };
  await server.listen();
  const llm = createOpenAiChat({ id, name: id, baseUrl: server.url, firstTokenMs: 10_000, clock: systemClock, log: silentLog });
  return { server, cameAtMs, candidate: { provider: id, llm, model: 'm' } };
}

const silence: Script = () => {};
const headersOnly: Script = (_, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': wait\n\n');
const answers = stream(textChunk('Here I am.'), finishChunk('stop'), 'data: [DONE]\n\n');

async function ask(
  ...served: Awaited<ReturnType<typeof serve>>[]
): Promise<{ parts: LlmPart[]; attempts: Attempt[]; startedAtMs: number }> {
  const attempts: Attempt[] = [];
  const llm = fallbackLlm(
    served.map(({ candidate }) => candidate),
    {
      clock: systemClock,
      log: silentLog,
      health: new ModelHealth(systemClock),
      ttftMs: 300,
      onAttempt: (attempt) => attempts.push(attempt),
    },
  );
  const startedAtMs = systemClock.now();
  const parts = await collect(llm.respond(prompt('hello'), { model: '' }, new AbortController().signal));
  return { parts, attempts, startedAtMs };
}

test.each<[string, Script]>([
  ['that never answers', silence],
  ['that sends headers and nothing else', headersOnly],
])('a server %s is left after 300 ms, and the next one has its request within 320', async (_, script) => {
  const hanging = await serve('hanging', script);
  const quick = await serve('quick', answers);
  const handedOverMs: number[] = [];
  // The machine has other things to do: one time of five it must not have been in the way.
  for (let time = 0; time < 5; time++) {
    const { parts, attempts, startedAtMs } = await ask(hanging, quick);
    expect(textOf(parts)).toBe('Here I am.');
    expect(attempts).toMatchObject([
      { model: 'hanging/m', outcome: 'failed', reason: 'ttft_timeout' },
      { model: 'quick/m', outcome: 'answered' },
    ]);
    handedOverMs.push((quick.cameAtMs.at(-1) ?? 0) - startedAtMs);
  }
  expect(Math.min(...handedOverMs)).toBeGreaterThanOrEqual(299);
  expect(Math.min(...handedOverMs)).toBeLessThan(320);
  await expect.poll(() => hanging.server.dropped + hanging.server.connections).toBeGreaterThan(0);
  await expect.poll(() => hanging.server.connections).toBe(0);
});

test('500, then silence, then an answer: 300 ms and what the answers take', async () => {
  const broken = await serve('broken', refuse(500, 'oops'));
  const hanging = await serve('hanging', silence);
  const quick = await serve('quick', answers);
  const { parts, attempts } = await ask(broken, hanging, quick);
  expect(textOf(parts)).toBe('Here I am.');
  expect(attempts.map(({ model, ...attempt }) => `${model} ${'reason' in attempt ? attempt.reason : attempt.outcome}`)).toEqual([
    'broken/m broken',
    'hanging/m ttft_timeout',
    'quick/m answered',
  ]);
});
