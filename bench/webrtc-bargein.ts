// Barge-in as it is heard: a real Chromium calls a real server, with scripted model and voice and the real detector, and talks over each answer.
import { readFileSync } from 'node:fs';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { findChromium } from '../test/e2e/support/browser.ts';
import { dialReference, type ReferenceCall } from '../test/e2e/support/reference-page.ts';
import { ServerProcess } from './server.ts';
import { speak, trim } from './speech.ts';
import { percentile, type Spread, spread } from './statistics.ts';

export interface BargeInResult {
  /** From the decision that somebody speaks to the last loud sample out of the loudspeaker. */
  decisionMs: Spread;
  /** The same, from when the page was told: later than the decision by what the data channel takes. */
  toldMs: Spread;
  /** Half of a question and its answer on the data channel. */
  channelMs: number;
  /** Of all that, Chromium's own: its jitter buffer, on average, and its output. */
  chromiumMs: { jitterBuffer: number; output: number };
}

const script = readFileSync(new URL('webrtc-bargein.js.txt', import.meta.url), 'utf8');
const roundTrips = 20;

/** Undefined where there is no Chromium, which is said on standard error. */
export async function measureBargeIns(count: number): Promise<BargeInResult | undefined> {
  const chromium = findChromium();
  if (chromium === undefined) return undefined;
  const [spoken = new Int16Array()] = await speak([{ text: 'Please stop now.', voice: 'Olivia' }]);
  // Twelve seconds of sound, so that no answer has ended before it is talked over.
  const server = await ServerProcess.start({ engines: 'scripted', settings: { PARLEY_SCRIPTED: 'tokens=200' } });
  try {
    const call = await dialReference(chromium, { http: `http://127.0.0.1:${server.port}` }, { key: server.key, scripts: [script] });
    try {
      return await interrupt(call, trim(spoken), count);
    } finally {
      await call.stage.close();
    }
  } finally {
    await server.stop();
  }
}

async function interrupt(call: ReferenceCall, objection: Int16Array, count: number): Promise<BargeInResult> {
  const { stage } = call;
  const trips: number[] = [];
  for (let n = 0; n < roundTrips; n++) trips.push(await stage.page.evaluate(() => (globalThis as unknown as Page).roundTripMs()));
  const channelMs = percentile(trips, 0.5) / 2;
  const told: number[] = [];
  let { mark } = stage.log;
  await call.send({ type: 'response.create' });
  for (let n = 0; n < count; n++) {
    await stage.log.wait('output_audio_buffer.started', mark);
    // Not in step with the frames.
    await sleep(systemClock, 1000 + ((n * 37) % 500));
    mark = stage.log.mark;
    await stage.speak(objection);
    await stage.log.wait('output_audio_buffer.cleared', mark);
    await stage.log.wait('input_audio_buffer.speech_stopped', mark);
    const { startedAt, lastLoudAt } = await stage.page.evaluate(() => (globalThis as unknown as Page).takeBargeIn());
    told.push(lastLoudAt - startedAt);
  }
  const chromiumMs = await stage.page.evaluate(() => (globalThis as unknown as Page).ownMs());
  return { decisionMs: spread(told.map((ms) => ms + channelMs)), toldMs: spread(told), channelMs, chromiumMs };
}

/** What webrtc-bargein.js.txt puts on the page. */
interface Page {
  roundTripMs(): Promise<number>;
  ownMs(): Promise<BargeInResult['chromiumMs']>;
  takeBargeIn(): { startedAt: number; lastLoudAt: number };
}
