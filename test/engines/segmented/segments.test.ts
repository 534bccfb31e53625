// What of an utterance is decoded when, with a decoder that is answered by hand.
import { beforeEach, expect, test } from 'vitest';
import { EngineError, type Transcript } from '../../../src/engines/engine.ts';
import { SegmentedUtterance } from '../../../src/engines/local/segmented/segments.ts';
import { ManualClock } from '../../../src/lib/clock.ts';
import { concat } from '../../../src/media/pcm.ts';
import { noise, vowels } from '../../contract/vowels.ts';
import { FakeDecoder, settled } from './fake-decoder.ts';

const voice = (ms: number) => vowels(ms);
const hush = (ms: number) => noise(ms, 20);
const seconds = (samples: Int16Array) => samples.length / 16_000;

let decoder: FakeDecoder;
let guesses: Transcript[];
let utterance: SegmentedUtterance;
let clock: ManualClock;

beforeEach(() => {
  decoder = new FakeDecoder();
  clock = new ManualClock();
  guesses = [];
  utterance = open();
});

function open(): SegmentedUtterance {
  return new SegmentedUtterance(decoder, {
    engine: 'ear',
    limits: { longestMs: 12_000, shortestMs: 5000, partialEveryMs: 1000 },
    clock,
    hints: { vocabulary: ['Pelimont'] },
    origin: { key: 'key_1', session: 'sess_1' },
    onPartial: (guess) => guesses.push(guess),
  });
}

/** Hears sound as it would come from a line. */
function hear(...pieces: Int16Array[]): void {
  const sound = concat(pieces);
  for (let at = 0; at < sound.length; at += 320) utterance.hear(sound.subarray(at, at + 320));
}

/** Sound during which no guess is made. */
function hearUnguessed(...pieces: Int16Array[]): void {
  decoder.busy = true;
  hear(...pieces);
  decoder.busy = false;
}

test('decodes all that was heard when the words are asked for', async () => {
  hearUnguessed(hush(100), voice(1500), hush(200));
  const words = utterance.words('final');
  expect(decoder.only.task).toMatchObject({ hints: { vocabulary: ['Pelimont'] }, retry: true });
  expect(decoder.only.options).toMatchObject({ urgency: 'final', origin: { key: 'key_1', session: 'sess_1' } });
  expect(seconds(decoder.only.task.samples)).toBeCloseTo(1.8);
  await decoder.only.answer('Turn left.');
  expect(await words).toMatchObject({ text: 'Turn left.', words: [{ text: 'Turn', startMs: 0 }, { text: 'left' }] });
});

test('has nothing to decode in silence, or in nothing at all', async () => {
  expect(await utterance.words('final')).toEqual({ text: '', words: [] });
  utterance.hear(new Int16Array(16_000));
  expect(await utterance.words('final')).toEqual({ text: '', words: [] });
  expect(decoder.orders).toHaveLength(0);
});

test('answers with the words of the pause when only silence came after it, without decoding again', async () => {
  hearUnguessed(hush(100), voice(1500), hush(200));
  const speculative = utterance.words('speculative');
  await decoder.only.answer('Turn left.');
  hear(hush(300));
  const final = await utterance.words('final');
  expect(decoder.orders).toHaveLength(0);
  expect(final).toBe(await speculative);
});

test('decodes again when speech went on after the pause, and what it knew already is a draft', async () => {
  hearUnguessed(hush(100), voice(1500), hush(200));
  void utterance.words('speculative');
  await decoder.only.answer('Turn left');
  hearUnguessed(voice(600));
  const final = utterance.words('final');
  expect(seconds(decoder.only.task.samples)).toBeCloseTo(2.4);
  expect(decoder.only.task.draft).toEqual([300, 301]);
  await decoder.only.answer('Turn left and stop.');
  expect(await final).toMatchObject({ text: 'Turn left and stop.' });
});

test('a speculative decode that still waits becomes a final one when somebody waits for it', async () => {
  hearUnguessed(voice(1000), hush(200));
  const speculative = utterance.words('speculative');
  expect(decoder.only.options.urgency).toBe('speculative');
  const final = utterance.words('final');
  await settled();
  expect(decoder.only.options.urgency).toBe('final');
  await decoder.only.answer('Stop.');
  expect((await final).text).toBe('Stop.');
  expect(await speculative).toBe(await final);
});

test('a speculative decode that has begun is waited for', async () => {
  hearUnguessed(voice(1000), hush(200));
  void utterance.words('speculative');
  const { only } = decoder;
  only.begin();
  const final = utterance.words('final');
  await settled();
  expect(decoder.only).toBe(only);
  await only.answer('Stop.');
  expect((await final).text).toBe('Stop.');
});

test('gives up a speculative decode when speech went on and the words are asked for again', async () => {
  hearUnguessed(voice(1000), hush(200));
  const early = utterance.words('speculative');
  hearUnguessed(voice(1000));
  const late = utterance.words('final');
  await expect(early).rejects.toMatchObject({ reason: 'rate_limited' });
  await decoder.only.answer('Stop here.');
  expect((await late).text).toBe('Stop here.');
});

test('finishes a final decode, though speech went on and the words are asked for again', async () => {
  hearUnguessed(voice(1000), hush(200));
  void utterance.words('speculative');
  const early = utterance.words('final');
  hearUnguessed(voice(1000));
  const late = utterance.words('final');
  await settled();
  const [longer, shorter] = [...decoder.orders].sort((a, b) => b.task.samples.length - a.task.samples.length);
  await longer?.answer('Stop here.');
  await shorter?.answer('Stop.');
  expect((await early).text).toBe('Stop.');
  expect((await late).text).toBe('Stop here.');
});

test('a speculative decode that failed does not keep a final one from being tried', async () => {
  hearUnguessed(voice(1000), hush(200));
  const speculative = utterance.words('speculative');
  const waiting = utterance.words('final');
  await settled();
  await decoder.only.fail(new EngineError('moonshine', 'rate_limited', 'too many'));
  await expect(speculative).rejects.toMatchObject({ reason: 'rate_limited' });
  await decoder.only.answer('Stop.');
  expect((await waiting).text).toBe('Stop.');
});

test('tells the failure of a final decode, and tries again when asked again', async () => {
  hearUnguessed(voice(1000));
  const failing = utterance.words('final');
  await decoder.only.fail(new EngineError('moonshine', 'crashed', 'gone'));
  await expect(failing).rejects.toMatchObject({ reason: 'crashed' });
  const again = utterance.words('final');
  await decoder.only.answer('Stop.');
  expect((await again).text).toBe('Stop.');
});

test('guesses once a second, the second time after half of one, shows what two guesses agree on, and takes nothing of it back', async () => {
  hear(voice(990));
  expect(decoder.orders).toHaveLength(0);
  hear(voice(20));
  expect(decoder.only.options.urgency).toBe('partial');
  expect(decoder.only.task.retry).toBe(false);
  await decoder.only.answer('Turn let.');
  expect(guesses).toEqual([]);
  hear(voice(480));
  expect(decoder.orders).toHaveLength(0);
  hear(voice(40));
  await decoder.only.answer('Turn left at');
  expect(guesses.map(({ text }) => text)).toEqual(['Turn']);
  hear(voice(1000));
  await decoder.only.answer('Burn left at the');
  hear(voice(1000));
  await decoder.only.answer('Burn left at the corner.');
  expect(guesses.map(({ text }) => text)).toEqual(['Turn', 'Turn left at the']);
});

test('a guess shows no mark before it knows the next word', async () => {
  for (const text of ['So,', 'So, my', 'So, my friend.']) {
    hear(voice(1010));
    await decoder.only.answer(text);
  }
  expect(guesses.map(({ text }) => text)).toEqual(['So', 'So, my']);
});

test('makes no guess while the decoder is busy, while one is under way, or about silence', async () => {
  decoder.busy = true;
  hear(voice(1500));
  expect(decoder.orders).toHaveLength(0);
  decoder.busy = false;
  hear(voice(100));
  hear(voice(1500));
  expect(decoder.orders).toHaveLength(1);
  await decoder.only.answer('Stop.');
  await decoder.only.answer('Stop.');
  hear(hush(3000));
  expect(decoder.orders).toHaveLength(0);
});

test('gives up a guess when the words are asked for', async () => {
  hear(voice(1500));
  expect(decoder.only.options.urgency).toBe('partial');
  const words = utterance.words('final');
  await settled();
  expect(decoder.only.options.urgency).toBe('final');
  await decoder.only.answer('Stop.');
  expect((await words).text).toBe('Stop.');
});

test('closes a long segment at its best pause, and decodes that part once', async () => {
  hearUnguessed(voice(4000), hush(300), voice(4000), hush(600), voice(3500));
  expect(decoder.only.options.urgency).toBe('speculative');
  expect(seconds(decoder.only.task.samples)).toBeGreaterThan(8.3);
  expect(seconds(decoder.only.task.samples)).toBeLessThan(8.9);
  await decoder.only.answer('The first part.');
  const words = utterance.words('final');
  expect(seconds(decoder.only.task.samples)).toBeLessThan(4.1);
  await decoder.only.answer('The second.');
  const { text, words: timed } = await words;
  expect(text).toBe('The first part. The second.');
  expect(timed[3]?.startMs).toBeGreaterThan(8300);
  hearUnguessed(voice(500));
  const more = utterance.words('final');
  await decoder.only.answer('The second one.');
  expect((await more).text).toBe('The first part. The second one.');
});

test('waits for the closed part, and hurries it, when somebody waits for all of it', async () => {
  hearUnguessed(voice(8000), hush(600), voice(3500));
  const words = utterance.words('final');
  await settled();
  expect(decoder.orders.map(({ options }) => options.urgency)).toEqual(['final', 'final']);
  const [second, first] = [...decoder.orders].sort((a, b) => a.task.samples.length - b.task.samples.length);
  await second?.answer('and more.');
  await first?.answer('There is');
  expect((await words).text).toBe('There is and more.');
});

test('tries a closed part again that could not be decoded', async () => {
  hearUnguessed(voice(8000), hush(600), voice(3500));
  await decoder.only.fail(new EngineError('moonshine', 'crashed', 'gone'));
  const words = utterance.words('final');
  expect(decoder.orders).toHaveLength(2);
  for (const order of [...decoder.orders]) await order.answer(seconds(order.task.samples) > 6 ? 'First.' : 'Second.');
  expect((await words).text).toBe('First. Second.');
});

test('shows no guess of what follows a closed part before that part has its text', async () => {
  hearUnguessed(voice(8000), hush(600), voice(3500));
  const part = decoder.only;
  hear(voice(10));
  const guess = () => decoder.orders.find(({ options }) => options.urgency === 'partial');
  await guess()?.answer('and more');
  hear(voice(1010));
  await guess()?.answer('and more');
  expect(guesses).toEqual([]);
  await part.answer('There is');
  hear(voice(1010));
  await guess()?.answer('and more too');
  hear(voice(1010));
  await guess()?.answer('and more too and');
  expect(guesses.at(-1)?.text).toBe('There is and more too');
});

test('fails when it has fallen six minutes behind', async () => {
  const minutes = voice(125_000);
  utterance.hear(minutes);
  utterance.hear(minutes);
  utterance.hear(minutes);
  await expect(utterance.words('final')).rejects.toMatchObject({ reason: 'timeout', retryable: true });
  await settled();
  expect(decoder.orders).toHaveLength(0);
});

test('when it is closed, whoever waits is told, nothing is decoded any more, and no guess comes', async () => {
  hear(voice(1500));
  const guess = decoder.only;
  const waiting = utterance.words('final');
  utterance.close();
  await expect(waiting).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
  await expect(utterance.words('final')).rejects.toMatchObject({ reason: 'unavailable' });
  hear(voice(3000));
  await guess.answer('Stop.');
  expect(decoder.orders).toHaveLength(0);
  expect(guesses).toEqual([]);
});

test('copies what it hears', async () => {
  const sound = voice(1000);
  utterance.hear(sound);
  const kept = sound.slice();
  sound.fill(0);
  void utterance.words('final').catch(() => {});
  expect(decoder.orders.at(-1)?.task.samples).toEqual(kept);
});
