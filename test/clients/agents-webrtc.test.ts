// `@openai/agents-realtime`'s own WebRTC client, unmodified, in a real Chromium: a spoken turn, a tool of its own and two interruptions.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { findChromium } from '../e2e/support/browser.ts';
import { openStage, type StagePage } from '../e2e/support/browser-page.ts';
import { field } from '../e2e/support/events.ts';
import { heardLikeness } from '../e2e/support/reference-page.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';
import { say } from '../e2e/support/speech.ts';
import { testTypes } from '../e2e/support/types.ts';

vi.setConfig({ testTimeout: 90_000 });

const chromium = findChromium();
let running: RunningServer;
const leave: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  running = await startServer({ engines: 'real' });
});
afterEach(async () => {
  for (const task of leave.splice(0)) await task();
});
afterAll(async () => {
  await running.close();
});

async function open(script: string, ...libraries: string[]): Promise<StagePage> {
  const stage = await openStage(chromium ?? '', [...libraries, script]);
  leave.push(() => stage.close());
  return stage;
}

describe.skipIf(chromium === undefined)("the SDK's WebRTC client", () => {
  const bundle = readFileSync(
    createRequire(import.meta.url)
      .resolve('@openai/agents-realtime')
      .replace(/dist\/.*$/, 'dist/bundle/openai-realtime-agents.umd.js'),
    'utf8',
  );
  const script = `
    async function join(url, apiKey) {
      const { RealtimeAgent, RealtimeSession, OpenAIRealtimeWebRTC, tool } = OpenAIAgentsRealtime;
      window.asked = [];
      const horoscope = tool({
        name: 'get_horoscope',
        description: 'Get the horoscope for a zodiac sign',
        strict: false,
        parameters: { type: 'object', properties: { sign: { type: 'string', description: 'Zodiac sign, e.g. Aries, Taurus' } }, required: ['sign'], additionalProperties: true },
        execute: (input) => { asked.push(input); return 'You will find a golden key.'; },
      });
      const audioElement = new Audio();
      const transport = new OpenAIRealtimeWebRTC({ mediaStream: stage.microphone(), audioElement });
      const session = new RealtimeSession(new RealtimeAgent({ name: 'Seer', instructions: 'You read the stars.', tools: [horoscope] }), { transport, model: 'gpt-realtime' });
      window.session = session;
      window.errors = [];
      session.on('error', (error) => errors.push(JSON.stringify(error)));
      transport.on('*', (event) => { if (event.type.includes('.')) tell(event); });
      await session.connect({ apiKey, url });
      await stage.listen(audioElement.srcObject);
    }
    window.join = join;`;

  interface Page {
    join(url: string, key: string): Promise<void>;
    session: {
      sendMessage(text: string): void;
      interrupt(): void;
      transport: { callId: string };
      close(): void;
      history: { type: string; role?: string; content?: { transcript?: string }[] }[];
    };
    asked: unknown[];
    errors: string[];
  }

  async function join(): Promise<StagePage> {
    const minted = await fetch(`${running.http}/v1/realtime/client_secrets`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${apiKey}` },
    });
    const { value } = (await minted.json()) as { value: string };
    const stage = await open(script, bundle);
    await stage.page.evaluate(([url, key]) => (globalThis as unknown as Page).join(url, key), [
      `${running.http}/v1/realtime/calls`,
      value,
    ] as const);
    return stage;
  }
  const say_ = (stage: StagePage, text: string) =>
    stage.page.evaluate((words) => (globalThis as unknown as Page).session.sendMessage(words), text);
  const state = (stage: StagePage) =>
    stage.page.evaluate(() => {
      const { asked, errors, session } = globalThis as unknown as Page;
      return {
        asked,
        errors,
        history: session.history.map(({ role, content }) => ({ role, text: content?.map(({ transcript }) => transcript ?? '').join('') })),
      };
    });

  test('E09: holds a spoken turn and calls a function', async () => {
    const stage = await join();
    await stage.speak(await say(running.server, 'What can you do?'));
    const answer = await stage.log.wait('response.output_audio_transcript.done');
    await stage.log.wait('output_audio_buffer.stopped');
    const callId = await stage.page.evaluate(() => (globalThis as unknown as Page).session.transport.callId);
    // The whole sound of the item came out of the loudspeaker, at its own pace.
    expect(await heardLikeness(running, stage, callId, answer['item_id'])).toBeGreaterThan(0.92);
    const mark = stage.log.mark;
    await say_(stage, 'What is the horoscope for Taurus?');
    const told = await stage.log.wait('response.output_audio_transcript.done', mark);
    expect(String(told['transcript'])).toMatch(/golden key/i);
    const { asked, errors } = await state(stage);
    expect(asked).toEqual([{ sign: expect.stringMatching(/^taurus$/i) as string }]);
    expect(errors).toEqual([]);
  });

  test('is interrupted by speech, and by its own button', async () => {
    const stage = await join();
    const objection = await say(running.server, 'Please stop now.');
    await say_(stage, 'Count from one thousand to two thousand.');
    await stage.log.wait('output_audio_buffer.started');
    await pass(2000);
    await stage.speak(objection);
    await stage.log.wait('conversation.item.truncated');
    await stage.log.wait('output_audio_buffer.cleared');
    expect((await state(stage)).errors).toEqual([]);
    await stage.log.wait((event) => event.type === 'response.done' && field(event, 'response.status') === 'completed');

    const mark = stage.log.mark;
    await say_(stage, 'Count from three thousand to four thousand.');
    await stage.log.wait('output_audio_buffer.started', mark);
    await pass(1000);
    await stage.page.evaluate(() => (globalThis as unknown as Page).session.interrupt());
    const done = await stage.log.wait('response.done', mark);
    expect(field(done, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'client_cancelled' });
    await vi.waitFor(async () => expect(await stage.quietMs()).toBeGreaterThan(500), 10_000);
    expect((await state(stage)).errors).toEqual([]);
  });
});

testTypes();
