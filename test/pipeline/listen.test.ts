// The ear: what is detected, and what the recogniser is given, must follow from the sound alone and never from how it was sent.
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { toBytes } from '../../src/media/pcm.ts';
import { resample } from '../../src/media/resample.ts';
import { encodeWire } from '../../src/pipeline/wire-audio.ts';
import type { AudioFormat } from '../../src/protocol/audio-format.ts';
import { serverVadDefaults } from '../../src/protocol/session-config.ts';
import { noise, openRig, placeIn, quiet, type Rig, scene } from '../rig.ts';

const ms = 16;
/** How far from the truth a time may be: the 4 ms frames of the acoustic end. */
const close = 5;

function times(rig: Rig): { started: number[]; stopped: number[] } {
  return {
    started: rig.all('input_audio_buffer.speech_started').map(({ audio_start_ms }) => audio_start_ms),
    stopped: rig.all('input_audio_buffer.speech_stopped').map(({ audio_end_ms }) => audio_end_ms),
  };
}

/** The sound kept for an item, at 16 kHz. */
async function soundOf(rig: Rig, item: string): Promise<Int16Array> {
  rig.client({ type: 'conversation.item.retrieve', item_id: item });
  await rig.settle();
  const retrieved = rig.last('conversation.item.retrieved').item;
  if (retrieved.type !== 'message') throw new Error('not a message');
  const [part] = retrieved.content;
  if (part?.type !== 'input_audio' || part.audio === undefined) throw new Error('no sound');
  const bytes = Uint8Array.from(Buffer.from(part.audio, 'base64'));
  return new Int16Array(bytes.buffer);
}

describe('an utterance is heard', () => {
  test('with its padding in front, up to the end of the silence that ends it', async () => {
    const rig = openRig();
    const sound = scene(1000, 1000, 1000);
    await rig.hear(sound);
    // Speech begins at 1000 ms, within the window from 992 ms on.
    expect(rig.turns).toEqual(['started 692 item_1', expect.stringMatching(/^stopped 25\d\d item_1$/), 'committed item_1']);
    const [stopped = 0] = times(rig).stopped;
    expect(Math.abs(stopped - 2500)).toBeLessThanOrEqual(close);
    expect(placeIn(sound, await soundOf(rig, 'item_1'))).toEqual({ from: 692 * ms, to: stopped * ms });
  });

  test('by a recogniser that gets some sound before the onset, all of the speech, and the end while the silence still lasts', async () => {
    const rig = openRig();
    const sound = scene(1000, 1000, 300);
    await rig.hear(sound, 640);
    expect(rig.turns).toEqual(['started 692 item_1']);
    const [call] = rig.stt.calls;
    expect(call?.complete).toBe(true);
    const place = placeIn(sound, call?.samples ?? quiet(0));
    expect(place.from).toBe((992 - 300) * ms);
    expect(place.to).toBeGreaterThanOrEqual(2000 * ms);
    expect(place.to).toBeLessThanOrEqual(2300 * ms);
  });

  test('with the padding the client asked for, however long or short, as far as there is sound', async () => {
    for (const [padding, started] of [
      [0, 992],
      [500, 492],
      [5000, 0],
    ]) {
      const rig = openRig({ turnDetection: { ...serverVadDefaults, prefix_padding_ms: padding as number } });
      await rig.hear(scene(1000, 500, 100));
      expect(times(rig).started).toEqual([started]);
    }
  });

  test('with no padding out of the utterance before it', async () => {
    const rig = openRig({ turnDetection: { ...serverVadDefaults, prefix_padding_ms: 2000, silence_duration_ms: 300 } });
    const sound = scene(500, 500, 500, 500, 500);
    await rig.hear(sound, 320);
    const { started, stopped } = times(rig);
    expect(started[1]).toBe(stopped[0]);
    const [first, second] = rig.stt.calls.map(({ samples }) => placeIn(sound, samples));
    expect(second?.from).toBeGreaterThanOrEqual(1000 * ms);
    expect(first?.to).toBeLessThanOrEqual(1500 * ms);
  });

  test('as soon as it begins, and is over when the detector has seen the silence, not before', async () => {
    const rig = openRig();
    rig.vad.held = true;
    const sound = scene(320, 640, 1040);
    await rig.hear(sound);
    expect(rig.turns).toEqual([]);
    rig.vad.stream.answer(11);
    await rig.settle();
    expect(rig.turns).toEqual(['started 20 item_1']);
    rig.vad.stream.answer(28);
    await rig.settle();
    // 39 windows are 1248 ms; the silence lasts until 1460.
    expect(rig.turns).toHaveLength(1);
    rig.vad.held = false;
    rig.vad.stream.answer(32);
    await rig.settle();
    expect(times(rig).stopped).toEqual([1460]);
  });

  test('from its very first sample, though nothing came before it', async () => {
    const rig = openRig();
    await rig.hear(scene(0, 20, 1000));
    expect(times(rig).started).toEqual([0]);
    expect(Math.abs((times(rig).stopped[0] ?? 0) - 520)).toBeLessThanOrEqual(close);
  });
});

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
      expect(heard[0]?.transcripts).toEqual(['item_1 Words 1 words 2.', expect.stringContaining('Words 3.')]);
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
    const { started, stopped } = times(rig);
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
    expect(times(rig).stopped).toHaveLength(1);
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
    const places = rig.stt.calls.map(({ samples }) => placeIn(sound, samples));
    expect(places).toHaveLength(2);
    expect(places[0]?.to).toBeGreaterThanOrEqual(600 * ms);
    expect(places[1]?.from).toBeLessThanOrEqual(1000 * ms);
    expect(places[1]?.from).toBeGreaterThanOrEqual(600 * ms);
    expect(places[1]?.to).toBe(sound.length);
    expect(rig.transcripts).toEqual(['item_1 Words 1 words 2.']);
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
    expect(times(rig).started[1]).toBe(1000);
    const [first, second] = rig.stt.calls.map(({ samples }) => placeIn(sound, samples));
    expect(first?.to).toBe(1000 * ms);
    expect(second?.from).toBe(1000 * ms);
  });
});

describe('a pause within an utterance', () => {
  test('that is longer than the recogniser is kept waiting makes two stretches, whose words are joined', async () => {
    const rig = openRig();
    rig.stt.script = (call, index) => call.say(['I would like.', 'To go home.'][index] ?? '');
    const sound = scene(500, 600, 400, 600, 900);
    await rig.hear(sound, 640);
    expect(rig.turns).toHaveLength(3);
    expect(rig.transcripts).toEqual(['item_1 I would like to go home.']);
    const [first, second] = rig.stt.calls.map(({ samples }) => placeIn(sound, samples));
    expect(first?.to).toBeGreaterThanOrEqual(1100 * ms);
    expect(second?.from).toBeGreaterThanOrEqual((1100 - close) * ms);
    expect(second?.from).toBeLessThanOrEqual(1500 * ms);
    expect(second?.to).toBeGreaterThanOrEqual(2100 * ms);
  });

  test('that is shorter makes none', async () => {
    const rig = openRig();
    await rig.hear(scene(500, 600, 150, 600, 900), 640);
    expect(rig.stt.calls).toHaveLength(1);
    expect(rig.transcripts).toEqual(['item_1 Words 1.']);
  });
});

describe('without turn detection', () => {
  test('a commit transcribes everything since the last one, speech or not', async () => {
    const rig = openRig({ turnDetection: null });
    const sound = noise(700).map((sample) => sample >> 9);
    await rig.hear(sound);
    expect(rig.stt.calls).toHaveLength(0);
    rig.client({ type: 'input_audio_buffer.commit' });
    await rig.settle();
    expect(rig.turns).toEqual(['committed item_1']);
    expect(placeIn(sound, rig.stt.calls[0]?.samples ?? quiet(0))).toEqual({ from: 0, to: sound.length });
    expect(rig.transcripts).toEqual(['item_1 Words 1.']);
    expect(rig.last('conversation.item.input_audio_transcription.completed').usage.seconds).toBe(0.7);
  });

  test('speech is recognised while it is spoken, and told of only after the commit', async () => {
    const rig = openRig({ turnDetection: null });
    rig.stt.script = undefined;
    await rig.hear(scene(500, 900, 300));
    expect(rig.stt.calls).toHaveLength(1);
    rig.stt.calls[0]?.guess('One two three');
    await rig.settle();
    expect(rig.turns).toEqual([]);
    rig.client({ type: 'input_audio_buffer.commit' });
    await rig.settle();
    rig.stt.calls[0]?.guess('One two three four');
    rig.stt.calls[0]?.guess('One two three four five');
    await rig.settle();
    const deltas = () => rig.all('conversation.item.input_audio_transcription.delta').map(({ delta }) => delta);
    expect(deltas().join('')).toBe('One two three four');
    rig.stt.calls[0]?.say('One two three four five.');
    await rig.settle();
    expect(deltas().join('')).toBe('One two three four five.');
    expect(rig.transcripts).toEqual(['item_1 One two three four five.']);
  });

  test('sound is kept for five minutes, and the last of it is what a commit gets', async () => {
    const rig = openRig({ turnDetection: null, format: { type: 'audio/pcmu' } });
    const minute = new Uint8Array(8000 * 60).fill(0xff);
    for (let minutes = 0; minutes < 6; minutes++) await rig.hear(minute, 8000);
    rig.client({ type: 'input_audio_buffer.commit' });
    await rig.settle();
    const { seconds } = rig.last('conversation.item.input_audio_transcription.completed').usage;
    expect(seconds).toBeGreaterThanOrEqual(299);
    expect(seconds).toBeLessThanOrEqual(302);
  });
});

test('minutes of silence leave no more than ten seconds behind', async () => {
  const rig = openRig({ format: { type: 'audio/pcmu' } });
  const minute = new Uint8Array(8000 * 60).fill(0xff);
  for (let minutes = 0; minutes < 3; minutes++) await rig.hear(minute, 8000);
  expect(rig.turns).toEqual([]);
  rig.client({ type: 'input_audio_buffer.commit' });
  await rig.settle();
  const { seconds } = rig.last('conversation.item.input_audio_transcription.completed').usage;
  expect(seconds).toBeGreaterThanOrEqual(10);
  expect(seconds).toBeLessThanOrEqual(12);
});

test('a clear forgets what was said, and what follows is heard from there on', async () => {
  const rig = openRig();
  rig.stt.script = undefined;
  const sound = scene(500, 500, 0, 600, 900);
  await rig.hear(sound.subarray(0, 900 * ms));
  rig.client({ type: 'input_audio_buffer.clear' });
  await rig.settle();
  expect(rig.stt.calls[0]?.signal.aborted).toBe(true);
  rig.stt.script = (call) => call.say('After it.');
  await rig.hear(sound.subarray(900 * ms));
  // The window from 480 ms on holds the first speech.
  expect(times(rig).started).toEqual([180, 900]);
  expect(rig.transcripts).toEqual(['item_2 After it.']);
  expect(placeIn(sound, rig.stt.calls[1]?.samples ?? quiet(0)).from).toBe(900 * ms);
});

describe('formats', () => {
  test.each<[string, AudioFormat, number]>([
    ['pcmu', { type: 'audio/pcmu' }, 8000],
    ['pcma', { type: 'audio/pcma' }, 8000],
    ['pcm at 8 kHz', { type: 'audio/pcm', rate: 8000 }, 8000],
    ['pcm at 44.1 kHz', { type: 'audio/pcm', rate: 44_100 }, 44_100],
    ['pcm at 48 kHz', { type: 'audio/pcm', rate: 48_000 }, 48_000],
  ])('%s: the times are those of the sound', async (_name, format, rate) => {
    const rig = openRig({ format });
    await rig.hear(encodeWire(format, resample({ samples: scene(1000, 1000, 1000), rateHz: 16_000 }, rate).samples), 999);
    const { started, stopped } = times(rig);
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
    const { started, stopped } = times(rig);
    expect(stopped).toHaveLength(3);
    for (const [index, stop] of stopped.entries()) expect(Math.abs(stop - (index * 2200 + 2000))).toBeLessThanOrEqual(close);
    for (const [index, start] of started.entries()) expect(Math.abs(start - (index * 2200 + 400))).toBeLessThanOrEqual(64);
  });
});

describe('a change of the turn detection', () => {
  const update = (rig: Rig, turn_detection: unknown) =>
    rig.client({ type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection } } } });

  test('does not keep sound from being looked at that has come already', async () => {
    const rig = openRig();
    rig.vad.held = true;
    rig.sound(scene(300, 600, 900));
    update(rig, { type: 'server_vad', silence_duration_ms: 300 });
    await rig.settle();
    rig.vad.held = false;
    rig.vad.stream.answer(32);
    await rig.settle();
    expect(times(rig).stopped).toEqual([1200]);
  });

  test('keeps the words of what was dropped out of the next turn', async () => {
    const rig = openRig({ turnDetection: null });
    const sound = scene(500, 600, 1500, 600, 900);
    rig.sound(sound.subarray(0, 2000 * ms));
    await rig.settle();
    update(rig, { type: 'server_vad' });
    rig.sound(sound.subarray(2000 * ms));
    await rig.settle();
    expect(rig.turns).toHaveLength(3);
    expect(rig.transcripts).toEqual([expect.stringMatching(/^item_\d Words 2\.$/)]);
    expect(rig.stt.calls[0]?.signal.aborted).toBe(true);
  });

  test('to none leaves everything to the next commit', async () => {
    const rig = openRig();
    const sound = scene(500, 900, 200);
    rig.sound(sound.subarray(0, 1000 * ms));
    update(rig, null);
    rig.sound(sound.subarray(1000 * ms));
    rig.client({ type: 'input_audio_buffer.commit' });
    await rig.settle();
    const heard = placeIn(sound, await soundOf(rig, rig.last('input_audio_buffer.committed').item_id));
    expect(heard).toEqual({ from: 0, to: sound.length });
    expect(rig.stt.calls.some(({ samples }) => placeIn(sound, samples).from <= 500 * ms)).toBe(true);
  });
});

describe('a recogniser that fails', () => {
  test('fails the turn and its response, with its reason, and the session hears the next one', async () => {
    const rig = openRig();
    rig.stt.script = (call, index) => {
      if (index === 0) call.fail(new EngineError('fake-stt', 'crashed', 'It died.'));
      else call.say('Better.');
    };
    await rig.hear(scene(500, 500, 900, 500, 900), 640);
    const failed = rig.last('conversation.item.input_audio_transcription.failed');
    expect(failed).toMatchObject({ item_id: 'item_1', error: { code: 'crashed', message: 'It died.' } });
    expect(rig.all('response.done')[0]?.response).toMatchObject({
      status: 'failed',
      status_details: { error: { code: 'transcription_failed' } },
    });
    expect(rig.transcripts).toHaveLength(1);
    expect(rig.llm.calls).toHaveLength(1);
  });

  test("with a plain error fails the turn as 'broken' and nothing else", async () => {
    const rig = openRig();
    rig.stt.script = (call) => call.fail(new TypeError('a bug'));
    await rig.hear(scene(500, 500, 900));
    expect(rig.last('conversation.item.input_audio_transcription.failed').error.code).toBe('broken');
    expect(rig.transport.closes).toEqual([]);
  });

  test('cannot be had', async () => {
    const rig = openRig();
    rig.engines.stt = () => {
      throw new EngineError('none', 'unavailable', 'None is installed.');
    };
    await rig.hear(scene(500, 500, 900));
    expect(rig.last('conversation.item.input_audio_transcription.failed').error.code).toBe('unavailable');
  });
});

test('a recogniser is told what the session knows: language, hint, names of tools and of their values', async () => {
  const rig = openRig({
    configure: (config) => {
      config.audio.input.transcription = { model: 'parley/test', language: 'en', prompt: 'pizza' };
      config.tools = [
        {
          type: 'function',
          name: 'order',
          parameters: { type: 'object', properties: { size: { type: 'string', enum: ['small', 'large'] } } },
        },
      ];
    },
  });
  await rig.hear(scene(300, 400, 100));
  expect(rig.stt.calls[0]?.options).toEqual({
    model: 'parley/test',
    language: 'en',
    prompt: 'pizza',
    vocabulary: ['order', 'small', 'large'],
  });
});

test('sound inside an item is recognised for that item', async () => {
  const rig = openRig();
  const sound = noise(400);
  const audio = Buffer.from(toBytes(sound)).toString('base64');
  rig.client({
    type: 'conversation.item.create',
    item: { id: 'mine', type: 'message', role: 'user', content: [{ type: 'input_audio', audio }] },
  });
  await rig.settle();
  expect(rig.stt.calls[0]?.samples).toEqual(sound);
  expect(rig.transcripts).toEqual(['mine Words 1.']);
});
