// The ear: what is detected of the sound, what the recogniser is given of it, and what becomes of both when plans change.
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { toBytes } from '../../src/media/pcm.ts';
import { serverVadDefaults } from '../../src/protocol/session-config.ts';
import { noise, openRig, placeIn, quiet, type Rig, scene } from '../rig.ts';

const ms = 16;
/** How far from the truth a time may be: the 4 ms frames of the acoustic end. */
const close = 5;

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
  test('S17 S18 F24: with its padding in front, up to the end of the silence that ends it', async () => {
    const rig = openRig();
    const sound = scene(1000, 1000, 1000);
    await rig.hear(sound);
    // Speech begins at 1000 ms, within the window from 992 ms on.
    expect(rig.turns).toEqual(['started 692 item_1', expect.stringMatching(/^stopped 25\d\d item_1$/), 'committed item_1']);
    const [stopped = 0] = rig.times.stopped;
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
    expect(place.to).toBeLessThanOrEqual(2250 * ms);
  });

  test('by a recogniser that is told of the end in time even when the silence asked for is short', async () => {
    const rig = openRig({ turnDetection: { ...serverVadDefaults, silence_duration_ms: 200 } });
    await rig.hear(scene(1000, 1000, 180), 640);
    expect(rig.turns).toHaveLength(1);
    expect(rig.stt.calls[0]?.complete).toBe(true);
  });

  test('F24: with the padding the client asked for, however long or short, as far as there is sound', async () => {
    for (const [padding, started] of [
      [0, 992],
      [500, 492],
      [5000, 0],
    ]) {
      const rig = openRig({ turnDetection: { ...serverVadDefaults, prefix_padding_ms: padding as number } });
      await rig.hear(scene(1000, 500, 100));
      expect(rig.times.started).toEqual([started]);
    }
  });

  test('with no padding out of the utterance before it', async () => {
    const rig = openRig({ turnDetection: { ...serverVadDefaults, prefix_padding_ms: 2000, silence_duration_ms: 300 } });
    const sound = scene(500, 500, 500, 500, 500);
    await rig.hear(sound, 320);
    const { started, stopped } = rig.times;
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
    expect(rig.times.stopped).toEqual([1460]);
  });

  test('from its very first sample, though nothing came before it', async () => {
    const rig = openRig();
    await rig.hear(scene(0, 20, 1000));
    expect(rig.times.started).toEqual([0]);
    expect(Math.abs((rig.times.stopped[0] ?? 0) - 520)).toBeLessThanOrEqual(close);
  });
});

describe('a pause within an utterance', () => {
  test('in which the recogniser is asked for the words is no break in what it hears', async () => {
    const rig = openRig();
    rig.stt.script = (call) => call.say(call.asked.length === 1 ? 'I would like.' : 'I would like to go home.');
    const sound = scene(500, 600, 260, 600, 900);
    await rig.hear(sound, 640);
    expect(rig.turns).toHaveLength(3);
    expect(rig.transcripts).toEqual(['item_1 I would like to go home.']);
    const [call] = rig.stt.calls;
    expect(rig.stt.calls).toHaveLength(1);
    // At the pause, and at the pause that ended the turn: the commit found the words there.
    expect(call?.asked).toEqual(['speculative', 'speculative']);
    const place = placeIn(sound, call?.samples ?? quiet(0));
    expect(place.from).toBe((480 - 300) * ms);
    expect(place.to).toBeGreaterThanOrEqual(1960 * ms);
  });

  test('that lasts is left out, but for its beginning and the lead-in of what follows', async () => {
    const rig = openRig({ turnDetection: null });
    const sound = scene(500, 600, 3000, 600, 300);
    await rig.hear(sound, 640);
    expect(rig.stt.calls).toHaveLength(1);
    const samples = rig.stt.calls[0]?.samples ?? quiet(0);
    const second = placeIn(sound, samples.subarray(samples.length - 700 * ms));
    expect(second.to).toBeGreaterThanOrEqual(4700 * ms);
    expect(samples.length / ms).toBeLessThan(600 + 600 + 2 * 300 + 2 * 264);
  });

  test('that is short is not asked about', async () => {
    const rig = openRig();
    await rig.hear(scene(500, 600, 150, 600, 900), 640);
    expect(rig.stt.calls).toHaveLength(1);
    expect(rig.stt.calls[0]?.asked).toEqual(['speculative']);
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
    expect(rig.last('conversation.item.input_audio_transcription.completed').usage).toEqual({ type: 'duration', seconds: 0.7 });
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
    const { usage } = rig.last('conversation.item.input_audio_transcription.completed');
    const seconds = usage.type === 'duration' ? usage.seconds : Number.NaN;
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
  const { usage } = rig.last('conversation.item.input_audio_transcription.completed');
  const seconds = usage.type === 'duration' ? usage.seconds : Number.NaN;
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
  expect(rig.stt.calls[0]?.closed).toBe(true);
  rig.stt.script = (call) => call.say('After it.');
  await rig.hear(sound.subarray(900 * ms));
  // The window from 480 ms on holds the first speech.
  expect(rig.times.started).toEqual([180, 900]);
  expect(rig.transcripts).toEqual(['item_2 After it.']);
  expect(placeIn(sound, rig.stt.calls[1]?.samples ?? quiet(0)).from).toBe(900 * ms);
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
    expect(rig.times.stopped).toEqual([1200]);
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
    expect(rig.stt.calls[0]?.closed).toBe(true);
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
    expect(failed).toMatchObject({
      item_id: 'item_1',
      error: { code: 'crashed', message: 'The speech recognition stopped in the middle of its work.' },
    });
    expect(rig.all('response.done')[0]?.response).toMatchObject({
      status: 'failed',
      status_details: { error: { code: 'transcription_failed' } },
    });
    expect(rig.transcripts).toHaveLength(1);
    expect(rig.llm.calls).toHaveLength(1);
  });

  test('is told to the operator too, once, but not what a session that has gone leaves behind', async () => {
    const rig = openRig();
    rig.stt.script = (call) => call.fail(new EngineError('fake-stt', 'crashed', 'It died.'));
    await rig.hear(scene(500, 500, 900));
    const told = { level: 'warn', fields: { engine: 'fake-stt', reason: 'crashed', why: 'It died.' }, message: 'listening failed' };
    expect(rig.logged).toEqual([told]);
    // One that has no words when the session ends: its recognition is closed under it, which is an error of nobody's.
    rig.stt.script = undefined;
    await rig.hear(scene(500, 500, 900));
    rig.transport.end();
    await rig.ended;
    await rig.settle();
    expect(rig.logged).toEqual([told]);
  });

  test("with a plain error fails the turn as 'broken' and nothing else", async () => {
    const rig = openRig();
    rig.stt.script = (call) => call.fail(new TypeError('a bug'));
    await rig.hear(scene(500, 500, 900));
    expect(rig.last('conversation.item.input_audio_transcription.failed').error.code).toBe('broken');
    expect(rig.logged).toMatchObject([{ level: 'warn', fields: { reason: 'broken', err: new TypeError('a bug') } }]);
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

test('F22 F23: a recogniser is told what the session knows: language, hint, names of tools and of their values', async () => {
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
    origin: { key: 'key_1', session: 'sess_1' },
    language: 'en',
    prompt: 'pizza',
    vocabulary: ['order', 'small', 'large'],
  });
});

test('C19: sound inside an item is recognised for that item', async () => {
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
