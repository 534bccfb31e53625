// What every recogniser must do. A test file of an engine calls describeStt with a way to open it and speech it should understand.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BEGIN_WITHIN_MS } from '../../src/engines/local/admission.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { EngineError, type Recognition, type Stt, type SttOptions, type Transcript } from '../../src/engines/engine.ts';

export const STT_RATE_HZ = 16_000;
/** 20 ms. */
const FRAME = 320;
/** Turns of the event loop within which an answer came at once: too few for anything to be asked of a worker and answered. */
const AT_ONCE = 3;

/** On a machine with much else to do nobody is turned away for want of recognisers: that is no part of the contract. */
export const unhurriedClock: Clock = {
  ...systemClock,
  after: (delayMs, task) => systemClock.after(delayMs === BEGIN_WITHIN_MS ? 60_000 : delayMs, task),
};

export interface SpeechSample {
  /** Mono 16 kHz. */
  readonly samples: Int16Array;
  /** What is said, lower case, without marks. */
  readonly words: readonly string[];
}

export interface SttSubject {
  /** Opens a new engine; the suite closes it. */
  readonly open: () => Stt | Promise<Stt>;
  /** At least two, of different words. */
  readonly speech: () => Promise<readonly SpeechSample[]>;
  readonly options?: Partial<SttOptions>;
}

/** An utterance under the test's hand, and the guesses at it so far. */
export interface Listening {
  readonly recognition: Recognition;
  readonly guesses: Transcript[];
}

export function listen(stt: Stt, options: Partial<SttOptions> = {}, onGuess: () => void = () => {}): Listening {
  const guesses: Transcript[] = [];
  const recognition = stt.open({ model: '', vocabulary: [], ...options }, (guess) => {
    guesses.push(guess);
    onGuess();
  });
  return { recognition, guesses };
}

/** All the samples, in chunks, as fast as they are taken. */
export function hear(recognition: Recognition, samples: Int16Array, chunkSamples = FRAME): void {
  for (let at = 0; at < samples.length; at += chunkSamples) recognition.hear(samples.subarray(at, at + chunkSamples));
}

/** What the engine makes of the samples, as one utterance. */
export async function recognised(
  stt: Stt,
  samples: Int16Array,
  options: Partial<SttOptions> = {},
  chunkSamples = FRAME,
): Promise<Transcript> {
  const { recognition } = listen(stt, options);
  try {
    hear(recognition, samples, chunkSamples);
    return await recognition.words('final');
  } finally {
    recognition.close();
  }
}

function wordsIn(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

/** The share of the words said that were heard, wherever they stand. */
export function understood(sample: SpeechSample, text: string): number {
  const heard = new Set(wordsIn(text));
  return sample.words.filter((word) => heard.has(word)).length / sample.words.length;
}

/** What came of it within a few turns of the event loop: how it ended, or `undefined` when it has not. */
async function atOnce<T>(promise: Promise<T>): Promise<PromiseSettledResult<T> | undefined> {
  let result: PromiseSettledResult<T> | undefined;
  void Promise.allSettled([promise]).then(([settled]) => (result = settled));
  for (let turn = 0; turn < AT_ONCE; turn++) await nextTurn();
  return result;
}

const called = (reason: string) => ({ name: 'EngineError', reason });

export function describeStt(name: string, subject: SttSubject): void {
  describe(`${name} is a recogniser`, () => {
    let stt: Stt;
    let first: SpeechSample;
    let second: SpeechSample;
    const pause = new Int16Array(STT_RATE_HZ / 2);
    const begin = (onGuess?: () => void) => listen(stt, subject.options, onGuess);
    const whole = (samples: Int16Array, chunkSamples?: number) => recognised(stt, samples, subject.options, chunkSamples);

    beforeAll(async () => {
      [first, second] = (await subject.speech()) as [SpeechSample, SpeechSample];
      stt = await subject.open();
      await stt.warmUp(new AbortController().signal);
    });

    afterAll(async () => {
      await stt.close();
    });

    describe('what it hears', () => {
      test('it understands, most of it', async () => {
        for (const sample of [first, second]) expect(understood(sample, (await whole(sample.samples)).text)).toBeGreaterThan(0.6);
      });

      test('is the same in one chunk as in many odd ones', async () => {
        for (const chunk of [first.samples.length, 333])
          expect(understood(first, (await whole(first.samples, chunk)).text)).toBeGreaterThan(0.6);
      });

      test('it copies: the caller may use its buffer again', async () => {
        const { recognition } = begin();
        const buffer = new Int16Array(FRAME);
        for (let at = 0; at < first.samples.length; at += FRAME) {
          buffer.fill(0);
          buffer.set(first.samples.subarray(at, at + FRAME));
          recognition.hear(buffer);
        }
        buffer.fill(9000);
        expect(understood(first, (await recognition.words('final')).text)).toBeGreaterThan(0.6);
        recognition.close();
      });

      test('makes words in order and within the sound, if it can time them, and none with times if it cannot', async () => {
        const { text, words } = await whole(first.samples);
        expect(words).toHaveLength(stt.can.wordTimes ? text.split(' ').length : 0);
        const lengthMs = (first.samples.length * 1000) / STT_RATE_HZ;
        for (const [index, word] of words.entries()) {
          expect(word.text).not.toBe('');
          expect(word.endMs).toBeGreaterThan(word.startMs);
          expect(word.startMs).toBeGreaterThanOrEqual(words[index - 1]?.startMs ?? 0);
          expect(word.endMs).toBeLessThanOrEqual(lengthMs + 50);
        }
      });

      test('makes words with their probabilities if it can tell them, and never makes any up', async () => {
        const { words } = await whole(first.samples);
        const known = words.filter(({ logprob }) => logprob !== undefined);
        expect(known).toHaveLength(stt.can.logprobs ? words.length : 0);
        for (const { logprob } of known) expect(logprob).toBeLessThanOrEqual(0);
      });

      test('makes an empty transcript when it is silence, or nothing at all', async () => {
        expect(await whole(new Int16Array(STT_RATE_HZ))).toEqual({ text: '', words: [] });
        expect(await whole(new Int16Array(0))).toEqual({ text: '', words: [] });
      });

      test('it keeps apart from what it hears of another at the same time', async () => {
        const [one, other] = [begin(), begin()];
        for (let at = 0; at < Math.max(first.samples.length, second.samples.length); at += FRAME) {
          one.recognition.hear(first.samples.subarray(at, at + FRAME));
          other.recognition.hear(second.samples.subarray(at, at + FRAME));
        }
        const [heard, heardOfOther] = await Promise.all([one.recognition.words('final'), other.recognition.words('final')]);
        expect(understood(first, heard.text)).toBeGreaterThan(0.6);
        expect(understood(second, heardOfOther.text)).toBeGreaterThan(0.6);
        one.recognition.close();
        other.recognition.close();
      });
    });

    describe('its guesses', () => {
      test('come while the sound still comes, if it makes any, and never otherwise', async () => {
        const guessed = Promise.withResolvers<void>();
        const { recognition, guesses } = begin(guessed.resolve);
        hear(recognition, first.samples);
        if (stt.can.partials) await guessed.promise;
        else await recognition.words('final');
        expect(guesses.length > 0).toBe(stt.can.partials);
        for (const { text } of guesses) expect(text).not.toBe('');
        recognition.close();
      });

      test('differ each from the one before', async () => {
        const { recognition, guesses } = begin();
        hear(recognition, first.samples);
        await recognition.words('final');
        for (const [index, guess] of guesses.entries()) expect(guess.text).not.toBe(guesses[index - 1]?.text);
        recognition.close();
      });

      test('never come from within a call, nor after it was closed', async () => {
        let within = false;
        let wrong = 0;
        const { recognition, guesses } = begin(() => void (wrong += within ? 1 : 0));
        for (let at = 0; at < first.samples.length; at += FRAME) {
          within = true;
          recognition.hear(first.samples.subarray(at, at + FRAME));
          within = false;
          await nextTurn();
        }
        recognition.close();
        const count = guesses.length;
        await whole(second.samples);
        expect(guesses).toHaveLength(count);
        expect(wrong).toBe(0);
      });
    });

    describe('the words of an utterance that pauses', () => {
      test('are those up to the pause, and after it one transcript of the whole, on one timeline', async () => {
        const { recognition } = begin();
        hear(recognition, first.samples);
        hear(recognition, pause);
        const before = await recognition.words('speculative');
        expect(understood(first, before.text)).toBeGreaterThan(0.6);
        hear(recognition, second.samples);
        hear(recognition, pause);
        const after = await recognition.words('final');
        expect(understood(first, after.text)).toBeGreaterThan(0.6);
        expect(understood(second, after.text)).toBeGreaterThan(0.6);
        // Once each, and in the order they were said.
        expect(after.text.split(' ').length).toBeLessThan((first.words.length + second.words.length) * 1.4);
        const only = (sample: SpeechSample, other: SpeechSample) => sample.words.filter((word) => !other.words.includes(word));
        const places = (words: readonly string[]) => words.map((word) => wordsIn(after.text).indexOf(word)).filter((at) => at >= 0);
        expect(Math.max(...places(only(first, second)))).toBeLessThan(Math.min(...places(only(second, first))));
        const pausedMs = (first.samples.length * 1000) / STT_RATE_HZ;
        const late = after.words.filter(({ startMs }) => startMs > pausedMs + 100).map(({ text }) => text);
        expect(stt.can.wordTimes ? understood(second, late.join(' ')) : 1).toBeGreaterThan(0.6);
        expect(after.words.slice(0, before.words.length).every(({ startMs }) => startMs < pausedMs)).toBe(true);
        expect(after.words.every(({ startMs }, index) => startMs >= (after.words[index - 1]?.startMs ?? 0))).toBe(true);
        recognition.close();
      });

      test('are those of the moment they were asked for, if they come at all when speech goes on before they are there', async () => {
        const { recognition } = begin();
        hear(recognition, first.samples);
        hear(recognition, pause);
        const early = Promise.allSettled([recognition.words('speculative')]);
        hear(recognition, second.samples);
        const late = await recognition.words('final');
        expect(understood(first, late.text)).toBeGreaterThan(0.6);
        expect(understood(second, late.text)).toBeGreaterThan(0.6);
        const [outcome] = await early;
        const dropped = outcome.status === 'rejected' ? outcome.reason : new EngineError('', 'rate_limited', '');
        expect(dropped).toMatchObject(called('rate_limited'));
        const words = outcome.status === 'fulfilled' ? outcome.value.text : first.words.join(' ');
        expect(understood(first, words)).toBeGreaterThan(0.6);
        expect(words.split(' ').length).toBeLessThan(first.words.length * 1.6);
        recognition.close();
      });

      test('stay the same when silence follows', async () => {
        const { recognition } = begin();
        hear(recognition, first.samples);
        hear(recognition, pause);
        const before = await recognition.words('speculative');
        hear(recognition, pause);
        const after = await recognition.words('final');
        expect(after.text.split(' ').length).toBe(before.text.split(' ').length);
        expect(understood(first, after.text)).toBeGreaterThan(0.6);
        recognition.close();
      });
    });

    describe('words asked for again with nothing heard in between', () => {
      test('are the same, and there at once, however urgently they are asked for', async () => {
        const { recognition } = begin();
        hear(recognition, first.samples);
        const words = await recognition.words('speculative');
        expect(understood(first, words.text)).toBeGreaterThan(0.6);
        for (const urgency of ['final', 'speculative', 'final'] as const)
          expect(await atOnce(recognition.words(urgency))).toEqual({ status: 'fulfilled', value: words });
        recognition.hear(new Int16Array(0));
        expect(await atOnce(recognition.words('final'))).toEqual({ status: 'fulfilled', value: words });
        recognition.close();
      });

      test('come together with the first, while those are still to come', async () => {
        const { recognition } = begin();
        hear(recognition, first.samples);
        const speculative = recognition.words('speculative');
        const final = await recognition.words('final');
        expect(await atOnce(speculative)).toEqual({ status: 'fulfilled', value: final });
        expect(understood(first, final.text)).toBeGreaterThan(0.6);
        recognition.close();
      });
    });

    describe('a recognition that is closed', () => {
      test('in the midst of its work lets go of whoever waits, at once', async () => {
        const { recognition } = begin();
        hear(recognition, first.samples);
        const words = [recognition.words('speculative'), recognition.words('final')];
        await nextTurn();
        recognition.close();
        for (const waiting of words) expect(await atOnce(waiting)).toMatchObject({ status: 'rejected', reason: called('unavailable') });
        expect((await atOnce(words[0] as Promise<Transcript>)) as { reason: unknown }).toHaveProperty('reason', expect.any(EngineError));
      });

      test('takes no sound and has no words any more, though it had', async () => {
        const { recognition } = begin();
        hear(recognition, first.samples);
        await recognition.words('final');
        recognition.close();
        recognition.close();
        hear(recognition, first.samples);
        await expect(recognition.words('final')).rejects.toMatchObject(called('unavailable'));
      });

      test('leaves the engine as good as new, whenever it was closed', async () => {
        begin().recognition.close();
        for (const turns of [0, 1, 20]) {
          const { recognition } = begin();
          hear(recognition, second.samples);
          recognition.words('speculative').catch(() => {});
          for (let turn = 0; turn < turns; turn++) await nextTurn();
          recognition.close();
        }
        expect(understood(first, (await whole(first.samples)).text)).toBeGreaterThan(0.6);
      });
    });

    test('fails what is under way when it is closed, and everything after', async () => {
      const closing = await subject.open();
      await closing.warmUp(new AbortController().signal);
      const { recognition } = listen(closing, subject.options);
      hear(recognition, first.samples);
      const waiting = recognition.words('final');
      const silent = listen(closing, subject.options).recognition;
      setImmediate(() => void closing.close());
      await expect(waiting).rejects.toMatchObject(called('unavailable'));
      await closing.close();
      await expect(recognition.words('final')).rejects.toMatchObject(called('unavailable'));
      await expect(silent.words('final')).rejects.toMatchObject(called('unavailable'));
      await expect(recognised(closing, first.samples, subject.options)).rejects.toMatchObject(called('unavailable'));
    });
  });
}
