// The conversation outgrows the model: what it is still told, and when a response fails instead. Texts are 400 characters: about 104 tokens.
import { describe, expect, test } from 'vitest';
import { Rig, type RigOptions } from './rig.ts';
import { textTokens } from '../../src/session/conversation/context.ts';

const long = (name: string) => name.padEnd(400, '.');

/** A session with room for a few long messages after its instructions, whose user and assistant write in turn. */
function crowded(contextTokens: number, truncation?: unknown, options: RigOptions = {}): Rig {
  const rig = new Rig({ turnDetection: null, contextTokens, ...options });
  rig.client({ type: 'session.update', session: { output_modalities: ['text'], ...(truncation === undefined ? {} : { truncation }) } });
  return rig;
}

function exchange(rig: Rig, name: string, response?: Record<string, unknown>): void {
  rig.says(long(name));
  rig.client({ type: 'response.create', ...(response ? { response } : {}) });
  const { id } = rig.last('response.created').response;
  if (rig.all('response.done').at(-1)?.response.id === id) return;
  rig.text(id, long(`re ${name}`));
  rig.end(id);
}

/** What the model was told in the last prompt, by the first words of each turn. */
function told(rig: Rig): string[] {
  const turns = rig.prompts.at(-1)?.turns ?? [];
  return turns.map((turn) => {
    if ('parts' in turn) return turn.parts.map((part) => (part.type === 'text' ? part.text.replace(/\.+$/, '') : 'image')).join();
    return 'text' in turn ? turn.text.replace(/\.+$/, '') : `${turn.role} ${turn.callId}`;
  });
}

test('of images that are more than one prompt may hold the newest are told', () => {
  const mib = 1024 * 1024;
  const rig = crowded(1e6, undefined, { conversationBytes: 64 * mib });
  const url = `data:image/png;base64,${'A'.repeat(9 * mib)}`;
  const image = { type: 'input_image', image_url: url };
  for (const content of [[image, image], [image]]) {
    rig.client({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
  }
  rig.client({ type: 'response.create' });
  const leftOut = '(an image that is left out: there are too many of them, and newer ones)';
  expect(told(rig)).toEqual([`${leftOut},image`, 'image']);
  // Two turns of 4, two images of 1,000: one that is left out is reckoned as what is told in its place.
  rig.client({ type: 'response.cancel' });
  expect(rig.last('response.done').response.usage?.input_tokens).toBe(textTokens('Be brief.') + textTokens(leftOut) + 2008);
  expect(rig.faults).toEqual([]);
});

describe('auto', () => {
  test('F15 truncation: the oldest items are left out of a prompt that would be too long, and can still be retrieved', () => {
    const rig = crowded(420);
    for (const name of ['one', 'two', 'three']) exchange(rig, name);
    expect(told(rig)).toEqual(['re one', 'two', 're two', 'three']);
    expect(rig.prompts.map(({ instructions }) => instructions)).toEqual(['Be brief.', 'Be brief.', 'Be brief.']);
    const first = rig.all('conversation.item.added')[0]?.item.id;
    rig.client({ type: 'conversation.item.retrieve', item_id: first });
    expect(rig.last('conversation.item.retrieved').item).toMatchObject({ id: first, content: [{ text: long('one') }] });
    expect(rig.faults).toEqual([]);
  });

  test('how many items are left out is told to the shell, for its log', () => {
    const rig = crowded(420);
    for (const name of ['one', 'two', 'three', 'four']) exchange(rig, name);
    const orders = rig.effects.flatMap((effect) => (effect.kind === 'run.start' ? [effect.order.itemsLeftOut] : []));
    expect(orders).toEqual([0, 0, 1, 3]);
  });

  test('a call is left out together with its result', () => {
    const rig = crowded(500);
    rig.says('What is the weather?');
    rig.client({
      type: 'conversation.item.create',
      item: { type: 'function_call', call_id: 'c1', name: 'weather', arguments: long('{}') },
    });
    rig.says(long('and more'));
    rig.output('c1', long('sunny'));
    rig.client({ type: 'response.create' });
    expect(told(rig)).toEqual(['What is the weather?', 'call c1', 'and more', 'result c1']);
    rig.end(rig.last('response.created').response.id);
    exchange(rig, 'next');
    exchange(rig, 'last');
    expect(told(rig)).toEqual(['and more', 'next', 're next', 'last']);
  });

  test('the last user turn and what came of it stay, and the results between go before the last', () => {
    const rig = crowded(350);
    rig.says(long('old'));
    rig.says(long('now'));
    for (const id of ['c1', 'c2']) {
      rig.client({ type: 'conversation.item.create', item: { type: 'function_call', call_id: id, name: 'look', arguments: '{}' } });
      rig.output(id, long('seen'));
    }
    rig.client({ type: 'response.create' });
    expect(told(rig)).toEqual(['now', 'call c1', 'result c1', 'call c2', 'result c2']);
    rig.client({ type: 'session.update', session: { instructions: long('Be very brief') } });
    rig.client({ type: 'response.cancel' });
    rig.client({ type: 'response.create' });
    expect(told(rig)).toEqual(['now', 'call c2', 'result c2']);
  });

  test('a question that is too long by itself fails its response, and the session lives', () => {
    const rig = crowded(256);
    exchange(rig, 'short');
    rig.says('x'.repeat(2000));
    rig.client({ type: 'response.create' });
    expect(rig.endings.at(-1)).toMatch(/failed$/);
    expect(rig.last('response.done').response.status_details).toMatchObject({
      error: { type: 'invalid_request_error', code: 'context_length_exceeded' },
    });
    expect(rig.prompts).toHaveLength(1);
    rig.client({ type: 'conversation.item.delete', item_id: rig.all('conversation.item.added').at(-1)?.item.id });
    exchange(rig, 'again');
    expect(rig.endings.at(-1)).toMatch(/completed$/);
  });

  test('items that a response names itself are cut for it alone', () => {
    const rig = crowded(420);
    exchange(rig, 'one');
    exchange(rig, 'two');
    const input = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text: long(name) }],
    }));
    rig.client({ type: 'response.create', response: { conversation: 'none', input } });
    expect(told(rig)).toEqual(['b', 'c', 'd', 'e']);
    rig.client({ type: 'session.update', session: { instructions: '' } });
    rig.says('three');
    rig.client({ type: 'response.create' });
    expect(told(rig)).toEqual(['re one', 'two', 're two', 'three']);
  });

  test('a response beside the conversation leaves out what it must, and the conversation forgets nothing by it', () => {
    const rig = crowded(420);
    exchange(rig, 'one');
    rig.says(long('two'));
    rig.client({ type: 'response.create', response: { conversation: 'none', instructions: long('Sum up').repeat(2) } });
    expect(told(rig)).toEqual(['re one', 'two']);
    rig.client({ type: 'response.create' });
    expect(told(rig)).toEqual(['one', 're one', 'two']);
  });
});

describe('retention_ratio', () => {
  test('F15 truncation: only that share is kept, and the prompts after it begin at the same item until they are too long again', () => {
    const rig = crowded(730, { type: 'retention_ratio', retention_ratio: 0.5 });
    const begins: (string | undefined)[] = [];
    for (const name of ['1', '2', '3', '4', '5', '6', '7']) {
      exchange(rig, name);
      begins.push(told(rig)[0]);
    }
    expect(begins).toEqual(['1', '1', '1', '3', '3', '5', '5']);
  });

  test('F15 truncation: token_limits.post_instructions counts the conversation only, and is the measure of the share', () => {
    const rig = crowded(100_000, { type: 'retention_ratio', retention_ratio: 1, token_limits: { post_instructions: 320 } });
    rig.client({ type: 'session.update', session: { instructions: long('x').repeat(50) } });
    for (const name of ['one', 'two', 'three']) exchange(rig, name);
    expect(told(rig)).toEqual(['two', 're two', 'three']);
    expect(rig.last('session.updated').session).toMatchObject({ truncation: { token_limits: { post_instructions: 320 } } });
  });

  test('with another truncation all is told again', () => {
    const rig = crowded(100_000, { type: 'retention_ratio', retention_ratio: 0.5, token_limits: { post_instructions: 320 } });
    for (const name of ['one', 'two']) exchange(rig, name);
    exchange(rig, 'three');
    expect(told(rig)).toEqual(['three']);
    rig.client({ type: 'session.update', session: { truncation: 'auto' } });
    exchange(rig, 'four');
    expect(told(rig)).toEqual(['one', 're one', 'two', 're two', 'three', 're three', 'four']);
  });
});

describe('disabled', () => {
  test('F15 truncation: the response fails, with its created and its done, and nothing is told to the model', () => {
    const rig = crowded(420, 'disabled');
    for (const name of ['one', 'two', 'three']) exchange(rig, name);
    expect(rig.endings.map((ending) => ending.split(' ')[1])).toEqual(['completed', 'completed', 'failed']);
    expect(rig.last('response.done').response).toMatchObject({
      output: [],
      status_details: { type: 'failed', error: { type: 'invalid_request_error', code: 'context_length_exceeded' } },
    });
    expect(rig.prompts).toHaveLength(2);
    expect(rig.all('error')).toEqual([]);
    rig.client({ type: 'session.update', session: { truncation: 'auto' } });
    rig.client({ type: 'response.create' });
    expect(told(rig)).toEqual(['re one', 'two', 're two', 'three']);
  });
});

test('tokens are a quarter of the UTF-8 bytes', () => {
  for (const text of ['', 'four', 'Привет, мир', '今日は', 'a 😀 b', 'é', '\u07ff\u0800']) {
    expect([text, textTokens(text)]).toEqual([text, Math.ceil(Buffer.byteLength(text) / 4)]);
  }
});
