// Every spelling of docs/protocol.md's conflict table is understood.
import { describe, expect, test } from 'vitest';
import type { ClientEvents } from '../../src/protocol/client-events.ts';
import { parseClientEvent } from '../../src/protocol/client-events.ts';
import { realtime, Rig, semanticVad } from '../session/rig.ts';

/** The session after an update that must be accepted. */
function updated(session: unknown) {
  const rig = new Rig();
  rig.client({ type: 'session.update', session });
  expect(rig.faults).toEqual([]);
  return realtime(rig.last('session.updated').session);
}

/** The item as it is told after being created. */
function created(item: unknown) {
  const rig = new Rig({ turnDetection: null });
  rig.client({ type: 'conversation.item.create', item: { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{}' } });
  rig.client({ type: 'conversation.item.create', item });
  expect(rig.faults).toEqual([]);
  return rig.last('conversation.item.added').item;
}

/** The event as the session gets it. */
function read<T extends keyof ClientEvents>(message: { type: T } & Record<string, unknown>): ClientEvents[T] {
  return parseClientEvent(message) as ClientEvents[T];
}

describe('session.update', () => {
  test.each([
    ['without a type', { instructions: 'x' }],
    ['with its type', { type: 'realtime', instructions: 'x' }],
    ['with fields nobody knows', { instructions: 'x', mood: 'good', audio: { input: { smell: true }, camera: {} } }],
  ])('C03: is taken %s', (_, session) => {
    expect(updated(session)).toMatchObject({ type: 'realtime', instructions: 'x' });
    expect(updated(session)).not.toHaveProperty('mood');
  });

  test.each([
    [{ model: 'a/b' }, 'a/b'],
    [{ modelId: 'a/b' }, 'a/b'],
    [{ model: 'a/b', modelId: 'c/d' }, 'a/b'],
  ])('F02: names the model by %j', (session, model) => {
    expect(updated(session)).toMatchObject({ model });
    expect(updated(session)).not.toHaveProperty('modelId');
  });

  test('F02 F31: may change the model and the voice in the middle, after sound was sent', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create' });
    rig.answer('resp_1', 'Hi.', 300);
    rig.client({ type: 'session.update', session: { model: 'a/b', audio: { output: { voice: 'Sarah' } } } });
    expect(rig.faults).toEqual([]);
    expect(rig.last('session.updated').session).toMatchObject({ model: 'a/b', audio: { output: { voice: 'Sarah' } } });
  });

  test.each([[['audio']], [['text']], [['audio', 'text']], [['text', 'audio']]])('F04: asks for %j', (output_modalities) => {
    expect(updated({ output_modalities }).output_modalities).toEqual(output_modalities);
  });

  test.each([
    ['pcm', { type: 'audio/pcm', rate: 24_000 }],
    ['pcm16', { type: 'audio/pcm', rate: 24_000 }],
    ['audio/pcm', { type: 'audio/pcm', rate: 24_000 }],
    ['pcmu', { type: 'audio/pcmu' }],
    ['g711_ulaw', { type: 'audio/pcmu' }],
    ['audio/pcmu', { type: 'audio/pcmu' }],
    ['pcma', { type: 'audio/pcma' }],
    ['g711_alaw', { type: 'audio/pcma' }],
    ['audio/pcma', { type: 'audio/pcma' }],
  ])('F17 F18 F30: names a format %s, as a string or as an object', (name, format) => {
    for (const spelling of [name, { type: name }]) {
      const { audio } = updated({ audio: { input: { format: spelling }, output: { format: spelling } } });
      expect(audio.input.format).toEqual(format);
      expect(audio.output.format).toEqual(format);
    }
  });

  test.each([8000, 16_000, 24_000, 32_000, 44_100, 48_000])('F19: takes PCM at %i Hz', (rate) => {
    expect(updated({ audio: { input: { format: { type: 'audio/pcm', rate } } } }).audio.input.format).toEqual({ type: 'audio/pcm', rate });
  });

  test('shows a rate for PCM only, and 24000 where none was named', () => {
    const { audio } = updated({
      audio: { input: { format: { type: 'audio/pcmu', rate: 8000 } }, output: { format: { type: 'audio/pcm', rate: null } } },
    });
    expect(audio.input.format).toEqual({ type: 'audio/pcmu' });
    expect(audio.output.format).toEqual({ type: 'audio/pcm', rate: 24_000 });
  });

  test.each([
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    [{ type: 'auto' }, 'auto'],
    [{ type: 'none' }, 'none'],
    [{ type: 'required' }, 'required'],
    [
      { type: 'function', name: 'weather' },
      { type: 'function', name: 'weather' },
    ],
    [
      { type: 'function', function: { name: 'weather' } },
      { type: 'function', name: 'weather' },
    ],
  ])('F10: chooses tools by %j', (tool_choice, expected) => {
    expect(updated({ tools: [{ type: 'function', name: 'weather' }], tool_choice }).tool_choice).toEqual(expected);
  });

  test('F11: takes tools flat and nested', () => {
    const parameters = { type: 'object', properties: { town: { type: 'string' } } };
    const flat = { type: 'function', name: 'weather', description: 'Tells the weather.', parameters };
    const { type, ...inner } = flat;
    expect(updated({ tools: [flat] }).tools).toEqual([flat]);
    expect(updated({ tools: [{ type, function: inner }] }).tools).toEqual([flat]);
  });

  test('F05: takes a temperature, and shows it only once it is set', () => {
    expect(updated({})).not.toHaveProperty('temperature');
    expect(updated({ temperature: 0.8 }).temperature).toBe(0.8);
  });

  test.each([[null], [false], ['none'], [{ type: 'none' }]])('F26: turns detection off by %j', (turn_detection) => {
    expect(updated({ audio: { input: { turn_detection } } }).audio.input.turn_detection).toBeNull();
  });

  test('F24 F25: always shows the numbers that hold', () => {
    expect(updated({ audio: { input: { turn_detection: { type: 'server_vad' } } } }).audio.input.turn_detection).toMatchObject({
      threshold: 0.5,
      prefix_padding_ms: 300,
      silence_duration_ms: 500,
      idle_timeout_ms: null,
    });
    expect(updated({ audio: { input: { turn_detection: { type: 'semantic_vad' } } } }).audio.input.turn_detection).toEqual(semanticVad);
  });

  test('F21 F32: echoes the ids of models as they were asked for', () => {
    const { audio } = updated({
      audio: { input: { transcription: { model: 'assemblyai/u3-rt-pro' } }, output: { model: 'inworld-tts-2' } },
    });
    expect(audio.input.transcription).toEqual({ model: 'assemblyai/u3-rt-pro' });
    expect(audio.output.model).toBe('inworld-tts-2');
  });

  test.each([0.25, 0.5, 1, 1.5])('F33: takes speed %d', (speed) => {
    expect(updated({ audio: { output: { speed } } }).audio.output.speed).toBe(speed);
  });

  test.each([['Sarah'], [{ id: 'Sarah' }]])('names the voice by %j', (voice) => {
    expect(updated({ audio: { output: { voice } } }).audio.output.voice).toBe('Sarah');
  });

  test('F36: keeps providerData as it came, known or not', () => {
    const providerData = { user_id: 'ann', stt: { vad_threshold: 0.4 }, somethingNew: [1] };
    expect(updated({ providerData }).providerData).toEqual(providerData);
  });
});

describe('conversation.item.create', () => {
  const says = (role: string, part: unknown) => ({ type: 'message', role, content: [part] });

  test.each([
    ['user', { type: 'input_text', text: 'x' }, { type: 'input_text', text: 'x' }],
    ['user', { type: 'text', text: 'x' }, { type: 'input_text', text: 'x' }],
    ['user', { type: 'output_text', text: 'x' }, { type: 'input_text', text: 'x' }],
    ['user', 'x', { type: 'input_text', text: 'x' }],
    ['system', { type: 'text', text: 'x' }, { type: 'input_text', text: 'x' }],
    ['assistant', { type: 'output_text', text: 'x' }, { type: 'output_text', text: 'x' }],
    ['assistant', { type: 'text', text: 'x' }, { type: 'output_text', text: 'x' }],
    ['assistant', { type: 'output_audio', transcript: 'x' }, { type: 'output_text', text: 'x' }],
    ['assistant', { type: 'output_audio', transcript: 'x', audio: 'AAAA' }, { type: 'output_text', text: 'x' }],
    ['assistant', { type: 'audio', transcript: 'x' }, { type: 'output_text', text: 'x' }],
    ['user', { type: 'input_audio', audio: 'AAAA', transcript: 'x' }, { type: 'input_audio', transcript: 'x' }],
    ['user', { type: 'audio', audio: 'AAAA', transcript: 'x' }, { type: 'input_audio', transcript: 'x' }],
  ])("takes a part of the %s's written %j", (role, part, expected) => {
    expect(created(says(role, part))).toMatchObject({ type: 'message', role, status: 'completed', content: [expected] });
  });

  test('C21: reads the base64 of sound and images as MIME and URLs write it, and shows images in the usual spelling', () => {
    const image = { type: 'input_image', image_url: 'data:image/PNG;base64,AA-_\r\nAAAA' };
    expect(created(says('user', image))).toMatchObject({ content: [{ image_url: 'data:image/png;base64,AA+/AAAA' }] });
    expect(read({ type: 'conversation.item.create', item: says('user', { type: 'input_audio', audio: 'AA-_\nAAAA' }) }).item).toMatchObject(
      {
        content: [{ audio: 'AA+/AAAA' }],
      },
    );
  });

  test('knows a part that does not say what it is by its fields', () => {
    const content = [{ text: 'x' }, { transcript: 'y' }, { image_url: 'https://pictures.example/cat.png' }];
    expect(created({ role: 'user', content })).toMatchObject({
      content: [{ type: 'input_text' }, { type: 'input_audio' }, { type: 'input_image', detail: 'auto' }],
    });
    expect(created({ role: 'assistant', content: [{ text: 'x' }] })).toMatchObject({ content: [{ type: 'output_text' }] });
  });

  test('takes content that is one string, and a message that does not say it is one', () => {
    expect(created({ role: 'user', content: 'x' })).toMatchObject({ type: 'message', content: [{ type: 'input_text', text: 'x' }] });
  });

  test('takes different parts in one message', () => {
    const content = [
      { type: 'input_text', text: 'x' },
      { type: 'input_audio', audio: 'AAAA', transcript: 'y' },
    ];
    expect(created({ type: 'message', role: 'user', content })).toMatchObject({ content: [{ text: 'x' }, { transcript: 'y' }] });
  });

  test.each([
    [{ type: 'function_call_output', call_id: 'call_1', output: '42' }],
    [{ type: 'function_call_result', call_id: 'call_1', output: '42' }],
    [{ type: 'message', role: 'tool', call_id: 'call_1', content: '42' }],
    [{ role: 'tool', call_id: 'call_1', output: '42' }],
  ])('C24: takes a result written %j', (item) => {
    expect(created(item)).toMatchObject({ type: 'function_call_output', call_id: 'call_1', output: '42' });
  });

  test.each([
    [{ sky: 'blue' }, '{"sky":"blue"}'],
    [[1, null], '[1,null]'],
    [42, '42'],
    [true, 'true'],
  ])('takes the result %j as its JSON', (output, text) => {
    expect(created({ type: 'function_call_output', call_id: 'call_1', output })).toMatchObject({ output: text });
  });

  test('C22: mints a call id where there is none', () => {
    expect(created({ type: 'function_call', name: 'weather', arguments: '{}' })).toMatchObject({ call_id: 'call_1' });
  });

  test.each(['item_9', 'a-b.c:d', 'msg_Ab3', 'x'.repeat(64)])('C16: keeps the id %s of the client', (id) => {
    expect(created({ type: 'message', id, role: 'user', content: 'x' }).id).toBe(id);
  });

  test('takes null for what may be left out', () => {
    const event = {
      type: 'conversation.item.create',
      event_id: null,
      previous_item_id: null,
      item: { type: 'message', id: null, role: 'user', content: 'x' },
    } as const;
    expect(() => parseClientEvent(event)).not.toThrow();
  });
});

describe('response.create', () => {
  test.each([
    [{ voice: 'Sarah' }],
    [{ voice: { id: 'Sarah' } }],
    [{ audio: { output: { voice: 'Sarah' } } }],
    [{ voice: 'Clive', audio: { output: { voice: 'Sarah' } } }],
  ])('C43: names the voice by %j', (response) => {
    expect(read({ type: 'response.create', response }).response?.audio?.output?.voice).toBe('Sarah');
  });

  test('C43: reads the flat names of the beta', () => {
    const { response } = read({
      type: 'response.create',
      response: { modalities: ['text'], max_response_output_tokens: 50, output_audio_format: 'g711_ulaw', temperature: 0.8 },
    });
    expect(response).toEqual({
      output_modalities: ['text'],
      max_output_tokens: 50,
      temperature: 0.8,
      audio: { output: { format: { type: 'audio/pcmu' } } },
    });
  });

  test.each([
    [{ type: 'response.create' }],
    [{ type: 'response.create', response: null }],
    [{ type: 'response.create', response: {} }],
  ] as const)('C36: may ask for nothing in particular: %j', (message) => {
    const rig = new Rig({ turnDetection: null });
    rig.client(message);
    expect(rig.watch.active).toBe('resp_1');
  });

  test.each([
    ['auto', 'conv_1'],
    ['conv_1', 'conv_1'],
    ['none', null],
  ])('C38: belongs to the conversation "%s"', (conversation, conversation_id) => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create', response: { conversation } });
    expect(rig.last('response.created').response.conversation_id).toBe(conversation_id);
  });

  test('C39: brings items of its own in every spelling', () => {
    const { response } = read({
      type: 'response.create',
      response: {
        input: [
          { role: 'user', content: 'x' },
          { type: 'item_reference', id: 'item_1' },
          { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'y' }] },
        ],
      },
    });
    expect(response?.input).toMatchObject([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x' }] },
      { type: 'item_reference', id: 'item_1' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'y' }] },
    ]);
  });
});
