// Golden transcripts: the list of what was said, and the client's ways to change it.
import { describe, expect, test } from 'vitest';
import { Rig } from './rig.ts';

const image = 'data:image/png;base64,iVBORw0KGgo=';

describe('conversation.item.create', () => {
  test('C13 C14 C15 S05: puts items at the end, at the root, or after another', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('second', { id: 'b' });
    rig.says('third', { id: 'c' });
    rig.client({
      type: 'conversation.item.create',
      previous_item_id: 'root',
      item: { id: 'a', type: 'message', role: 'system', content: [{ type: 'input_text', text: 'first' }] },
    });
    rig.client({
      type: 'conversation.item.create',
      previous_item_id: 'b',
      item: { id: 'b2', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'in between' }] },
    });
    rig.client({
      type: 'conversation.item.create',
      previous_item_id: null,
      item: { id: 'd', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'last' }] },
    });
    expect(rig.watch.conversation).toEqual(['a', 'b', 'b2', 'c', 'd']);
    expect(rig.all('conversation.item.added').map((event) => event.previous_item_id)).toEqual([null, 'b', null, 'b', 'c']);
    rig.client({ type: 'response.create' });
    expect(rig.prompts[0]?.turns.map((turn) => turn.role)).toEqual(['system', 'user', 'user', 'user', 'assistant']);
    rig.golden('insert');
  });

  test('C15 C16: refuses an id that is taken and a place that is not there, and adds nothing', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('one', { id: 'a' });
    rig.says('again', { id: 'a' });
    rig.client({
      type: 'conversation.item.create',
      event_id: 'e',
      previous_item_id: 'gone',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x' }] },
    });
    expect(rig.all('error').map(({ error }) => [error.code, error.param])).toEqual([
      ['item_create_duplicate_item_id', null],
      ['item_not_found', 'previous_item_id'],
    ]);
    expect(rig.watch.conversation).toEqual(['a']);
    rig.golden('insert-refused');
  });

  test('refuses the id that speech_started has promised', () => {
    const rig = new Rig();
    rig.hear(300);
    rig.beginSpeech();
    rig.says('me first', { id: 'item_1' });
    expect(rig.last('error').error).toMatchObject({
      code: 'item_create_duplicate_item_id',
      message: "Error adding item: an item with id 'item_1' already exists.",
      param: null,
    });
    rig.pauseSpeech();
    rig.hear(500);
    expect(rig.watch.conversation).toEqual(['item_1']);
  });

  test('C19: sound without words is recognised before it is answered', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({
      type: 'conversation.item.create',
      item: {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'Listen:' },
          { type: 'input_audio', audio: 'AAAA' },
        ],
      },
    });
    rig.client({ type: 'response.create' });
    expect(rig.effects).toContainEqual(expect.objectContaining({ kind: 'transcribe', item: 'item_1', audio: 'AAAA' }));
    expect(rig.prompts).toHaveLength(0);
    rig.transcript('item_1', 'meow');
    expect(rig.last('conversation.item.input_audio_transcription.completed').content_index).toBe(1);
    expect(rig.prompts[0]?.turns).toEqual([
      {
        role: 'user',
        parts: [
          { type: 'text', text: 'Listen:' },
          { type: 'text', text: 'meow' },
        ],
      },
    ]);
    rig.golden('sound-in-an-item');
  });

  test('words that came with their sound are kept', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({
      type: 'conversation.item.create',
      item: {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_audio', audio: 'AAAA', transcript: 'known' },
          { type: 'input_audio', audio: 'BBBB' },
        ],
      },
    });
    rig.transcript('item_1', 'new');
    rig.client({ type: 'response.create' });
    expect(rig.last('conversation.item.input_audio_transcription.completed').content_index).toBe(1);
    expect(rig.prompts[0]?.turns).toEqual([
      {
        role: 'user',
        parts: [
          { type: 'text', text: 'known' },
          { type: 'text', text: 'new' },
        ],
      },
    ]);
  });

  test('C20: pictures are passed to the model', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_image', image_url: image }] },
    });
    rig.client({ type: 'response.create' });
    expect(rig.prompts[0]?.turns).toEqual([{ role: 'user', parts: [{ type: 'image', url: image, detail: 'auto' }] }]);
  });

  test('C17 C18 C21: words of the system, the user and the assistant are told to the model as theirs', () => {
    const rig = new Rig({ turnDetection: null });
    const says = (role: string, ...content: unknown[]) =>
      rig.client({ type: 'conversation.item.create', item: { type: 'message', role, content } });
    says('system', { type: 'input_text', text: 'Be calm.' });
    says('user', { type: 'input_text', text: 'Hello,' }, { type: 'input_text', text: 'you.' });
    says('assistant', { type: 'output_text', text: 'Hi.' });
    says('assistant', { type: 'text', text: 'Yes?' });
    rig.client({ type: 'response.create' });
    const text = (words: string) => ({ type: 'text', text: words });
    expect(rig.prompts[0]?.turns).toEqual([
      { role: 'system', parts: [text('Be calm.')] },
      { role: 'user', parts: [text('Hello,'), text('you.')] },
      { role: 'assistant', text: 'Hi.', interrupted: false },
      { role: 'assistant', text: 'Yes?', interrupted: false },
    ]);
  });

  test.each([
    ['system', { type: 'input_audio', audio: 'AAAA' }],
    ['system', { type: 'input_image', image_url: image }],
    ['system', { type: 'output_text', text: 5 }],
    ['assistant', { type: 'output_audio', audio: 'AAAA' }],
    ['assistant', { type: 'input_text', text: 'x' }],
    ['user', { type: 'output_audio', audio: 'AAAA' }],
    ['user', { type: 'song' }],
  ])('C17 C21 C27: a message of the %s cannot hold %j', (role, part) => {
    const rig = new Rig({ turnDetection: null });
    const content = [{ type: role === 'assistant' ? 'output_text' : 'input_text', text: 'x' }, part];
    rig.client({ type: 'conversation.item.create', event_id: 'e', item: { type: 'message', role, content } });
    const field = 'text' in part && part.text === 5 ? 'text' : 'type';
    expect(rig.last('error').error).toMatchObject({ param: `item.content[1].${field}`, event_id: 'e' });
    expect(rig.faults).toEqual([field === 'type' ? 'invalid_value' : 'invalid_type']);
    expect(rig.watch.conversation).toEqual([]);
  });

  test('C22 C23: a call that the client puts in is told to the model with its output', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({
      type: 'conversation.item.create',
      item: { type: 'function_call', call_id: 'old', name: 'weather', arguments: '{"a":1}' },
    });
    rig.output('old', 'rain');
    expect(rig.all('conversation.item.added').map(({ item }) => item)).toMatchObject([
      { type: 'function_call', call_id: 'old', name: 'weather', arguments: '{"a":1}', status: 'completed' },
      { type: 'function_call_output', call_id: 'old', output: 'rain', status: 'completed' },
    ]);
    rig.client({ type: 'response.create' });
    expect(rig.prompts[0]?.turns).toEqual([
      { role: 'call', callId: 'old', name: 'weather', arguments: '{"a":1}' },
      { role: 'result', callId: 'old', output: 'rain' },
    ]);
  });

  test('is taken while a response is being made, and stands after what was said before', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Hello.');
    rig.client({ type: 'response.create', response: { output_modalities: ['text'] } });
    rig.text('resp_1', 'Hi');
    rig.says('One more thing.');
    rig.text('resp_1', ' there.');
    rig.end('resp_1');
    expect(rig.watch.conversation).toEqual(['item_1', 'item_2', 'item_3']);
    rig.golden('insert-while-generating');
  });
});

describe('conversation.item.retrieve', () => {
  test('C28 S08: gives the item back', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Hello.', { id: 'a' });
    rig.client({ type: 'conversation.item.retrieve', item_id: 'a' });
    expect(rig.last('conversation.item.retrieved').item).toMatchObject({ id: 'a', content: [{ type: 'input_text', text: 'Hello.' }] });
    rig.golden('retrieve');
  });

  test('C29 C48: of an unknown item echoes the event id, on which clients wait', () => {
    const rig = new Rig();
    rig.client({ type: 'conversation.item.retrieve', item_id: 'gone', event_id: 'rci_gone' });
    expect(rig.last('error').error).toEqual({
      type: 'invalid_request_error',
      code: 'item_retrieve_invalid_item_id',
      message: "Error retrieving item: the item with id 'gone' does not exist.",
      param: null,
      event_id: 'rci_gone',
    });
  });
});

describe('conversation.item.delete', () => {
  test('C34 C35 S10: takes the item out of what the model is told', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('one', { id: 'a' });
    rig.says('two', { id: 'b' });
    rig.client({ type: 'conversation.item.delete', item_id: 'a' });
    rig.client({ type: 'conversation.item.delete', item_id: 'a', event_id: 'again' });
    rig.says('three', { id: 'c' });
    rig.client({ type: 'response.create' });
    expect(rig.faults).toEqual(['item_delete_invalid_item_id']);
    expect(rig.prompts[0]?.turns).toHaveLength(2);
    expect(rig.last('conversation.item.added').previous_item_id).toBe('b');
    rig.golden('delete');
  });

  test('is refused for the item that is being made', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create', response: { output_modalities: ['text'] } });
    rig.text('resp_1', 'Hi');
    rig.client({ type: 'conversation.item.delete', item_id: 'item_1', event_id: 'e' });
    rig.end('resp_1');
    rig.client({ type: 'conversation.item.delete', item_id: 'item_1' });
    expect(rig.last('error').error).toMatchObject({ code: 'invalid_value', param: 'item_id', event_id: 'e' });
    expect(rig.last('conversation.item.deleted').item_id).toBe('item_1');
  });

  test('of words still being recognised frees the response that waits for them', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Hello.');
    rig.hear(600);
    rig.client({ type: 'input_audio_buffer.commit' });
    rig.client({ type: 'response.create' });
    rig.client({ type: 'conversation.item.delete', item_id: 'item_2' });
    expect(rig.prompts[0]?.turns).toHaveLength(1);
    rig.transcript('item_2', 'late');
    expect(rig.all('conversation.item.input_audio_transcription.completed')).toHaveLength(0);
    rig.golden('delete-while-recognising');
  });
});
