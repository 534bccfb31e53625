// What a conversation may hold: a client's items are refused when there is no room, what is said never is, and deleting makes room again.
import { describe, expect, test } from 'vitest';
import { Rig } from './rig.ts';
import { mostItems, reserveBytes } from '../../src/session/conversation/budget.ts';

const mib = 1024 * 1024;
const conversationBytes = mib;
const text = (bytes: number) => 'x'.repeat(bytes);

function message(id: string, part: Record<string, unknown>): Record<string, unknown> {
  return { type: 'conversation.item.create', event_id: `create ${id}`, item: { id, type: 'message', role: 'user', content: [part] } };
}

function errorsOf(rig: Rig): unknown[] {
  return rig.all('error').map(({ error }) => [error.code, error.param, error.event_id]);
}

describe('a conversation that is full', () => {
  test.each([
    ['text', { type: 'input_text', text: text(400_000) }],
    ['text that is no English', { type: 'input_text', text: '語'.repeat(140_000) }],
    ['images', { type: 'input_image', image_url: `data:image/png;base64,${'A'.repeat(400_000)}` }],
    ['sound that has no words yet', { type: 'input_audio', audio: 'A'.repeat(540_000) }],
  ])('refuses a further item of %s, loses nothing, and takes it once another was deleted', (_, part) => {
    const rig = new Rig({ turnDetection: null, conversationBytes });
    for (const id of ['a', 'b', 'c']) rig.client(message(id, part));
    expect(errorsOf(rig)).toEqual([['conversation_too_large', 'item', 'create c']]);
    expect(rig.watch.conversation).toEqual(['a', 'b']);
    rig.client({ type: 'conversation.item.delete', item_id: 'a' });
    rig.client(message('c', part));
    expect(rig.all('error')).toHaveLength(1);
    expect(rig.watch.conversation).toEqual(['b', 'c']);
  });

  test('takes the results of functions all the same, as long as the reserve lasts, and still knows the call of one that was refused', () => {
    const rig = new Rig({ turnDetection: null, conversationBytes });
    rig.client({ type: 'conversation.item.create', item: { type: 'function_call', call_id: 'call', name: 'look', arguments: '{}' } });
    const output = (bytes: number) => ({ type: 'function_call_output', call_id: 'call', output: text(bytes) });
    rig.client(message('full', { type: 'input_text', text: text(1_040_000) }));
    rig.client({ type: 'conversation.item.create', item: output(reserveBytes + mib) });
    expect(rig.last('error').error).toMatchObject({ code: 'conversation_too_large', param: 'item' });
    rig.client({ type: 'conversation.item.create', item: output(100_000) });
    expect(rig.all('error')).toHaveLength(1);
  });

  test('counts sound no longer when it has its words', () => {
    const rig = new Rig({ turnDetection: null, conversationBytes });
    const sound = { type: 'input_audio', audio: 'A'.repeat(mib) };
    rig.client(message('a', sound));
    rig.client(message('b', sound));
    expect(errorsOf(rig)).toEqual([['conversation_too_large', 'item', 'create b']]);
    rig.fact({ kind: 'transcript.final', item: 'a', text: 'Hello.', seconds: 10 });
    rig.client(message('b', sound));
    rig.fact({ kind: 'transcript.failed', item: 'b', failure: { code: 'broken', message: 'It broke.' } });
    rig.client(message('c', sound));
    expect(rig.all('error')).toHaveLength(1);
    expect(rig.watch.conversation).toEqual(['a', 'b', 'c']);
  });

  test('refuses a response with items of its own that are too much, beside the conversation and what other responses brought', () => {
    const rig = new Rig({ turnDetection: null, conversationBytes });
    rig.client(message('a', { type: 'input_text', text: text(400_000) }));
    const ask = (event_id: string) => {
      const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: text(400_000) }] }];
      rig.client({ type: 'response.create', event_id, response: { conversation: 'none', input } });
    };
    ask('first');
    ask('second');
    expect(errorsOf(rig)).toEqual([['conversation_too_large', 'response.input', 'second']]);
    expect(rig.prompts).toHaveLength(1);
    rig.client({ type: 'response.cancel', response_id: 'resp_1' });
    ask('third');
    expect(rig.prompts).toHaveLength(2);
  });

  test('counts what responses under way have brought along as settings, and lets small ones pass', () => {
    const rig = new Rig({ turnDetection: null, conversationBytes, contextTokens: 1e9, mostResponses: 20 });
    rig.client(message('a', { type: 'input_text', text: text(conversationBytes - 1000) }));
    const ask = (response: object) =>
      rig.client({ type: 'response.create', event_id: 'e', response: { conversation: 'none', ...response } });
    for (let count = 0; count < 20; count++) ask({ instructions: text(900_000) });
    expect(rig.all('response.created')).toHaveLength(Math.floor(reserveBytes / 900_000));
    expect(rig.last('error').error).toMatchObject({ code: 'conversation_too_large', param: 'response', event_id: 'e' });
    ask({ tools: [{ type: 'function', name: 'f', description: text(900_000) }] });
    expect(rig.all('error')).toHaveLength(12);
    ask({ instructions: text(1000) });
    expect(rig.all('error')).toHaveLength(12);
  });

  test('counts the parts of an item, whatever is in them', () => {
    const rig = new Rig({ turnDetection: null, conversationBytes });
    const content = Array.from({ length: 256 }, () => ({ type: 'input_text', text: '' }));
    const item = (id: string) => ({ id, type: 'message', role: 'user', content });
    for (let index = 0; index < 40; index++) rig.client({ type: 'conversation.item.create', event_id: 'e', item: item(`i${index}`) });
    expect(rig.watch.conversation.length).toBeLessThanOrEqual(conversationBytes / (256 * 100));
    expect(rig.last('error').error).toMatchObject({ code: 'conversation_too_large', param: 'item' });
  });

  test('has a bound of items as well', () => {
    const rig = new Rig({ turnDetection: null });
    for (let index = 0; index <= mostItems; index++) rig.client(message(`i${index}`, { type: 'input_text', text: 'x' }));
    expect(errorsOf(rig)).toEqual([['conversation_too_large', 'item', `create i${mostItems}`]]);
    expect(rig.watch.conversation).toHaveLength(mostItems);
  });

  test('S10: refuses nothing that is said: turns and answers go on, and the oldest items go when the reserve is used up', () => {
    const rig = new Rig({ conversationBytes, contextTokens: 1e9 });
    rig.client(message('old', { type: 'input_text', text: text(900_000) }));
    const answerBytes = 900_000;
    const answers = Math.ceil(reserveBytes / answerBytes) + 4;
    for (let turn = 0; turn < answers; turn++) {
      rig.client({ type: 'response.create' });
      const response = rig.last('response.created').response.id ?? '';
      rig.fact({ kind: 'run.text', run: rig.runOf(response), delta: text(answerBytes) });
      rig.fact({
        kind: 'run.ended',
        run: rig.runOf(response),
        reason: 'stop',
        usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0 },
      });
      rig.client({
        type: 'conversation.item.create',
        item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x' }] },
      });
    }
    expect(rig.all('response.done').map(({ response }) => response.status)).toEqual(Array(answers).fill('completed'));
    expect(rig.all('error').map(({ error }) => error.code)).toEqual(Array(rig.all('error').length).fill('conversation_too_large'));
    const [first] = rig.all('conversation.item.deleted');
    expect(first?.item_id).toBe('old');
    rig.client({ type: 'conversation.item.retrieve', item_id: 'old' });
    expect(rig.last('error').error.code).toBe('item_retrieve_invalid_item_id');
  });
});

describe('what a session keeps besides', () => {
  const big = text(600_000);
  test('C01: tools, variables of a prompt and providerData of more than 1 MiB are refused by their names, and the session stays as it was', () => {
    const rig = new Rig({ turnDetection: null });
    const update = (session: Record<string, unknown>) => rig.client({ type: 'session.update', session: { type: 'realtime', ...session } });
    const tool = (name: string) => ({ type: 'function', name, description: big, parameters: { type: 'object', properties: {} } });
    update({ tools: [tool('a'), tool('b')] });
    update({ prompt: { id: 'plain', variables: Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`v${at}`, text(100_000)])) } });
    update({ providerData: { one: big } });
    update({ providerData: { two: big } });
    expect(rig.all('error').map(({ error }) => [error.code, error.param])).toEqual([
      ['invalid_value', 'session.tools'],
      ['invalid_value', 'session.prompt'],
      ['invalid_value', 'session.providerData'],
    ]);
    expect(rig.all('session.updated')).toHaveLength(1);
    update({ providerData: { one: 'small', two: big } });
    expect(rig.all('session.updated')).toHaveLength(2);
  });

  test('and so are the tools of one response', () => {
    const rig = new Rig({ turnDetection: null });
    const tools = ['a', 'b'].map((name) => ({ type: 'function', name, description: big }));
    rig.client({ type: 'response.create', response: { tools } });
    expect(rig.last('error').error).toMatchObject({ code: 'invalid_value', param: 'response.tools' });
    expect(rig.all('response.created')).toHaveLength(0);
  });
});
