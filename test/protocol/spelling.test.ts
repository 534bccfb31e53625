// What is sent has one spelling, whatever a client wrote.
import { describe, expect, test } from 'vitest';
import { Rig } from '../session/rig.ts';

describe('what is sent', () => {
  test('names parts shortly in a response and in full in an item (C11)', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create' });
    rig.answer('resp_1', 'Hi.', 300);
    rig.client({ type: 'response.create', response: { output_modalities: ['text'] } });
    rig.text('resp_2', 'Hi.');
    rig.end('resp_2');
    expect(rig.all('response.content_part.done').map(({ part }) => part)).toEqual([
      { type: 'audio', transcript: 'Hi.' },
      { type: 'text', text: 'Hi.' },
    ]);
    expect(rig.all('response.output_item.done').map(({ item }) => item)).toMatchObject([
      { content: [{ type: 'output_audio', transcript: 'Hi.' }] },
      { content: [{ type: 'output_text', text: 'Hi.' }] },
    ]);
  });

  test('with sound, the words come as a transcript only (C6)', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create', response: { output_modalities: ['audio', 'text'] } });
    rig.answer('resp_1', 'Hi.', 300);
    expect(rig.all('response.output_text.delta')).toEqual([]);
    expect(rig.last('response.output_audio_transcript.done').transcript).toBe('Hi.');
    expect(rig.last('response.created').response.output_modalities).toEqual(['audio', 'text']);
  });

  test('says call_id and name with the arguments (C13, C14)', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create' });
    rig.call('resp_1', 'call_1', 'weather', '{"a":1}');
    rig.end('resp_1');
    expect(rig.last('response.function_call_arguments.delta')).toMatchObject({
      call_id: 'call_1',
      delta: '{"a":1}',
      item_id: 'item_1',
      output_index: 0,
    });
    expect(rig.last('response.function_call_arguments.done')).toMatchObject({ call_id: 'call_1', name: 'weather', arguments: '{"a":1}' });
  });

  test('fills every number of the usage, inside the response (C47)', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create' });
    rig.client({ type: 'response.cancel' });
    expect(rig.last('response.done').response.usage).toEqual({
      total_tokens: 0,
      input_tokens: 0,
      output_tokens: 0,
      input_token_details: {
        text_tokens: 0,
        audio_tokens: 0,
        image_tokens: 0,
        cached_tokens: 0,
        cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
      },
      output_token_details: { text_tokens: 0, audio_tokens: 0 },
    });
  });

  test('counts transcription by its duration (C58)', () => {
    const rig = new Rig();
    rig.utter(600);
    rig.transcript('item_1', 'Hello.');
    expect(rig.last('conversation.item.input_audio_transcription.completed').usage).toEqual({ type: 'duration', seconds: 1 });
  });
});
