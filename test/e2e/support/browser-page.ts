// A page of the test's own in a real Chromium, served from another origin than the server's, with a stage to speak and listen on.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { toBytes } from '../../../src/media/pcm.ts';
import { type BrowserOptions, type OpenBrowser, openBrowser } from './browser.ts';
import { EventLog } from './events.ts';
import { base64, samplesOf } from './speech.ts';

export interface StagePage {
  readonly page: Page;
  readonly browser: OpenBrowser;
  /** What the page's client was told, once its script reports it with `tell(event)`. */
  readonly log: EventLog;
  /** Speaks samples at 24 kHz into the page's microphone. */
  speak(samples: Int16Array): Promise<void>;
  /** What has come out of its loudspeaker, at 24 kHz. */
  heard(): Promise<Int16Array>;
  /** For how long it has been quiet there. */
  quietMs(): Promise<number>;
  close(): Promise<void>;
}

const stage = readFileSync(new URL('stage.js.txt', import.meta.url), 'utf8');

export interface StageOptions extends BrowserOptions {
  /** A tab of this browser instead of a browser of its own. */
  in?: OpenBrowser;
}

/** `scripts` run in the page, in order, after the stage's. */
export async function openStage(chromium: string, scripts: readonly string[], options: StageOptions = {}): Promise<StagePage> {
  const parts = [stage, ...scripts];
  const http = createServer(({ url }, response) => {
    const part = /^\/(\d+)\.js$/.exec(url ?? '');
    response.setHeader('content-type', part ? 'text/javascript' : 'text/html');
    const tags = parts.map((_, index) => `<script src="/${index}.js"></script>`).join('');
    response.end(part ? (parts[Number(part[1])] ?? '') : `<!doctype html><title>A page</title>${tags}`);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const browser = await (options.in?.openTab() ?? openBrowser(chromium, options));
  const { page } = browser;
  const log = new EventLog();
  await page.exposeFunction('tell', (event: unknown) => log.add(event));
  await page.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  return {
    page,
    browser,
    log,
    speak: (samples) => page.evaluate((sound) => (globalThis as unknown as Stage).stage.speak(sound), base64(toBytes(samples))),
    heard: async () => samplesOf([await page.evaluate(() => (globalThis as unknown as Stage).stage.sound())]),
    quietMs: () => page.evaluate(() => performance.now() - (globalThis as unknown as Stage).stage.lastLoud()),
    async close() {
      await browser.close();
      const closed = new Promise((resolve) => http.close(resolve));
      // A tab that is closed leaves its browser with connections, and some on which nothing was ever asked.
      http.closeAllConnections();
      await closed;
    },
  };
}

/** What stage.js.txt puts on the page. */
interface Stage {
  stage: { speak(sound: string): Promise<void>; sound(): string; lastLoud(): number };
}
