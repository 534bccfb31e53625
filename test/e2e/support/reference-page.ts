// A call from a page that is written as the reference of the calls API says.
import { readFileSync } from 'node:fs';
import { expect, vi } from 'vitest';
import type { OpenBrowser } from './browser.ts';
import { openStage, type StagePage } from './browser-page.ts';
import { Client } from './client.ts';
import { field } from './events.ts';
import { apiKey, type RunningServer } from './server.ts';
import { likeness, samplesOf } from './speech.ts';

const script = readFileSync(new URL('reference-page.js.txt', import.meta.url), 'utf8');
const usual = {
  instructions: 'You are a friendly assistant.',
  output_modalities: ['audio', 'text'],
  audio: { output: { voice: 'Dennis', speed: 1 } },
};

export interface ReferenceCall {
  readonly stage: StagePage;
  readonly id: string;
  send(event: object): Promise<void>;
}

export interface DialOptions {
  /** Fields of the session beside the usual ones. */
  session?: object;
  /** Settings of the page's RTCPeerConnection. */
  peer?: object;
  /** Whether the page waits for its candidates before it offers. */
  gather?: boolean;
  /** The key it calls with; the tests' own unless told. */
  key?: string;
  /** A browser that is open already: the call is made in another tab of it. */
  in?: OpenBrowser;
  /** Run in the page after its own script. */
  scripts?: readonly string[];
}

/** Calls `server`; the caller closes the stage. */
export async function dialReference(
  chromium: string,
  server: Pick<RunningServer, 'http'>,
  options: DialOptions = {},
): Promise<ReferenceCall> {
  const { session = {}, peer = {}, gather = false, key = apiKey, scripts = [] } = options;
  const stage = await openStage(chromium, [script, ...scripts], options.in ? { in: options.in } : {});
  const id = await stage.page.evaluate(([url, secret, wanted, more]) => (globalThis as unknown as Page).call(url, secret, wanted, more), [
    server.http,
    key,
    { ...usual, ...session },
    { peer, gather },
  ] as const);
  return { stage, id, send: (event) => stage.page.evaluate((message) => (globalThis as unknown as Page).send(message), event) };
}

/** What reference-page.js.txt puts on the page. */
interface Page {
  call(...given: unknown[]): Promise<string>;
  send(event: object): void;
}

/** How like the sound of an item is what has come out of the page's loudspeaker by the time it is quiet; see `likeness`. */
export async function heardLikeness(server: Pick<RunningServer, 'ws'>, stage: StagePage, callId: string, itemId: unknown): Promise<number> {
  const beside = await Client.open(server.ws, `/v1/realtime?call_id=${callId}`);
  beside.send({ type: 'conversation.item.retrieve', item_id: itemId });
  const retrieved = await beside.log.wait('conversation.item.retrieved');
  beside.close();
  await vi.waitFor(async () => expect(await stage.quietMs()).toBeGreaterThan(700), 30_000);
  return likeness(samplesOf([String(field(retrieved, 'item.content.0.audio'))]), await stage.heard());
}
