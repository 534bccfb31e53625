// A real Chromium without a window, with a microphone that says what the test gives it. Tests that need one are skipped, loudly, where
// there is none.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Pcm } from '../../../src/media/pcm.ts';
import { writeWav } from '../../../src/media/wav.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

export interface BrowserOptions {
  /** What the microphone hears; it goes on from the beginning unless `once`. A steady beep when there is none. */
  microphone?: Pcm;
  once?: boolean;
  /** Further flags of Chromium's. */
  flags?: readonly string[];
  /** Of the page: size, colour scheme, ... */
  context?: BrowserContextOptions;
}

export interface OpenBrowser {
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page complained of: uncaught errors, and errors on its console. */
  readonly complaints: string[];
  /** Another tab beside it; closing that leaves the browser open. */
  openTab(): Promise<OpenBrowser>;
  close(): Promise<void>;
}

/** Where Chromium is: what CHROMIUM says, or the first of its names on the path. Says on standard error when there is none. */
export function findChromium(): string | undefined {
  const told = process.env['CHROMIUM'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = told ? [told] : names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const path = found.find((candidate) => existsSync(candidate));
  if (path === undefined) process.stderr.write('\n  SKIPPED: no Chromium found. Install one, or say where it is in CHROMIUM.\n\n');
  return path;
}

/** Starts `path` with leave to use its microphone and to make sound without a click. */
export async function openBrowser(path: string, options: BrowserOptions = {}): Promise<OpenBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-browser-'));
  const flags = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'];
  if (options.microphone) {
    const wav = join(folder, 'microphone.wav');
    writeFileSync(wav, writeWav(options.microphone));
    flags.push(`--use-file-for-fake-audio-capture=${wav}${options.once ? '%noloop' : ''}`);
  }
  // Chromium's sandbox refuses to run as root.
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  const browser = await chromium.launch({ executablePath: path, args: [...flags, ...(options.flags ?? [])] });
  const context = await browser.newContext(options.context ?? {});
  const openTab = async (): Promise<OpenBrowser> => {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    return { browser, context, page, complaints, openTab, close: () => page.close() };
  };
  return {
    ...(await openTab()),
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
