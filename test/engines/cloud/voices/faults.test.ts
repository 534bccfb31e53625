// What can go wrong with a service's voice, the same for each service, over real sockets. Time is a clock that stands still until told otherwise.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineError, type Speech, type Tts } from '../../../../src/engines/engine.ts';
import { ManualClock } from '../../../../src/lib/clock.ts';
import { FakeCartesia } from '../../../contract/voices/cartesia.ts';
import { FakeDeepgram } from '../../../contract/voices/deepgram.ts';
import { FakeElevenLabs } from '../../../contract/voices/elevenlabs.ts';
import { type FakeService, KEY, WORD_MS } from '../../../contract/voices/fake-service.ts';
import { FakeInworld } from '../../../contract/voices/inworld.ts';
import { FakeOpenAi } from '../../../contract/voices/openai.ts';
import { clauses } from '../../../contract/tts.ts';

/** More sound than one message or one read of a socket has. */
const LONG = 'This is a sentence with so many words in it that the sound of it cannot come in one piece at all. ';

/** Times of words that come after the sound are told with a moment of silence. */
function expectWords(heardMs: number, words: number): void {
  expect(Math.abs(heardMs - words * WORD_MS)).toBeLessThan(20);
}

async function* hanging(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
  await new Promise(() => {});
}

describe.each([
  // A connection that carries one speech at a time is never the only one.
  ['OpenAI', () => new FakeOpenAi(), 2],
  ['Inworld', () => new FakeInworld(), 1],
  ['ElevenLabs', () => new FakeElevenLabs(), 1],
  ['Cartesia', () => new FakeCartesia(), 1],
  ['Deepgram', () => new FakeDeepgram(), 2],
] as [string, () => FakeService, number][])('%s', (_, make, kept) => {
  let service: FakeService;
  let clock: ManualClock;
  let tts: Tts;

  beforeEach(async () => {
    service = make();
    await service.listen();
    clock = new ManualClock();
    tts = service.open(clock);
  });
  afterEach(() => service.close());

  const speak = (source: AsyncIterable<string>, signal = new AbortController().signal, speed = 1) =>
    tts.speak(source, { model: '', voice: tts.voices()[0]?.id ?? '', speed }, signal);
  const say = async (...texts: string[]) => {
    const stretches: Speech[] = [];
    for await (const stretch of speak(clauses(...texts))) stretches.push(stretch);
    return lengthMs(stretches);
  };
  const lengthMs = (stretches: readonly Speech[]) => stretches.reduce((sum, { pcm }) => sum + (pcm.samples.length * 1000) / pcm.rateHz, 0);
  const failureOf = async (spoken: AsyncIterable<Speech>) => {
    const stretches: Speech[] = [];
    try {
      for await (const stretch of spoken) stretches.push(stretch);
    } catch (error) {
      if (error instanceof EngineError) return { error, heardMs: lengthMs(stretches) };
      throw error;
    }
    throw new Error('it did not fail');
  };

  test('says all of a text, once', async () => {
    expectWords(await say('One, ', 'two three. ', 'Four five six seven.'), 7);
    expect(service.texts.join('').replaceAll(/\s+/g, ' ').trim()).toBe('One, two three. Four five six seven.');
  });

  test('a voice that the service does not have is rejected, and not tried again', async () => {
    service.fault = 'unknown voice';
    const { error } = await failureOf(speak(clauses('Hello.')));
    expect(error).toMatchObject({ reason: 'rejected', retryable: false });
  });

  test('a wrong key is told as such, and is not in what is told', async () => {
    service.fault = 'bad key';
    const { error } = await failureOf(speak(clauses('Hello.')));
    expect(error).toMatchObject({ reason: 'unauthorized', retryable: false });
    expect(error.message).not.toContain(KEY);
  });

  test('a service that asks for patience is given it', async () => {
    service.fault = 'too many';
    const { error } = await failureOf(speak(clauses('Hello.')));
    expect(error).toMatchObject({ reason: 'rate_limited', retryable: true, retryAfterMs: 7000 });
  });

  test('a service that is down may be asked again', async () => {
    service.fault = 'down';
    const { error } = await failureOf(speak(clauses('Hello.')));
    expect(error).toMatchObject({ reason: 'broken', retryable: true });
  });

  test('nobody listening there is told apart from a refusal', async () => {
    await service.stop();
    const { error } = await failureOf(speak(clauses('Hello.')));
    expect(error).toMatchObject({ reason: 'unavailable', retryable: true });
  });

  test('no sound in time is a timeout, and the service need not go on', async () => {
    service.fault = 'silent';
    const failed = failureOf(speak(hanging('Hello.')));
    await service.until(() => service.texts.length > 0);
    clock.advance(5000);
    expect((await failed).error).toMatchObject({ reason: 'timeout', retryable: true });
    await service.until(() => service.cancelled === 1);
  });

  test('sound that comes late, but in time, is spoken', async () => {
    service.fault = 'silent';
    const spoken = say('Hello there.');
    await service.until(() => service.texts.length > 0);
    clock.advance(4900);
    service.goOn();
    expectWords(await spoken, 2);
  });

  test('sound that stops in the middle is given as far as it came, and then is a timeout', async () => {
    service.fault = 'stalls';
    const settled = new AbortController();
    const failed = failureOf(speak(clauses(LONG))).finally(() => settled.abort());
    await service.until(() => service.texts.length > 0);
    // Whatever has come is read first; then everybody waits for the clock.
    while (!settled.signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(50);
    }
    const { error, heardMs } = await failed;
    expect(error).toMatchObject({ reason: 'timeout', retryable: true });
    expect(error.message).toContain('further sound');
    expect(heardMs).toBeGreaterThan(0);
  });

  test('a connection that is lost in the middle gives what came, and is not taken for the end', async () => {
    service.fault = 'hangs up';
    const { error, heardMs } = await failureOf(speak(clauses(LONG)));
    expect(error).toMatchObject({ reason: 'broken', retryable: true });
    expect(heardMs).toBeGreaterThan(0);
    expect(heardMs).toBeLessThan(20 * WORD_MS);
  });

  test('what is no answer of the service is not played', async () => {
    service.fault = 'garbage';
    const { error, heardMs } = await failureOf(speak(clauses('Hello.')));
    expect(error.reason).toBe('broken');
    expect(heardMs).toBe(0);
  });

  test('words without any sound are a failure, not a silent answer', async () => {
    service.fault = 'no sound';
    expect((await failureOf(speak(clauses('Hello.')))).error).toMatchObject({ reason: 'broken', retryable: true });
  });

  test('a text without a word is not sent at all', async () => {
    expect(await say('', ' ', '…', '👍 ', '**')).toBe(0);
    expect(await say()).toBe(0);
    expect(service.texts).toEqual([]);
    expect(service.handshakes).toBe(0);
  });

  test('whoever interrupts is free at once, and the service is told', async () => {
    service.fault = 'stalls';
    const leave = new AbortController();
    const spoken = speak(hanging(LONG), leave.signal)[Symbol.asyncIterator]();
    expect((await spoken.next()).done).toBe(false);
    const atMs = performance.now();
    leave.abort();
    while (!(await spoken.next()).done);
    expect(performance.now() - atMs).toBeLessThan(50);
    await service.until(() => service.cancelled === 1);
  });

  test('an interruption before the first sound is none for the service either', async () => {
    service.fault = 'silent';
    const leave = new AbortController();
    const spoken = failureOf(speak(clauses('Hello.'), leave.signal)).catch((error: Error) => error.message);
    await service.until(() => service.texts.length > 0);
    leave.abort();
    expect(await spoken).toBe('it did not fail');
    await service.until(() => service.cancelled === 1);
  });

  test('a source that fails makes the speech fail', async () => {
    async function* failing(): AsyncGenerator<string> {
      yield LONG;
      await service.until(() => service.texts.length > 0);
      throw new Error('the model broke off');
    }
    await expect(failureOf(speak(failing()))).rejects.toThrow('the model broke off');
  });

  test('after a warm-up no handshake stands before a speech, nor before the next', async () => {
    await tts.warmUp(new AbortController().signal);
    await service.until(() => service.connections > 0);
    await say('One.');
    await service.until(() => service.connections >= kept);
    const before = service.handshakes;
    await say('Two.');
    await say('Three.');
    expect(service.handshakes).toBe(before);
  });

  test('a kept connection that turns out to be lost is tried once more on another', async () => {
    await say('One.');
    service.hangsUpNext = true;
    expectWords(await say('Two, ', 'three.'), 2);
    expect(service.hangsUpNext).toBe(false);
  });

  test('a service that comes back is used again, without being asked for patience by us', async () => {
    service.fault = 'down';
    await failureOf(speak(clauses('Hello.')));
    service.fault = 'none';
    expectWords(await say('Hello.'), 1);
  });

  test('closing ends a speech under way as unavailable', async () => {
    service.fault = 'stalls';
    const spoken = speak(hanging(LONG))[Symbol.asyncIterator]();
    await spoken.next();
    const failed = failureOf({ [Symbol.asyncIterator]: () => spoken });
    await tts.close();
    expect((await failed).error.reason).toBe('unavailable');
  });

  test('a speed that no voice has is refused here', async () => {
    const { error } = await failureOf(speak(clauses('Hello.'), undefined, 3));
    expect(error.reason).toBe('rejected');
    expect(service.handshakes).toBe(0);
  });
});
