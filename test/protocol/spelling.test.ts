// What is sent has one spelling, whatever a client wrote.
import { describe, expect, test } from 'vitest';
import { Rig } from '../session/rig.ts';

describe('what is sent', () => {
  test('S32 S33 S34: names parts shortly in a response and in full in an item', () => {
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

  test('F04: with sound, the words come as a transcript only', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create', response: { output_modalities: ['audio', 'text'] } });
    rig.answer('resp_1', 'Hi.', 300);
    expect(rig.all('response.output_text.delta')).toEqual([]);
    expect(rig.last('response.output_audio_transcript.done').transcript).toBe('Hi.');
    expect(rig.last('response.created').response.output_modalities).toEqual(['audio', 'text']);
  });

  test('S41 S42: says call_id and name with the arguments', () => {
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

  test('F45: fills every number of the usage, inside the response', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create' });
    rig.client({ type: 'response.cancel' });
    expect(rig.last('response.done').response.usage).toEqual({
      // The instructions, reckoned: the model has not told.
      total_tokens: 3,
      input_tokens: 3,
      output_tokens: 0,
      input_token_details: {
        text_tokens: 3,
        audio_tokens: 0,
        image_tokens: 0,
        cached_tokens: 0,
        cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
      },
      output_token_details: { text_tokens: 0, audio_tokens: 0 },
    });
  });

  const counted = (transcription: { model: string; prompt?: string }) => {
    const rig = new Rig({ configure: ({ audio }) => (audio.input.transcription = transcription) });
    rig.utter(600);
    rig.transcript('item_1', 'Hello from the Gateway Probe.');
    return rig.last('conversation.item.input_audio_transcription.completed').usage;
  };

  test.each([
    'whisper-1',
    'gpt-realtime-whisper',
    'inworld/inworld-stt-1',
    'parley/pocketsphinx',
    'my-gpt-4o-transcribe',
    'gpt-4o-transcriber',
  ])('S12: counts transcription by its duration for %s', (model) => {
    expect(counted({ model })).toEqual({ type: 'duration', seconds: 1 });
  });

  test.each([
    'gpt-4o-transcribe',
    'gpt-4o-mini-transcribe',
    'gpt-4o-mini-transcribe-2025-12-15',
    'gpt-4o-transcribe-diarize',
    'openai/gpt-4o-transcribe',
  ])('S12: counts it by tokens for %s, ten for a second of sound', (model) => {
    const usage = { type: 'tokens', total_tokens: 18, input_tokens: 10, input_token_details: { text_tokens: 0, audio_tokens: 10 } };
    expect(counted({ model })).toEqual({ ...usage, output_tokens: 8 });
  });

  test('S12: the prompt of a transcription counts as text', () => {
    expect(counted({ model: 'gpt-4o-transcribe', prompt: 'Names: Ada' })).toMatchObject({
      total_tokens: 21,
      input_tokens: 13,
      input_token_details: { text_tokens: 3, audio_tokens: 10 },
    });
  });
});

describe('the id of a client event', () => {
  test('C48: comes back in the error about it, and in no other event', () => {
    const rig = new Rig({ turnDetection: null });
    const mine = (event: object, event_id: string) => rig.client({ ...event, event_id });
    mine({ type: 'session.update', session: { instructions: 'Sing.' } }, 'mine_1');
    rig.hear(500);
    mine({ type: 'input_audio_buffer.commit' }, 'mine_2');
    mine({ type: 'input_audio_buffer.clear' }, 'mine_3');
    mine({ type: 'conversation.item.delete', item_id: 'item_1' }, 'mine_4');
    mine({ type: 'response.create' }, 'mine_5');
    rig.answer('resp_1', 'Hi.', 300);
    expect(JSON.stringify(rig.sent)).not.toContain('mine');
    mine({ type: 'response.cancel' }, 'x'.repeat(512));
    rig.client({ type: 'response.cancel' });
    expect(rig.all('error').map(({ error }) => error.event_id)).toEqual(['x'.repeat(512), null]);
  });

  test('S04: is one of the five keys that every error has, whoever is at fault', () => {
    const rig = new Rig({ turnDetection: null, lifeMs: 60_000 });
    rig.client({ type: 'session.update', event_id: 'mine', session: { audio: { output: { speed: 9 } } } });
    rig.client({ type: 'no.such' });
    rig.client([]);
    rig.client({ type: 'response.cancel' });
    rig.wait(60_000);
    const message = expect.stringMatching(/\w{3}/) as string;
    expect(rig.all('error').map(({ error }) => error)).toEqual([
      { type: 'invalid_request_error', code: 'invalid_value', message, param: 'session.audio.output.speed', event_id: 'mine' },
      { type: 'invalid_request_error', code: 'invalid_value', message, param: 'type', event_id: null },
      { type: 'invalid_request_error', code: 'invalid_json', message, param: null, event_id: null },
      { type: 'invalid_request_error', code: 'response_cancel_not_active', message, param: null, event_id: null },
      { type: expect.any(String) as string, code: 'session_expired', message, param: null, event_id: null },
    ]);
  });
});

/** A session whose only response says something and calls a function. */
function answered(modality: 'audio' | 'text'): Rig {
  const rig = new Rig({ turnDetection: null });
  rig.client({ type: 'response.create', response: { output_modalities: [modality], metadata: { n: '1' } } });
  rig.text('resp_1', 'Let ');
  rig.text('resp_1', 'me see.');
  if (modality === 'audio') rig.audio('resp_1', 400);
  rig.call('resp_1', 'call_1', 'weather', '{}');
  rig.end('resp_1', { usage: { inputTokens: 20, outputTokens: 10, cachedTokens: 5 } });
  return rig;
}

describe('a response', () => {
  test('S24 S25 F45 F46: begins empty, and ends with all it made and what it cost', () => {
    const rig = answered('audio');
    const response = {
      object: 'realtime.response',
      id: 'resp_1',
      conversation_id: 'conv_1',
      output_modalities: ['audio'],
      max_output_tokens: 'inf',
      audio: { output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'Dennis' } },
      metadata: { n: '1' },
    };
    expect(rig.all('response.created')).toEqual([
      {
        type: 'response.created',
        response: { ...response, status: 'in_progress', status_details: null, output: [], usage: null },
      },
    ]);
    expect(rig.all('response.done')).toEqual([
      {
        type: 'response.done',
        response: {
          ...response,
          status: 'completed',
          status_details: null,
          output: rig.all('response.output_item.done').map(({ item }) => item),
          usage: {
            total_tokens: 30,
            input_tokens: 20,
            output_tokens: 10,
            input_token_details: {
              text_tokens: 20,
              audio_tokens: 0,
              image_tokens: 0,
              cached_tokens: 5,
              cached_tokens_details: { text_tokens: 5, audio_tokens: 0, image_tokens: 0 },
            },
            output_token_details: { text_tokens: 10, audio_tokens: 0 },
          },
        },
      },
    ]);
  });

  test('S51: is followed by rate_limits.updated as soon as it is over', () => {
    const types = answered('text').sent.map(({ type }) => type);
    expect(types.filter((type) => type === 'rate_limits.updated')).toHaveLength(1);
    expect(types[types.indexOf('response.done') + 1]).toBe('rate_limits.updated');
  });

  test('S05 S06 S31 S32: tells of each item when it begins, empty, and when it is whole', () => {
    const rig = answered('audio');
    const message = { id: 'item_1', object: 'realtime.item', type: 'message', role: 'assistant' };
    const call = { id: 'item_2', object: 'realtime.item', type: 'function_call', call_id: 'call_1', name: 'weather' };
    const begun = [
      { ...message, status: 'in_progress', content: [] },
      { ...call, status: 'in_progress', arguments: '' },
    ];
    const whole = [
      { ...message, status: 'completed', content: [{ type: 'output_audio', transcript: 'Let me see.' }] },
      { ...call, status: 'completed', arguments: '{}' },
    ];
    const previous = [null, 'item_1'];
    const place = { response_id: 'resp_1' };
    expect(rig.all('response.output_item.added')).toEqual(
      begun.map((item, output_index) => ({ type: 'response.output_item.added', ...place, output_index, item })),
    );
    expect(rig.all('response.output_item.done')).toEqual(
      whole.map((item, output_index) => ({ type: 'response.output_item.done', ...place, output_index, item })),
    );
    expect(rig.all('conversation.item.added')).toEqual(
      begun.map((item, at) => ({ type: 'conversation.item.added', previous_item_id: previous[at], item })),
    );
    expect(rig.all('conversation.item.done')).toEqual(
      whole.map((item, at) => ({ type: 'conversation.item.done', previous_item_id: previous[at], item })),
    );
  });

  test('S33 S34 S38 S39 S40: tells of what it says aloud by deltas and as a whole, in its place', () => {
    const rig = answered('audio');
    const place = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 };
    expect(rig.sent.filter((event) => 'content_index' in event)).toEqual([
      { type: 'response.content_part.added', ...place, part: { type: 'audio', transcript: '' } },
      { type: 'response.output_audio_transcript.delta', ...place, delta: 'Let ' },
      { type: 'response.output_audio_transcript.delta', ...place, delta: 'me see.' },
      { type: 'response.output_audio.done', ...place },
      { type: 'response.output_audio_transcript.done', ...place, transcript: 'Let me see.' },
      { type: 'response.content_part.done', ...place, part: { type: 'audio', transcript: 'Let me see.' } },
    ]);
  });

  test('S33 S34 S35 S36: tells of what it writes by deltas and as a whole, in its place', () => {
    const rig = answered('text');
    const place = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 };
    expect(rig.sent.filter((event) => 'content_index' in event)).toEqual([
      { type: 'response.content_part.added', ...place, part: { type: 'text', text: '' } },
      { type: 'response.output_text.delta', ...place, delta: 'Let ' },
      { type: 'response.output_text.delta', ...place, delta: 'me see.' },
      { type: 'response.output_text.done', ...place, text: 'Let me see.' },
      { type: 'response.content_part.done', ...place, part: { type: 'text', text: 'Let me see.' } },
    ]);
  });
});
