// What a session tells the meters of its turns and answers, by a clock that the test moves.
import { expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { openRig, type Rig, scene } from '../rig.ts';

const frameMs = 20;
const samplesPerMs = 16;

/** Sends the sound as a microphone does: a frame of it in each 20 ms. */
async function speakLive(rig: Rig, sound: Int16Array): Promise<void> {
  for (let at = 0; at < sound.length; at += frameMs * samplesPerMs) {
    rig.clock.advance(frameMs);
    await rig.hear(sound.subarray(at, at + frameMs * samplesPerMs));
  }
}

/** One second of speech, and as much silence as ends the turn. */
const question = () => scene(500, 1000, 520);

/** Both engines say all they have to say. */
async function answer(rig: Rig): Promise<void> {
  await begin(rig);
  rig.llm.last.end();
  await rig.settle();
  rig.tts.last.finish();
  await rig.settle();
}

/** A first clause, and a second of its sound. */
async function begin(rig: Rig): Promise<void> {
  rig.llm.last.text('It is noon. ');
  await rig.settle();
  rig.tts.last.speak(new Int16Array(24_000), 24_000);
  await rig.settle();
}

const only = (rig: Rig, name: keyof Rig['meters']['seconds']): number => {
  const seen = rig.meters.seconds[name] ?? [];
  if (seen.length !== 1) throw new Error(`${name} was observed ${seen.length} times`);
  return seen[0] ?? Number.NaN;
};

test('the latencies of a turn add up, and what the server adds is none of its engines', async () => {
  const rig = openRig();
  rig.stt.script = undefined;
  await speakLive(rig, question());
  expect(rig.turns).toHaveLength(3);
  await rig.wait(150);
  rig.stt.calls.at(-1)?.say('What time is it?');
  await rig.settle();
  await rig.wait(400);
  rig.llm.last.text('It is noon. ');
  await rig.settle();
  await rig.wait(100);
  rig.tts.last.speak(new Int16Array(2400), 24_000);
  await rig.settle();
  // The frames after the end of the turn are 20 ms at most.
  expect(only(rig, 'parley_turn_end_seconds')).toBeCloseTo(0.5, 1);
  expect(only(rig, 'parley_transcript_seconds')).toBeCloseTo(0.15, 1);
  expect(only(rig, 'parley_first_token_seconds')).toBeCloseTo(0.4, 6);
  expect(only(rig, 'parley_first_audio_seconds')).toBeCloseTo(0.1, 6);
  const parts = (['turn_end', 'transcript', 'first_token', 'first_audio'] as const).map((name) => only(rig, `parley_${name}_seconds`));
  expect(only(rig, 'parley_answer_seconds')).toBeCloseTo(
    parts.reduce((sum, seconds) => sum + seconds, 0),
    6,
  );
  expect(only(rig, 'parley_server_added_seconds')).toBeLessThan(0.05);
});

test('a detector that comes late is the server’s own fault, and seen as that', async () => {
  const rig = openRig();
  const sound = question();
  // It has not decided on the last of the silence when all of it has been said.
  const decided = 1800 * samplesPerMs;
  await speakLive(rig, sound.subarray(0, decided));
  rig.vad.held = true;
  await speakLive(rig, sound.subarray(decided));
  await rig.wait(300);
  rig.vad.held = false;
  rig.vad.stream.answer(100);
  await rig.settle();
  await answer(rig);
  expect(only(rig, 'parley_server_added_seconds')).toBeGreaterThan(0.29);
  expect(only(rig, 'parley_server_added_seconds')).toBeLessThan(0.35);
  expect(only(rig, 'parley_turn_end_seconds')).toBeGreaterThan(0.79);
});

test('a client that sends faster than it speaks does not make latencies look longer', async () => {
  const rig = openRig();
  await rig.hear(question());
  await answer(rig);
  expect(only(rig, 'parley_answer_seconds')).toBe(0);
  expect(rig.meters.counts).toMatchObject({ parley_sound_received_seconds_total: expect.closeTo(2.02, 3) as number });
});

test('turns, responses, tokens and sound are counted as they come', async () => {
  const rig = openRig();
  await rig.hear(question());
  await answer(rig);
  await rig.says('And again.');
  await answer(rig);
  expect(rig.meters.counts).toMatchObject({
    parley_turns_total: 1,
    'parley_responses_total completed none': 2,
    parley_speech_heard_seconds_total: expect.closeTo(1.8, 1) as number,
    'parley_tokens_total in': 14,
    'parley_tokens_total out': 6,
  });
  const sentBytes = rig.transport.audio.reduce((sum, { bytes }) => sum + bytes.length, 0);
  // Sound of answers is 24 kHz unless the session says otherwise.
  expect(rig.meters.counts['parley_speech_sent_seconds_total']).toBeCloseTo(sentBytes / 48_000, 6);
  expect(sentBytes).toBeGreaterThan(0);
});

test('an answer that is talked over is one barge-in, however the client goes on to cut it', async () => {
  const rig = openRig();
  await rig.hear(question());
  await begin(rig);
  await rig.hear(scene(100, 600, 100));
  expect(rig.endings).toEqual(['resp_1 cancelled']);
  expect(rig.meters.counts).toMatchObject({ parley_barge_ins_total: 1, 'parley_responses_total cancelled turn_detected': 1 });
  const [place] = rig.transport.audio.map((sent) => sent.place);
  rig.client({ type: 'conversation.item.truncate', item_id: place?.item, content_index: 0, audio_end_ms: 0 });
  await rig.settle();
  expect(rig.all('conversation.item.truncated')).toHaveLength(1);
  expect(rig.meters.counts['parley_barge_ins_total']).toBe(1);
});

test('an answer that was made, and is talked over while it is heard, is a barge-in as well', async () => {
  const rig = openRig();
  await rig.hear(question());
  await answer(rig);
  expect(rig.endings).toEqual(['resp_1 completed']);
  const [place] = rig.transport.audio.map((sent) => sent.place);
  rig.client({ type: 'conversation.item.truncate', item_id: place?.item, content_index: 0, audio_end_ms: 0 });
  await rig.settle();
  expect(rig.meters.counts['parley_barge_ins_total']).toBe(1);
});

test('an answer that the client itself cancels is none', async () => {
  const rig = openRig();
  await rig.says('Tell me.');
  await begin(rig);
  rig.client({ type: 'response.cancel' });
  await rig.settle();
  expect(rig.meters.counts).toMatchObject({ 'parley_responses_total cancelled client_cancelled': 1 });
  expect(rig.meters.counts['parley_barge_ins_total']).toBeUndefined();
});

test('an answer that is under way when the client goes is counted with what it has used', async () => {
  const rig = openRig();
  await rig.hear(question());
  rig.llm.last.text('It is noon, and the sun is out. ');
  await rig.settle();
  rig.transport.end();
  const { responses, inputTokens, outputTokens } = await rig.ended;
  expect(rig.endings).toEqual([]);
  expect(rig.meters.counts).toMatchObject({ 'parley_responses_total cancelled session_ended': 1 });
  expect(rig.meters.counts['parley_tokens_total in']).toBeGreaterThan(0);
  expect(rig.meters.counts['parley_tokens_total out']).toBeGreaterThan(0);
  expect({ responses, inputTokens, outputTokens }).toEqual({
    responses: { cancelled: 1 },
    inputTokens: rig.meters.counts['parley_tokens_total in'],
    outputTokens: rig.meters.counts['parley_tokens_total out'],
  });
});

test('what an engine fails at is counted by engine and reason, a fault of ours is not', async () => {
  const rig = openRig();
  await rig.says('Hello.');
  rig.llm.last.fail(new EngineError('groq', 'rate_limited', 'Slow down.'));
  await rig.settle();
  await rig.says('Again.');
  rig.llm.last.fail(new TypeError('a bug'));
  await rig.settle();
  const errors = Object.entries(rig.meters.counts).filter(([name]) => name.startsWith('parley_engine_errors_total'));
  expect(errors).toEqual([['parley_engine_errors_total groq rate_limited', 1]]);
  expect(rig.meters.counts).toMatchObject({
    'parley_responses_total failed rate_limited': 1,
    'parley_responses_total failed internal': 1,
  });
});
