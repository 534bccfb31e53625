// The beta dialect: the names of its events, its items and responses, and the errors in its words.
import { describe, expect, test } from 'vitest';
import { beta, betaNames, unknownToBeta } from '../../../src/protocol/dialects/beta.ts';
import { flatParam } from '../../../src/protocol/dialects/beta-session.ts';
import type { StampedEvent } from '../../../src/protocol/server-events.ts';
import { ga } from '../../../src/protocol/dialects/ga.ts';
import { parseClientEvent } from '../../../src/protocol/client-events.ts';
import { RealtimeError } from '../../../src/protocol/errors.ts';

describe('what a client says', () => {
  test('C43: a response is asked for with flat parameters', () => {
    const message = {
      type: 'response.create',
      response: {
        modalities: ['audio', 'text'],
        voice: 'Olivia',
        output_audio_format: 'g711_ulaw',
        max_response_output_tokens: 50,
        temperature: 0.9,
        tool_choice: 'weather',
        conversation: 'none',
        input: [
          { type: 'item_reference', id: 'item_1' },
          { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'Yes.' }] },
        ],
      },
    };
    const expected = {
      output_modalities: ['audio'],
      audio: { output: { voice: 'Olivia', format: { type: 'audio/pcmu' } } },
      max_output_tokens: 50,
      temperature: 0.9,
      tool_choice: { type: 'function', name: 'weather' },
      conversation: 'none',
      input: [
        { type: 'item_reference', id: 'item_1' },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Yes.' }] },
      ],
    };
    expect(beta.toGa(message)).toEqual({ type: 'response.create', response: expected });
    expect(parseClientEvent(beta.toGa(message))).toMatchObject({ response: expected });
  });

  test.each([
    ['assistant', 'text', 'output_text'],
    ['assistant', 'audio', 'output_audio'],
    ['user', 'text', 'input_text'],
    ['user', 'audio', 'input_audio'],
    ['user', 'input_audio', 'input_audio'],
    ['system', 'input_text', 'input_text'],
  ])('a part of an item: %s %s is %s', (role, short, long) => {
    const item = (type: string) => ({ type: 'message', role, content: [{ type, text: 'x' }] });
    expect(beta.toGa({ type: 'conversation.item.create', item: item(short) })).toEqual({
      type: 'conversation.item.create',
      item: item(long),
    });
  });

  test('everything else goes through as it is', () => {
    const messages = [{ type: 'response.cancel' }, { type: 'input_audio_buffer.append', audio: 'AAAA' }, { type: 'no.such' }, 7, []];
    expect(messages.map(beta.toGa)).toEqual(messages);
    expect(messages.map(ga.toGa)).toEqual(messages);
  });
});

/** What the beta sends for a GA event of which only the interesting half is given. */
function sent(event: object): object[] {
  return beta.fromGa({ event_id: 'event_1', ...event } as StampedEvent);
}

describe('what the server says', () => {
  test.each(Object.entries(betaNames))('S07 S52 S53 S54: %s is %s', (gaName, betaName) => {
    expect(sent({ type: gaName, delta: 'x' })).toEqual([{ type: betaName, event_id: 'event_1', delta: 'x' }]);
  });

  test('the renamed events are those of the protocol', () => {
    expect(betaNames).toEqual({
      'conversation.item.added': 'conversation.item.created',
      'response.output_text.delta': 'response.text.delta',
      'response.output_text.done': 'response.text.done',
      'response.output_audio.delta': 'response.audio.delta',
      'response.output_audio.done': 'response.audio.done',
      'response.output_audio_transcript.delta': 'response.audio_transcript.delta',
      'response.output_audio_transcript.done': 'response.audio_transcript.done',
    });
    expect(beta.audioDeltaType).toBe(betaNames[ga.audioDeltaType]);
  });

  test.each([...unknownToBeta])('%s is not sent', (type) => {
    expect(sent({ type, item: { type: 'message' } })).toEqual([]);
  });

  test('an item enters the conversation once, with short names for its parts', () => {
    const item = {
      id: 'i',
      object: 'realtime.item',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_audio', transcript: 'Hi.' }],
    };
    const short = { ...item, content: [{ type: 'audio', transcript: 'Hi.' }] };
    const added = { type: 'conversation.item.added', previous_item_id: null, item };
    expect([added, { ...added, type: 'conversation.item.done' }].flatMap(sent)).toEqual([
      { type: 'conversation.item.created', event_id: 'event_1', previous_item_id: null, item: short },
    ]);
    expect(sent({ type: 'response.output_item.done', item })).toMatchObject([{ item: short }]);
    expect(sent({ type: 'conversation.item.retrieved', item: { ...item, content: [{ type: 'output_text', text: 'Hi.' }] } })).toMatchObject(
      [{ item: { content: [{ type: 'text', text: 'Hi.' }] } }],
    );
    expect(item.content[0]?.type).toBe('output_audio');
  });

  test('items of MCP are not shown', () => {
    const call = { type: 'mcp_call', id: 'i' };
    expect(sent({ type: 'response.output_item.added', item: call })).toEqual([]);
    expect(sent({ type: 'conversation.item.added', item: { type: 'mcp_list_tools', id: 'i' } })).toEqual([]);
    expect(sent({ type: 'response.done', response: { output: [call, { type: 'function_call', id: 'f' }] } })).toMatchObject([
      { response: { output: [{ type: 'function_call', id: 'f' }] } },
    ]);
  });

  test('a response has its voice, format and modalities beside each other', () => {
    const response = {
      object: 'realtime.response',
      id: 'resp_1',
      status: 'completed',
      status_details: null,
      output: [{ id: 'i', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi.' }] }],
      conversation_id: 'conv_1',
      output_modalities: ['text'],
      max_output_tokens: 'inf',
      audio: { output: { format: { type: 'audio/pcmu' }, voice: 'Dennis' } },
      metadata: { a: 'b' },
      usage: null,
    };
    const { output_modalities: _modalities, audio: _audio, ...same } = response;
    expect(sent({ type: 'response.done', response })).toEqual([
      {
        type: 'response.done',
        event_id: 'event_1',
        response: {
          ...same,
          output: [{ id: 'i', type: 'message', role: 'assistant', content: [{ type: 'text', text: 'Hi.' }] }],
          modalities: ['text'],
          voice: 'Dennis',
          output_audio_format: 'g711_ulaw',
          temperature: 0.8,
        },
      },
    ]);
    expect(sent({ type: 'response.created', response: { ...response, temperature: 0.3 } })).toMatchObject([
      { response: { temperature: 0.3 } },
    ]);
  });

  test('GA is sent as it is', () => {
    const event = { type: 'conversation.item.done', event_id: 'event_1', item: {} } as StampedEvent;
    expect(ga.fromGa(event)).toEqual([event]);
  });
});

describe('an error', () => {
  test.each([
    ['session.audio.output.voice', 'session.voice'],
    ['session.audio.output.speed', 'session.speed'],
    ['session.audio.input.format.rate', 'session.input_audio_format'],
    ['session.audio.output.format', 'session.output_audio_format'],
    ['session.audio.input.transcription.model', 'session.input_audio_transcription.model'],
    ['session.audio.input.noise_reduction.type', 'session.input_audio_noise_reduction.type'],
    ['session.audio.input.turn_detection.threshold', 'session.turn_detection.threshold'],
    ['session.output_modalities[1]', 'session.modalities[1]'],
    ['session.max_output_tokens', 'session.max_response_output_tokens'],
    ['response.audio.output.voice', 'response.voice'],
    ['response.audio.output.format.type', 'response.output_audio_format'],
    ['response.output_modalities', 'response.modalities'],
    ['response.max_output_tokens', 'response.max_response_output_tokens'],
    ['session.tools[0].name', 'session.tools[0].name'],
    ['session.max_output_tokens_of_others', 'session.max_output_tokens_of_others'],
    ['item.content[0].type', 'item.content[0].type'],
  ])('about %s names %s', (param, flat) => {
    expect(flatParam(param)).toBe(flat);
    const error = {
      type: 'invalid_request_error',
      code: 'invalid_value',
      message: `Invalid value for '${param}': no.`,
      param,
      event_id: 'mine',
    };
    expect(sent({ type: 'error', error })).toEqual([
      { type: 'error', event_id: 'event_1', error: { ...error, param: flat, message: `Invalid value for '${flat}': no.` } },
    ]);
  });

  test('without a field goes through as it is', () => {
    const error = { type: 'server_error', code: null, message: 'It was us.', param: null, event_id: null };
    expect(sent({ type: 'error', error })).toMatchObject([{ error }]);
  });

  test.each([
    [{ speed: 9 }, 'session.speed'],
    [{ input_audio_format: 'mp3' }, 'session.input_audio_format'],
    [{ modalities: ['video'] }, 'session.modalities[0]'],
    [{ turn_detection: { type: 'server_vad', threshold: 4 } }, 'session.turn_detection.threshold'],
    [{ max_response_output_tokens: 0 }, 'session.max_response_output_tokens'],
  ])('of an update with %j names the field as the client wrote it', (session, param) => {
    let fault: unknown;
    try {
      parseClientEvent(beta.toGa({ type: 'session.update', session }));
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(RealtimeError);
    expect(flatParam((fault as RealtimeError).param ?? '')).toBe(param);
  });
});
