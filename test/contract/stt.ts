// What every recogniser must do. A test file of an engine calls describeStt with a way to open it and speech it should understand.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EngineError, type Stt, type SttOptions, type Transcript } from '../../src/engines/engine.ts';

export const STT_RATE_HZ = 16_000;

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
  /** Whether guesses come while the audio still arrives. */
  readonly partials: boolean;
}

/** The samples in chunks of 20 ms, as fast as they are read. */
export async function* chunks(samples: Int16Array, chunkSamples = 320): AsyncGenerator<Int16Array> {
  for (let at = 0; at < samples.length; at += chunkSamples) yield samples.subarray(at, at + chunkSamples);
}

/** The samples, and then neither more sound nor an end until the promise resolves. */
export async function* heldOpen(samples: Int16Array, until: Promise<unknown>): AsyncGenerator<Int16Array> {
  yield* chunks(samples);
  await until;
}

export async function transcripts(
  stt: Stt,
  audio: AsyncIterable<Int16Array>,
  options: Partial<SttOptions> = {},
  signal = new AbortController().signal,
): Promise<Transcript[]> {
  const all: Transcript[] = [];
  for await (const transcript of stt.transcribe(audio, { model: '', vocabulary: [], ...options }, signal)) all.push(transcript);
  return all;
}

/** The share of the words said that were heard, wherever they stand. */
export function understood(sample: SpeechSample, text: string): number {
  const heard = new Set(text.toLowerCase().match(/[\p{L}\p{N}']+/gu));
  return sample.words.filter((word) => heard.has(word)).length / sample.words.length;
}

export function describeStt(name: string, subject: SttSubject): void {
  describe(`${name} is a recogniser`, () => {
    let stt: Stt;
    let first: SpeechSample;
    let second: SpeechSample;
    const never = new Promise<never>(() => {});
    const listen = (audio: AsyncIterable<Int16Array>, signal?: AbortSignal) => transcripts(stt, audio, subject.options, signal);

    beforeAll(async () => {
      [first, second] = (await subject.speech()) as [SpeechSample, SpeechSample];
      stt = await subject.open();
      await stt.warmUp(new AbortController().signal);
    });

    afterAll(async () => {
      await stt.close();
    });

    test('understands most of what is said', async () => {
      for (const sample of [first, second]) {
        const heard = await listen(chunks(sample.samples));
        expect(understood(sample, heard.at(-1)?.text ?? '')).toBeGreaterThan(0.6);
      }
    });

    test('gives exactly one final transcript, and gives it last', async () => {
      const heard = await listen(chunks(first.samples));
      expect(heard.map((transcript) => transcript.final).lastIndexOf(false)).toBe(heard.length - 2);
      expect(heard.at(-1)?.final).toBe(true);
    });

    test('times its words in order and within the audio', async () => {
      const heard = (await listen(chunks(first.samples))).at(-1) as Transcript;
      const lengthMs = (first.samples.length * 1000) / STT_RATE_HZ;
      for (const [index, word] of heard.words.entries()) {
        expect(word.text).not.toBe('');
        expect(word.endMs).toBeGreaterThan(word.startMs);
        expect(word.startMs).toBeGreaterThanOrEqual(heard.words[index - 1]?.startMs ?? 0);
        expect(word.endMs).toBeLessThanOrEqual(lengthMs + 50);
      }
    });

    test.runIf(subject.partials)('guesses while the audio still arrives', async () => {
      const guessed = Promise.withResolvers<void>();
      const heard: Transcript[] = [];
      const audio = heldOpen(first.samples, guessed.promise);
      for await (const transcript of stt.transcribe(
        audio,
        { model: '', vocabulary: [], ...subject.options },
        new AbortController().signal,
      )) {
        heard.push(transcript);
        guessed.resolve();
      }
      expect(heard[0]?.final).toBe(false);
      expect(heard[0]?.text).not.toBe('');
    });

    test('does not say the same guess twice running', async () => {
      const guesses = (await listen(chunks(first.samples))).filter((transcript) => !transcript.final).map((transcript) => transcript.text);
      for (const [index, guess] of guesses.entries()) expect(guess).not.toBe(guesses[index - 1]);
    });

    test('hears the same in one chunk as in many odd ones', async () => {
      const whole = (await listen(chunks(first.samples, first.samples.length))).at(-1);
      const odd = (await listen(chunks(first.samples, 333))).at(-1);
      expect(understood(first, whole?.text ?? '')).toBeGreaterThan(0.6);
      expect(understood(first, odd?.text ?? '')).toBeGreaterThan(0.6);
    });

    test('makes an empty final transcript of silence', async () => {
      const heard = await listen(chunks(new Int16Array(STT_RATE_HZ)));
      expect(heard.at(-1)).toEqual({ text: '', words: [], final: true });
    });

    test('makes an empty final transcript of no audio at all', async () => {
      expect(await listen(chunks(new Int16Array(0)))).toEqual([{ text: '', words: [], final: true }]);
    });

    test('keeps two utterances at a time apart', async () => {
      const [one, other] = await Promise.all([listen(chunks(first.samples)), listen(chunks(second.samples))]);
      expect(understood(first, one.at(-1)?.text ?? '')).toBeGreaterThan(0.6);
      expect(understood(second, other.at(-1)?.text ?? '')).toBeGreaterThan(0.6);
    });

    test('ends without error when it is aborted, whatever the audio does', async () => {
      const aborting = new AbortController();
      const listening = listen(heldOpen(first.samples, never), aborting.signal);
      await new Promise((resolve) => setImmediate(resolve));
      aborting.abort();
      // The audio never ends by itself: that this comes back at all is the signal's doing.
      expect((await listening).every((transcript) => !transcript.final)).toBe(true);
    });

    test('says nothing when it was aborted before it began', async () => {
      expect(await listen(chunks(first.samples), AbortSignal.abort())).toEqual([]);
    });

    test('lets go of the audio when it is aborted', async () => {
      const aborting = new AbortController();
      const letGo = Promise.withResolvers<string>();
      async function* audio(): AsyncGenerator<Int16Array> {
        try {
          for (;;) {
            yield new Int16Array(320);
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          letGo.resolve('let go');
        }
      }
      const listening = listen(audio(), aborting.signal);
      setImmediate(() => aborting.abort());
      await listening;
      await expect(letGo.promise).resolves.toBe('let go');
    });

    test('is as good as new after an abort and after a reader who left', async () => {
      const aborting = new AbortController();
      const listening = listen(heldOpen(second.samples, never), aborting.signal);
      aborting.abort();
      await listening;
      const options = { model: '', vocabulary: [], ...subject.options };
      for await (const _ of stt.transcribe(chunks(second.samples), options, new AbortController().signal)) break;
      const heard = await listen(chunks(first.samples));
      expect(understood(first, heard.at(-1)?.text ?? '')).toBeGreaterThan(0.6);
    });

    test('reports audio that breaks off as an engine error', async () => {
      async function* broken(): AsyncGenerator<Int16Array> {
        yield first.samples;
        throw new Error('the line went dead');
      }
      await expect(listen(broken())).rejects.toBeInstanceOf(EngineError);
    });

    test('fails what is under way when it is closed, and everything after', async () => {
      const closing = await subject.open();
      await closing.warmUp(new AbortController().signal);
      const listening = transcripts(closing, heldOpen(first.samples, never), subject.options);
      setImmediate(() => void closing.close());
      await expect(listening).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
      await closing.close();
      await expect(transcripts(closing, chunks(first.samples), subject.options)).rejects.toMatchObject({ reason: 'unavailable' });
    });
  });
}
