// Sound in files: what an Opus encoder made, in Ogg and in WebM, comes back as it went in; what is broken, too large or hostile is refused.
import { createEncoder } from 'libopus-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Opus } from '../../src/engines/local/opus/opus.ts';
import { noModels, type EngineEnvironment } from '../../src/engines/engine.ts';
import { ManualClock, systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { resample } from '../../src/media/resample.ts';
import { writeWav } from '../../src/media/wav.ts';
import { oggOpus, webmOpus } from '../media/muxers.ts';
import { vowels } from './vowels.ts';

const environment: EngineEnvironment = { dataDir: '', settings: {}, log: silentLog, clock: systemClock, models: noModels };
const rateHz = 16_000;
const voice = vowels(1010);
/** Of the encoder at 48 kHz. */
const preSkip = 312;

async function encoded(samples: Int16Array, channels: 1 | 2 = 1): Promise<Uint8Array[]> {
  const frame = 960;
  const encoder = await createEncoder({ channels, sampleRate: 48_000, bitrate: 64_000 });
  expect(encoder.getLookahead()).toBe(preSkip);
  const whole = resample({ samples, rateHz }, 48_000).samples;
  const count = Math.ceil((whole.length + preSkip) / frame);
  const packets = Array.from({ length: count }, (_, n) => {
    const pcm = Int16Array.from({ length: frame * channels }, (_, i) => whole[n * frame + Math.floor(i / channels)] ?? 0);
    return encoder.encode(pcm);
  });
  encoder.free();
  return packets;
}

/** How far two sounds are apart, in decibels below the second: the more, the more alike. */
function fidelity(heard: Int16Array, said: Int16Array): number {
  let [off, all] = [0, 0];
  for (const [i, sample] of said.entries()) {
    off += ((heard[i] ?? 0) - sample) ** 2;
    all += sample ** 2;
  }
  return 10 * Math.log10(all / off);
}

describe('opus as a decoder of files', () => {
  let decoder: Opus;
  let packets: Uint8Array[];
  const length = voice.length * 3 + preSkip;
  beforeAll(async () => {
    decoder = new Opus(environment);
    packets = await encoded(voice);
  });
  afterAll(() => decoder.close());

  it('gives the sound of an Ogg file, from its first sample to its last', async () => {
    const { samples, rateHz: made } = await decoder.decode(oggOpus(packets, { preSkip, length }));
    expect(made).toBe(rateHz);
    expect(samples).toHaveLength(voice.length);
    expect(fidelity(samples, voice)).toBeGreaterThan(10);
  });

  it('gives it at 24 kHz where that is asked for', async () => {
    const { samples, rateHz: made } = await decoder.decode(oggOpus(packets, { preSkip, length }), 24_000);
    expect(made).toBe(24_000);
    const said = resample({ samples: voice, rateHz }, 24_000).samples;
    expect(samples).toHaveLength(said.length);
    expect(fidelity(samples, said)).toBeGreaterThan(10);
  });

  it('gives the sound of what a browser records, the frame filled up at the end included', async () => {
    const { samples } = await decoder.decode(webmOpus(packets, { preSkip }));
    expect(samples).toHaveLength(packets.length * 320 - preSkip / 3);
    expect(fidelity(samples, voice)).toBeGreaterThan(10);
  });

  it('mixes two channels down, and obeys the gain of the header', async () => {
    const stereo = await encoded(voice, 2);
    const { samples } = await decoder.decode(oggOpus(stereo, { preSkip, length, channels: 2 }));
    expect(fidelity(samples, voice)).toBeGreaterThan(10);
    // 6.02 dB, in 256ths.
    const quieter = await decoder.decode(oggOpus(packets, { preSkip, length, gain: -1541 }));
    expect(
      fidelity(
        quieter.samples.map((sample) => sample * 2),
        voice,
      ),
    ).toBeGreaterThan(10);
  });

  it('gives the sound of a WAVE file of another rate', async () => {
    const wave = writeWav(resample({ samples: voice, rateHz }, 44_100));
    const { samples } = await decoder.decode(wave);
    expect(Math.abs(samples.length - voice.length)).toBeLessThan(3);
    expect(fidelity(samples, voice)).toBeGreaterThan(30);
  });

  it('conceals a broken packet and keeps everything after it in time', async () => {
    const broken = packets.map((packet, i) => (i === 20 ? Uint8Array.of(packet[0] as number, ...new Uint8Array(2000).fill(255)) : packet));
    const { samples } = await decoder.decode(oggOpus(broken, { preSkip, length }));
    expect(samples).toHaveLength(voice.length);
    const after = 24 * 320;
    expect(fidelity(samples.subarray(after), voice.subarray(after))).toBeGreaterThan(10);
  });

  it('does not touch the bytes it is given, nor send more than them', async () => {
    const file = oggOpus(packets, { preSkip, length });
    const around = new Uint8Array(file.length + 200);
    around.set(file, 100);
    const { samples } = await decoder.decode(around.subarray(100, 100 + file.length));
    expect(samples).toHaveLength(voice.length);
    expect(around.subarray(100, 100 + file.length)).toEqual(new Uint8Array(file));
  });

  it('decodes files that come at once, each for whom it came', async () => {
    const whole = oggOpus(packets, { preSkip, length });
    const half = oggOpus(packets.slice(0, 20), { preSkip });
    const made = await Promise.all([decoder.decode(whole), decoder.decode(half), decoder.decode(whole, 24_000)]);
    expect(made.map(({ samples }) => samples.length)).toEqual([voice.length, 20 * 320 - preSkip / 3, (voice.length * 3) / 2]);
  });

  it.each([
    ['no file at all', Buffer.from('hello'), 'neither Ogg nor WebM nor WAVE'],
    ['an empty one', new Uint8Array(0), 'neither Ogg nor WebM nor WAVE'],
    ['Ogg without Opus', oggOpus([]), 'without sound'],
    ['WAVE cut off in its header', Buffer.from('RIFF\0\0\0\0WAVEfmt '), 'WAVE'],
    ['WAVE of a rate nobody hears', writeWav({ samples: new Int16Array(4000), rateHz: 400 }), 'sample rate'],
    ['WAVE of more than ten minutes', writeWav({ samples: new Int16Array(1000 * 601), rateHz: 1000 }), 'longer than 10 minutes'],
    ['packets of noise', oggOpus(Array.from({ length: 50 }, () => new Uint8Array(1500).fill(0x9a))), 'most of the file'],
    ['more than 15 MiB', new Uint8Array(15 * 1024 * 1024 + 1), 'larger than 15 MiB'],
  ])('rejects %s, with the reason', async (_, file, why) => {
    await expect(decoder.decode(file)).rejects.toMatchObject({ name: 'EngineError', engine: 'opus', reason: 'rejected', retryable: false });
    await expect(decoder.decode(file)).rejects.toThrow(why);
  });

  it('outlives files of random bytes', async () => {
    const file = Buffer.from(oggOpus(packets, { preSkip, length }));
    const web = Buffer.from(webmOpus(packets, { preSkip }));
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((seed / 0x80000000) * below);
    };
    for (let round = 0; round < 60; round++) {
      const spoilt = Uint8Array.from(round % 2 ? file : web);
      for (let i = 0; i < 30; i++) spoilt[random(spoilt.length)] = random(256);
      const outcome = await decoder.decode(spoilt).then(
        ({ samples }) => samples.length <= 600 * rateHz,
        (error: unknown) => (error as { reason?: string }).reason === 'rejected',
      );
      expect(outcome).toBe(true);
    }
    expect((await decoder.decode(file)).samples).toHaveLength(voice.length);
  });
});

describe('opus and its worker', () => {
  const file = new Uint8Array(1024 * 1024);

  it('gives up the file that killed the worker and goes on with the next', async () => {
    const decoder = new Opus(environment, new URL('./dying-opus-worker.ts', import.meta.url));
    const deadly = decoder.decode(new Uint8Array(13));
    const harmless = decoder.decode(new Uint8Array(5));
    await expect(deadly).rejects.toMatchObject({ name: 'EngineError', reason: 'crashed', retryable: false });
    expect((await harmless).samples).toHaveLength(5);
    await decoder.close();
  });

  it('gives up a file that takes more than a minute', async () => {
    const clock = new ManualClock();
    const decoder = new Opus({ ...environment, clock }, new URL('./dying-opus-worker.ts', import.meta.url));
    await decoder.decode(new Uint8Array(5));
    const endless = decoder.decode(new Uint8Array(0));
    clock.advance(59_999);
    const next = decoder.decode(new Uint8Array(5));
    clock.advance(1);
    await expect(endless).rejects.toMatchObject({ name: 'EngineError', reason: 'timeout' });
    expect((await next).samples).toHaveLength(5);
    await decoder.close();
  });

  it('refuses files beyond sixty-four, and beyond 60 MiB together', async () => {
    const decoder = new Opus(environment, new URL('./dying-opus-worker.ts', import.meta.url));
    const answers = Array.from({ length: 65 }, () => decoder.decode(new Uint8Array(5)));
    await expect(answers[64]).rejects.toMatchObject({ reason: 'rate_limited', retryable: true });
    expect(await Promise.all(answers.slice(0, 64))).toHaveLength(64);
    const large = Array.from({ length: 61 }, () => decoder.decode(file));
    await expect(large[60]).rejects.toMatchObject({ reason: 'rate_limited' });
    await Promise.all(large.slice(0, 60));
    await decoder.close();
  });

  it('tells how it is: ready, though nothing is loaded before the first file', async () => {
    const decoder = new Opus(environment, new URL('./dying-opus-worker.ts', import.meta.url));
    expect(decoder.health()).toEqual({ state: 'ready', waiting: 0, losses: 0 });
    await decoder.decode(new Uint8Array(13)).catch(() => {});
    expect(decoder.health()).toMatchObject({ state: 'recovering', losses: 1 });
    await decoder.close();
    expect(decoder.health().state).toBe('closed');
  });

  it('ends what is under way and what waits when it is closed, and takes nothing more', async () => {
    const decoder = new Opus(environment, new URL('./dying-opus-worker.ts', import.meta.url));
    const answers = [decoder.decode(new Uint8Array(0)), decoder.decode(new Uint8Array(5))];
    const closed = decoder.close();
    for (const answer of answers) await expect(answer).rejects.toMatchObject({ name: 'EngineError', reason: 'unavailable' });
    await closed;
    await expect(decoder.decode(file)).rejects.toMatchObject({ reason: 'unavailable' });
    await expect(decoder.warmUp(new AbortController().signal)).rejects.toMatchObject({ reason: 'unavailable' });
  });
});
