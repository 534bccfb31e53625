// Images by their addresses: what one event can make a session fetch, how often, and for whom.
import { describe, expect, test } from 'vitest';
import { Images } from '../../src/pipeline/images.ts';
import { FakeEngines } from './fake-engines.ts';
import { openRig, settled } from '../rig.ts';

const mib = 1024 * 1024;

/** A web under a test's hand: it counts who is asked for what, and answers when told to. */
function web(size = 10) {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  let most = 0;
  const fetch = async (url: string, signal: AbortSignal) => {
    asked.push(url);
    signals.push(signal);
    most = Math.max(most, waiting.length + 1);
    await new Promise<void>((resolve) => waiting.push(resolve));
    if (url.includes('missing')) throw new Error('its server answered 404');
    return url.padEnd(size, '.');
  };
  const answerAll = async () => {
    for (let quiet = 0; quiet < 2; ) {
      const next = waiting.shift();
      next?.();
      await settled();
      quiet = next ? 0 : quiet + 1;
    }
  };
  return { asked, signals, fetch, answerAll, most: () => most };
}

const never = new AbortController().signal;
const addresses = (count: number) => Array.from({ length: count }, (_, index) => `https://pictures.example/${index}`);

describe('A8: the images that a client names', () => {
  test('are fetched a few at a time, each once, however many prompts name it and however often', async () => {
    const { asked, fetch, answerAll, most } = web();
    const images = new Images(fetch, never);
    const urls = addresses(80);
    const first = images.get([...urls, ...urls], never);
    const second = images.get(urls, never);
    await answerAll();
    expect((await first).size).toBe(80);
    expect((await second).get('https://pictures.example/79')).toEqual({ url: 'https://pictures.example/79' });
    const third = images.get(urls, never);
    await answerAll();
    expect((await third).size).toBe(80);
    expect(asked).toEqual(urls);
    expect(most()).toBe(3);
  });

  test('are tried again in a later prompt when they could not be had', async () => {
    const { asked, fetch, answerAll } = web();
    const images = new Images(fetch, never);
    for (let prompt = 0; prompt < 2; prompt++) {
      const got = images.get(['https://pictures.example/missing'], never);
      await answerAll();
      expect([...(await got).values()]).toEqual([{ reason: 'its server answered 404' }]);
    }
    expect(asked).toHaveLength(2);
  });

  test('are no more in one prompt than it may hold: the first that are asked for count', async () => {
    const { asked, fetch, answerAll } = web(10 * mib);
    const images = new Images(fetch, never);
    const got = images.get(addresses(20), never);
    await answerAll();
    const reasons = [...(await got).values()].filter((image) => 'reason' in image);
    expect(asked.length).toBeLessThanOrEqual(6);
    expect(reasons).toHaveLength(20 - asked.length);
  });

  test('are forgotten, the one that was longest not used first, when all of them are more than a session keeps', async () => {
    const { asked, fetch, answerAll } = web(6 * mib);
    const images = new Images(fetch, never);
    const [a, b, c] = addresses(3) as [string, string, string];
    for (const url of [a, b, a, c, a, b]) {
      const got = images.get([url], never);
      await answerAll();
      await got;
    }
    expect(asked).toEqual([a, b, c, b]);
  });

  test('are not begun for an answer that was called off, nor for a session that is over', async () => {
    const { asked, fetch, answerAll, signals } = web();
    const [reply, session] = [new AbortController(), new AbortController()];
    const images = new Images(fetch, session.signal);
    const got = images.get(addresses(10), reply.signal);
    await settled();
    expect(asked).toHaveLength(3);
    reply.abort();
    session.abort();
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    await answerAll();
    await got;
    const late = images.get(addresses(1), never);
    await answerAll();
    expect(asked).toHaveLength(3);
    expect((await late).size).toBe(1);
  });

  test.each([true, false])('C20: are fetched only for a model that can look at them (%s)', async (sees) => {
    const engines = new FakeEngines();
    engines.fakeLlm.sees = sees;
    const rig = openRig({ engines });
    const content = [{ type: 'input_image', image_url: 'https://pictures.example/cat.png' }];
    rig.client({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    for (let answers = 0; answers < 2; answers++) {
      rig.client({ type: 'response.create' });
      await rig.settle();
      rig.llm.last.end();
      await rig.settle();
    }
    expect(rig.images).toEqual(sees ? ['https://pictures.example/cat.png'] : []);
    expect(rig.llm.last.prompt.turns[0]).toMatchObject({
      parts: [{ type: 'image', url: sees ? 'data:image/png;base64,AAAA' : 'https://pictures.example/cat.png' }],
    });
  });
});
