// Golden transcripts: conversation.item.truncate, by which a client says what was heard.
import { describe, expect, test } from 'vitest';
import { Rig, wordsOf } from './rig.ts';
import { assistantTurns, counting, speaking } from './speaking.ts';
import { callSpeaker } from '../call-speaker.ts';

describe('conversation.item.truncate', () => {
  const truncate = (audio_end_ms: number) => ({
    type: 'conversation.item.truncate',
    item_id: 'item_2',
    content_index: 0,
    audio_end_ms,
    event_id: 't',
  });

  test('C30 S09: cuts what the model remembers to what the client played', () => {
    const rig = speaking(5000, null);
    rig.end('resp_1');
    rig.wait(2000);
    rig.client(truncate(1700));
    rig.says('Go on.');
    rig.client({ type: 'response.create' });
    expect(rig.last('conversation.item.truncated')).toMatchObject({ item_id: 'item_2', content_index: 0, audio_end_ms: 1700 });
    expect(rig.prompts.at(-1)?.turns[1]).toEqual({ role: 'assistant', text: 'one two three', interrupted: true });
    rig.golden('truncate');
  });

  test('C33: past the end is the end', () => {
    const rig = speaking(5000, null);
    rig.end('resp_1');
    rig.client(truncate(99_999));
    rig.says('Go on.');
    rig.client({ type: 'response.create' });
    expect(rig.last('conversation.item.truncated').audio_end_ms).toBe(5000);
    expect(rig.prompts.at(-1)?.turns[1]).toEqual({ role: 'assistant', text: counting, interrupted: false });
    rig.golden('truncate-past-the-end');
  });

  test('a second time may cut more but not less', () => {
    const rig = speaking(5000, null);
    rig.end('resp_1');
    rig.client(truncate(3000));
    rig.client(truncate(3500));
    rig.client(truncate(1000));
    expect(rig.faults).toEqual(['item_already_truncated']);
    expect(rig.last('error').error).toMatchObject({ param: 'audio_end_ms', event_id: 't' });
    rig.says('Go on.');
    rig.client({ type: 'response.create' });
    expect(assistantTurns(rig)).toEqual(['one two']);
    rig.golden('truncate-twice');
  });

  test('by the client is truer than our reckoning, earlier or later', () => {
    for (const [audioEndMs, heard] of [
      [600, ['one']],
      [4600, ['one two three four five six seven eight nine']],
    ] as const) {
      const rig = speaking(5000);
      rig.end('resp_1');
      rig.hear(2100);
      rig.beginSpeech();
      rig.client(truncate(audioEndMs));
      rig.hear(500);
      rig.pauseSpeech();
      rig.hear(400);
      rig.transcript('item_3', 'Stop.');
      expect(assistantTurns(rig)).toEqual(heard);
    }
  });

  test('stays cut when the user speaks later', () => {
    const rig = speaking(5000);
    rig.end('resp_1');
    rig.hear(1500);
    rig.client(truncate(1600));
    rig.hear(1500);
    rig.utter(600);
    rig.transcript('item_3', 'Hm.');
    expect(assistantTurns(rig)).toEqual(['one two three']);
  });

  test('C31 C32: of what is no spoken answer is refused', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Hello.', { id: 'user_1' });
    rig.client({ type: 'response.create', response: { output_modalities: ['text'] } });
    rig.text('resp_1', 'Hi.');
    rig.end('resp_1');
    for (const item_id of ['nobody', 'user_1', 'item_1']) {
      rig.client({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 100, event_id: item_id });
    }
    expect(rig.faults).toEqual(['item_truncate_invalid_item_id', null, null]);
    expect(rig.all('error').map(({ error }) => error.event_id)).toEqual(['nobody', 'user_1', 'item_1']);
    rig.golden('truncate-refused');
  });

  test('C30 S27: while the answer is still being made ends it there: one done, no more sound or words, and none garbled', () => {
    const rig = speaking(3000);
    rig.client(truncate(1700));
    const { response } = rig.last('response.done');
    expect(response).toMatchObject({
      id: 'resp_1',
      status: 'cancelled',
      status_details: { type: 'cancelled', reason: 'client_cancelled' },
      output: [{ status: 'incomplete', content: [{ type: 'output_audio', transcript: 'one two three' }] }],
    });
    expect(rig.effects).toContainEqual({ kind: 'reply.abort', response: 'resp_1' });
    expect(rig.last('response.output_audio_transcript.done').transcript).toBe('one two three');
    const before = rig.effects.length;
    rig.text('resp_1', ' eleven');
    rig.audio('resp_1', 500);
    rig.end('resp_1');
    expect(rig.effects).toHaveLength(before);
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    rig.says('Go on.');
    rig.client({ type: 'response.create' });
    expect(assistantTurns(rig)).toEqual(['one two three']);
    rig.golden('truncate-while-generating');
  });

  test.each([undefined, callSpeaker])(
    'C30: an answer that has run out of sound while it is being made ends as well, with the speaker %j',
    (speaker) => {
      const rig = new Rig({ turnDetection: null, speaker });
      rig.says('Count to ten.');
      rig.client({ type: 'response.create' });
      rig.text('resp_1', 'one');
      rig.audio('resp_1', 500, wordsOf('one', 500));
      rig.wait(3000);
      rig.client({ type: 'conversation.item.truncate', item_id: 'item_2', content_index: 0, audio_end_ms: 500 });
      rig.text('resp_1', 'five six');
      expect(rig.endings).toEqual(['resp_1 cancelled']);
      expect(rig.last('response.output_audio_transcript.done').transcript).toBe('one');
    },
  );

  test('C30: the calls that were to follow the cut answer are not made', () => {
    const rig = speaking(5000, null);
    rig.call('resp_1', 'call_1', 'weather', '{}');
    rig.client(truncate(1000));
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    expect(rig.last('response.done').response.output).toMatchObject([{ type: 'message' }, { type: 'function_call', status: 'incomplete' }]);
  });

  test('C30: of an earlier answer leaves the one that is being made alone', () => {
    const rig = speaking(5000, null);
    rig.end('resp_1');
    rig.wait(6000);
    rig.says('Again.');
    rig.client({ type: 'response.create' });
    rig.text('resp_2', 'one');
    rig.client(truncate(1000));
    expect(rig.endings).toEqual(['resp_1 completed']);
  });

  test.each([
    ['the client', (rig: Rig) => rig.client(truncate(1000)), 1000],
    ['an interruption', (rig: Rig) => rig.beginSpeech(), 2100],
    ['nobody', () => {}, undefined],
  ] as const)('C28: the sound of an answer is retrieved as far as it was cut by %s', (_whose, cut, heardMs) => {
    const rig = speaking(5000);
    rig.end('resp_1');
    rig.hear(2000);
    cut(rig);
    rig.client({ type: 'conversation.item.retrieve', item_id: 'item_2' });
    const retrieved = rig.effects.filter((effect) => effect.kind === 'send.retrieved');
    expect(retrieved.map((effect) => effect.heardMs)).toEqual([heardMs]);
  });

  test('without word times cuts by proportion, down to a whole word', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Count to ten.');
    rig.client({ type: 'response.create' });
    rig.text('resp_1', counting);
    rig.audio('resp_1', 5000);
    rig.end('resp_1');
    rig.client(truncate(2500));
    rig.says('Go on.');
    rig.client({ type: 'response.create' });
    // Half of 48 characters ends inside 'five', and half a word was not heard.
    expect(assistantTurns(rig)).toEqual(['one two three four five']);
  });
});
