// Golden transcripts of a call: our own speaker plays, so that what was heard is known here and told without the client's help.
import { describe, expect, test } from 'vitest';
import { Rig, wordsOf } from './rig.ts';
import { assistantTurns, counting } from './speaking.ts';
import { callSpeaker } from '../call-speaker.ts';

const { lagMs } = callSpeaker;

/** A call in which an answer of that length has been made and is still open. */
function calling(ms: number): Rig {
  const rig = new Rig({ speaker: callSpeaker });
  rig.says('Count to ten.');
  rig.client({ type: 'response.create' });
  rig.text('resp_1', counting);
  rig.audio('resp_1', ms, wordsOf(counting, ms));
  return rig;
}

const buffers = (rig: Rig) =>
  rig.sent
    .filter(({ type }) => type.startsWith('output_audio_buffer.'))
    .map((event) => `${event.type.split('.')[1]} ${'response_id' in event ? event.response_id : ''}`);

describe('the speaker of a call', () => {
  test('S21 S22: tells when an answer begins to be played and when it has been, and not in between', () => {
    const rig = calling(2000);
    expect(buffers(rig)).toEqual(['started resp_1']);
    rig.end('resp_1');
    rig.hear(1900);
    expect(buffers(rig)).toEqual(['started resp_1']);
    rig.hear(140);
    expect(buffers(rig)).toEqual(['started resp_1', 'stopped resp_1']);
    rig.golden('call-plays-an-answer');
  });

  test('S22: tells that an answer has been played as soon as anything comes in after it, though the clock has not woken the session yet', () => {
    const rig = calling(400);
    rig.end('resp_1');
    rig.now += 500;
    rig.fact({ kind: 'audio.reached', receivedMs: 500, decidedMs: 468 });
    expect(buffers(rig)).toEqual(['started resp_1', 'stopped resp_1']);
  });

  test('S22: an answer that runs out of sound while it is being made has not stopped', () => {
    const rig = calling(300);
    rig.hear(1000);
    expect(buffers(rig)).toEqual(['started resp_1']);
    rig.audio('resp_1', 300);
    rig.end('resp_1');
    rig.hear(1000);
    expect(buffers(rig)).toEqual(['started resp_1', 'stopped resp_1']);
  });

  test('S06 S23 O06: an interruption clears it and cuts the item to what was heard, with no help of the client', () => {
    const rig = calling(5000);
    rig.end('resp_1');
    rig.hear(2500);
    const before = rig.effects.length;
    rig.beginSpeech();
    expect(rig.sent.slice(-3).map(({ type }) => type)).toEqual([
      'input_audio_buffer.speech_started',
      'conversation.item.truncated',
      'output_audio_buffer.cleared',
    ]);
    // 2.6 s were sent; the last 80 ms of them are still on their way to the ear.
    expect(rig.last('conversation.item.truncated')).toMatchObject({ item_id: 'item_2', content_index: 0, audio_end_ms: 2600 - lagMs });
    expect(rig.effects.slice(before).filter(({ kind }) => kind === 'speaker.clear')).toHaveLength(1);
    rig.hear(500);
    rig.pauseSpeech();
    rig.hear(400);
    rig.transcript('item_3', 'Stop.');
    expect(assistantTurns(rig)).toEqual(['one two three four five']);
    rig.golden('call-barge-in');
  });

  test('S06: an interruption ends what is said beside the conversation as well, for it comes out of the same speaker', () => {
    const rig = new Rig({ speaker: callSpeaker });
    rig.client({ type: 'response.create', response: { conversation: 'none' } });
    rig.text('resp_1', counting);
    rig.audio('resp_1', 5000);
    rig.hear(1000);
    rig.beginSpeech();
    expect(rig.last('response.done').response).toMatchObject({
      id: 'resp_1',
      status_details: { type: 'cancelled', reason: 'turn_detected' },
    });
    rig.audio('resp_1', 1000);
    rig.hear(200);
    expect(buffers(rig)).toEqual(['started resp_1', 'cleared resp_1']);
  });

  test('C30: an answer that the client truncates while it is made ends there: no more of it is said than the history has', () => {
    const rig = calling(5000);
    rig.hear(2000);
    rig.client({ type: 'conversation.item.truncate', item_id: 'item_2', content_index: 0, audio_end_ms: 1500 });
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    rig.audio('resp_1', 1000);
    rig.hear(200);
    expect(buffers(rig)).toEqual(['started resp_1', 'cleared resp_1']);
    expect(rig.all('conversation.item.truncated').map(({ audio_end_ms }) => audio_end_ms)).toEqual([1500]);
  });

  test('what has only just been sent was not heard, even though nothing is left to send', () => {
    const rig = calling(1000);
    rig.end('resp_1');
    rig.hear(920);
    rig.beginSpeech();
    expect(rig.last('conversation.item.truncated').audio_end_ms).toBe(940);
  });

  test('an answer that was heard to its end is not cut', () => {
    const rig = calling(1000);
    rig.end('resp_1');
    rig.hear(1200);
    rig.beginSpeech();
    expect(rig.all('conversation.item.truncated')).toEqual([]);
    expect(rig.effects.filter(({ kind }) => kind === 'speaker.clear')).toEqual([]);
  });

  test('C12: the client silences it, which ends the answer that is being made', () => {
    const rig = calling(5000);
    rig.hear(1000);
    rig.client({ type: 'output_audio_buffer.clear' });
    expect(buffers(rig)).toEqual(['started resp_1', 'cleared resp_1']);
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    expect(rig.all('conversation.item.truncated')).toHaveLength(1);
    rig.client({ type: 'output_audio_buffer.clear' });
    expect(buffers(rig)).toHaveLength(2);
    rig.golden('call-cleared-by-client');
  });

  test('a late speaker is believed over the clock', () => {
    const rig = calling(5000);
    rig.end('resp_1');
    rig.hear(1000);
    // The worker was busy: it has sent 400 ms less than it should have.
    rig.fact({ kind: 'speaker.played', aheadMs: 4400 });
    rig.hear(1000);
    rig.beginSpeech();
    expect(rig.last('conversation.item.truncated').audio_end_ms).toBe(2100 - 400 - lagMs);
  });

  test('S21 S22: an answer that was told to have been played is not told again when the speaker turns out to be late, and is cut to what was heard', () => {
    const rig = calling(1000);
    rig.end('resp_1');
    rig.hear(1040);
    expect(buffers(rig)).toEqual(['started resp_1', 'stopped resp_1']);
    rig.fact({ kind: 'speaker.played', aheadMs: 400 });
    rig.hear(100);
    rig.beginSpeech();
    expect(rig.last('conversation.item.truncated').audio_end_ms).toBe(600 + 200 - lagMs);
    expect(buffers(rig)).toEqual(['started resp_1', 'stopped resp_1']);
  });

  test('S21 S22: the next answer is told while a late speaker still plays the one before', () => {
    const rig = calling(1000);
    rig.end('resp_1');
    rig.hear(1040);
    rig.fact({ kind: 'speaker.played', aheadMs: 400 });
    rig.client({ type: 'response.create' });
    rig.answer('resp_2', 'And more.', 500);
    rig.hear(1000);
    rig.fact({ kind: 'speaker.played', aheadMs: 0 });
    expect(buffers(rig)).toEqual(['started resp_1', 'stopped resp_1', 'started resp_2', 'stopped resp_2']);
  });

  test('S22: a speaker that says how far it is is waited for, and one that falls silent is not waited for longer than a second', () => {
    const rig = calling(1000);
    rig.end('resp_1');
    rig.hear(500);
    rig.fact({ kind: 'speaker.played', aheadMs: 500 });
    rig.hear(700);
    // It was busy.
    expect(buffers(rig)).toEqual(['started resp_1']);
    rig.fact({ kind: 'speaker.played', aheadMs: 100 });
    rig.hear(120);
    expect(buffers(rig)).toEqual(['started resp_1']);
    rig.fact({ kind: 'speaker.played', aheadMs: 0 });
    expect(buffers(rig)).toEqual(['started resp_1', 'stopped resp_1']);
    rig.client({ type: 'response.create' });
    rig.answer('resp_2', 'And more.', 500);
    rig.hear(1480);
    expect(buffers(rig).at(-1)).toBe('started resp_2');
    rig.hear(40);
    expect(buffers(rig).at(-1)).toBe('stopped resp_2');
  });

  test('the client may cut what is playing, which stops it', () => {
    const rig = calling(5000);
    rig.end('resp_1');
    rig.hear(1000);
    rig.client({ type: 'conversation.item.truncate', item_id: 'item_2', content_index: 0, audio_end_ms: 700 });
    expect(rig.all('conversation.item.truncated').map(({ audio_end_ms }) => audio_end_ms)).toEqual([700]);
    expect(buffers(rig)).toEqual(['started resp_1', 'cleared resp_1']);
  });

  test('two answers in a row are told one after the other', () => {
    const rig = calling(1000);
    rig.end('resp_1');
    rig.client({ type: 'response.create' });
    rig.answer('resp_2', 'And more.', 500);
    expect(buffers(rig)).toEqual(['started resp_1']);
    rig.hear(1040);
    expect(buffers(rig)).toEqual(['started resp_1', 'stopped resp_1', 'started resp_2']);
    rig.hear(1000);
    expect(buffers(rig).at(-1)).toBe('stopped resp_2');
  });

  test('its sound has one format, whatever the client asks for', () => {
    const rig = calling(1000);
    rig.client({
      type: 'session.update',
      session: { audio: { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcmu' } } } },
    });
    expect(rig.config.audio.output.format).toEqual({ type: 'audio/pcm', rate: 24000 });
    expect(rig.config.audio.input.format).toEqual({ type: 'audio/pcm', rate: 24000 });
  });
});

test('S20: a key that the caller presses is told', () => {
  const rig = new Rig({ speaker: callSpeaker });
  rig.fact({ kind: 'digit.pressed', digit: '#', atSeconds: 1_700_000_000 });
  expect(rig.sent.at(-1)).toEqual({ type: 'input_audio_buffer.dtmf_event_received', event: '#', received_at: 1_700_000_000 });
});

test('S21: a client that plays by itself is told nothing of the kind', () => {
  const rig = new Rig();
  rig.says('Count.');
  rig.client({ type: 'response.create' });
  rig.answer('resp_1', counting, 1000);
  rig.hear(2000);
  rig.client({ type: 'output_audio_buffer.clear' });
  expect(buffers(rig)).toEqual([]);
});
