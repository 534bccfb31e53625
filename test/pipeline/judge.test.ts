// semantic_vad: whether a speaker has finished is judged once in a pause, by the sound and the words so far, and only as long as nothing
// more was said.
import { describe, expect, test } from 'vitest';
import { EngineError, type TurnJudgement } from '../../src/engines/engine.ts';
import { semanticVadDefaults } from '../../src/protocol/session-config.ts';
import { openRig, type Rig, type RigOptions, scene } from '../rig.ts';

const ms = 16;

function open(options: RigOptions = {}): Rig {
  return openRig({ turnDetection: semanticVadDefaults, ...options });
}

/** When each turn ended, in milliseconds after the pause at `pauseMs`, to the nearest 10. */
function patience(rig: Rig, pauseMs: number): number[] {
  return rig.all('input_audio_buffer.speech_stopped').map(({ audio_end_ms }) => Math.round((audio_end_ms - pauseMs) / 10) * 10);
}

describe('at a pause', () => {
  test('the judge gets the words so far and the sound of the turn with 200 ms of silence, once', async () => {
    const rig = open();
    rig.stt.script = (call) => call.say('Book a table.');
    const sound = scene(500, 700, 1500);
    await rig.hear(sound.subarray(0, 1380 * ms), 320);
    expect(rig.turn.asked).toEqual([]);
    await rig.hear(sound.subarray(1380 * ms, 1440 * ms), 320);
    expect(rig.turn.asked).toHaveLength(1);
    const [asked] = rig.turn.asked;
    expect(asked?.transcript).toBe('Book a table.');
    expect(asked?.silenceMs).toBe(200);
    expect(asked?.language).toBeUndefined();
    // From the padding before the onset, which is found to within a window, to 200 ms after the speech, and nothing else.
    const [startMs] = rig.turns.map((line) => Number(line.split(' ')[1]));
    const pauseMs = Math.round((startMs ?? 0) + (asked?.audio.length ?? 0) / ms) - 200;
    expect(Math.abs(pauseMs - 1200)).toBeLessThanOrEqual(8);
    expect(asked?.audio).toEqual(sound.subarray((startMs ?? 0) * ms, (startMs ?? 0) * ms + (asked?.audio.length ?? 0)));
    await rig.hear(sound.subarray(1440 * ms), 320);
    expect(rig.turn.asked).toHaveLength(1);
  });

  test('of a long turn the judge hears the last eight seconds', async () => {
    const rig = open();
    await rig.hear(scene(500, 9000, 1500), 320);
    expect(rig.turn.asked.map(({ audio }) => audio.length)).toEqual([8000 * ms]);
  });

  test('a turn of several stretches is heard as a whole', async () => {
    const rig = open();
    rig.turn.value = 0.1;
    await rig.hear(scene(500, 500, 400, 500, 300), 320);
    const [first, second] = rig.turn.asked.map(({ audio }) => audio);
    expect((second?.length ?? 0) - (first?.length ?? 0)).toBeGreaterThan(880 * ms);
    expect(second?.subarray(0, 700 * ms)).toEqual(first?.subarray(0, 700 * ms));
  });

  test('a breath of less than 200 ms is no pause to be judged', async () => {
    const rig = open();
    await rig.hear(scene(500, 500, 160, 500, 300), 320);
    expect(rig.turn.asked).toHaveLength(1);
    expect(rig.turn.asked[0]?.audio.length).toBeGreaterThan(1300 * ms);
  });

  test('the judge hears at once, and the words come when they come', async () => {
    const rig = open();
    rig.stt.script = undefined;
    rig.turn.value = { complete: 0.95, basis: 'sound', inferenceMs: 70 };
    const sound = scene(500, 500, 2500);
    await rig.hear(sound.subarray(0, 1500 * ms), 320);
    expect(rig.turn.asked.map(({ transcript }) => transcript)).toEqual([undefined]);
    expect(rig.turns).toHaveLength(1);
    rig.stt.calls[0]?.say('Book a table.');
    await rig.settle();
    expect(patience(rig, 1000)).toEqual([400]);
  });

  test('the judge is told what language is spoken, where the client says so', async () => {
    const rig = open({
      configure: (config) => {
        config.audio.input.transcription = { model: 'fake', language: 'de' };
      },
    });
    await rig.hear(scene(500, 500, 300), 320);
    expect(rig.turn.asked[0]?.language).toBe('de');
  });

  test.each([
    [0.9, 400],
    [0.5, 700],
    [0.1, 850],
    [0.05, 1000],
  ])('a score of %d ends the turn after %d ms', async (score, waitMs) => {
    const rig = open();
    rig.turn.value = score;
    await rig.hear(scene(500, 500, 2500), 320);
    expect(patience(rig, 1000)).toEqual([waitMs]);
    expect(rig.transcripts).toEqual(['item_1 Words 1.']);
  });

  test.each<[TurnJudgement['unfinished'], TurnJudgement['basis'], number]>([
    ['function_word', 'sound', 1300],
    ['digits', 'sound', 850],
    [undefined, 'words', 550],
    ['open_clause', 'words', 1300],
  ])('%s, by the %s, makes it wait %d ms', async (unfinished, basis, waitMs) => {
    const rig = open();
    rig.turn.value = { complete: 0.95, basis, inferenceMs: 1, ...(unfinished ? { unfinished } : {}) };
    await rig.hear(scene(500, 500, 2500), 320);
    expect(patience(rig, 1000)).toEqual([waitMs]);
  });

  test('a judge who never answers is not waited for for ever', async () => {
    const rig = open();
    rig.turn.held = true;
    await rig.hear(scene(500, 500, 5000), 320);
    expect(patience(rig, 1000)).toEqual([1600]);
    rig.turn.asked[0]?.answer(1);
    await rig.settle();
    expect(rig.turns).toHaveLength(3);
  });

  test('a judge who fails leaves the turn as likely over as not', async () => {
    const rig = open();
    rig.turn.held = true;
    rig.sound(scene(500, 500, 2500).subarray(0, 1250 * ms), 320);
    await rig.settle();
    rig.turn.asked[0]?.fail(new EngineError('fake-turn', 'timeout', 'Too slow.'));
    await rig.hear(scene(1500));
    expect(patience(rig, 1000)).toEqual([550]);
    expect(rig.logged).toEqual([]);
  });

  test("a judge with a bug does too, and the bug is logged: it is not the session's end", async () => {
    const rig = open();
    rig.turn.held = true;
    await rig.hear(scene(500, 500, 250), 320);
    rig.turn.asked[0]?.fail(new TypeError('a bug'));
    await rig.hear(scene(1500));
    expect(patience(rig, 1000)).toEqual([550]);
    expect(rig.transport.closes).toEqual([]);
    expect(rig.logged).toMatchObject([{ level: 'error', fields: { err: new TypeError('a bug') } }]);
  });

  test('a recogniser that fails does not keep the turn open: it is judged by its sound, and the failure is told', async () => {
    const rig = open();
    rig.stt.script = (call) => call.fail(new EngineError('fake-stt', 'crashed', 'It died.'));
    await rig.hear(scene(500, 500, 1500), 320);
    expect(rig.turn.asked.map(({ transcript }) => transcript)).toEqual(['']);
    expect(patience(rig, 1000)).toEqual([400]);
    expect(rig.last('conversation.item.input_audio_transcription.failed').error.code).toBe('crashed');
  });
});

test('S59 turn_suggestion tells how long the judge says that it took, not how long it waited for the recogniser', async () => {
  const rig = open({
    configure: (config) => {
      config.providerData = { stt: { turn_suggestions: true } };
    },
  });
  rig.turn.value = { complete: 0.9, basis: 'sound', inferenceMs: 7 };
  rig.stt.script = undefined;
  await rig.hear(scene(500, 500, 250), 320);
  await rig.wait(300);
  rig.stt.calls[0]?.say('Book a table.');
  await rig.settle();
  expect(rig.last('input_audio_buffer.turn_suggestion')).toMatchObject({ probability: 0.9, inference_ms: 7 });
});

describe('speech that goes on while the judge thinks', () => {
  test('makes the judgement void, and the next pause is judged by all the words', async () => {
    const rig = open();
    rig.turn.held = true;
    rig.stt.script = (call) => call.say(call.asked.length === 1 ? 'I would like.' : 'I would like to go home.');
    const sound = scene(500, 500, 300, 500, 1500);
    await rig.hear(sound.subarray(0, 1200 * ms), 320);
    await rig.hear(sound.subarray(1200 * ms, 1500 * ms), 320);
    rig.turn.asked[0]?.answer(1);
    await rig.settle();
    expect(rig.turns).toEqual(['started 180 item_1']);
    await rig.hear(sound.subarray(1500 * ms, 2020 * ms), 320);
    expect(rig.turn.asked.map(({ transcript }) => transcript)).toEqual(['I would like.', 'I would like to go home.']);
    rig.turn.asked[1]?.answer(1);
    await rig.hear(sound.subarray(2020 * ms), 320);
    expect(patience(rig, 1800)).toEqual([400]);
    expect(rig.transcripts).toEqual(['item_1 I would like to go home.']);
  });

  test('makes it void even when the speaker has paused again before the answer comes', async () => {
    const rig = open();
    rig.turn.held = true;
    const sound = scene(500, 500, 300, 500, 4500);
    await rig.hear(sound.subarray(0, 1250 * ms), 320);
    await rig.hear(sound.subarray(1250 * ms, 2050 * ms), 320);
    expect(rig.turn.asked).toHaveLength(2);
    // "That is all" said before the speaker went on says nothing about what came after.
    rig.turn.asked[0]?.answer(1);
    await rig.hear(sound.subarray(2050 * ms, 2700 * ms), 320);
    expect(rig.turns).toHaveLength(1);
    rig.turn.asked[1]?.answer(0);
    await rig.hear(sound.subarray(2700 * ms), 320);
    expect(patience(rig, 1800)).toEqual([1000]);
  });
});

test('a session that ends does not wait for the judge', async () => {
  const rig = open();
  rig.turn.held = true;
  await rig.hear(scene(500, 500, 250), 320);
  expect(rig.turn.asked).toHaveLength(1);
  const sent = rig.transport.sent.length;
  rig.transport.end();
  await rig.ended;
  rig.turn.asked[0]?.answer(1);
  await rig.settle();
  expect(rig.transport.sent).toHaveLength(sent);
});

test('a session that ends in a pause that is too short to be judged ends', async () => {
  const rig = open();
  await rig.hear(scene(500, 500, 150), 320);
  rig.transport.end();
  await rig.ended;
  expect(rig.turn.asked).toEqual([]);
});

test('what follows a pause in a burst is heard, however far behind the detector is when the judge answers', async () => {
  const rig = open();
  rig.vad.held = true;
  await rig.hear(scene(500, 500, 300, 500, 1500));
  // 38 windows are 1216 ms: 200 of the first pause have just been looked at.
  rig.vad.stream.answer(32);
  await rig.settle();
  rig.vad.stream.answer(6);
  await rig.settle();
  expect(rig.turn.asked).toHaveLength(1);
  rig.vad.held = false;
  rig.vad.stream.answer(32);
  await rig.settle();
  expect(patience(rig, 1800).at(-1)).toBe(400);
});
