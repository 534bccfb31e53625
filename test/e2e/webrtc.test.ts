// WebRTC from a real Chromium: a page written as Inworld's reference says.
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { findChromium } from './support/browser.ts';
import type { StagePage } from './support/browser-page.ts';
import { Client } from './support/client.ts';
import { dialReference, heardLikeness } from './support/reference-page.ts';
import { field, type WireEvent } from './support/events.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';
import { overlap, say, wordsOf } from './support/speech.ts';
import { testTypes } from './support/types.ts';

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

/** The whole sound of the item came out of the loudspeaker, at its own pace. */
async function expectHeard(stage: StagePage, callId: string, item: WireEvent | undefined): Promise<void> {
  expect(await heardLikeness(running, stage, callId, item?.['item_id'])).toBeGreaterThan(0.92);
}

describe.skipIf(chromium === undefined)('a page written as the reference says', () => {
  const dial = async (more: object = {}) => {
    const call = await dialReference(chromium ?? '', running, { session: more });
    leave.push(() => call.stage.close());
    return call;
  };

  test('E11 O06 S21 S22: holds a spoken turn, whose answer comes out of its loudspeaker', async () => {
    const { stage, id } = await dial();
    await stage.speak(await say(running.server, 'What can you do?'));
    const heard = await stage.log.wait('conversation.item.input_audio_transcription.completed');
    expect(overlap('what can you do', String(heard['transcript']))).toBeGreaterThanOrEqual(0.75);
    await stage.log.wait('output_audio_buffer.stopped');
    const [answer] = stage.log.of('response.output_audio_transcript.done');
    await expectHeard(stage, id, answer);
    expect(stage.log.all[0]?.type).toBe('session.created');
    // Sound goes over the line and not over the data channel.
    expect(stage.log.of('response.output_audio.delta')).toEqual([]);
    expect(stage.log.of('output_audio_buffer.started')).toHaveLength(1);
    expect(stage.log.of('error')).toEqual([]);
    expect(stage.browser.complaints).toEqual([]);
  });

  test('calls a function of the page, and speaks of its result', async () => {
    const tools = [
      {
        type: 'function',
        name: 'get_horoscope',
        description: 'Get the horoscope for a zodiac sign',
        parameters: {
          type: 'object',
          properties: { sign: { type: 'string', description: 'Zodiac sign, e.g. Aries, Taurus' } },
          required: ['sign'],
        },
      },
    ];
    const { stage, send, id } = await dial({ tools });
    await send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is the horoscope for Taurus?' }] },
    });
    await send({ type: 'response.create' });
    const call = await stage.log.wait('response.function_call_arguments.done');
    expect(JSON.parse(String(call['arguments']))).toMatchObject({ sign: expect.stringMatching(/^taurus$/i) as string });
    await send({
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: call['call_id'], output: 'You will find a golden key.' },
    });
    const spoken = await stage.log.wait('response.output_audio_transcript.done');
    expect(String(spoken['transcript'])).toMatch(/golden key/i);
    await stage.log.wait('output_audio_buffer.stopped');
    await expectHeard(stage, id, spoken);
  });

  test('E02 S23: is interrupted by speech: silence at once, and the item is cut to what was heard, with no help of its own', async () => {
    const { stage, send, id } = await dial();
    const beside = await Client.open(running.ws, `/v1/realtime?call_id=${id}`);
    leave.push(() => beside.close());
    const objection = await say(running.server, 'Please stop now.');
    await send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Count from one thousand to two thousand.' }] },
    });
    await send({ type: 'response.create' });
    await stage.log.wait('output_audio_buffer.started');
    await pass(2500);
    const mark = stage.log.mark;
    await stage.speak(objection);
    const truncated = await stage.log.wait('conversation.item.truncated', mark);
    await stage.log.wait('output_audio_buffer.cleared', mark);
    const done = await stage.log.wait('response.done', mark);
    expect(field(done, 'response.status_details')).toEqual({ type: 'cancelled', reason: 'turn_detected' });
    // What the page's own loudspeaker gave is what the server believes was heard.
    expect(Number(truncated['audio_end_ms'])).toBeGreaterThan(1500);
    await send({ type: 'conversation.item.retrieve', item_id: truncated['item_id'] });
    const kept = await beside.log.wait('conversation.item.retrieved');
    const words = String(field(kept, 'item.content.0.transcript'));
    expect(wordsOf(words)).toEqual(expect.arrayContaining(['one', 'thousand']));
    expect(wordsOf(words).length).toBeLessThan(40);
    expect(beside.log.of('conversation.item.truncated')).toHaveLength(1);
  });

  test('S20: tells of the keys that are pressed', async () => {
    const { stage } = await dial();
    await stage.page.evaluate(() => {
      const { peer } = globalThis as unknown as { peer: { getSenders(): { dtmf: { insertDTMF(tones: string, ms: number): void } }[] } };
      peer.getSenders()[0]?.dtmf.insertDTMF('5#', 120);
    });
    await stage.log.wait((event) => event.type === 'input_audio_buffer.dtmf_event_received' && event['event'] === '#');
    const keys = stage.log.of('input_audio_buffer.dtmf_event_received');
    expect(keys.map((event) => event['event'])).toEqual(['5', '#']);
    expect(keys[0]).not.toHaveProperty('event_id');
  });

  test('E15: ends when it is hung up', async () => {
    const { stage, id } = await dial();
    const response = await fetch(`${running.http}/v1/realtime/calls/${id}/hangup`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${apiKey}` },
    });
    expect(response.status).toBe(200);
    await vi.waitFor(
      async () =>
        expect(['disconnected', 'failed', 'closed']).toContain(
          await stage.page.evaluate(() => (globalThis as unknown as { peer: { connectionState: string } }).peer.connectionState),
        ),
      20_000,
    );
  });
});

testTypes();
