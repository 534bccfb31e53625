// The console opened in a browser, and what a test asks of it: to hear what it plays, to read what it shows.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect } from 'vitest';
import type { Page } from 'playwright-core';
import type { Pcm } from '../../../src/media/pcm.ts';
import { type BrowserOptions, openBrowser, type OpenBrowser } from './browser.ts';

export type ConsoleTransport = 'websocket' | 'webrtc';

/** Builds the page when its sources changed, as `npm start` does. */
export function buildConsole(): void {
  const script = resolve(import.meta.dirname, '../../../scripts/build-console.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the console cannot be built: ${stderr}`);
}

/** Puts an ear to whatever the page plays: what worklets send to the loudspeaker, and the far end of a call. */
const ear = `{
  const meters = [];
  /** Of what has two sides: a meter for each. */
  const pairs = [];
  const own = new Set();
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await ask(wish);
    own.add(stream);
    return stream;
  };
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    const far = this instanceof MediaStreamAudioSourceNode && !own.has(this.mediaStream);
    if (far || target === this.context.destination) {
      const meter = new AnalyserNode(this.context, { fftSize: 2048 });
      connect.call(this, meter);
      meters.push(meter);
      const splitter = new ChannelSplitterNode(this.context, { numberOfOutputs: 2 });
      const sides = [0, 1].map((side) => {
        const each = new AnalyserNode(this.context, { fftSize: 2048 });
        connect.call(splitter, each, side);
        return each;
      });
      connect.call(this, splitter);
      pairs.push(sides);
    }
    return connect.call(this, target, ...rest);
  };
  const rms = (meter) => {
    const samples = new Float32Array(meter.fftSize);
    meter.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
  };
  globalThis.loudness = () => Math.max(0, ...meters.map(rms));
  globalThis.sides = () => [0, 1].map((side) => Math.max(0, ...pairs.map((pair) => rms(pair[side]))));
}`;

export interface ConsolePage extends OpenBrowser {
  /** Opens the page and chooses how to connect. */
  arrive(url: string, transport: ConsoleTransport): Promise<void>;
  /** RMS of what the page plays now, of full scale 1. */
  loudness(): Promise<number>;
  /** The same of what is played on the left and on the right. */
  sides(): Promise<[number, number]>;
  /** Waits until it plays something, or nothing any more. */
  plays(sound: boolean): Promise<void>;
}

export async function openConsole(path: string, options: BrowserOptions): Promise<ConsolePage> {
  const opened = await openBrowser(path, options);
  const { page } = opened;
  page.setDefaultTimeout(15_000);
  await page.addInitScript(ear);
  const loudness = () => page.evaluate<number>('loudness()');
  return {
    ...opened,
    async arrive(url, transport) {
      await page.goto(url);
      const choice = page.getByRole('radio', { name: transport === 'webrtc' ? 'WebRTC' : 'WebSocket' });
      await choice.check({ force: true });
    },
    loudness,
    sides: () => page.evaluate<[number, number]>('sides()'),
    async plays(sound) {
      await expect.poll(loudness, { timeout: 15_000, interval: 30 })[sound ? 'toBeGreaterThan' : 'toBeLessThan'](sound ? 0.01 : 0.001);
    },
  };
}

/** The words of one side, in order. */
export function spoken(page: Page, who: 'user' | 'assistant') {
  return page.locator(`.entry[data-role="${who}"] .words`);
}

/** The same speech again and again with silence between: what a microphone hears. */
export function placed(speech: Pcm, atSeconds: readonly number[], seconds: number): Pcm {
  const samples = new Int16Array(seconds * speech.rateHz);
  for (const at of atSeconds) samples.set(speech.samples, at * speech.rateHz);
  return { samples, rateHz: speech.rateHz };
}
