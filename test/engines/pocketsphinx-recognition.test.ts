// What decoders, which can only finish what they began, are given of an utterance with pauses, and what is made of their words.
import { describe, expect, test } from 'vitest';
import { EngineError, type Origin } from '../../src/engines/engine.ts';
import type { Segment } from '../../src/engines/local/pocketsphinx/pocketsphinx-native.ts';
import type { Listener } from '../../src/engines/local/pocketsphinx/pocketsphinx-process.ts';
import { PocketsphinxRecognition } from '../../src/engines/local/pocketsphinx/pocketsphinx-recognition.ts';
import type { Decoder } from '../../src/engines/local/pocketsphinx/pocketsphinx-stretch.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { concat } from '../../src/media/pcm.ts';
import { noise, quiet, settled } from '../rig.ts';

const ms = 16;
const origin: Origin = { key: 'key_1', session: 'sess_one' };

/** Takes all it is given at once, and says what the test says. */
class FakeDecoder implements Decoder {
  dead = false;
  readonly pieces: Int16Array[] = [];
  listener: Listener | undefined;
  ended = false;
  cancelled = false;

  begin(_words: readonly string[], listener: Listener): void {
    this.listener = listener;
  }

  hear(samples: Int16Array): void {
    this.pieces.push(samples);
    queueMicrotask(() => this.listener?.heard(undefined));
  }

  end(): void {
    this.ended = true;
  }

  cancel(): void {
    this.cancelled = true;
  }

  guess(...words: Segment[]): void {
    // An answer to a piece that is counted twice does no harm here.
    this.listener?.heard(words);
  }

  finish(...words: Segment[]): void {
    this.listener?.final(words);
  }

  get samples(): Int16Array {
    return concat(this.pieces);
  }
}

function word(text: string, startMs: number, logprob = -0.1): Segment {
  return { word: text, startMs, endMs: startMs + 100, logprob };
}

function begun({ free = true, ready = true } = {}) {
  const clock = new ManualClock();
  /** Decoders that are given to those who wait, once they are there. */
  const waiting: ((decoder: FakeDecoder) => void)[] = [];
  const decoders: FakeDecoder[] = [];
  const origins: (Origin | undefined)[] = [];
  const guesses: string[] = [];
  let released = 0;
  const pool = {
    acquire: async (_words: readonly string[], _signal: AbortSignal, origin?: Origin) => {
      origins.push(origin);
      if (!free) return new Promise<FakeDecoder>((resolve) => waiting.push(resolve));
      const decoder = new FakeDecoder();
      decoders.push(decoder);
      return decoder;
    },
    release: () => void released++,
  };
  let closed = 0;
  const recognition = new PocketsphinxRecognition([], {
    origin,
    clock,
    ready: () => ready,
    pool: async () => pool,
    onPartial: ({ text }) => guesses.push(text),
    onClosed: () => void closed++,
  });
  return { recognition, clock, waiting, decoders, origins, guesses, released: () => released, closed: () => closed };
}

describe('an utterance for decoders', () => {
  test('is one stretch until its words are asked for, and the next sound begins another', async () => {
    const { recognition, decoders, origins } = begun();
    recognition.hear(noise(200));
    recognition.hear(noise(100));
    await settled();
    expect(decoders.map(({ ended }) => ended)).toEqual([false]);
    void recognition.words('final');
    await settled();
    expect(decoders.map(({ ended, samples }) => [ended, samples.length / ms])).toEqual([[true, 300]]);
    recognition.hear(noise(200));
    await settled();
    expect(decoders.map(({ ended }) => ended)).toEqual([true, false]);
    expect(origins).toEqual([origin, origin]);
  });

  test.each([
    ['all of it', 120, 120],
    ['300 ms of it', 2000, 300],
  ])('gives a stretch the silence before it, and nothing that was said before that: %s', async (_name, pauseMs, leadInMs) => {
    const { recognition, decoders } = begun();
    const hush = noise(pauseMs, 16_000, 7).map((sample) => sample >> 9);
    recognition.hear(concat([noise(500), hush]));
    void recognition.words('final');
    const second = noise(200, 16_000, 2);
    recognition.hear(second);
    await settled();
    expect(decoders[1]?.samples).toEqual(concat([hush.subarray(hush.length - leadInMs * ms), second]));
  });

  test('has one text, and its words on one timeline', async () => {
    const { recognition, decoders, guesses } = begun();
    recognition.hear(concat([noise(500), quiet(200)]));
    const early = recognition.words('final');
    await settled();
    decoders[0]?.finish(word('i', 10), word('would', 110, -0.2), word('like', 300));
    expect(await early).toEqual({
      text: 'I would like.',
      words: [
        { text: 'I', startMs: 10, endMs: 110, logprob: -0.1 },
        { text: 'would', startMs: 110, endMs: 210, logprob: -0.2 },
        { text: 'like', startMs: 300, endMs: 400, logprob: -0.1 },
      ],
      languages: ['en'],
    });
    recognition.hear(noise(500));
    await settled();
    decoders[1]?.guess(word('to', 250));
    decoders[1]?.guess(word('to', 250));
    decoders[1]?.guess(word('to', 250), word('go', 350));
    const late = recognition.words('final');
    await settled();
    decoders[1]?.finish(word('to', 250), word('go', 350), word('home', 450));
    const whole = await late;
    expect(guesses).toEqual(['I would like to', 'I would like to go']);
    expect(whole.text).toBe('I would like to go home.');
    // The second stretch begins with the 200 ms of silence, 500 ms after the first.
    expect(whole.words.map(({ startMs }) => startMs)).toEqual([10, 110, 300, 750, 850, 950]);
  });

  test('tells the words of a pause as one more guess when speech has gone on before they came', async () => {
    const { recognition, decoders, guesses } = begun();
    recognition.hear(noise(100));
    const early = recognition.words('final');
    recognition.hear(noise(100));
    await settled();
    decoders[1]?.guess(word('please', 0));
    decoders[0]?.finish(word('tea', 0));
    expect((await early).text).toBe('Tea.');
    expect(guesses).toEqual(['Please', 'Tea please']);
  });

  test('has no words when one of its stretches failed, and takes no more sound', async () => {
    const { recognition, decoders, closed, released } = begun();
    recognition.hear(noise(100));
    const early = recognition.words('final');
    recognition.hear(noise(100));
    await settled();
    const error = new EngineError('pocketsphinx', 'crashed', 'It died.');
    decoders[0]?.listener?.died(error);
    await expect(early).rejects.toBe(error);
    await settled();
    await expect(recognition.words('final')).rejects.toBe(error);
    recognition.hear(noise(100));
    await settled();
    expect(decoders).toHaveLength(2);
    expect(decoders[1]?.cancelled).toBe(true);
    expect([closed(), released()]).toEqual([1, 2]);
  });

  test('fails, instead of growing, when its decoder falls five minutes behind', async () => {
    const { recognition, decoders } = begun();
    recognition.hear(quiet(100));
    await settled();
    const [decoder] = decoders as [FakeDecoder];
    // It never answers, so that it is given no more than it may owe answers for.
    decoder.hear = () => {};
    const minute = quiet(60_000);
    for (let minutes = 0; minutes < 5; minutes++) recognition.hear(minute);
    expect(decoder.cancelled).toBe(false);
    recognition.hear(minute);
    expect(decoder.cancelled).toBe(true);
    await expect(recognition.words('final')).rejects.toMatchObject({ reason: 'timeout', message: expect.stringContaining('five minutes') });
  });

  test('A5: fails within two seconds when its words are waited for and no decoder is free, and gives up its place', async () => {
    const { recognition, clock, decoders, waiting, closed, released } = begun({ free: false });
    recognition.hear(noise(500));
    // As long as somebody speaks, or only thinks of asking, nobody waits.
    void recognition.words('speculative').catch(() => {});
    clock.advance(60_000);
    recognition.hear(noise(500));
    clock.advance(60_000);
    const words = recognition.words('final');
    words.catch(() => {});
    clock.advance(1799);
    expect(closed()).toBe(0);
    clock.advance(1);
    await expect(words).rejects.toMatchObject({ reason: 'rate_limited' });
    expect(closed()).toBe(1);
    // One that comes too late goes back.
    for (const give of waiting) give(new FakeDecoder());
    await settled();
    expect([decoders.length, released()]).toEqual([0, 2]);
  });

  test('A5: says that there is no recogniser when none is ready', async () => {
    const { recognition, clock } = begun({ free: false, ready: false });
    recognition.hear(noise(500));
    const words = recognition.words('final');
    words.catch(() => {});
    clock.advance(1800);
    await expect(words).rejects.toMatchObject({ reason: 'unavailable' });
  });

  test('A5: a decoder that works is waited for, however slow it is', async () => {
    const { recognition, clock, waiting } = begun({ free: false });
    recognition.hear(noise(500));
    const words = recognition.words('final');
    await settled();
    clock.advance(1700);
    const decoder = new FakeDecoder();
    waiting[0]?.(decoder);
    await settled();
    clock.advance(25_000);
    decoder.finish(word('tea', 0));
    expect((await words).text).toBe('Tea.');
  });

  test('A5: of several stretches each is waited for as long, from when the one before it was done', async () => {
    const { recognition, clock, waiting } = begun({ free: false });
    recognition.hear(noise(500));
    void recognition.words('speculative').catch(() => {});
    recognition.hear(noise(500));
    const words = recognition.words('final');
    words.catch(() => {});
    await settled();
    const decoder = new FakeDecoder();
    waiting[0]?.(decoder);
    await settled();
    clock.advance(10_000);
    decoder.finish(word('tea', 0));
    await settled();
    clock.advance(1799);
    let failed = false;
    words.catch(() => (failed = true));
    await settled();
    expect(failed).toBe(false);
    clock.advance(1);
    await expect(words).rejects.toMatchObject({ reason: 'rate_limited' });
  });

  test('fails when no decoder is free for two minutes of sound, however large the first piece may be', async () => {
    const { recognition } = begun({ free: false });
    recognition.hear(quiet(130_000));
    const waiting = recognition.words('final');
    await settled();
    recognition.hear(quiet(100_000));
    recognition.hear(quiet(30_000));
    await expect(waiting).rejects.toMatchObject({ reason: 'timeout' });
  });
});
