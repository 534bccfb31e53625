// A thread that carries calls is ended again and again while others talk: its own calls are over and it is said that they are, the calls of the
// other thread lose no sound, /health says what is missing, and the next call is answered.
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { AnsweredCall, CallMedia } from '../../src/transports/webrtc/media.ts';
import { Caller } from '../transports/webrtc/caller.ts';
import { Client } from './support/client.ts';
import { field } from './support/events.ts';
import { health, kills, Threads, watchHealth } from './support/killing.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';
import { testTypes } from './support/types.ts';

const frameMs = 20;
/** A machine that has other things to do makes holes of a tenth of a second; a call whose sound stops makes one of many. */
const mostHoleMs = 250;
const threads = new Threads();
let running: RunningServer;

beforeAll(async () => {
  // An answer of a minute.
  const settings = { PARLEY_SCRIPTED: 'tokens=1000', PARLEY_CALL_WORKERS: '2' };
  running = await startServer({ engines: 'scripted', settings });
});
afterAll(async () => {
  threads.close();
  await running.close();
});

interface Dialled {
  readonly caller: Caller;
  /** A client beside the call. */
  readonly beside: Client;
  hangUp(): Promise<void>;
}

/** Calls, and asks for an answer that goes on for long. */
async function dial(): Promise<Dialled> {
  let id = '';
  const offered: Pick<CallMedia, 'answer'> = {
    async answer(sdp) {
      const headers = { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/sdp' };
      const response = await fetch(`${running.http}/v1/realtime/calls`, { method: 'POST', headers, body: sdp });
      if (response.status !== 201) throw new Error(`the call was refused with ${response.status}`);
      id = response.headers.get('location')?.split('/').at(-1) ?? '';
      const nothing = { mostMessageBytes: 0, takenBytes: 0, waitingBytes: 0, send: () => false, play() {}, clear() {}, close() {} };
      return { ...nothing, sdp: await response.text() } satisfies AnsweredCall;
    },
  };
  const caller = await Caller.call(offered as CallMedia);
  const beside = await Client.open(running.ws, `/v1/realtime?call_id=${id}`);
  await vi.waitFor(() => expect(caller.channel?.readyState).toBe('open'), { timeout: 20_000, interval: 20 });
  const hangUp = async () => {
    beside.close();
    await caller.hangUp();
  };
  beside.say('Tell me something long.');
  beside.send({ type: 'response.create' });
  await vi.waitFor(() => expect(caller.heard.length).toBeGreaterThan(25), { timeout: 20_000, interval: 20 });
  return { caller, beside, hangUp };
}

/** How many frames are missing, each time that some are. */
function gaps({ heard }: Caller): number[] {
  return heard.flatMap(({ sequenceNumber }, n) => {
    const before = heard[n - 1];
    const missing = before === undefined ? 0 : ((sequenceNumber - before.sequenceNumber) & 0xffff) - 1;
    return missing === 0 ? [] : [missing];
  });
}

test('a carrier of calls dies many times, and the calls of the other lose no sound', { timeout: 240_000 }, async () => {
  const staying = await dial();
  const watched = watchHealth(running);
  try {
    for (let kill = 0; kill < kills; kill++) {
      const lost = await dial();
      const [, second] = threads.of('webrtc');
      const before = staying.caller.heard.length;
      await pass((kill * 130) % 500);
      await second?.terminate();
      expect(field(await lost.beside.log.wait('error'), 'error.code')).toBe('call_failed');
      expect(await lost.beside.closed).toMatchObject({ code: 1011 });
      await lost.hangUp();
      await vi.waitFor(() => expect(staying.caller.heard.length).toBeGreaterThan(before + 50), { timeout: 10_000, interval: 20 });
      await vi.waitFor(async () => expect(await health(running)).toEqual({ status: 200, problems: [] }), { timeout: 20_000, interval: 20 });
    }
  } finally {
    await watched();
  }
  const seen = await watched();
  const missing = gaps(staying.caller);
  if (process.env['KILLS'] !== undefined) console.log(staying.caller.heard.length, missing);
  // Datagrams may be lost on a machine that has too much to do; sound that stops is another matter.
  expect(missing.filter((frames) => frames * frameMs >= mostHoleMs)).toEqual([]);
  expect(missing.reduce((sum, frames) => sum + frames, 0)).toBeLessThan(staying.caller.heard.length / 100);
  expect(staying.beside.log.of('error')).toEqual([]);
  expect(staying.beside.socket.readyState).toBe(WebSocket.OPEN);
  expect(threads.of('webrtc')).toHaveLength(2);
  expect(seen.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  expect(seen.flatMap(({ problems }) => problems).some((problem) => problem.startsWith('media'))).toBe(true);
  await staying.hangUp();
});

testTypes();
