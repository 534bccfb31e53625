// A line that is lost and comes back: playout stands still between, nobody is waited for who cannot be heard, and the sound goes on where it was.
import { expect, test } from 'vitest';
import type { Effect } from '../../src/session/effects.ts';
import type { Fact } from '../../src/session/facts.ts';
import { Rig, serverVad, wordsOf } from './rig.ts';
import { assistantTurns, counting, speaking } from './speaking.ts';
import { callSpeaker } from '../call-speaker.ts';

const lose = (rig: Rig, silentMs = 0) => rig.fact({ kind: 'line.lost', silentMs });
const comeBack = (rig: Rig, more: Partial<Extract<Fact, { kind: 'line.back' }>> = {}) =>
  rig.fact({ kind: 'line.back', unreceivedMs: 0, speaker: undefined, expiresAt: 1_700_007_200, ...more });
const leftMs = (rig: Rig) => rig.effects.flatMap((effect: Effect) => (effect.kind === 'line.resume' ? [effect.leftMs] : []));

/** What the model believes it has said, once the user has interrupted. */
function heardBy(rig: Rig): string[] {
  rig.beginSpeech();
  rig.hear(500);
  rig.pauseSpeech();
  rig.hear(600);
  rig.transcript(rig.sent.findLast(({ type }) => type === 'input_audio_buffer.committed') ? lastItem(rig) : '', 'Stop.');
  return assistantTurns(rig);
}

function lastItem(rig: Rig): string {
  const committed = rig.last('input_audio_buffer.committed');
  return committed.item_id;
}

test('playout stands still while the line is lost: what was left is left when it is back', () => {
  const rig = speaking(5000);
  rig.end('resp_1');
  rig.hear(1200);
  lose(rig);
  rig.wait(20_000);
  comeBack(rig);
  // Half a second for each word; 1.2 s were heard by now.
  expect(leftMs(rig)).toEqual([3800]);
  rig.hear(400);
  expect(heardBy(rig)).toEqual(['one two three']);
});

test('an interruption in speech that came before the line was lost cuts to what was heard until then', () => {
  const rig = speaking(5000);
  rig.end('resp_1');
  rig.hear(1200);
  lose(rig);
  rig.wait(10_000);
  expect(heardBy(rig)).toEqual(['one two']);
});

test('what was sent since the last sign of life was not heard', () => {
  const rig = speaking(5000);
  rig.end('resp_1');
  rig.hear(3200);
  lose(rig, 2000);
  rig.wait(1000);
  comeBack(rig);
  expect(leftMs(rig)).toEqual([3800]);
});

test('sound that did not come there was not heard, whatever the reckoning says', () => {
  const rig = speaking(5000);
  rig.end('resp_1');
  rig.hear(3000);
  lose(rig);
  comeBack(rig, { unreceivedMs: 4000 });
  expect(leftMs(rig)).toEqual([4000]);
  rig.hear(100);
  expect(heardBy(rig)).toEqual(['one two']);
});

test('of an answer that was interrupted before the line came back nothing is to be heard any more', () => {
  const rig = speaking(5000);
  rig.end('resp_1');
  rig.hear(1200);
  lose(rig);
  rig.beginSpeech();
  comeBack(rig, { unreceivedMs: 4000 });
  expect(leftMs(rig)).toEqual([0]);
});

test('the client’s own word on what it has played is believed; one about something else is not', () => {
  for (const [played, left] of [
    [{ item: 'item_2', ms: 2600 }, 2400],
    [{ item: 'item_2', ms: 99_999 }, 0],
    [{ item: 'item_x', ms: 4900 }, 3800],
  ] as const) {
    const rig = speaking(5000);
    rig.end('resp_1');
    rig.hear(1200);
    lose(rig);
    rig.wait(3000);
    comeBack(rig, { played });
    expect(leftMs(rig)).toEqual([left]);
  }
});

test('an answer goes on being made while the line is lost, and is heard after it is back', () => {
  const rig = speaking(1000);
  rig.hear(400);
  lose(rig);
  rig.wait(5000);
  rig.audio('resp_1', 4000, wordsOf(counting, 5000).slice(2));
  rig.end('resp_1');
  expect(rig.sent.at(-1)?.type).toBe('rate_limits.updated');
  rig.wait(5000);
  comeBack(rig);
  expect(leftMs(rig)).toEqual([4600]);
});

test('a turn under way is not given up because no sound comes, and goes on when it does', () => {
  const rig = new Rig();
  rig.hear(500);
  rig.beginSpeech();
  rig.hear(500);
  lose(rig);
  rig.wait(20_000);
  expect(rig.sent.map(({ type }) => type)).not.toContain('input_audio_buffer.speech_stopped');
  comeBack(rig);
  rig.wait(1900);
  expect(rig.sent.map(({ type }) => type)).not.toContain('input_audio_buffer.speech_stopped');
  rig.wait(200);
  expect(rig.sent.map(({ type }) => type)).toContain('input_audio_buffer.speech_stopped');
});

test('neither the idle timeout nor the watchdog of a voice that waits for room fires; both count anew from the return', () => {
  const idle = new Rig({ turnDetection: { ...serverVad, idle_timeout_ms: 5000 } });
  idle.says('Hello.');
  idle.client({ type: 'response.create' });
  idle.answer('resp_1', 'Hi.', 500);
  const timeouts = () => idle.sent.filter(({ type }) => type === 'input_audio_buffer.timeout_triggered').length;
  idle.wait(2000);
  lose(idle);
  idle.wait(60_000);
  comeBack(idle);
  idle.wait(4900);
  expect(timeouts()).toBe(0);
  idle.wait(200);
  expect(timeouts()).toBe(1);

  const waiting = speaking(1000);
  lose(waiting);
  waiting.wait(60_000);
  comeBack(waiting);
  expect(waiting.endings).toEqual([]);
  waiting.wait(31_000);
  expect(waiting.endings).toHaveLength(1);
});

test('a call goes on over a call: it is behind by what was on the way to the ear, and its speaker is told of once', () => {
  const speaker = callSpeaker;
  const rig = new Rig({ speaker });
  rig.says('Count to ten.');
  rig.client({ type: 'response.create' });
  rig.answer('resp_1', counting, 5000);
  rig.wait(2000);
  lose(rig);
  rig.fact({ kind: 'speaker.played', aheadMs: 0 });
  rig.wait(10_000);
  comeBack(rig, { speaker });
  expect(leftMs(rig)).toEqual([3080]);
  rig.wait(3000);
  expect(rig.sent.filter(({ type }) => type === 'output_audio_buffer.stopped')).toEqual([]);
  rig.wait(200);
  expect(rig.sent.filter(({ type }) => type.startsWith('output_audio_buffer.')).map(({ type }) => type)).toEqual([
    'output_audio_buffer.started',
    'output_audio_buffer.stopped',
  ]);
});

test('over a call, a session takes the call’s formats and tells so; over a WebSocket it keeps them, and the call’s speaker has stopped', () => {
  const rig = new Rig({ configure: (config) => void (config.audio.output.format = { type: 'audio/pcmu' }) });
  lose(rig);
  comeBack(rig, { speaker: callSpeaker });
  const pcm = { type: 'audio/pcm', rate: 24_000 };
  expect(rig.config.audio.output.format).toEqual(pcm);
  expect(rig.last('session.updated').session.audio).toMatchObject({ output: { format: pcm } });
  expect(rig.effects.at(-2)?.kind).toBe('listen.configure');
  rig.says('Count to ten.');
  rig.client({ type: 'response.create' });
  rig.answer('resp_1', counting, 5000);
  rig.wait(1000);
  lose(rig);
  const before = rig.sent.length;
  comeBack(rig);
  expect(rig.sent.slice(before).map(({ type }) => type)).toEqual(['output_audio_buffer.stopped']);
  expect(rig.config.audio.output.format).toEqual(pcm);
});

test('a line that comes back without having been lost changes nothing', () => {
  const rig = speaking(5000);
  const before = rig.effects.length;
  comeBack(rig, { unreceivedMs: 3000 });
  expect(rig.effects.slice(before)).toEqual([]);
});

test('F35: a session tells that its end is near, and whoever takes it up then finds it with a new life and its conversation', () => {
  const rig = new Rig({ turnDetection: null, lifeMs: 600_000 });
  rig.says('Remember the number seven.');
  rig.wait(539_990);
  expect(rig.all('session.updated')).toEqual([]);
  rig.wait(20);
  expect(rig.last('session.updated').session).toMatchObject({ expires_at: 1_700_003_600, parley: { expires_in_seconds: 60 } });
  lose(rig);
  comeBack(rig);
  expect(rig.last('session.updated').session).toMatchObject({ expires_at: 1_700_007_200 });
  expect(rig.last('session.updated').session.parley).toBeUndefined();
  rig.wait(300_000);
  rig.client({ type: 'response.create' });
  expect(rig.prompts.at(-1)?.turns).toMatchObject([{ role: 'user', parts: [{ text: 'Remember the number seven.' }] }]);
  rig.answer('resp_1', 'Seven.', 400);
  rig.wait(400_000);
  expect(rig.faults).toEqual(['session_expired']);
  rig.golden('life-renewed');
});

test('F35: one that is taken up long before its end has no more than the life it has', () => {
  const rig = new Rig({ turnDetection: null, lifeMs: 600_000 });
  rig.wait(300_000);
  lose(rig);
  comeBack(rig);
  expect(rig.all('session.updated')).toEqual([]);
  rig.wait(300_000);
  expect(rig.faults).toEqual(['session_expired']);
});

test('S21 S22: an answer that was told to have been played is not told again when the end of it is said again over the next call', () => {
  const rig = new Rig({ speaker: callSpeaker });
  rig.says('Count to ten.');
  rig.client({ type: 'response.create' });
  rig.text('resp_1', counting);
  rig.audio('resp_1', 1000, wordsOf(counting, 1000));
  rig.end('resp_1');
  rig.hear(1040);
  lose(rig, 300);
  rig.wait(5000);
  comeBack(rig, { speaker: callSpeaker });
  expect(leftMs(rig).every((ms) => ms > 300)).toBe(true);
  rig.hear(1000);
  const told = rig.sent.map(({ type }) => type).filter((type) => type.startsWith('output_audio_buffer.'));
  expect(told).toEqual(['output_audio_buffer.started', 'output_audio_buffer.stopped']);
});

const hold = (rig: Rig, agoMs = 0) => rig.fact({ kind: 'line.held', agoMs });
const takeUp = (rig: Rig) => rig.fact({ kind: 'line.taken-up' });

test('playout stands still while a call is on hold, and what was left is heard when it is taken up again', () => {
  const rig = speaking(5000);
  rig.end('resp_1');
  rig.hear(1200);
  hold(rig);
  rig.wait(20_000);
  takeUp(rig);
  rig.hear(400);
  // Nobody has to send it again: it waits where the call's sound is.
  expect(leftMs(rig)).toEqual([]);
  expect(heardBy(rig)).toEqual(['one two three']);
});

test('a call on hold is asked nothing for its silence, and the silence is counted anew when it is taken up again', () => {
  const idle = new Rig({ turnDetection: { ...serverVad, idle_timeout_ms: 5000 } });
  idle.says('Hello.');
  idle.client({ type: 'response.create' });
  idle.answer('resp_1', 'Hi.', 500);
  const timeouts = () => idle.sent.filter(({ type }) => type === 'input_audio_buffer.timeout_triggered').length;
  idle.hear(2000);
  hold(idle);
  // The line says that nothing is said; it is silence all the same, and ends the turn of whoever was speaking.
  idle.hear(60_000);
  takeUp(idle);
  idle.hear(4900);
  expect(timeouts()).toBe(0);
  idle.hear(200);
  expect(timeouts()).toBe(1);
});

test('a call that is lost while it is on hold was heard until it was put there, and is back when its client is', () => {
  const rig = speaking(5000);
  rig.end('resp_1');
  rig.hear(1200);
  hold(rig);
  rig.wait(3000);
  lose(rig, 500);
  takeUp(rig);
  rig.wait(3000);
  comeBack(rig);
  expect(leftMs(rig)).toEqual([3800]);
});
