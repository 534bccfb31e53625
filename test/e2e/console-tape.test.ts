// A tape in the console, in a real Chromium: it takes the place of the page's own turns and events until it is put away.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { findChromium } from './support/browser.ts';
import { Client } from './support/client.ts';
import { buildConsole, openConsole } from './support/console.ts';
import { startServer } from './support/server.ts';

vi.setConfig({ testTimeout: 60_000 });

const chromium = findChromium();

test.skipIf(chromium === undefined)('a tape shows its turns and its events, and what is no tape is refused in words', async () => {
  buildConsole();
  const folder = mkdtempSync(join(tmpdir(), 'parley-tapes-'));
  const server = await startServer({ engines: 'scripted', settings: { PARLEY_RECORD: folder } });
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const client = await Client.open(server.ws);
  client.say('Hello.');
  client.send({ type: 'response.create' });
  await client.log.wait('response.done');
  client.close();
  await client.closed;
  const tapes = () => readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  await expect.poll(() => tapes().length).toBe(1);
  const opened = await openConsole(chromium ?? '', {});
  onTestFinished(() => opened.close());
  const { page, complaints } = opened;
  await opened.arrive(server.http, 'websocket');

  const chooser = page.locator('input[type=file]');
  await chooser.setInputFiles(join(folder, tapes()[0] ?? ''));
  await page.getByText('Tape of').waitFor();
  const turn = page.getByRole('listitem').filter({ hasText: 'Turn 1' });
  expect(await turn.innerText()).toContain('written');
  expect((await turn.locator('dd').allInnerTexts()).every((reading) => /^\d+ ms$/.test(reading))).toBe(true);
  await page.getByRole('tab', { name: 'Events' }).click();
  await page.getByRole('searchbox').fill('session.created');
  await page.locator('.event-row').filter({ hasText: 'session.created' }).waitFor();
  await page.getByRole('searchbox').fill('response.done');
  await page.locator('.event-row').first().click();
  expect(await page.locator('.event-detail pre').innerText()).toContain('"status": "completed"');
  await page.getByRole('button', { name: 'Put it away' }).click();
  expect(await page.locator('.event-row').count()).toBe(0);

  const letter = join(folder, 'letter.jsonl');
  writeFileSync(letter, 'Dear all,\n');
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await chooser.setInputFiles(letter);
  await page.getByText('This is no tape of a session.').waitFor();
  expect(complaints).toEqual([]);
});
