// A real browser calls: sound and messages both ways, an interruption, and hanging up from either side. The page is written as a page would
// be that knows nothing of this server but one address to post its offer to.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { fromBytes, toBytes } from '../../../src/media/pcm.ts';
import type { AnsweredCall, CallMedia } from '../../../src/transports/webrtc/media.ts';
import { openWeriftMedia } from '../../../src/transports/webrtc/werift-media.ts';
import { findChromium, type OpenBrowser, openBrowser } from '../../e2e/support/browser.ts';
import { loudStretch, shareAt, Told, tone, until } from './caller.ts';

const chromium = findChromium();
const options = {
  workers: 1,
  mostCalls: 5,
  portRange: undefined,
  publicAddress: undefined,
  interfaces: [],
  tcp: false,
  candidates: undefined,
  iceServers: [],
};

/** Calls, listens with a worklet's eye on every 128 samples, and keeps what it hears and is told. */
const page = `<!doctype html><script>
const heard = [];
const told = [];
let pc, channel, context;
async function call({ microphone = true, gather = true } = {}) {
  pc = new RTCPeerConnection();
  context = new AudioContext({ sampleRate: 48000 });
  const listening = Promise.withResolvers();
  pc.ontrack = async ({ streams: [stream] }) => {
    // Chromium lets a stream flow only where an element plays it.
    const element = new Audio(); element.srcObject = stream; element.muted = true; element.play();
    const code = 'registerProcessor("ear", class extends AudioWorkletProcessor { process([[samples]]) { if (samples) this.port.postMessage(samples.slice()); return true } })';
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
    const ear = new AudioWorkletNode(context, 'ear');
    ear.port.onmessage = ({ data }) => heard.push({ at: performance.timeOrigin + performance.now(), samples: data });
    context.createMediaStreamSource(stream).connect(ear);
    listening.resolve();
  };
  if (microphone) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    pc.addTrack(stream.getTracks()[0], stream);
  } else pc.addTransceiver('audio', { direction: 'recvonly' });
  channel = pc.createDataChannel('oai-events');
  channel.onmessage = ({ data }) => told.push(data);
  await pc.setLocalDescription(await pc.createOffer());
  if (gather) await new Promise((resolve) => { pc.onicecandidate = ({ candidate }) => candidate || resolve(); });
  const response = await fetch('/calls', { method: 'POST', body: pc.localDescription.sdp });
  const started = performance.now();
  await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  await new Promise((resolve) => { channel.onopen = resolve; });
  const tookMs = performance.now() - started;
  await listening.promise;
  return tookMs;
}
const loud = ({ samples }) => samples.some((sample) => Math.abs(sample) > 0.05);
/** The frequency of the loud part by its zero crossings, and how long it is in milliseconds. */
function tone() {
  const samples = heard.filter(loud).flatMap(({ samples }) => [...samples]);
  let crossings = 0;
  for (let i = 1; i < samples.length; i++) if (samples[i - 1] < 0 && samples[i] >= 0) crossings++;
  return { hz: crossings / (samples.length / 48000), ms: samples.length / 48 };
}
</script>`;

let browser: OpenBrowser;
let server: Server;
let media: CallMedia;
let told: Told;
let call: AnsweredCall | undefined;

beforeAll(async () => {
  if (!chromium) return;
  media = openWeriftMedia(options, { log: silentLog, clock: systemClock });
  server = createServer((request, response) => {
    if (request.method !== 'POST') return void response.setHeader('content-type', 'text/html').end(page);
    void (async () => {
      told = new Told();
      const { sound, messages, played, ends } = told;
      call = await media.answer(await text(request), {
        onSound: (heard) => sound.push(fromBytes(heard)),
        onOpen: () => told.opened++,
        onMessage: (message) => {
          messages.push(message);
          call?.send(`you said ${message}`);
        },
        onDigit() {},
        onTaken() {},
        onPlayed: (sentMs, clears) => played.push({ sentMs, clears, atMs: 0 }),
        onEnd: (end) => ends.push(end),
      });
      response.end(call.sdp);
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  browser = await openBrowser(chromium, { microphone: { samples: tone(440, 2000), rateHz: 24_000 } });
});

afterEach(() => call?.close());

afterAll(async () => {
  if (!chromium) return;
  await browser.close();
  await media.close();
  server.close();
});

async function dial(how = '{}'): Promise<number> {
  await browser.page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return browser.page.evaluate<number>(`call(${how})`);
}

const ask = <T>(expression: string) => browser.page.evaluate<T>(expression);

test.skipIf(!chromium)('a browser is heard and hears, as high and as long as it was, and messages go both ways', async () => {
  await dial();
  call?.play(toBytes(tone(660, 1000)));
  await ask(`channel.send('hello')`);
  await until('the answer comes', () => told.messages.length > 0);
  await until('it is played', () => told.played.some(({ sentMs }) => sentMs === 1000));
  await until('the microphone is heard', () => loudStretch(told.samples).length > 24 * 1000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await ask('told')).toEqual(['you said hello']);
  const heard = await ask<{ hz: number; ms: number }>('tone()');
  expect(Math.abs(heard.hz - 660)).toBeLessThan(15);
  expect(Math.abs(heard.ms - 1000)).toBeLessThan(200);
  // Echo cancellation and noise suppression may work on it in the page: the beginning is enough.
  expect(shareAt(loudStretch(told.samples).subarray(0, 24 * 300), 440)).toBeGreaterThan(0.5);
  expect(browser.complaints).toEqual([]);
});

test.skipIf(!chromium)('what is cleared is silent in the browser soon after', async () => {
  await dial();
  call?.play(toBytes(tone(500, 5000)));
  await until('it speaks', () => told.played.some(({ sentMs }) => sentMs >= 600));
  const clearedMs = Date.now();
  call?.clear();
  await new Promise((resolve) => setTimeout(resolve, 800));
  const lastMs = await ask<number>('heard.filter(loud).at(-1).at');
  expect(lastMs - clearedMs).toBeLessThan(250);
  expect((await ask<{ ms: number }>('tone()')).ms).toBeGreaterThan(300);
});

test.skipIf(!chromium)('a browser that does not wait for its candidates, and has no microphone, gets through', async () => {
  await dial('{ microphone: false, gather: false }');
  call?.play(toBytes(tone(880, 400)));
  await until('it is played', () => told.played.some(({ sentMs }) => sentMs === 400));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(Math.abs((await ask<{ hz: number }>('tone()')).hz - 880)).toBeLessThan(30);
  expect(told.sound).toHaveLength(0);
});

test.skipIf(!chromium)('a page that hangs up, or is left, has closed the call', async () => {
  await dial();
  await ask('pc.close()');
  await until('it ended', () => told.ends.length > 0, 3000);
  expect(told.ends).toEqual(['closed']);
  await dial();
  await browser.page.goto('about:blank');
  await until('it ended', () => told.ends.length > 0, 3000);
  expect(told.ends).toEqual(['closed']);
});

test.skipIf(!chromium)('a page hears of it when the server hangs up', async () => {
  await dial();
  await ask(`void (channel.onclose = () => told.push('closed'))`);
  call?.close();
  await browser.page.waitForFunction('told.length > 0', undefined, { timeout: 3000 });
  expect(await ask('told')).toEqual(['closed']);
});
