// Golden transcripts: connecting, text turns, and what a response.create may ask for.
import { describe, expect, test } from 'vitest';
import { Rig } from './rig.ts';

describe('connecting', () => {
  test('S01 S03: the first event is session.created with the whole session, then conversation.created', () => {
    const rig = new Rig();
    expect(rig.sent.map(({ type }) => type)).toEqual(['session.created', 'conversation.created']);
    expect(rig.last('session.created').session).toMatchObject({ id: 'sess_1', object: 'realtime.session', expires_at: 1_700_003_600 });
    expect(rig.last('session.created').session).toMatchObject(rig.config);
    rig.golden('connect');
  });
});

describe('a text turn', () => {
  test('O01 S35 S36 F04: is answered in text when only text is wanted', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } });
    rig.says('What is two and two?');
    rig.client({ type: 'response.create' });
    rig.wait(200);
    rig.text('resp_1', 'Two and two ');
    rig.wait(40);
    rig.text('resp_1', 'is four.');
    rig.end('resp_1');
    expect(rig.all('response.output_audio_transcript.delta')).toEqual([]);
    expect(rig.last('response.done').response).toMatchObject({
      status: 'completed',
      status_details: null,
      output: [{ role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'Two and two is four.' }] }],
      usage: { total_tokens: 30, input_tokens: 20, output_tokens: 10 },
    });
    rig.golden('text-turn-in-text');
  });

  test('O02 O10 S38 S39 S40 F04: is answered in sound and transcript when audio is wanted', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.wait(200);
    rig.text('resp_1', 'Hello there.');
    rig.wait(100);
    rig.audio('resp_1', 400);
    rig.audio('resp_1', 300);
    rig.end('resp_1');
    const types = rig.sent.map(({ type }) => type);
    // The assistant's item must be done while the response still counts as active (the sample's trap), and in the conversation first.
    expect(types.lastIndexOf('conversation.item.done')).toBe(types.indexOf('response.output_item.done') - 1);
    expect(types.lastIndexOf('conversation.item.done')).toBeLessThan(types.indexOf('response.done'));
    expect(rig.last('response.done').response.output).toMatchObject([{ content: [{ type: 'output_audio', transcript: 'Hello there.' }] }]);
    rig.golden('text-turn-in-audio');
  });

  test('C41: a second response.create is refused while the first response is active, and names it', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Hello.');
    rig.client({ type: 'response.create', event_id: 'ev_1' });
    rig.client({ type: 'response.create', event_id: 'ev_2' });
    expect(rig.last('error').error).toMatchObject({ code: 'conversation_already_has_active_response', event_id: 'ev_2' });
    expect(rig.last('error').error.message).toContain('resp_1');
    rig.text('resp_1', 'Hi.');
    rig.end('resp_1');
    rig.wait(5000);
    expect(rig.endings).toEqual(['resp_1 completed']);
    rig.golden('response-create-while-active');
  });
});

describe('the sound of a response’s own input', () => {
  const heard = { type: 'message', role: 'user', content: [{ type: 'input_audio', audio: 'AAAA' }] };
  const asked = { type: 'response.create', response: { conversation: 'none', input: [heard] } };

  test('B8: is recognised before the model is asked, and told to nobody else', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(asked);
    expect(rig.effects.filter(({ kind }) => kind === 'transcribe')).toMatchObject([{ item: 'item_1', audio: 'AAAA' }]);
    expect(rig.prompts).toEqual([]);
    rig.transcript('item_1', 'Is it spam?');
    expect(rig.prompts.at(-1)?.turns).toEqual([{ role: 'user', parts: [{ type: 'text', text: 'Is it spam?' }] }]);
    rig.answer('resp_1', 'No.', 300);
    expect(rig.effects.filter(({ kind }) => kind === 'item.forget')).toEqual([{ kind: 'item.forget', item: 'item_1' }]);
    expect(rig.sent.filter(({ type }) => type.startsWith('conversation.item'))).toEqual([]);
    rig.golden('sound-in-a-response');
  });

  test('B8: that cannot be recognised fails the response, and a recogniser that is silent does so after 30 s', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(asked);
    rig.fact({ kind: 'transcript.failed', item: 'item_1', failure: { code: 'broken', message: 'It is no sound.' } });
    rig.client(asked);
    rig.wait(30_000);
    expect(rig.endings).toEqual(['resp_1 failed', 'resp_2 failed']);
  });
});

describe('response.create', () => {
  test('C36 C37 C40: overrides hold for one response, are echoed in it, and are not kept in the session', () => {
    const rig = new Rig({ turnDetection: null });
    const before = structuredClone(rig.config);
    rig.says('Hello.');
    rig.client({
      type: 'response.create',
      response: {
        instructions: 'Answer like a pirate.',
        output_modalities: ['text'],
        max_output_tokens: 50,
        metadata: { topic: 'greeting' },
        audio: { output: { voice: 'Sarah', format: { type: 'audio/pcmu' } } },
        temperature: 0.2,
        tools: [{ type: 'function', name: 'sing' }],
        tool_choice: { type: 'function', name: 'sing' },
      },
    });
    expect(rig.last('response.created').response).toMatchObject({
      output_modalities: ['text'],
      max_output_tokens: 50,
      metadata: { topic: 'greeting' },
      audio: { output: { voice: 'Sarah', format: { type: 'audio/pcmu' } } },
    });
    expect(rig.prompts.at(-1)).toMatchObject({
      instructions: 'Answer like a pirate.',
      tools: [{ name: 'sing' }],
      toolChoice: { name: 'sing' },
    });
    rig.text('resp_1', 'Ahoy!');
    rig.end('resp_1');
    expect(rig.last('response.done').response.metadata).toEqual({ topic: 'greeting' });
    expect(rig.config).toEqual(before);
    rig.says('And now?');
    rig.client({ type: 'response.create' });
    expect(rig.last('response.created').response).toMatchObject({ output_modalities: ['audio'], max_output_tokens: 'inf', metadata: null });
    expect(rig.prompts.at(-1)?.instructions).toBe('Be brief.');
    rig.golden('response-create-overrides');
  });

  test('C40: metadata holds 16 pairs, with names of 64 and values of 512 characters', () => {
    const rig = new Rig({ turnDetection: null });
    const pairs = (count: number, name: number, value: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}`.padStart(name, 'k'), 'v'.repeat(value)]));
    for (const wrong of [pairs(17, 64, 512), pairs(16, 65, 512), pairs(16, 64, 513)])
      rig.client({ type: 'response.create', response: { metadata: wrong } });
    expect(rig.faults).toEqual(['invalid_value', 'invalid_value', 'string_above_max_length']);
    expect(rig.watch.responses.size).toBe(0);
    const metadata = pairs(16, 64, 512);
    rig.client({ type: 'response.create', response: { metadata } });
    rig.end('resp_1');
    expect(rig.last('response.created').response.metadata).toEqual(metadata);
    expect(rig.last('response.done').response.metadata).toEqual(metadata);
  });

  test('C38 O07: an out-of-band response runs beside the active one and leaves no trace in the conversation', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.client({ type: 'response.create', response: { conversation: 'none', metadata: { purpose: 'mood' }, output_modalities: ['text'] } });
    expect(rig.watch.unfinished).toEqual(['resp_1', 'resp_2']);
    rig.text('resp_2', 'cheerful');
    rig.text('resp_1', 'Hi!');
    rig.end('resp_2');
    rig.audio('resp_1', 300);
    rig.end('resp_1');
    const [, oob] = rig.all('response.created');
    expect(oob?.response.conversation_id).toBeNull();
    expect(rig.all('conversation.item.added').map(({ item }) => item.id)).toEqual(['item_1', 'item_3']);
    rig.says('Thanks.');
    rig.client({ type: 'response.create' });
    expect(JSON.stringify(rig.prompts.at(-1))).not.toContain('cheerful');
    rig.golden('out-of-band');
  });

  test('C45: an out-of-band response is cancelled by its id only', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create', response: { conversation: 'none', output_modalities: ['text'] } });
    rig.text('resp_1', 'thinking');
    rig.client({ type: 'response.cancel', event_id: 'plain' });
    expect(rig.faults).toEqual(['response_cancel_not_active']);
    rig.client({ type: 'response.cancel', response_id: 'resp_1' });
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    rig.golden('out-of-band-cancel');
  });

  test('C38 C45: any number run out of band at once where nothing is limited, and each response is cancelled by its id', () => {
    const rig = new Rig({ turnDetection: null, mostResponses: Number.POSITIVE_INFINITY });
    for (let n = 0; n < 8; n += 1)
      rig.client({ type: 'response.create', response: { conversation: 'none', input: [], output_modalities: ['text'] } });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    expect(rig.watch.unfinished).toHaveLength(9);
    rig.client({ type: 'response.cancel', response_id: 'resp_3' });
    rig.client({ type: 'response.cancel', response_id: rig.watch.active });
    rig.client({ type: 'response.cancel', response_id: 'resp_3', event_id: 'again' });
    expect(rig.last('error').error).toMatchObject({ code: 'response_cancel_not_active', event_id: 'again' });
    for (const n of [1, 2, 4, 5, 6, 7, 8]) rig.end(`resp_${n}`);
    expect(rig.endings.filter((ending) => ending.endsWith('cancelled'))).toEqual(['resp_3 cancelled', 'resp_9 cancelled']);
    expect(rig.endings).toHaveLength(9);
    expect(rig.faults).toHaveLength(1);
  });

  test('C39: its own input replaces the conversation as context and is not kept', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('My name is Ann.', { id: 'name' });
    rig.says('I like tea.', { id: 'taste' });
    rig.client({
      type: 'response.create',
      response: {
        output_modalities: ['text'],
        input: [
          { type: 'item_reference', id: 'name' },
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Who am I?' }] },
        ],
      },
    });
    rig.text('resp_1', 'Ann.');
    rig.end('resp_1');
    rig.client({ type: 'response.create', response: { conversation: 'none', input: [] } });
    expect(rig.prompts.map(({ turns }) => turns.length)).toEqual([2, 0]);
    expect(rig.watch.conversation).toHaveLength(3);
    rig.golden('response-create-input');
  });

  test('C39: an item that is named twice refuses the whole response', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('My name is Ann.', { id: 'name' });
    const named = { type: 'item_reference', id: 'name' };
    rig.client({ type: 'response.create', event_id: 'e', response: { input: [named, { ...named, id: 'name' }] } });
    expect(rig.last('error').error).toMatchObject({ code: 'invalid_value', param: 'response.input[1]', event_id: 'e' });
    expect(rig.watch.responses.size).toBe(0);
  });

  test('C39: a reference to an item that is not there refuses the whole response', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client({ type: 'response.create', event_id: 'e', response: { input: [{ type: 'item_reference', id: 'gone' }] } });
    expect(rig.last('error').error).toMatchObject({ code: 'item_not_found', event_id: 'e' });
    expect(rig.watch.responses.size).toBe(0);
  });
});

describe('how a response ends', () => {
  test('S28 F06 F46: a limit of tokens makes it incomplete, and its item too', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Tell me everything.');
    rig.client({ type: 'response.create', response: { max_output_tokens: 10 } });
    rig.text('resp_1', 'In the beginning');
    rig.audio('resp_1', 900);
    rig.end('resp_1', { reason: 'length' });
    expect(rig.last('response.done').response).toMatchObject({
      status: 'incomplete',
      status_details: { type: 'incomplete', reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    });
    rig.golden('max-output-tokens');
  });

  test('S29 F46: a content filter makes it incomplete', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Say it.');
    rig.client({ type: 'response.create' });
    rig.end('resp_1', { reason: 'content_filter' });
    expect(rig.last('response.done').response).toMatchObject({
      status: 'incomplete',
      status_details: { reason: 'content_filter' },
      output: [],
    });
  });

  test('S30 O09 F46: a failing engine fails it, and what was open is closed', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.text('resp_1', 'Well');
    rig.end('resp_1', { reason: 'failed', failure: { code: 'unreachable', message: 'The model cannot be reached.' } });
    expect(rig.last('response.done').response).toMatchObject({
      status: 'failed',
      status_details: { type: 'failed', error: { type: 'server_error', code: 'unreachable' } },
      output: [{ status: 'incomplete' }],
    });
    rig.golden('engine-fails');
  });

  test('a model that says nothing for 30 s has failed', () => {
    const rig = new Rig({ turnDetection: null });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.wait(20_000);
    rig.text('resp_1', 'Hm');
    rig.wait(29_999);
    expect(rig.endings).toEqual([]);
    rig.wait(1);
    expect(rig.last('response.done').response.status_details).toMatchObject({ type: 'failed', error: { code: 'timeout' } });
    rig.text('resp_1', 'too late');
    rig.end('resp_1');
    expect(rig.endings).toEqual(['resp_1 failed']);
    rig.golden('model-stalls');
  });
});

describe('the session', () => {
  test('F35: ends when its time is over: what runs fails, an error says why, and it closes', () => {
    const rig = new Rig({ turnDetection: null, lifeMs: 60_000 });
    rig.wait(59_000);
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.text('resp_1', 'Hi');
    rig.wait(1000);
    expect(rig.endings).toEqual(['resp_1 failed']);
    expect(rig.faults).toEqual(['session_expired']);
    expect(rig.effects.at(-1)).toEqual({ kind: 'close', code: 1008, reason: 'session_expired' });
    const before = rig.effects.length;
    rig.wait(100_000);
    rig.says('Anybody there?');
    rig.text('resp_1', 'late');
    expect(rig.effects).toHaveLength(before);
    rig.golden('session-expires');
  });
});
