// Golden transcripts: how the words of a turn arrive, and what becomes of silence.
import { describe, expect, test } from 'vitest';
import { Rig, serverVad } from './rig.ts';

describe('words', () => {
  test('S11 S12: deltas add up to the transcript', () => {
    const rig = new Rig();
    rig.hear(300);
    rig.beginSpeech();
    for (const text of ['hi', 'high there', 'hi there how', 'hi there how are', 'hi there how are you']) {
      rig.hear(200);
      rig.fact({ kind: 'transcript.partial', item: 'item_1', text });
    }
    rig.pauseSpeech();
    rig.hear(500);
    rig.fact({ kind: 'transcript.partial', item: 'item_1', text: 'hi there how are you' });
    rig.transcript('item_1', 'hi there how are you today');
    const deltas = rig.all('conversation.item.input_audio_transcription.delta');
    expect(deltas.length).toBeGreaterThan(2);
    expect(deltas.map(({ delta }) => delta).join('')).toBe('hi there how are you today');
    expect(rig.last('conversation.item.input_audio_transcription.completed').transcript).toBe('hi there how are you today');
    rig.golden('transcription-deltas');
  });

  test('F16 include: how likely each word is comes with the transcript when it is asked for and known', () => {
    const include = ['item.input_audio_transcription.logprobs'];
    const completed = (session: object, logprobs: number[] | undefined) => {
      const rig = new Rig();
      rig.client({ type: 'session.update', session });
      rig.utter(600);
      rig.fact({ kind: 'transcript.final', item: 'item_1', text: 'Grüß dich.', logprobs, seconds: 1 });
      return rig.last('conversation.item.input_audio_transcription.completed');
    };
    const { logprobs, transcript } = completed({ include }, [-0.5, -0.25]);
    expect(logprobs?.map(({ token, logprob }) => [token, logprob])).toEqual([
      ['Grüß', -0.5],
      [' dich.', -0.25],
    ]);
    expect(Buffer.from(logprobs?.flatMap(({ bytes }) => bytes) ?? []).toString()).toBe(transcript);
    expect(completed({ include }, undefined)).not.toHaveProperty('logprobs');
    expect(completed({}, [-0.5, -0.25])).not.toHaveProperty('logprobs');
    expect(completed({ include: null }, [-0.5, -0.25])).not.toHaveProperty('logprobs');
  });

  test('no transcription events come when none were asked for, yet the words are heard', () => {
    const rig = new Rig();
    rig.client({ type: 'session.update', session: { audio: { input: { transcription: null } } } });
    rig.utter(600);
    rig.fact({ kind: 'transcript.partial', item: 'item_1', text: 'Hel lo' });
    rig.transcript('item_1', 'Hello.');
    expect(rig.sent.filter(({ type }) => type.includes('transcription'))).toEqual([]);
    expect(rig.prompts.at(-1)?.turns).toEqual([{ role: 'user', parts: [{ type: 'text', text: 'Hello.' }] }]);
  });

  test('S13: speech that could not be recognised fails its response', () => {
    const rig = new Rig();
    rig.utter(600);
    rig.fact({ kind: 'transcript.failed', item: 'item_1', failure: { code: 'unreachable', message: 'The recogniser is gone.' } });
    expect(rig.last('conversation.item.input_audio_transcription.failed')).toMatchObject({
      item_id: 'item_1',
      error: { code: 'unreachable' },
    });
    expect(rig.last('response.done').response.status_details).toMatchObject({ type: 'failed', error: { code: 'transcription_failed' } });
    rig.golden('transcription-fails');
  });

  test('B9: a failure ends one response, and who asks again is answered', () => {
    const rig = new Rig();
    rig.utter(600);
    rig.fact({ kind: 'transcript.failed', item: 'item_1', failure: { code: 'unreachable', message: 'The recogniser is gone.' } });
    expect(rig.endings).toEqual(['resp_1 failed']);
    rig.client({ type: 'response.create' });
    expect(rig.prompts.at(-1)?.turns).toEqual([{ role: 'user', parts: [{ type: 'text', text: '(unintelligible)' }] }]);
    rig.answer('resp_2', 'Sorry?', 400);
    expect(rig.endings).toEqual(['resp_1 failed', 'resp_2 completed']);
    rig.golden('asked-again-after-a-failed-transcript');
  });

  test('S13: that is told even when no transcription was asked for, since the answer fails with it', () => {
    const rig = new Rig();
    rig.client({ type: 'session.update', session: { audio: { input: { transcription: null } } } });
    rig.utter(600);
    rig.fact({ kind: 'transcript.failed', item: 'item_1', failure: { code: 'unreachable', message: 'The recogniser is gone.' } });
    expect(rig.all('conversation.item.input_audio_transcription.failed')).toEqual([
      {
        type: 'conversation.item.input_audio_transcription.failed',
        item_id: 'item_1',
        content_index: 0,
        error: { type: 'server_error', code: 'unreachable', message: 'The recogniser is gone.', param: null },
      },
    ]);
    expect(rig.endings).toEqual(['resp_1 failed']);
  });

  test('a recogniser that says nothing for 30 s has failed, and so has the response that waits for it', () => {
    const rig = new Rig();
    rig.utter(600);
    rig.wait(29_800);
    expect(rig.endings).toEqual([]);
    rig.wait(200);
    expect(rig.endings).toEqual(['resp_1 failed']);
    rig.transcript('item_1', 'too late');
    expect(rig.all('conversation.item.input_audio_transcription.completed')).toHaveLength(0);
    rig.golden('recogniser-stalls');
  });

  test('speech without words is answered all the same', () => {
    const rig = new Rig();
    rig.utter(300);
    rig.transcript('item_1', '');
    expect(rig.last('conversation.item.input_audio_transcription.completed').transcript).toBe('');
    expect(rig.prompts.at(-1)?.turns).toEqual([{ role: 'user', parts: [{ type: 'text', text: '(unintelligible)' }] }]);
    rig.answer('resp_1', 'Sorry?', 400);
    expect(rig.endings).toEqual(['resp_1 completed']);
    rig.golden('empty-transcript');
  });
});

describe('the idle timeout', () => {
  const idle = { ...serverVad, idle_timeout_ms: 5000 };

  test('F29 S19: counts from when the answer has been heard, and makes the silence a turn', () => {
    const rig = new Rig({ turnDetection: idle });
    rig.utter(600);
    rig.transcript('item_1', 'Hello.');
    rig.answer('resp_1', 'Hello! What can I do for you?', 2000);
    rig.hear(6980);
    expect(rig.all('input_audio_buffer.timeout_triggered')).toHaveLength(0);
    rig.hear(40);
    expect(rig.all('input_audio_buffer.timeout_triggered')).toHaveLength(1);
    expect(rig.prompts.at(-1)?.turns.at(-1)).toEqual({ role: 'user', parts: [{ type: 'text', text: '(silence)' }] });
    // The span is the silence after the answer was heard, not the time of the answer.
    expect(rig.last('input_audio_buffer.timeout_triggered')).toMatchObject({ audio_start_ms: 3200, audio_end_ms: 8180 });
    rig.answer('resp_2', 'Are you still there?', 1000);
    rig.golden('idle-timeout');
  });

  test('does not begin while the user is speaking, nor does what they said count as silence', () => {
    const rig = new Rig({ turnDetection: { ...idle, create_response: false, interrupt_response: false } });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.text('resp_1', 'Hello!');
    rig.hear(200);
    rig.beginSpeech();
    rig.end('resp_1');
    rig.hear(8000);
    rig.pauseSpeech();
    rig.hear(6000);
    expect(rig.all('input_audio_buffer.committed')).toHaveLength(1);
    expect(rig.all('input_audio_buffer.timeout_triggered')).toHaveLength(0);
  });

  test('goes on counting when something else of the detection changes', () => {
    const rig = new Rig({ turnDetection: idle });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.answer('resp_1', 'Hello!', 500);
    rig.hear(4000);
    rig.client({ type: 'session.update', session: { audio: { input: { turn_detection: { threshold: 0.7 } } } } });
    rig.hear(1600);
    expect(rig.all('input_audio_buffer.timeout_triggered')).toHaveLength(1);
  });

  test('that is asked for late counts from then', () => {
    const rig = new Rig();
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.answer('resp_1', 'Hello!', 500);
    rig.hear(10_000);
    rig.client({ type: 'session.update', session: { audio: { input: { turn_detection: { idle_timeout_ms: 5000 } } } } });
    rig.hear(4900);
    expect(rig.all('input_audio_buffer.timeout_triggered')).toHaveLength(0);
    rig.hear(200);
    expect(rig.all('input_audio_buffer.timeout_triggered')).toHaveLength(1);
  });

  test('is called off by speech', () => {
    const rig = new Rig({ turnDetection: idle });
    rig.utter(600);
    rig.transcript('item_1', 'Hello.');
    rig.answer('resp_1', 'Hello!', 500);
    rig.hear(4000);
    rig.beginSpeech();
    rig.hear(5000);
    expect(rig.all('input_audio_buffer.timeout_triggered')).toHaveLength(0);
  });
});
