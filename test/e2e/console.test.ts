// The console in a real Chromium with a microphone that is a file: every scenario by each way to connect.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readWav } from '../../src/media/wav.ts';
import { type BrowserOptions, findChromium } from './support/browser.ts';
import { buildConsole, type ConsolePage, type ConsoleTransport, openConsole, placed, spoken } from './support/console.ts';
import { CutLine } from './support/cut-line.ts';
import { apiKey, type RunningServer, startServer } from './support/server.ts';

vi.setConfig({ testTimeout: 60_000 });

const chromium = findChromium();
const soon = { timeout: 15_000 };
const transports: readonly ConsoleTransport[] = ['websocket', 'webrtc'];
const question = readWav(readFileSync(join(resolve(import.meta.dirname, '../..'), 'samples', 'question.wav')));
/** About four seconds of answer. */
const script = { PARLEY_SCRIPTED: 'stt=50,llm=100,rate=60,tokens=60,tts=50' };

let running: RunningServer;
const open: ConsolePage[] = [];

beforeAll(async () => {
  buildConsole();
  running = await startServer({ engines: 'scripted', settings: script });
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
afterAll(async () => {
  await running.close();
});

async function visit(transport: ConsoleTransport, options: BrowserOptions = {}, url = running.http): Promise<ConsolePage> {
  const opened = await openConsole(chromium ?? '', { microphone: placed(question, [1], 60), ...options });
  open.push(opened);
  await opened.arrive(url, transport);
  return opened;
}

async function write({ page }: ConsolePage, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Write a message' }).fill(text);
  await page.keyboard.press('Enter');
}

describe.skipIf(chromium === undefined).each(transports)('over %s', (transport) => {
  test('a spoken question is answered with sound and words, and each instant of the turn is told', async () => {
    // Late enough for the first call of all, whose worker has to start.
    const { page, plays, complaints } = await visit(transport, { microphone: placed(question, [4], 60) });
    await page.getByRole('button', { name: 'Talk', exact: true }).click();
    await page.getByText('This is a scripted transcript.').waitFor();
    await plays(true);
    await expect.poll(() => spoken(page, 'assistant').innerText(), soon).toContain('This is a scripted reply');
    await plays(false);
    const turn = page.getByRole('listitem').filter({ hasText: 'Turn 1' });
    await turn.getByText('Heard until').waitFor();
    const readings = await turn.locator('dd').allInnerTexts();
    expect(readings).toHaveLength(7);
    expect(readings.every((reading) => /^\d+ ms$/.test(reading))).toBe(true);
    expect(await turn.locator('svg rect').count()).toBeGreaterThanOrEqual(4);
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await page.getByText('Not connected').waitFor();
    expect(complaints).toEqual([]);
  });

  test('speaking into an answer silences it, and the words that were not heard are struck through', async () => {
    const { page, plays } = await visit(transport, { microphone: placed(question, [3, 7], 60) });
    await page.getByRole('button', { name: 'Talk', exact: true }).click();
    await plays(true);
    const struck = page.locator('del').first();
    await struck.waitFor();
    const words = await spoken(page, 'assistant').first().innerText();
    expect(words).toMatch(/^This is a scripted/);
    expect((await struck.innerText()).length).toBeGreaterThan(20);
    await page.getByText('interrupted').first().waitFor();
    // The conversation goes on.
    await expect.poll(() => spoken(page, 'assistant').count(), soon).toBe(2);
  });

  test('a text is answered, and the button and Escape interrupt the answer', async () => {
    const { page, plays } = await visit(transport);
    const conversation = open.at(-1) as ConsolePage;
    await write(conversation, 'Tell me everything.');
    await plays(true);
    await page.getByRole('button', { name: 'Interrupt' }).click();
    await plays(false);
    await page.locator('del').first().waitFor();
    await write(conversation, 'Once more.');
    await plays(true);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('del').count(), soon).toBe(2);
    expect(await spoken(page, 'user').allInnerTexts()).toEqual(['Tell me everything.', 'Once more.']);
  });

  test('push-to-talk hears what is said while the space bar is held, and nothing else', async () => {
    const { page, plays } = await visit(transport, { microphone: placed(question, [0, 2, 4, 6, 8, 10, 12], 14) });
    await page.getByRole('button', { name: 'Push to talk' }).click();
    await page.getByRole('button', { name: 'Talk', exact: true }).click();
    await page.getByRole('button', { name: 'Hold to talk' }).waitFor();
    await page.waitForTimeout(3000);
    expect(await spoken(page, 'user').count()).toBe(0);
    await page.getByRole('log').focus();
    await page.keyboard.down('Space');
    await page.waitForTimeout(1500);
    await page.keyboard.up('Space');
    await page.getByText('This is a scripted transcript.').waitFor();
    await plays(true);
    expect(await spoken(page, 'user').count()).toBe(1);
  });

  test('settings take effect at once and stay, and are in the code that is exported', async () => {
    const { page } = await visit(transport);
    const conversation = open.at(-1) as ConsolePage;
    await write(conversation, 'Hello.');
    await spoken(page, 'assistant').waitFor();
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByLabel('Voice', { exact: true }).selectOption('Olivia');
    await page.getByLabel('Instructions').fill('You are Ada.');
    await page.getByLabel('Your turn ends').selectOption('semantic_vad');
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByRole('searchbox').fill('session.updated semantic_vad ada olivia');
    await page.locator('.event-row').first().click();
    await expect.poll(() => page.locator('.event-detail pre').innerText(), soon).toContain('"instructions": "You are Ada."');
    await page.reload();
    await page.getByRole('tab', { name: 'Code' }).click();
    await page.getByRole('radio', { name: 'Python' }).check({ force: true });
    const code = await page.locator('.code-text').innerText();
    expect(code).toContain('"voice": "Olivia"');
    expect(code).toContain('semantic_vad');
  });

  test('a function call is answered by hand, and the answer goes on', async () => {
    const { page } = await visit(transport);
    const conversation = open.at(-1) as ConsolePage;
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Function' }).click();
    await page.getByLabel('Name', { exact: true }).fill('get_weather');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await write(conversation, 'Use the tool.');
    await page.getByText('waits for your answer').waitFor();
    await page.getByLabel('Result of get_weather').fill('{"sky": "blue"}');
    await page.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.locator('.card').getByText('answered').waitFor();
    await expect.poll(() => spoken(page, 'assistant').innerText(), soon).toContain('scripted reply');
  });
});

describe.skipIf(chromium === undefined)('however it is connected', () => {
  const transport = 'websocket';

  test('the page loads without an error, at any width, and offers what it can do', async () => {
    const { page, complaints } = await visit(transport);
    expect(await page.title()).toBe('Parley');
    expect(await page.getByRole('button', { name: 'Talk', exact: true }).isEnabled()).toBe(true);
    for (const width of [1360, 820, 390, 320]) {
      await page.setViewportSize({ width, height: 700 });
      for (const tab of await page.getByRole('tab').all()) {
        if (await tab.isVisible()) await tab.click();
        expect(await page.evaluate<number>('document.documentElement.scrollWidth'), `${width} px`).toBeLessThanOrEqual(width);
      }
    }
    expect(complaints).toEqual([]);
  });

  test('a setting that the server refuses is told as a sentence', async () => {
    const { page } = await visit(transport);
    const conversation = open.at(-1) as ConsolePage;
    await write(conversation, 'Hello.');
    await spoken(page, 'assistant').waitFor();
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByLabel('providerData, as JSON').fill('{"auto_tool_response": "perhaps"}');
    await page.getByLabel('providerData, as JSON').blur();
    const told = page.getByRole('alert').getByText('The server refused provider data');
    await told.waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    expect(await told.count()).toBe(0);
  });

  test('the event log is searched, filtered and read in full, without sound in it', async () => {
    const { page } = await visit(transport);
    const conversation = open.at(-1) as ConsolePage;
    await write(conversation, 'Hello.');
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByRole('searchbox').fill('response.done');
    const rows = page.locator('.event-row');
    await expect.poll(() => rows.count(), soon).toBe(1);
    await page.getByRole('radio', { name: 'Sent' }).check({ force: true });
    await page.getByText('No event is like that.').waitFor();
    await page.getByRole('radio', { name: 'Received' }).check({ force: true });
    await rows.first().click();
    const detail: unknown = JSON.parse(await page.locator('.event-detail pre').innerText());
    expect(detail).toMatchObject({ type: 'response.done', response: { object: 'realtime.response' } });
    await page.getByRole('searchbox').fill('Write');
    await page.getByRole('searchbox').fill('conversation.item.create hello');
    await page.getByRole('radio', { name: 'All' }).check({ force: true });
    await expect.poll(() => rows.count(), soon).toBe(1);
  });

  test('everything can be done with the keyboard alone', async () => {
    const { page, plays } = await visit(transport);
    const focused = () => page.evaluate<string>('document.activeElement?.textContent ?? ""');
    for (let i = 0; i < 20 && (await focused()) !== 'Talk'; i++) await page.keyboard.press('Tab');
    expect(await focused()).toBe('Talk');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'End', exact: true }).waitFor();
    for (let i = 0; i < 20 && (await page.evaluate('document.activeElement?.id')) !== 'composer-text'; i++)
      await page.keyboard.press('Tab');
    await page.keyboard.type('Hello.');
    await page.keyboard.press('Enter');
    await plays(true);
    for (let i = 0; i < 20 && (await focused()) !== 'Timeline'; i++) await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('Settings');
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.keyboard.press('ArrowRight');
    for (let i = 0; i < 20 && (await page.evaluate('document.activeElement?.role')) !== 'listbox'; i++) await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowUp');
    await page.locator('.event-detail').waitFor();
  });
});

describe.skipIf(chromium === undefined)('by itself', () => {
  test('a page whose server goes away says so, comes back by itself, and tells the new session what was said', async () => {
    const first = await startServer({ engines: 'scripted', settings: script });
    const { page } = await visit('websocket', {}, first.http);
    const conversation = open.at(-1) as ConsolePage;
    await write(conversation, 'Remember me.');
    await expect.poll(() => spoken(page, 'assistant').innerText(), soon).toContain('planned');
    await first.close();
    await page.getByText('Trying again').waitFor();
    expect(await page.getByRole('status').first().innerText()).toBe('Reconnecting …');
    const second = await startServer({ engines: 'scripted', settings: { ...script, PORT: new URL(first.http).port } });
    try {
      await page.getByText('Connected again').waitFor({ timeout: 30_000 });
      expect(await spoken(page, 'user').allInnerTexts()).toEqual(['Remember me.']);
      await page.getByRole('tab', { name: 'Events' }).click();
      await page.getByRole('searchbox').fill('conversation.item.added remember me');
      // Once from each session.
      await expect.poll(() => page.locator('.event-row').count(), soon).toBe(2);
    } finally {
      await page.close();
      await second.close();
    }
  });

  test('a page whose connection breaks takes the same session up again, and the answer goes on', async () => {
    const line = await CutLine.open(Number(new URL(running.http).port));
    const { page } = await visit('websocket', {}, `http://127.0.0.1:${line.port}`);
    try {
      await write(open.at(-1) as ConsolePage, 'Remember me.');
      await expect.poll(() => spoken(page, 'assistant').count(), soon).toBe(1);
      line.cut();
      await page.getByText('Connected again; the conversation goes on.').waitFor({ timeout: 30_000 });
      await expect.poll(() => spoken(page, 'assistant').innerText(), soon).toContain('planned');
      expect(await spoken(page, 'assistant').count()).toBe(1);
      await page.getByRole('tab', { name: 'Events' }).click();
      await page.getByRole('searchbox').fill('session.created');
      await expect.poll(() => page.locator('.event-row').count(), soon).toBe(1);
    } finally {
      await page.close();
      await line.close();
    }
  });

  test('a page whose session nears the end of its longest life takes it up before, and the conversation goes on past it', async () => {
    const short = await startServer({ engines: 'scripted', settings: script, sessionMs: 4000 });
    const { page, complaints } = await visit('websocket', {}, short.http);
    const conversation = open.at(-1) as ConsolePage;
    try {
      await write(conversation, 'Remember me.');
      await page.getByText('Connected again; the conversation goes on.').first().waitFor();
      // It was told 0.4 s before the end; so far into an answer it is past it.
      await write(conversation, 'And me.');
      await expect
        .poll(() => spoken(page, 'assistant').allInnerTexts(), soon)
        .toEqual([expect.any(String), expect.stringContaining('planned')]);
      await page.getByRole('tab', { name: 'Events' }).click();
      await page.getByRole('searchbox').fill('session.created');
      await expect.poll(() => page.locator('.event-row').count(), soon).toBe(1);
      await page.getByRole('searchbox').fill('session_expired');
      await page.getByText('No event is like that.').waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await page.close();
      await short.close();
    }
  });

  test('where a key is needed the page asks for it, takes no wrong one, and goes on with the right one', async () => {
    const locked = await startServer({ engines: 'scripted', settings: { ...script, PARLEY_CONSOLE: 'key' } });
    try {
      const opened = await openConsole(chromium ?? '', {});
      open.push(opened);
      const { page } = opened;
      await page.goto(locked.http);
      await page.getByLabel('API key').fill('wrong-key-0123456789');
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('did not accept the last key').waitFor();
      await page.getByLabel('API key').fill(apiKey);
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await write(opened, 'Hello.');
      await expect.poll(() => spoken(page, 'assistant').count(), soon).toBe(1);
    } finally {
      await open.pop()?.close();
      await locked.close();
    }
  });

  test('a call whose session has had its time is not made again', async () => {
    const opened = await openConsole(chromium ?? '', {});
    open.push(opened);
    const { page } = opened;
    await page.addInitScript(`{
      const create = RTCPeerConnection.prototype.createDataChannel;
      RTCPeerConnection.prototype.createDataChannel = function (...wish) {
        return (globalThis.channel = create.apply(this, wish));
      };
    }`);
    await opened.arrive(running.http, 'webrtc');
    await write(opened, 'Hello.');
    await expect.poll(() => spoken(page, 'assistant').count(), soon).toBe(1);
    const error = {
      type: 'invalid_request_error',
      code: 'session_expired',
      message: 'Your session hit the maximum duration.',
      param: null,
    };
    await page.evaluate(`{
      const data = JSON.stringify(${JSON.stringify({ type: 'error', event_id: 'event_last', error })});
      channel.dispatchEvent(new MessageEvent('message', { data }));
      channel.dispatchEvent(new Event('close'));
    }`);
    await page.getByText('Not connected').waitFor();
    expect(await page.getByText('Trying again').count()).toBe(0);
    expect(await page.getByRole('alert').filter({ hasText: 'longest life' }).count()).toBe(1);
  });

  test("a call uses the server's own STUN and TURN servers, and is made without them when they cannot be used", async () => {
    const configured = await startServer({
      engines: 'scripted',
      settings: {
        ...script,
        PARLEY_STUN_URLS: 'stun:127.0.0.1:9',
        PARLEY_TURN_URLS: 'turn:127.0.0.1:9?transport=udp',
        PARLEY_TURN_SECRET: 'the secret of the two',
      },
    });
    try {
      const opened = await openConsole(chromium ?? '', {});
      open.push(opened);
      const { page, complaints } = opened;
      await page.addInitScript(`{
        globalThis.configurations = [];
        const set = RTCPeerConnection.prototype.setConfiguration;
        RTCPeerConnection.prototype.setConfiguration = function (wish) {
          set.call(this, wish);
          configurations.push(this.getConfiguration().iceServers);
        };
      }`);
      await opened.arrive(configured.http, 'webrtc');
      await write(opened, 'Hello.');
      await expect.poll(() => spoken(page, 'assistant').count(), soon).toBe(1);
      const [servers] = await page.evaluate<{ urls: string | string[]; username?: string; credential?: string }[][]>('configurations');
      expect(servers?.map(({ urls }) => [urls].flat())).toEqual([['stun:127.0.0.1:9'], ['turn:127.0.0.1:9?transport=udp']]);
      expect(servers?.[1]?.username).toMatch(/^\d+:/);
      expect(servers?.[1]?.credential).toHaveLength(28);
      await page.getByRole('button', { name: 'End', exact: true }).click();
      await page.route('**/v1/realtime/ice-servers', (route) => route.abort());
      await write(opened, 'Hello again.');
      await expect.poll(() => spoken(page, 'assistant').count(), soon).toBe(2);
      expect(await page.evaluate('configurations.length')).toBe(1);
      expect(complaints.filter((complaint) => !complaint.includes('ERR_FAILED'))).toEqual([]);
    } finally {
      await open.pop()?.close();
      await configured.close();
    }
  });

  test('a microphone that is refused is told as a sentence, and the text still works', async () => {
    const opened = await visit('websocket');
    const { page } = opened;
    await page.evaluate('navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"))');
    await page.getByRole('button', { name: 'Talk', exact: true }).click();
    await page.getByText('does not let this page use the microphone').waitFor();
    await write(opened, 'Hello.');
    await expect.poll(() => spoken(page, 'assistant').count(), soon).toBe(1);
    expect(await page.getByText('does not let this page use the microphone').count()).toBe(1);
  });
});
