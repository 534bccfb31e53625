// The console with the engines that hear and speak: a spoken question, a voice to try, and a tool that needs leave.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readWav } from '../../src/media/wav.ts';
import { findChromium } from './support/browser.ts';
import { buildConsole, type ConsolePage, type ConsoleTransport, openConsole, placed, spoken } from './support/console.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { loopbackAllowed, token, weatherServer } from './support/weather.ts';

vi.setConfig({ testTimeout: 90_000 });

const chromium = findChromium();
const transports: readonly ConsoleTransport[] = ['websocket', 'webrtc'];
const question = readWav(readFileSync(join(resolve(import.meta.dirname, '../..'), 'samples', 'question.wav')));

let running: RunningServer;
let opened: ConsolePage | undefined;

beforeAll(async () => {
  if (chromium === undefined) return;
  buildConsole();
  running = await startServer({ engines: 'real', settings: loopbackAllowed });
});
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});
afterAll(async () => {
  if (chromium !== undefined) await running.close();
});

describe.skipIf(chromium === undefined).each(transports)('over %s', (transport) => {
  async function visit(): Promise<ConsolePage> {
    opened = await openConsole(chromium ?? '', { microphone: placed(question, [4, 12, 20], 60) });
    await opened.arrive(running.http, transport);
    return opened;
  }

  test('a spoken question is understood, and answered with a voice that says what is written', async () => {
    const { page, plays, complaints } = await visit();
    await page.getByRole('button', { name: 'Talk', exact: true }).click();
    await plays(true);
    // A microphone that runs before the page is connected has asked once in vain.
    const all = async (who: 'user' | 'assistant') => (await spoken(page, who).allInnerTexts()).join('\n');
    await expect.poll(() => all('user'), { timeout: 30_000 }).toMatch(/time/i);
    // The time, or what the recogniser made of the question: it does not hear the same through every codec.
    await expect.poll(() => all('assistant'), { timeout: 30_000 }).toMatch(/^It is \w+|^You said .*time/m);
    expect(complaints).toEqual([]);
  });

  test('a voice can be heard before it is chosen', async () => {
    const { page } = await visit();
    await page.getByRole('tab', { name: 'Settings' }).click();
    const sample = page.waitForResponse(/\/console\/voices\/Clive\/sample/);
    await page.getByLabel('Voice', { exact: true }).selectOption('Clive');
    await page.getByRole('button', { name: 'Hear it' }).click();
    const { samples, rateHz } = readWav(await (await sample).body());
    expect(samples.length / rateHz).toBeGreaterThan(1);
    expect(await page.getByText('could not be heard').count()).toBe(0);
  });

  test('a tool of an MCP server is added with the form, asks for leave, and its result is shown', async () => {
    const far = await weatherServer();
    try {
      const { page } = await visit();
      await page.getByRole('tab', { name: 'Settings' }).click();
      await page.getByRole('button', { name: 'MCP server' }).click();
      await page.getByLabel('Name', { exact: true }).fill('weather');
      await page.getByLabel('Address').fill(far.url);
      await page.getByLabel('Authorization').fill(token);
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('textbox', { name: 'Write a message' }).fill('What is the weather in Paris?');
      await page.keyboard.press('Enter');
      await page.getByText('weather offers get_weather').waitFor();
      await page.getByRole('button', { name: 'Allow' }).click({ timeout: 30_000 });
      await page.locator('.card .result').getByText('rainy in Paris').waitFor({ timeout: 30_000 });
      await expect.poll(() => spoken(page, 'assistant').last().innerText(), { timeout: 30_000 }).toMatch(/rainy/i);
    } finally {
      await far.die();
    }
  });
});
