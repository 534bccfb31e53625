// semantic_vad: whether a speaker has finished is judged by the words so far, and only as long as nothing more was said.
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
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
  test('the judge gets the words so far, once', async () => {
    const rig = open();
    rig.stt.script = (call) => call.say('Book a table.');
    await rig.hear(scene(500, 700, 150), 320);
    expect(rig.turn.asked).toHaveLength(1);
    expect(rig.turn.asked[0]?.transcript).toBe('Book a table.');
    expect(rig.turn.asked[0]?.silenceMs).toBeGreaterThanOrEqual(90);
    expect(rig.turn.asked[0]?.silenceMs).toBeLessThanOrEqual(140);
  });

  test.each([
    [0.9, 400],
    [0.5, 800],
    [0.1, 1800],
  ])('a score of %d ends the turn after %d ms', async (score, waitMs) => {
    const rig = open();
    rig.turn.value = score;
    await rig.hear(scene(500, 500, 2500), 320);
    expect(patience(rig, 1000)).toEqual([waitMs]);
    expect(rig.transcripts).toEqual(['item_1 Words 1.']);
  });

  test('a judge who never answers is not waited for for ever', async () => {
    const rig = open();
    rig.turn.held = true;
    await rig.hear(scene(500, 500, 5000), 320);
    expect(patience(rig, 1000)).toEqual([4000]);
    rig.turn.asked[0]?.answer(1);
    await rig.settle();
    expect(rig.turns).toHaveLength(3);
  });

  test('a judge who fails leaves the turn as likely over as not', async () => {
    const rig = open();
    rig.turn.held = true;
    rig.sound(scene(500, 500, 2500).subarray(0, 1200 * ms), 320);
    await rig.settle();
    rig.turn.asked[0]?.fail(new EngineError('fake-turn', 'timeout', 'Too slow.'));
    await rig.hear(scene(1500));
    expect(patience(rig, 1000)).toEqual([800]);
    expect(rig.logged).toEqual([]);
  });

  test("a judge with a bug does too, and the bug is logged: it is not the session's end", async () => {
    const rig = open();
    rig.turn.held = true;
    await rig.hear(scene(500, 500, 200), 320);
    rig.turn.asked[0]?.fail(new TypeError('a bug'));
    await rig.hear(scene(1500));
    expect(patience(rig, 1000)).toEqual([800]);
    expect(rig.transport.closes).toEqual([]);
    expect(rig.logged).toMatchObject([{ level: 'error', fields: { err: new TypeError('a bug') } }]);
  });

  test('a recogniser that fails does not keep the turn open: it ends, and the failure is told', async () => {
    const rig = open();
    rig.stt.script = (call) => call.fail(new EngineError('fake-stt', 'crashed', 'It died.'));
    await rig.hear(scene(500, 500, 1500), 320);
    expect(rig.turn.asked).toEqual([]);
    expect(patience(rig, 1000)).toEqual([800]);
    expect(rig.last('conversation.item.input_audio_transcription.failed').error.code).toBe('crashed');
  });
});

test('S59 turn_suggestion tells how long the judge took, not how long the recogniser did', async () => {
  const rig = open({
    configure: (config) => {
      config.providerData = { stt: { turn_suggestions: true } };
    },
  });
  rig.turn.held = true;
  rig.stt.script = undefined;
  await rig.hear(scene(500, 500, 150), 320);
  await rig.wait(300);
  rig.stt.calls[0]?.say('Book a table.');
  await rig.settle();
  await rig.wait(7);
  rig.turn.asked[0]?.answer(0.9);
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
    await rig.hear(sound.subarray(1500 * ms, 2000 * ms), 320);
    expect(rig.turn.asked.map(({ transcript }) => transcript)).toEqual(['I would like.', 'I would like to go home.']);
    rig.turn.asked[1]?.answer(1);
    await rig.hear(sound.subarray(2000 * ms), 320);
    expect(patience(rig, 1800)).toEqual([400]);
    expect(rig.transcripts).toEqual(['item_1 I would like to go home.']);
  });

  test('makes it void even when the speaker has paused again before the answer comes', async () => {
    const rig = open();
    rig.turn.held = true;
    const sound = scene(500, 500, 200, 500, 4500);
    await rig.hear(sound.subarray(0, 1150 * ms), 320);
    await rig.hear(sound.subarray(1150 * ms, 1850 * ms), 320);
    expect(rig.turn.asked).toHaveLength(2);
    // "That is all" said before the speaker went on says nothing about what came after.
    rig.turn.asked[0]?.answer(1);
    await rig.hear(sound.subarray(1850 * ms, 3000 * ms), 320);
    expect(rig.turns).toHaveLength(1);
    rig.turn.asked[1]?.answer(0);
    await rig.hear(sound.subarray(3000 * ms), 320);
    expect(patience(rig, 1700)).toEqual([1800]);
  });
});

test('a session that ends does not wait for the judge', async () => {
  const rig = open();
  rig.turn.held = true;
  await rig.hear(scene(500, 500, 200), 320);
  const sent = rig.transport.sent.length;
  rig.transport.end();
  await rig.ended;
  rig.turn.asked[0]?.answer(1);
  await rig.settle();
  expect(rig.transport.sent).toHaveLength(sent);
});

test('what follows a pause in a burst is heard, however far behind the detector is when the judge answers', async () => {
  const rig = open();
  rig.vad.held = true;
  await rig.hear(scene(500, 500, 300, 500, 1500));
  // 35 windows are 1120 ms: the first pause has just been found.
  rig.vad.stream.answer(32);
  await rig.settle();
  rig.vad.stream.answer(3);
  await rig.settle();
  expect(rig.turn.asked).toHaveLength(1);
  rig.vad.held = false;
  rig.vad.stream.answer(32);
  await rig.settle();
  expect(patience(rig, 1800).at(-1)).toBe(400);
});
