// providerData.memory: when a conversation is condensed, what is told of it, and what prompts do without.
import { describe, expect, test } from 'vitest';
import { ask, condensed, heading, orders, remembering, requested, stateOf, turn, update } from './remembering.ts';
import { Rig } from './rig.ts';

describe('a conversation is condensed', () => {
  test('S02 session.updated comes unasked after each memory cycle, and F40 providerData.memory has the state in it', () => {
    const rig = remembering();
    turn(rig, 'I am Ann.');
    turn(rig, 'I live in Oslo.');
    expect(rig.all('session.updated')).toHaveLength(1);
    condensed(rig, 'Ann introduced herself.', ['The user is called Ann.', 'Ann lives in Oslo.']);
    expect(rig.all('session.updated')).toHaveLength(2);
    expect(stateOf(rig)).toEqual({
      version: 1,
      facts: ['The user is called Ann.', 'Ann lives in Oslo.'],
      summary: 'Ann introduced herself.',
      context_text: `${heading}\nAnn introduced herself.\n- The user is called Ann.\n- Ann lives in Oslo.`,
      turns_since_gen: 0,
      total_turns: 2,
      items_trimmed: 0,
    });
    ask(rig, 'Where do I live?');
    rig.golden('memory');
  });

  test('every turn_interval turns, when the answer has ended and never before', () => {
    const rig = remembering();
    turn(rig, 'One.');
    ask(rig, 'Two.');
    expect(orders(rig)).toHaveLength(0);
    rig.answer('resp_2', 'Yes.', 100);
    expect(orders(rig)).toHaveLength(1);
    expect(requested(rig)).toContain('User: One.\\nAssistant: One. indeed.\\nUser: Two.\\nAssistant: Yes.');
    condensed(rig, 'Two numbers.');
    turn(rig, 'Three.');
    ask(rig, 'Four.');
    expect(orders(rig)).toHaveLength(1);
    rig.answer('resp_4', 'Yes.', 100);
    expect(requested(rig)).toContain('Summary so far:\\nTwo numbers.\\n\\nSaid since:\\nUser: Three.');
    expect(requested(rig)).not.toContain('One.');
  });

  test('by spoken turns as by written ones, of which silence is none', () => {
    const rig = new Rig();
    rig.client(update({ enabled: true, turn_interval: 1 }));
    rig.hear(300);
    rig.utter(1000);
    rig.transcript('item_1', 'Hello there.');
    rig.answer('resp_1', 'Hello.', 100);
    expect(requested(rig)).toContain('User: Hello there.');
  });

  test('also when the user never lets an answer end', () => {
    const rig = new Rig();
    rig.client(update({ enabled: true, turn_interval: 1 }));
    rig.hear(300);
    rig.utter(1000);
    rig.transcript('item_1', 'Tell me all.');
    rig.text('resp_1', 'Once upon a time');
    rig.beginSpeech();
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    expect(orders(rig)).toHaveLength(1);
  });

  test('without a word about it by a session that has not enabled it', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ turn_interval: 1, state: { version: 3, summary: 'Told before.' } }));
    for (const said of ['One.', 'Two.', 'Three.']) turn(rig, said);
    expect(orders(rig)).toHaveLength(0);
    expect(rig.all('session.updated')).toHaveLength(1);
    expect(stateOf(rig)).toEqual({ version: 3, summary: 'Told before.' });
    expect(rig.prompts.every(({ memory, turns }) => memory === undefined && turns.length > 0)).toBe(true);
  });

  test('within its bounds: items at a time, facts, and characters', () => {
    const rig = remembering({ turn_interval: 3, max_transcript_items: 4, max_facts: 2, max_memory_length: 100 });
    for (const said of ['One.', 'Two.', 'Three.']) turn(rig, said);
    expect(requested(rig)).not.toContain('Three.');
    condensed(rig, `Long ${'word '.repeat(100)}`, ['First.', ' First. ', 'x'.repeat(1000), 'Third.']);
    const state = stateOf(rig);
    expect(state?.facts).toEqual(['First.', expect.stringMatching(/^x{299}…$/) as string]);
    expect(state?.summary?.length).toBeLessThanOrEqual(100);
    expect(state?.context_text?.length).toBeLessThanOrEqual(100);
    expect(state?.context_text).toContain('\n- First.');
    // What was left over follows at once, not after three more turns.
    expect(orders(rig)).toHaveLength(2);
    expect(requested(rig)).toContain('User: Three.');
  });

  test('up to words that are still being recognised', () => {
    const rig = remembering({ turn_interval: 1 });
    rig.client({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_audio', audio: 'AAAA' }] },
    });
    rig.client({ type: 'response.create', response: { input: [] } });
    rig.answer('resp_1', 'Hello.', 100);
    expect(orders(rig)).toHaveLength(0);
  });
});

describe('what the client deletes', () => {
  test('while it is being condensed, is condensed anew without it', () => {
    const rig = remembering();
    turn(rig, 'My number is 4711.');
    turn(rig, 'Forget that.');
    rig.client({ type: 'conversation.item.delete', item_id: rig.all('conversation.item.added')[0]?.item.id });
    expect(rig.effects).toContainEqual({ kind: 'memory.abort', why: 'unwanted' });
    expect(orders(rig)).toHaveLength(2);
    expect(requested(rig)).not.toContain('User: My number is 4711.');
    expect(requested(rig)).toContain('User: Forget that.');
    condensed(rig, 'Something with 4711.', [], 1);
    expect(rig.all('session.updated')).toHaveLength(1);
  });
});

describe('what could not be condensed', () => {
  test('is tried again at the next interval', () => {
    const rig = remembering();
    turn(rig, 'One.');
    turn(rig, 'Two.');
    rig.fact({ kind: 'memory.failed', order: 1 });
    turn(rig, 'Three.');
    expect(orders(rig)).toHaveLength(1);
    turn(rig, 'Four.');
    expect(orders(rig)).toHaveLength(2);
    expect(requested(rig)).toContain('User: One.');
    condensed(rig, 'Four numbers.');
    expect(stateOf(rig)).toMatchObject({ version: 1, turns_since_gen: 0, total_turns: 4 });
  });

  test('is given up after half a minute, and a result that comes later changes nothing', () => {
    const rig = remembering();
    turn(rig, 'One.');
    turn(rig, 'Two.');
    rig.wait(29_999);
    expect(rig.effects.at(-1)?.kind).toBe('memory.condense');
    rig.wait(1);
    expect(rig.effects.at(-1)).toEqual({ kind: 'memory.abort', why: 'timeout' });
    condensed(rig, 'Late.');
    expect(rig.all('session.updated')).toHaveLength(1);
  });

  test('is called off when memory is switched off, and when the session ends', () => {
    const off = remembering();
    turn(off, 'One.');
    turn(off, 'Two.');
    off.client(update({ enabled: false }));
    expect(off.effects).toContainEqual({ kind: 'memory.abort', why: 'unwanted' });
    const expired = remembering({}, { lifeMs: 60_000 });
    expired.wait(50_000);
    turn(expired, 'One.');
    turn(expired, 'Two.');
    expired.wait(10_000);
    const kinds = expired.effects.slice(-3).map(({ kind }) => kind);
    expect(kinds).toEqual(['memory.abort', 'send', 'close']);
  });
});

describe('prompts', () => {
  test('tell the memory in place of what it stands for, and the last two turns word for word', () => {
    const rig = remembering({ turn_interval: 3 });
    rig.client({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'The shop closes at six.' }] },
    });
    for (const said of ['One.', 'Two.', 'Three.']) turn(rig, said);
    condensed(rig, 'Three numbers.');
    expect(stateOf(rig)?.items_trimmed).toBe(2);
    ask(rig, 'Four.');
    const prompt = rig.prompts.at(-1);
    expect(prompt?.memory).toBe(`${heading}\nThree numbers.`);
    expect(prompt?.turns.map((said) => ('parts' in said ? said.parts[0] : 'text' in said && said.text))).toEqual([
      { type: 'text', text: 'The shop closes at six.' },
      { type: 'text', text: 'Two.' },
      'Two. indeed.',
      { type: 'text', text: 'Three.' },
      'Three. indeed.',
      { type: 'text', text: 'Four.' },
    ]);
    // The items stay in the conversation.
    rig.client({ type: 'conversation.item.retrieve', item_id: rig.watch.conversation[1] });
    expect(rig.last('conversation.item.retrieved').item).toMatchObject({ content: [{ text: 'One.' }] });
  });

  test('hold everything when nothing is to be trimmed, or when memory is switched off again', () => {
    const rig = remembering({ trim_after_summarize: false });
    for (const said of ['One.', 'Two.', 'Three.']) turn(rig, said);
    condensed(rig, 'Numbers.');
    expect(stateOf(rig)?.items_trimmed).toBe(0);
    ask(rig, 'Four.');
    expect(rig.prompts.at(-1)?.turns).toHaveLength(7);
    rig.answer('resp_4', 'Yes.', 100);
    rig.client(update({ trim_after_summarize: true }));
    turn(rig, 'Five.');
    condensed(rig, 'More numbers.');
    ask(rig, 'Six.');
    expect(rig.prompts.at(-1)?.turns).toHaveLength(5);
    rig.client(update({ enabled: false }));
    rig.answer('resp_6', 'Yes.', 100);
    ask(rig, 'Seven.');
    expect(rig.prompts.at(-1)?.turns).toHaveLength(13);
    expect(rig.prompts.at(-1)?.memory).toBeUndefined();
  });

  test('keep a call with its result, and one that still waits for its result', () => {
    const rig = remembering({ turn_interval: 1 });
    rig.client({ type: 'session.update', session: { tools: [{ type: 'function', name: 'weather' }] } });
    ask(rig, 'Rain?');
    rig.call('resp_1', 'call_1', 'weather', '{}');
    rig.end('resp_1');
    condensed(rig, 'About rain.');
    turn(rig, 'Two.');
    condensed(rig, 'About rain.');
    turn(rig, 'Three.');
    condensed(rig, 'About rain.');
    const told = () => rig.prompts.at(-1)?.turns.flatMap((said) => ('callId' in said ? `${said.role} ${said.callId}` : []));
    ask(rig, 'Four.');
    expect(told()).toEqual(['call call_1', 'result call_1']);
    rig.answer('resp_4', 'Four.', 100);
    rig.output('call_1', 'Dry.');
    turn(rig, 'Five.');
    condensed(rig, 'About rain.');
    expect(told()).toEqual(['call call_1', 'result call_1']);
    for (const said of ['Six.', 'Seven.']) {
      turn(rig, said);
      condensed(rig, 'It stays dry.');
    }
    ask(rig, 'Eight.');
    expect(told()).toEqual([]);
  });

  test('of a response with an input of its own know nothing of it', () => {
    const rig = remembering({ turn_interval: 1 });
    turn(rig, 'One.');
    condensed(rig, 'A number.');
    rig.client({ type: 'response.create', response: { conversation: 'none', input: [] } });
    rig.client({ type: 'response.create', response: { conversation: 'none', instructions: 'Sum up.' } });
    expect(rig.prompts.slice(-2).map(({ memory }) => memory)).toEqual([undefined, `${heading}\nA number.`]);
  });
});
