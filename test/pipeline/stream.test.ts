// How a client sends its sound (in bits or in bursts, in which format) must make no difference to what is heard, and when.
import { describe, expect, test } from 'vitest';
import { resample } from '../../src/media/resample.ts';
import { encodeWire } from '../../src/pipeline/wire-audio.ts';
import type { AudioFormat } from '../../src/protocol/audio-format.ts';
import { noise, openRig, placeIn, quiet, scene } from '../rig.ts';

const ms = 16;
/** How far from the truth a time may be: the 4 ms frames of the acoustic end. */
const close = 5;

describe('how the sound is sent makes no difference', () => {
  const formats: AudioFormat[] = [{ type: 'audio/pcmu' }, { type: 'audio/pcm', rate: 24_000 }];
  for (const format of formats) {
    test(`to what is told, and when (${format.type})`, async () => {
      const rate = format.type === 'audio/pcm' ? format.rate : 8000;
      const sound = scene(700, 900, 330, 400, 900, 650, 1200);
      const bytes = encodeWire(format, resample({ samples: sound, rateHz: 16_000 }, rate).samples);
      const heard: { turns: string[]; transcripts: string[] }[] = [];
      // One byte at a time makes very many messages: only for the format that has few bytes.
      for (const chunk of [...(rate === 8000 ? [1] : [63]), 160, 641, 5000, 48_000, bytes.length]) {
        const rig = openRig({ format });
        await rig.hear(bytes, chunk);
        // Recognisers may finish in any order: what each has heard is the same.
        heard.push({ turns: rig.turns, transcripts: rig.transcripts.sort() });
      }
      for (const one of heard) expect(one).toEqual(heard[0]);
      expect(heard[0]?.turns.map((line) => line.replace(/ \d+ /, ' '))).toEqual([
        'started item_1',
        'stopped item_1',
        'committed item_1',
        expect.stringContaining('started'),
        expect.stringContaining('stopped'),
        expect.stringContaining('committed'),
      ]);
      expect(heard[0]?.transcripts).toEqual(['item_1 Words 1.', expect.stringContaining('Words 2.')]);
    });
  }

  test('even for a minute of many utterances sent at once', async () => {
    const sound = scene(
      ...Array.from({ length: 10 }, () => [1400, 1600, 200, 1200, 1600])
        .flat()
        .slice(0, -1),
      1600,
    );
    const slow = openRig();
    await slow.hear(sound, 640);
    const fast = openRig();
    await fast.hear(sound);
    expect(fast.turns).toEqual(slow.turns);
    expect(fast.transcripts.sort()).toEqual(slow.transcripts.sort());
    expect(fast.turns.filter((line) => line.startsWith('committed')).length).toBeGreaterThan(10);
  });
});

describe('utterances sent in one burst', () => {
  test('are turns of their own, each with its own sound', async () => {
    const rig = openRig();
    const sound = scene(500, 800, 900, 700, 900);
    await rig.hear(sound);
    const { started, stopped } = rig.times;
    expect(started).toHaveLength(2);
    expect(stopped).toHaveLength(2);
    const [first, second] = rig.stt.calls.map(({ samples }) => placeIn(sound, samples));
    expect(rig.stt.calls).toHaveLength(2);
    // Speech from 500 to 1300 ms, and from 2200 to 2900 ms.
    expect(first?.from).toBeLessThanOrEqual(500 * ms);
    expect(first?.to).toBeGreaterThanOrEqual(1300 * ms);
    expect(first?.to).toBeLessThanOrEqual(2200 * ms);
    expect(second?.from).toBeGreaterThanOrEqual(1300 * ms);
    expect(second?.from).toBeLessThanOrEqual(2200 * ms);
    expect(second?.to).toBeGreaterThanOrEqual(2900 * ms);
    expect(rig.transcripts.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual(['Words 1.', 'Words 2.']);
  });

  test('leave the detector no more than 32 windows to look at', async () => {
    const rig = openRig();
    rig.vad.held = true;
    await rig.hear(scene(500, 5000, 900));
    expect(rig.vad.stream.waiting).toBe(32);
    for (let round = 0; round < 300; round++) rig.vad.stream.answer(1 + (round % 5));
    await rig.settle();
    expect(rig.vad.stream.mostWaiting).toBe(32);
    expect(rig.vad.stream.pushed).toBe(200);
    expect(rig.times.stopped).toHaveLength(1);
  });

  test('end where the client commits, though the detector has looked at nothing yet', async () => {
    const rig = openRig();
    rig.vad.held = true;
    const sound = scene(200, 800, 100);
    rig.sound(sound);
    rig.client({ type: 'input_audio_buffer.commit' });
    await rig.settle();
    expect(rig.turns).toEqual(['committed item_1']);
    expect(placeIn(sound, rig.stt.calls[0]?.samples ?? quiet(0))).toEqual({ from: 0, to: sound.length });
    expect(rig.transcripts).toEqual(['item_1 Words 1.']);
  });

  test('end where the client commits, though the detector has seen only the first of two', async () => {
    const rig = openRig();
    rig.vad.held = true;
    const sound = scene(200, 400, 400, 400, 200);
    rig.sound(sound);
    await rig.settle();
    // 960 ms: the first utterance, its pause, and not yet the second.
    rig.vad.stream.answer(30);
    rig.client({ type: 'input_audio_buffer.commit' });
    await rig.settle();
    expect(rig.turns.at(-1)).toBe('committed item_1');
    // One recogniser has heard the first before the pause, and all that follows it at the commit.
    expect(rig.stt.calls.map(({ asked }) => asked)).toEqual([['speculative', 'final']]);
    expect(placeIn(sound, rig.stt.calls[0]?.samples ?? quiet(0))).toEqual({ from: 0, to: sound.length });
    expect(rig.transcripts).toEqual(['item_1 Words 1.']);
  });

  test('go on in the next item after a commit in the midst of speech', async () => {
    const rig = openRig();
    const sound = scene(500, 1000, 1000);
    rig.sound(sound.subarray(0, 1000 * ms));
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.sound(sound.subarray(1000 * ms));
    await rig.settle();
    expect(rig.turns.map((line) => line.replace(/ \d+ /, ' '))).toEqual([
      'started item_1',
      'committed item_1',
      'started item_2',
      'stopped item_2',
      'committed item_2',
    ]);
    expect(rig.times.started[1]).toBe(1000);
    const [first, second] = rig.stt.calls.map(({ samples }) => placeIn(sound, samples));
    expect(first?.to).toBe(1000 * ms);
    expect(second?.from).toBe(1000 * ms);
  });
});

describe('formats', () => {
  test.each<[string, AudioFormat, number]>([
    ['pcmu', { type: 'audio/pcmu' }, 8000],
    ['pcma', { type: 'audio/pcma' }, 8000],
    ['pcm at 8 kHz', { type: 'audio/pcm', rate: 8000 }, 8000],
    ['pcm at 44.1 kHz', { type: 'audio/pcm', rate: 44_100 }, 44_100],
    ['pcm at 48 kHz', { type: 'audio/pcm', rate: 48_000 }, 48_000],
  ])('F17 F19: %s: the times are those of the sound', async (_name, format, rate) => {
    const rig = openRig({ format });
    await rig.hear(encodeWire(format, resample({ samples: scene(1000, 1000, 1000), rateHz: 16_000 }, rate).samples), 999);
    const { started, stopped } = rig.times;
    // The filters ring a little before and after: an onset may be found one window early.
    expect(692 - (started[0] ?? 0)).toBeLessThanOrEqual(32);
    expect(692 - (started[0] ?? 0)).toBeGreaterThanOrEqual(0);
    expect(Math.abs((stopped[0] ?? 0) - 2500)).toBeLessThanOrEqual(close);
  });

  test('may change in the midst of the stream, and the times go on', async () => {
    const mu: AudioFormat = { type: 'audio/pcmu' };
    const pcm48: AudioFormat = { type: 'audio/pcm', rate: 48_000 };
    const rig = openRig({ format: mu });
    rig.sound(encodeWire(mu, resample({ samples: scene(700, 800, 700), rateHz: 16_000 }, 8000).samples), 161);
    rig.client({ type: 'session.update', session: { type: 'realtime', audio: { input: { format: pcm48 } } } });
    rig.sound(encodeWire(pcm48, resample({ samples: scene(700, 800, 700), rateHz: 16_000 }, 48_000).samples), 1001);
    rig.client({
      type: 'session.update',
      session: { type: 'realtime', audio: { input: { format: { type: 'audio/pcm', rate: 16_000 } } } },
    });
    rig.sound(scene(700, 800, 700));
    await rig.settle();
    const { started, stopped } = rig.times;
    expect(stopped).toHaveLength(3);
    for (const [index, stop] of stopped.entries()) expect(Math.abs(stop - (index * 2200 + 2000))).toBeLessThanOrEqual(close);
    for (const [index, start] of started.entries()) expect(Math.abs(start - (index * 2200 + 400))).toBeLessThanOrEqual(64);
  });
});

test('a format that changes again and again loses no sound at the seams', async () => {
  const rig = openRig({ turnDetection: null });
  for (let time = 0; time < 40; time++) {
    const rate = time % 2 === 0 ? 8000 : 48_000;
    rig.client({ type: 'session.update', session: { type: 'realtime', audio: { input: { format: { type: 'audio/pcm', rate } } } } });
    rig.sound(noise(20, rate));
  }
  rig.client({ type: 'input_audio_buffer.commit' });
  await rig.settle();
  expect(rig.last('conversation.item.input_audio_transcription.completed').usage).toEqual({
    type: 'duration',
    seconds: expect.closeTo(0.8, 2) as number,
  });
});
