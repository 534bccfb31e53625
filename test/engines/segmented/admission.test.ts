// A5: words that somebody waits for are begun with in time, or the turn ends; what is begun is waited for, and who floods the recognisers fails alone.
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { EngineError } from '../../../src/engines/engine.ts';
import { Crew } from '../../../src/engines/local/crew.ts';
import { CrewDecoder, type SegmentDecoder } from '../../../src/engines/local/segmented/decoder.ts';
import { SegmentedUtterance } from '../../../src/engines/local/segmented/segments.ts';
import type { SegmentTask, SegmentText } from '../../../src/engines/local/segmented/transcribe.ts';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { noise, vowels } from '../../contract/vowels.ts';
import { FakeDecoder, settled } from './fake-decoder.ts';

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
});

function utteranceOf(decoder: SegmentDecoder, key = 'key_1'): SegmentedUtterance {
  return new SegmentedUtterance(decoder, {
    engine: 'ear',
    limits: { longestMs: 12_000, shortestMs: 5000, partialEveryMs: 1_000_000 },
    clock,
    hints: { vocabulary: [] },
    origin: { key, session: key },
    onPartial: () => {},
  });
}

/** How it stands with the words. */
function outcomeOf(words: Promise<{ text: string }>): { text?: string; reason?: string } {
  const outcome: { text?: string; reason?: string } = {};
  words.then(
    ({ text }) => (outcome.text = text),
    (error: EngineError) => (outcome.reason = error.reason),
  );
  return outcome;
}

/** They fail when nobody has begun with them for 1.8 s from now on, and not before. */
async function expectTooLate(words: ReturnType<typeof outcomeOf>): Promise<void> {
  clock.advance(1799);
  await settled();
  expect(words).toEqual({});
  clock.advance(1);
  await settled();
  expect(words).toEqual({ reason: 'rate_limited' });
}

describe('A5: words that somebody waits for', () => {
  let decoder: FakeDecoder;
  let utterance: SegmentedUtterance;

  beforeEach(() => {
    decoder = new FakeDecoder();
    decoder.busy = true;
    utterance = utteranceOf(decoder);
    utterance.hear(vowels(1500));
  });

  test('fail within two seconds when no worker has begun with them, and nothing waits for a worker any more', async () => {
    const words = outcomeOf(utterance.words('final'));
    await expectTooLate(words);
    expect(decoder.orders).toEqual([]);
  });

  test('fail as unavailable when there is no worker at all', async () => {
    decoder.ready = false;
    const words = outcomeOf(utterance.words('final'));
    clock.advance(1800);
    await settled();
    expect(words).toEqual({ reason: 'unavailable' });
  });

  test('are waited for, however long, once a worker has begun', async () => {
    const words = outcomeOf(utterance.words('final'));
    clock.advance(1700);
    decoder.only.begin();
    clock.advance(25_000);
    await decoder.only.answer('Turn left.');
    expect(words).toEqual({ text: 'Turn left.' });
    clock.advance(60_000);
    await settled();
    expect(utterance.words('final')).toBeDefined();
  });

  test('fail when their worker makes way for others and none begins with them again', async () => {
    const words = outcomeOf(utterance.words('final'));
    decoder.only.begin();
    clock.advance(10_000);
    decoder.only.putBack();
    await expectTooLate(words);
  });

  test('are not waited for before somebody does: a pause may last, and what was asked for speculatively fails no later for it', async () => {
    const early = outcomeOf(utterance.words('speculative'));
    clock.advance(60_000);
    await settled();
    expect(early).toEqual({});
    const words = outcomeOf(utterance.words('final'));
    clock.advance(1800);
    await settled();
    expect([early, words]).toEqual([{ reason: 'rate_limited' }, { reason: 'rate_limited' }]);
  });

  test('of several segments are waited for as long as any of them is worked on', async () => {
    for (const sound of [noise(400, 20), vowels(6000), noise(400, 20), vowels(6500), noise(400, 20)]) utterance.hear(sound);
    const words = outcomeOf(utterance.words('final'));
    await settled();
    const [first, second] = decoder.orders;
    expect(decoder.orders).toHaveLength(2);
    first?.begin();
    clock.advance(20_000);
    await first?.answer('Turn left.');
    clock.advance(1700);
    second?.begin();
    clock.advance(20_000);
    await second?.answer('And stop.');
    expect(words.text).toMatch(/Turn left/);
    expect(words.text).toMatch(/And stop/);
  });

  test('fail at once, and only once, when the recognition is closed', async () => {
    const words = outcomeOf(utterance.words('final'));
    utterance.close();
    clock.advance(10_000);
    await settled();
    expect(words).toEqual({ reason: 'unavailable' });
  });
});

test('A5: a key that floods the recognisers fails alone: another’s turn is begun with in time', { timeout: 60_000 }, async () => {
  const gate = new SharedArrayBuffer(4);
  const done = () => Atomics.add(new Int32Array(gate), 0, 1);
  const crew = new Crew<SegmentTask, SegmentText | undefined>({
    engine: 'ear',
    script: new URL('./admission-worker.ts', import.meta.url),
    workerData: { gate },
    size: 1,
    clock,
    log: silentLog,
    answerMs: 60_000,
    mostWaiting: 512,
  });
  onTestFinished(() => crew.close());
  await crew.start(new AbortController().signal);
  const workers = new CrewDecoder(crew, 1);
  /** Whose words a worker has begun with, in order. */
  const begun: (string | undefined)[] = [];
  const decoder: SegmentDecoder = {
    busy: true,
    ready: true,
    decode(task, options) {
      const onBegin = () => {
        begun.push(options.origin?.key);
        options.onBegin?.();
      };
      return workers.decode(task, { ...options, onBegin });
    },
  };
  const patience = { timeout: 20_000 };
  const ask = (key: string) => {
    const utterance = utteranceOf(decoder, key);
    utterance.hear(vowels(1000));
    return outcomeOf(utterance.words('final'));
  };
  const flood = Array.from({ length: 20 }, () => ask('flood'));
  const waiting = () => crew.health.waiting;
  await vi.waitFor(() => expect(waiting()).toBe(19), patience);
  const other = ask('other');
  await vi.waitFor(() => expect(waiting()).toBe(20), patience);
  clock.advance(1500);
  done();
  await vi.waitFor(() => expect(begun).toEqual(['flood', 'other']), patience);
  expect(flood[0]).toEqual({ text: 'Turn left.' });
  clock.advance(300);
  await settled();
  expect(flood.slice(1).every(({ reason }) => reason === 'rate_limited')).toBe(true);
  expect(other).toEqual({});
  done();
  await vi.waitFor(() => expect(other).toEqual({ text: 'Turn left.' }), patience);
});
