// Images by their addresses: what one event can make a session fetch, how often, and for whom.
import { describe, expect, test } from 'vitest';
import { type FetchImage, Images, type Lent } from '../../src/pipeline/images.ts';
import { ManualClock } from '../../src/lib/clock.ts';
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

/** A session's images, and what is at addresses for one of its answers. */
function imagesOf(fetch: FetchImage, signal = never) {
  const clock = new ManualClock();
  const images = new Images(fetch, clock, signal);
  const get = async (urls: readonly string[], answer = never) => {
    const lent = await images.lend(urls, answer);
    lent.giveBack();
    return lent.found;
  };
  return { images, get, clock };
}
const addresses = (count: number) => Array.from({ length: count }, (_, index) => `https://pictures.example/${index}`);

describe('A8: the images that a client names', () => {
  test('are fetched a few at a time, each once, however many prompts name it and however often', async () => {
    const { asked, fetch, answerAll, most } = web();
    const { get } = imagesOf(fetch);
    const urls = addresses(80);
    const first = get([...urls, ...urls]);
    const second = get(urls);
    await answerAll();
    expect((await first).size).toBe(80);
    expect((await second).get('https://pictures.example/79')).toEqual({ url: 'https://pictures.example/79' });
    const third = get(urls);
    await answerAll();
    expect((await third).size).toBe(80);
    expect(asked).toEqual(urls);
    expect(most()).toBe(3);
  });

  test('are not tried again within a minute when they could not be had, and then they are', async () => {
    const { asked, fetch, answerAll } = web();
    const { get, clock } = imagesOf(fetch);
    for (const [afterMs, times] of [
      [0, 1],
      [59_000, 1],
      [2000, 2],
      [0, 2],
    ] as const) {
      clock.advance(afterMs);
      const got = get(['https://pictures.example/missing']);
      await answerAll();
      expect([...(await got).values()]).toEqual([{ reason: 'its server answered 404' }]);
      expect(asked).toHaveLength(times);
    }
  });

  test('are all kept that the newest prompt has used, in whatever order', async () => {
    const { asked, fetch, answerAll } = web(6 * mib);
    const { get } = imagesOf(fetch);
    const urls = addresses(5);
    for (const named of [['https://pictures.example/old'], urls, urls, urls.toReversed()]) {
      const got = get(named);
      await answerAll();
      await got;
    }
    expect(asked).toEqual(['https://pictures.example/old', ...urls]);
  });

  test('and of those that are more than that, as many as there is room for', async () => {
    const { asked, fetch, answerAll } = web(13 * mib);
    const { get } = imagesOf(fetch);
    for (let prompt = 0; prompt < 3; prompt++) {
      const got = get(addresses(3));
      await answerAll();
      await got;
    }
    expect(asked.map((url) => url.at(-1))).toEqual(['0', '1', '2', '2', '2']);
  });

  test('are bounded for all prompts of a session that are being answered, with what those have besides', async () => {
    const { fetch, answerAll } = web(16 * mib);
    const { images } = imagesOf(fetch);
    const lend = async (besideBytes?: number) => {
      const lending = images.lend(addresses(2), never, besideBytes);
      await answerAll();
      return lending;
    };
    const had = ({ found }: Lent) => [...found.values()].filter((image) => 'url' in image).length;
    expect(had(await lend(32 * mib))).toBe(0);
    const [first, second] = [await lend(), await lend()];
    expect([first, second, await lend()].map(had)).toEqual([2, 2, 0]);
    first.giveBack();
    first.giveBack();
    expect([await lend(), await lend()].map(had)).toEqual([2, 0]);
  });

  test('are not begun when the last answer that waits for them was called off, and its prompt is not kept waiting', async () => {
    const { asked, fetch, answerAll } = web();
    const { get } = imagesOf(fetch);
    const held = get(addresses(3));
    const [one, other] = [new AbortController(), new AbortController()];
    const waits = ['https://pictures.example/a', 'https://pictures.example/b'];
    const called = get(waits, one.signal);
    const shared = get(waits.slice(1), other.signal);
    await settled();
    one.abort();
    expect([...(await called).values()].every((image) => 'reason' in image)).toBe(true);
    for (let count = 0; count < 100; count++) {
      const answer = new AbortController();
      const got = get([`https://pictures.example/again/${count}`], answer.signal);
      await settled();
      answer.abort();
      await got;
    }
    await answerAll();
    expect([(await held).size, (await shared).get('https://pictures.example/b')]).toEqual([3, { url: 'https://pictures.example/b' }]);
    expect(asked).toEqual([...addresses(3), 'https://pictures.example/b']);
    // And the places are free again.
    const later = get(['https://pictures.example/a']);
    await answerAll();
    expect((await later).get('https://pictures.example/a')).toEqual({ url: 'https://pictures.example/a' });
  });

  test('are no more in one prompt than it may hold: the first that are asked for count', async () => {
    const { asked, fetch, answerAll } = web(10 * mib);
    const { get } = imagesOf(fetch);
    const got = get(addresses(20));
    await answerAll();
    const reasons = [...(await got).values()].filter((image) => 'reason' in image);
    expect(asked.length).toBeLessThanOrEqual(6);
    expect(reasons).toHaveLength(20 - asked.length);
  });

  test('are forgotten, the one that was longest not used first, when all of them are more than a session keeps', async () => {
    const { asked, fetch, answerAll } = web(12 * mib);
    const { get } = imagesOf(fetch);
    const [a, b, c] = addresses(3) as [string, string, string];
    for (const url of [a, b, a, c, a, b]) {
      const got = get([url]);
      await answerAll();
      await got;
    }
    expect(asked).toEqual([a, b, c, b]);
  });

  test('are not begun for an answer that was called off, nor for a session that is over', async () => {
    const { asked, fetch, answerAll, signals } = web();
    const [reply, session] = [new AbortController(), new AbortController()];
    const { get } = imagesOf(fetch, session.signal);
    const got = get(addresses(10), reply.signal);
    await settled();
    expect(asked).toHaveLength(3);
    reply.abort();
    session.abort();
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    await answerAll();
    await got;
    const late = get(addresses(1));
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
