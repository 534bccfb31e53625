// What every synthesiser must do. A test file of an engine calls describeTts with a way to open it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EngineError, type Speech, type Tts, type Word } from '../../src/engines/engine.ts';
import { concat } from '../../src/media/pcm.ts';

export interface TtsSubject {
  readonly open: () => Tts | Promise<Tts>;
  /** One of its voices; the first unless told. */
  readonly voice?: string;
  readonly model?: string;
}

/** Everything that was said in one go. */
export interface Said {
  readonly samples: Int16Array;
  readonly rateHz: number;
  readonly words: readonly Word[];
  readonly stretches: readonly Speech[];
}

export async function* clauses(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

export async function say(tts: Tts, texts: readonly string[], voice: string, speed = 1, model = ''): Promise<Said> {
  const stretches: Speech[] = [];
  for await (const stretch of tts.speak(clauses(...texts), { model, voice, speed }, new AbortController().signal)) stretches.push(stretch);
  return {
    samples: concat(stretches.map(({ pcm }) => pcm.samples)),
    rateHz: stretches[0]?.pcm.rateHz ?? 0,
    words: stretches.flatMap(({ words }) => words ?? []),
    stretches,
  };
}

export function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

/** A source that gives its texts and then neither more nor an end. */
async function* endless(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
  await new Promise(() => {});
}

export function describeTts(name: string, subject: TtsSubject): void {
  describe(`${name} is a synthesiser`, () => {
    let tts: Tts;
    let voice: string;
    const model = subject.model ?? '';
    const options = () => ({ model, voice, speed: 1 });

    beforeAll(async () => {
      tts = await subject.open();
      voice = subject.voice ?? (tts.voices()[0]?.id as string);
      await tts.warmUp(new AbortController().signal);
    });

    afterAll(async () => {
      await tts.close();
    });

    test('it says what it is, and its voices can be told apart by name whatever the case', () => {
      expect(tts.info.kind).toBe('tts');
      const ids = tts.voices().map(({ id }) => id.toLowerCase());
      expect(ids.length).toBeGreaterThan(0);
      expect(new Set(ids).size).toBe(ids.length);
    });

    test('a sentence becomes sound of a plausible length and level', async () => {
      const said = await say(tts, ['I would like to book a table for two tonight.'], voice, 1, model);
      const seconds = said.samples.length / said.rateHz;
      expect(seconds).toBeGreaterThan(1);
      expect(seconds).toBeLessThan(8);
      expect(rms(said.samples)).toBeGreaterThan(300);
    });

    test('all of a speech has one rate, and no stretch is empty', async () => {
      const { stretches, rateHz } = await say(tts, ['Good morning.', 'How are you?'], voice, 1, model);
      expect(stretches.every(({ pcm }) => pcm.rateHz === rateHz && pcm.samples.length > 0)).toBe(true);
    });

    test('the first clause sounds while the second has not been written', async () => {
      const leave = new AbortController();
      for await (const { pcm } of tts.speak(endless('This is the first.'), options(), leave.signal)) {
        expect(pcm.samples.length).toBeGreaterThan(0);
        leave.abort();
      }
      expect(leave.signal.aborted).toBe(true);
    });

    test('what cannot be spoken gives no sound and no error', async () => {
      expect((await say(tts, [], voice, 1, model)).samples).toHaveLength(0);
      expect((await say(tts, ['', ' ', '👍', '…', '**'], voice, 1, model)).samples).toHaveLength(0);
    });

    test('words, where it gives them, are the text again, in order and within the sound', async () => {
      const texts = ['Well, it costs $5.99 at 3:45.', 'Is that all right with you?'];
      const { words, samples, rateHz } = await say(tts, texts, voice, 1, model);
      if (words.length === 0) return;
      expect(words.map(({ text }) => text).join(' ')).toBe(texts.join(' '));
      const times = words.flatMap(({ startMs, endMs }) => [startMs, endMs]);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times.at(-1)).toBeLessThanOrEqual((samples.length * 1000) / rateHz + 1);
    });

    test('a signal that has fired already means silence', async () => {
      const stretches: Speech[] = [];
      for await (const stretch of tts.speak(clauses('Never said.'), options(), AbortSignal.abort())) stretches.push(stretch);
      expect(stretches).toEqual([]);
    });

    test('when the signal fires the iteration ends without error, even if the text hangs', async () => {
      const leave = new AbortController();
      const iteration = tts.speak(endless('One.'), options(), leave.signal)[Symbol.asyncIterator]();
      const first = await iteration.next();
      expect(first.done).toBe(false);
      setImmediate(() => leave.abort());
      while (!(await iteration.next()).done);
      expect(leave.signal.aborted).toBe(true);
    });

    test('several speeches at once all come to their end', async () => {
      const all = await Promise.all([1, 2, 3, 4].map(() => say(tts, ['Hello there.', 'All is well.'], voice, 1, model)));
      expect(all.every(({ samples, rateHz }) => samples.length > rateHz / 2)).toBe(true);
    });

    test('after it is closed it refuses as unavailable', async () => {
      const closed = await subject.open();
      await closed.close();
      const failure = await say(closed, ['Too late.'], voice, 1, model).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(EngineError);
      expect((failure as EngineError).reason).toBe('unavailable');
    });
  });
}
