// The console's pages beside the conversation in a real Chromium. Calls: one comes in and is seen, listened to, steered and ended, and a browser's call is one
// as well. Usage: what was used, in sums that add up. Routers: one is made, read, tried, changed and deleted.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readWav } from '../../src/media/wav.ts';
import { resample } from '../../src/media/resample.ts';
import { findChromium } from './support/browser.ts';
import { Client } from './support/client.ts';
import { buildConsole, type ConsolePage, openConsole, placed, spoken } from './support/console.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';
import { rateHz } from './support/speech.ts';
import { publicUrl, TelephoneLine, twilioToken } from './support/telephone-line.ts';

vi.setConfig({ testTimeout: 60_000 });

const chromium = findChromium();
const soon = { timeout: 15_000 };
const question = readWav(readFileSync(join(resolve(import.meta.dirname, '../..'), 'samples', 'question.wav')));
const voice = resample(question, rateHz).samples;

describe.skipIf(chromium === undefined)('the pages beside the conversation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-console-calls-'));
  const lines: TelephoneLine[] = [];
  let running: RunningServer;
  let opened: ConsolePage | undefined;

  beforeAll(async () => {
    buildConsole();
    const session = { audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } };
    const file = {
      public_url: publicUrl,
      carriers: { twilio: { account_sid: 'AC1', auth_token: twilioToken } },
      routes: [{ name: 'desk', numbers: ['+15550002'], session, greeting: 'Welcome to the garden office.' }],
    };
    writeFileSync(join(folder, 'telephony.json'), JSON.stringify(file));
    // The assistant does what it is told; who hears and who speaks is scripted.
    writeFileSync(join(folder, 'prices.json'), JSON.stringify({ currency: 'EUR', 'parley/*': { input: 1000, output: 4000 } }));
    const settings = {
      PARLEY_TELEPHONY: join(folder, 'telephony.json'),
      PARLEY_ROUTERS_DIR: join(folder, 'routers'),
      PARLEY_PRICES: join(folder, 'prices.json'),
      PARLEY_LLM: 'offline',
      PARLEY_SCRIPTED: 'stt=50,tts=50',
    };
    running = await startServer({ engines: 'scripted', settings });
  });

  afterEach(async () => {
    for (const line of lines.splice(0)) line.hangUp();
    await opened?.close();
    opened = undefined;
  });

  afterAll(async () => {
    await running.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function visit(place = '#calls'): Promise<ConsolePage> {
    opened = await openConsole(chromium ?? '', { microphone: placed(question, [0, 2, 4, 6, 8, 10, 12], 14) });
    await opened.page.setViewportSize({ width: 1440, height: 800 });
    await opened.page.goto(`${running.http}/${place}`);
    return opened;
  }

  async function call(): Promise<TelephoneLine> {
    const line = await TelephoneLine.call(running.http, '+15550002');
    lines.push(line);
    return line;
  }

  /** Waits until both sides are as loud as that: 0 is silent, 1 is not. */
  async function hears({ sides }: ConsolePage, ...loud: [number, number]): Promise<void> {
    await expect.poll(async () => (await sides()).map((rms) => (rms > 0.01 ? 1 : 0)), { timeout: 15_000, interval: 20 }).toEqual(loud);
  }

  test('a call comes in, is seen as it goes on, heard on both sides, told something, and hung up', async () => {
    const console_ = await visit();
    const { page, complaints } = console_;
    await page.getByText('Nobody is calling.').waitFor();
    const line = await call();
    const row = page.locator('.calls-live .call-row');
    await row.getByText('+15550001').waitFor();
    expect(await row.innerText()).toMatch(/Twilio · desk, to \+15550002/);
    await row.click();
    // What was said before it was looked at is there as well.
    await expect
      .poll(() => spoken(page, 'assistant').allInnerTexts(), soon)
      .toEqual([expect.stringContaining('Welcome to the garden office.')]);

    await page.getByRole('button', { name: 'Listen', exact: true }).click();
    await page.getByRole('button', { name: 'Stop listening' }).waitFor();
    const said = line.say(voice);
    await hears(console_, 1, 0);
    await page.locator('.call-head').getByText('Caller speaks').waitFor();
    await said;
    await hears(console_, 0, 1);
    await page.locator('.call-head').getByText('Agent speaks').waitFor();
    await page.getByText('This is a scripted transcript.', { exact: true }).waitFor();
    const turn = page.locator('.call-side').getByRole('listitem').filter({ hasText: 'Turn 1' });
    await turn.getByText('Heard until').waitFor();
    expect((await turn.locator('dd').allInnerTexts()).every((reading) => /^\d+ ms$/.test(reading))).toBe(true);
    await expect.poll(() => page.locator('.call-side .panel > .drawing .span-speech').count()).toBe(1);
    expect(await page.locator('.call-side .panel > .drawing .span-sound').count()).toBeGreaterThanOrEqual(2);

    const heardBefore = line.heard.length;
    await page.getByLabel('Tell the agent').fill('Say that we close at five today.');
    await page.keyboard.press('Enter');
    await page.locator('.entry[data-role="system"]').getByText('Say that we close at five today.').waitFor();
    await expect.poll(() => spoken(page, 'assistant').last().innerText(), soon).toContain('That we close at five today.');
    await expect.poll(() => loudest(line.heard.subarray(heardBefore)), soon).toBeGreaterThan(1000);

    await page.getByRole('button', { name: 'Hang up' }).click();
    expect(line.closed).toBe(false);
    await page.getByRole('button', { name: 'Press again to end the call' }).click();
    await expect.poll(() => line.closed, soon).toBe(true);
    await page.locator('.call-head').getByText('Hung up here').waitFor();
    await page.getByText('Ended within the hour').waitFor();
    // It can still be read, and nothing can be done about it any more.
    expect(await spoken(page, 'assistant').count()).toBe(3);
    expect(await page.getByRole('button', { name: 'Hang up' }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('what the operator says while a button is held reaches the agent as words, and the caller not at all', async () => {
    const { page, complaints } = await visit();
    const line = await call();
    await page.locator('.calls-live .call-row').click();
    await expect.poll(() => spoken(page, 'assistant').count(), soon).toBe(1);
    await expect.poll(() => page.locator('.call-head').innerText(), soon).toContain('Quiet');
    const speak = page.locator('.speak-button');
    await speak.focus();
    await page.keyboard.down('Space');
    await expect.poll(() => speak.getAttribute('data-speech'), soon).toBe('held');
    const before = line.heard.length;
    await page.waitForTimeout(1500);
    // The line is as quiet as it was.
    expect(loudest(line.heard.subarray(before))).toBe(0);
    await page.keyboard.up('Space');
    await page.locator('.entry[data-role="system"]').getByText('This is a scripted transcript.').waitFor();
    await expect.poll(() => spoken(page, 'assistant').count(), soon).toBe(2);
    expect(await spoken(page, 'user').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('a browser’s call is one as well, and the page is usable at any width', async () => {
    const console_ = await visit();
    const { page } = console_;
    const caller = await console_.openTab();
    await caller.page.goto(running.http);
    await caller.page.getByRole('radio', { name: 'WebRTC' }).check({ force: true });
    await caller.page.getByRole('button', { name: 'Talk', exact: true }).click();
    await page.bringToFront();
    await page.locator('.call-row').filter({ hasText: 'Browser or app' }).click();
    await page.getByRole('button', { name: 'Listen', exact: true }).click();
    await expect.poll(async () => (await console_.sides())[0], { timeout: 15_000, interval: 20 }).toBeGreaterThan(0.01);
    await expect.poll(() => spoken(page, 'user').count(), soon).toBeGreaterThanOrEqual(1);
    for (const width of [1500, 1100, 820, 390, 320]) {
      await page.setViewportSize({ width, height: 700 });
      expect(await page.evaluate<number>('document.documentElement.scrollWidth'), `${width} px`).toBeLessThanOrEqual(width);
      expect(await page.getByLabel('Tell the agent').isVisible()).toBe(true);
    }
    await page.getByRole('radio', { name: 'Timeline' }).check({ force: true });
    expect(await page.getByLabel('Tell the agent').isVisible()).toBe(false);
    expect(await page.locator('.call-side .drawing').first().isVisible()).toBe(true);
    await page.getByRole('link', { name: 'All calls' }).click();
    await page.locator('.call-row').filter({ hasText: 'Browser or app' }).waitFor();
    await caller.page.getByRole('button', { name: 'End', exact: true }).click();
    await page.locator('.calls-ended .call-row').filter({ hasText: 'Browser or app' }).waitFor();
  });

  /** At no width there is anything to the side of the page. */
  async function fits({ page }: ConsolePage): Promise<void> {
    for (const width of [1440, 1000, 390, 320]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate<number>('document.documentElement.scrollWidth'), `${width} px`).toBeLessThanOrEqual(width);
    }
    await page.setViewportSize({ width: 1440, height: 800 });
  }

  test('what was used is shown to who has a key, in sums that add up, with what it cost', async () => {
    const client = await Client.open(running.ws);
    for (const text of ['Hello.', 'What can you do?']) {
      const { mark } = client.log;
      client.say(text);
      client.send({ type: 'response.create' });
      await client.log.wait('response.done', mark);
    }
    client.close();
    const console_ = await visit('docs');
    const { page } = console_;
    // As on another machine: a page of this one needs no key.
    await page.route('**/console/**', async (route) => {
      const headers = route.request().headers();
      await route.continue({ headers: { ...headers, authorization: headers['authorization'] ?? 'Bearer none' } });
    });
    await page.goto(`${running.http}/#usage`);
    await page.getByLabel('API key').fill(apiKey);
    await page.keyboard.press('Enter');
    const table = page.getByRole('table', { name: 'Usage by day' });
    await table.getByRole('row').nth(1).waitFor();
    expect(await page.locator('.usage-chart .usage-bar').count()).toBe(7);
    await page.getByRole('radio', { name: 'Today' }).check({ force: true });
    await page.getByRole('radio', { name: 'Model' }).check({ force: true });
    const sums = page.getByRole('table', { name: 'Usage by model' });
    await sums.waitFor();
    const column = async (row: string, head: string) =>
      (await sums.locator(`${row} td[data-head="${head}"]`).allInnerTexts()).map((words) => Number(words.replaceAll(/[^\d.]/g, '')));
    for (const head of ['Requests', 'Tokens in', 'Tokens out', 'Cost']) {
      const rows = await column('tbody', head);
      const [total = 0] = await column('tfoot', head);
      expect([head, total > 0, rows.reduce((sum, each) => sum + each, 0)]).toEqual([head, true, expect.closeTo(total, 2)]);
    }
    await page.getByRole('radio', { name: 'Own dates' }).check({ force: true });
    await page.getByLabel('First day').fill('2020-01-01');
    await page.getByText('from and to may be no more than 366 days apart.').waitFor();
    await page.getByLabel('Last day').fill('2020-01-31');
    await page.getByText('Nothing was used in this time.').waitFor();
    await page.getByRole('radio', { name: '30 days' }).check({ force: true });
    await page.locator('.usage-chart .usage-bar').nth(29).waitFor();
    await fits(console_);
  });

  test('a router is made, read, tried, changed and deleted, and what is wrong with it is said at its line', async () => {
    const console_ = await visit('#routers');
    const { page, complaints } = console_;
    await page.getByText('There are no routers.').waitFor();
    await page.getByRole('link', { name: 'New' }).click();
    const variants = [
      { weight: 90, variant: { variant_id: 'gpt', model_id: 'openai/gpt-5', model_selection: { models: ['anthropic/claude'] } } },
      { weight: 5, variant: { variant_id: 'claude', model_id: 'anthropic/claude' } },
    ];
    const router = {
      name: 'support',
      routes: [{ condition: { cel_expression: 'tier == "premium" && region == "eu"' }, route: { route_id: 'careful', variants } }],
      default_route: { variants: [{ weight: 100, variant: { variant_id: 'small', model_id: 'openai/gpt-4o-mini' } }] },
      defaults: { fallback: { ttft_timeout: '800ms' } },
    };
    const editor = page.getByLabel('The router as JSON');
    await editor.fill(JSON.stringify(router, undefined, 2));
    await page.getByRole('button', { name: 'Make it' }).click();
    const fault = page.getByRole('button', { name: 'routes[0].route.variants have weights that sum to 95' });
    expect(await fault.innerText()).toMatch(/^Line 10\b/);
    expect(await page.locator('.wrong-line').innerText()).toBe('10');
    await fault.click();
    expect(
      await page.evaluate('document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)'),
    ).toMatch(/^\[[^]*\]$/);
    await editor.fill(JSON.stringify(router, undefined, 2).replace('"weight": 5', '"weight": 10'));
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByText('Sessions ask for it as inworld/support.').waitFor();
    expect(JSON.parse(readFileSync(join(folder, 'routers', 'support.json'), 'utf8'))).toMatchObject({ name: 'routers/support' });

    const rules = page.locator('.rules');
    expect(await rules.innerText()).toMatch(/careful\s+If tier == "premium" && region == "eu"\s+gpt\s+90 %/);
    await page.getByLabel('Metadata, as JSON').fill('{"tier": "premium", "region": "us"}');
    await page.getByRole('button', { name: 'Try', exact: true }).click();
    const trial = page.locator('.trial');
    await trial.getByText('Route default, since no condition holds; variant small').waitFor();
    expect(await trial.locator('.verdict-parts li').allInnerTexts()).toEqual(['true tier == "premium"', 'false region == "eu"']);
    await page.getByLabel('Metadata, as JSON').fill('{"tier": "premium", "region": "eu"}');
    await page.getByLabel('User, who always gets').fill('ann');
    await page.getByLabel('What the user says').fill('I want a refund.');
    await page.getByRole('button', { name: 'Try', exact: true }).click();
    await trial.getByText(/Route careful; variant (gpt, 90|claude, 10) of 100: this user always gets it/).waitFor();
    expect(await trial.innerText()).toMatch(/Models, in the order[^]*I want a refund\./);

    await page.getByRole('radio', { name: 'JSON' }).check({ force: true });
    await editor.fill((await editor.inputValue()).replace('800ms', '100ms'));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('defaults.fallback.ttft_timeout must be at least 300ms.').waitFor();
    await editor.fill((await editor.inputValue()).replace('100ms', '900ms'));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await fits(console_);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Press again to delete support' }).click();
    await page.getByText('There are no routers.').waitFor();
    // The one complaint of the browser is of the two answers that said what was wrong.
    expect(complaints.every((line) => line.includes('400'))).toBe(true);
  });
});

/** The highest sample. */
function loudest(samples: Int16Array): number {
  return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}
