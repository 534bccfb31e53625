// A thread that carries calls and dies takes its own calls with it, says so, and nothing else: the call in the other tab misses no sound.
import { readFileSync } from 'node:fs';
import { setTimeout as pass } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { resample } from '../../src/media/resample.ts';
import { readWav } from '../../src/media/wav.ts';
import { energy } from '../transports/webrtc/caller.ts';
import { findChromium, type OpenBrowser } from './support/browser.ts';
import { Client } from './support/client.ts';
import { field } from './support/events.ts';
import { dialReference, type ReferenceCall } from './support/reference-page.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';
import { rateHz } from './support/speech.ts';
import { testTypes } from './support/types.ts';

vi.setConfig({ testTimeout: 120_000 });

const chromium = findChromium();
const question = resample(readWav(readFileSync(new URL('../../samples/question.wav', import.meta.url))), rateHz).samples;
/** Samples that the stage's ear takes at a time. */
const quantum = 128;
/** A machine that has other things to do makes holes of a tenth of a second; a call whose sound stops makes one of many. */
const mostHoleMs = 250;
const leave: (() => Promise<void> | void)[] = [];
/** The threads that carry calls, in the order of their first calls: one is always started ahead of need. */
const carriers: Worker[] = [];
const note = (worker: Worker) => {
  if (worker.threadName === 'webrtc') carriers.push(worker);
};
let running: RunningServer;

// A server for each try: what dies in one is counted from nothing in the next.
beforeEach(async () => {
  carriers.length = 0;
  process.on('worker', note);
  // The answer is a tone of nine seconds, which leaves time for a death in its midst, and in which a hole is easily told.
  const settings = { PARLEY_SCRIPTED: 'tokens=150', PARLEY_CALL_WORKERS: '2' };
  running = await startServer({ engines: 'scripted', settings });
});
afterEach(async () => {
  for (const task of leave.splice(0).toReversed()) await task();
  await running.close();
  process.off('worker', note);
});

/** A call, in a tab of the browser that is given or else in a new one. */
async function dial(tabOf?: OpenBrowser): Promise<ReferenceCall> {
  const call = await dialReference(chromium ?? '', running, tabOf ? { in: tabOf } : {});
  leave.push(() => call.stage.close());
  return call;
}

/** Speaks, and resolves in the midst of the answer, to how many samples the page had heard by then. */
async function ask({ stage }: ReferenceCall): Promise<number> {
  const { mark } = stage.log;
  await stage.speak(question);
  await stage.log.wait('output_audio_buffer.started', mark);
  await pass(3000);
  return quantum * (await stage.page.evaluate(() => (globalThis as unknown as Page).stage.heard.length));
}

/** The answer came to its end, and the page heard no hole in it from a second before its middle to two seconds after. */
async function expectWhole({ stage }: ReferenceCall, middle: number): Promise<void> {
  const done = await stage.log.wait(
    'output_audio_buffer.stopped',
    stage.log.all.findLastIndex(({ type }) => type === 'output_audio_buffer.started'),
  );
  const end = stage.log.of('response.done').findLast((event) => field(event, 'response.id') === done['response_id']);
  expect(end && field(end, 'response.status')).toBe('completed');
  expect(longestHoleMs((await stage.heard()).subarray(middle - rateHz, middle + 2 * rateHz))).toBeLessThan(mostHoleMs);
}

/** How long the samples are quiet at a stretch. */
function longestHoleMs(samples: Int16Array): number {
  const step = rateHz / 100;
  let [longest, now] = [0, 0];
  for (let at = 0; at + step <= samples.length; at += step) {
    now = energy(samples.subarray(at, at + step)) < 500 ** 2 ? now + 10 : 0;
    longest = Math.max(longest, now);
  }
  return longest;
}

const connectionOf = ({ stage }: ReferenceCall) => stage.page.evaluate(() => (globalThis as unknown as Page).peer.connectionState);

/** What is on the page. */
interface Page {
  peer: { connectionState: string };
  stage: { heard: unknown[] };
}

describe.skipIf(chromium === undefined)('two tabs that are called by different workers', () => {
  test('a call in a second browser tab is undisturbed while a worker is killed under the first', async () => {
    const first = await dial();
    const second = await dial(first.stage.browser);
    const beside = await Client.open(running.ws, `/v1/realtime?call_id=${first.id}`);
    leave.push(() => beside.close());
    const [, middle] = await Promise.all([ask(first), ask(second)]);
    expect(carriers).toHaveLength(2);
    await carriers[0]?.terminate();

    // The first call is over, and whoever is beside it is told.
    expect(field(await beside.log.wait('error'), 'error.code')).toBe('call_failed');
    expect(await beside.closed).toMatchObject({ code: 1011 });
    const hangup = `${running.http}/v1/realtime/calls/${first.id}/hangup`;
    expect((await fetch(hangup, { method: 'POST', headers: { Authorization: `Bearer ${apiKey}` } })).status).toBe(404);

    // The second goes on as if nothing had been.
    await expectWhole(second, middle);

    // A new call gets a new worker, and both hold a turn.
    const third = await dial(first.stage.browser);
    expect(carriers).toHaveLength(3);
    const middles = await Promise.all([ask(second), ask(third)]);
    await expectWhole(second, middles[0]);
    await expectWhole(third, middles[1]);
    for (const { stage } of [second, third]) {
      expect(stage.log.of('error')).toEqual([]);
      expect(stage.browser.complaints).toEqual([]);
    }
    // The first page finds out by itself, when nobody answers any more.
    await vi.waitFor(async () => expect(['disconnected', 'failed', 'closed']).toContain(await connectionOf(first)), 30_000);
  });
});

testTypes();
