// Fillers: when an answer that takes long begins with "Let me see.", and when it does not.
import { describe, expect, test } from 'vitest';
import { Rig, type RigOptions, wordsOf } from './rig.ts';
import { served } from './served.ts';

const on = { enabled: true, enable_filler_on_first_assistant_reply: true };
const create = { type: 'response.create' };

/** A rig whose client wants fillers, and has asked for an answer (resp_1). */
function waiting(responsiveness: Record<string, unknown> = on, options: RigOptions = {}): Rig {
  const rig = new Rig({ turnDetection: null, ...options, configure: (config) => void (config.providerData = { responsiveness }) });
  rig.says('How far is the moon?');
  rig.client(create);
  return rig;
}

/** What the voice was told to say, and what models were asked. */
function orders(rig: Rig): string[] {
  return rig.effects.flatMap((effect) => {
    if (effect.kind === 'aside.speak') return `speak ${effect.order.text}`;
    if (effect.kind === 'aside.ask') return `ask ${effect.order.model}`;
    return effect.kind === 'aside.abort' ? `abort ${effect.aside}` : [];
  });
}

/** The voice has made the sound of an aside. */
function spoken(rig: Rig, aside: string, text: string, ms: number): void {
  rig.fact({ kind: 'aside.spoken', aside, bytes: new Uint8Array(ms * 48), ms, words: wordsOf(text, ms) });
}

/** All that was said of a response, as its transcript tells. */
const transcript = (rig: Rig) =>
  rig
    .all('response.output_audio_transcript.delta')
    .map(({ delta }) => delta)
    .join('');

describe('an answer that takes long', () => {
  test('F42 begins with a filler, in the same item; the model is not told that it said it', () => {
    const rig = waiting();
    rig.wait(1200);
    spoken(rig, 'fill_1', 'Let me see.', 600);
    rig.wait(800);
    rig.answer('resp_1', 'Very far.', 1000);
    rig.wait(5000);
    rig.says('And the sun?');
    rig.client(create);
    rig.golden('filler');
    expect(rig.last('response.output_audio_transcript.done').transcript).toBe('Let me see. Very far.');
    expect(rig.prompts.at(-1)?.turns.at(-2)).toEqual({ role: 'assistant', text: 'Very far.', interrupted: false });
  });

  test('F42 may wait for the words of the user all that time', () => {
    const rig = new Rig({ configure: (config) => void (config.providerData = { responsiveness: on }) });
    rig.utter(1000);
    rig.wait(1200);
    spoken(rig, 'fill_1', 'Let me see.', 600);
    expect(rig.prompts).toEqual([]);
    rig.transcript('item_1', 'How far is the moon?');
    expect(rig.prompts.at(-1)?.turns).toEqual([{ role: 'user', parts: [{ type: 'text', text: 'How far is the moon?' }] }]);
    rig.answer('resp_1', 'Very far.', 1000);
    expect(transcript(rig)).toBe('Let me see. Very far.');
    expect(rig.endings).toEqual(['resp_1 completed']);
  });

  test('F42 fails as it would have without one, when the words cannot be had', () => {
    const rig = new Rig({ configure: (config) => void (config.providerData = { responsiveness: on }) });
    rig.utter(1000);
    rig.wait(1200);
    spoken(rig, 'fill_1', 'Let me see.', 600);
    rig.fact({ kind: 'transcript.failed', item: 'item_1', failure: { code: 'broken', message: 'broken' } });
    expect(rig.endings).toEqual(['resp_1 failed']);
  });

  test('F42 initial_wait_timeout_ms, pause_text: how long it may take, and what is said behind the filler', () => {
    const rig = waiting({ ...on, initial_wait_timeout_ms: 300, pause_text: 'Hm.' });
    rig.wait(299);
    expect(orders(rig)).toEqual([]);
    rig.wait(1);
    expect(orders(rig)).toEqual(['speak Let me see. Hm.']);
  });

  test('F42 is spoken in the format, voice and speed of the response', () => {
    const rig = new Rig({ turnDetection: null, configure: (config) => void (config.providerData = { responsiveness: on }) });
    rig.client({ ...create, response: { audio: { output: { voice: 'Olivia', format: { type: 'audio/pcmu' } } } } });
    rig.wait(1200);
    expect(rig.effects.find((effect) => effect.kind === 'aside.speak')?.order).toMatchObject({
      voice: 'Olivia',
      format: { type: 'audio/pcmu' },
      speed: 1,
      gain: 1,
    });
  });

  test('F39 F42 is spoken in the language and manner of the answers', () => {
    const rig = new Rig({
      turnDetection: null,
      configure: (config) => void (config.providerData = { responsiveness: on, tts: { language: 'de', delivery_mode: 'STABLE' } }),
    });
    rig.client(create);
    rig.wait(1200);
    const speak = rig.effects.find((effect) => effect.kind === 'aside.speak');
    expect(speak?.order.manner).toMatchObject({ language: 'de', deliveryMode: 'stable' });
  });

  test('F15 F42 is nothing to be answered: what the answer is to stays in a prompt that is too long', () => {
    const rig = new Rig({
      turnDetection: null,
      contextTokens: 300,
      configure: (config) => void (config.providerData = { responsiveness: on }),
    });
    const text = 'x'.repeat(400);
    const add = (item: Record<string, unknown>) => rig.client({ type: 'conversation.item.create', item });
    rig.client({
      type: 'session.update',
      session: {
        truncation: { type: 'retention_ratio', retention_ratio: 0.5 },
        tools: [{ type: 'mcp', server_label: 'slow', server_url: 'https://slow.example/mcp' }],
      },
    });
    add({ type: 'message', role: 'system', content: [{ type: 'input_text', text }] });
    rig.says(text);
    add({ type: 'function_call', call_id: 'call_w', name: 'weather', arguments: '{}' });
    add({ type: 'function_call_output', call_id: 'call_w', output: text });
    rig.client(create);
    rig.wait(1200);
    spoken(rig, 'fill_1', 'Let me see.', 600);
    rig.listed('mcpl_1');
    expect(rig.prompts.at(-1)?.turns.map(({ role }) => role)).toEqual(['user', 'call', 'result']);
  });

  test('F42 interrupted in the filler, nothing of the answer was heard; after it, what was heard is reckoned from behind it', () => {
    for (const [heardMs, heard] of [
      [300, []],
      [1600, ['one two']],
    ] as const) {
      const rig = new Rig({ configure: (config) => void (config.providerData = { responsiveness: on }) });
      rig.says('Count.');
      rig.client(create);
      rig.wait(1200);
      spoken(rig, 'fill_1', 'Let me see.', 600);
      rig.text('resp_1', 'one two three four');
      rig.audio('resp_1', 2000, wordsOf('one two three four', 2000));
      rig.hear(heardMs - 100);
      rig.beginSpeech();
      rig.hear(500);
      rig.pauseSpeech();
      rig.hear(500);
      rig.transcript(rig.last('input_audio_buffer.committed').item_id, 'Stop.');
      expect(rig.prompts.at(-1)?.turns.flatMap((turn) => (turn.role === 'assistant' ? turn.text : []))).toEqual(heard);
    }
  });
});

describe('the small model', () => {
  test('F42 words the filler from the tail of the conversation', () => {
    const rig = waiting({ ...on, small_model: 'groq/small', history_tail_items: 1, temperature: 0.2, max_tokens: 9 });
    rig.wait(1200);
    const ask = rig.effects.find((effect) => effect.kind === 'aside.ask');
    expect(ask?.order).toEqual({ aside: 'fill_1', model: 'groq/small', temperature: 0.2, maxOutputTokens: 9 });
    expect(ask?.prompt).toMatchObject({ tools: [], turns: [{ role: 'user', parts: [{ type: 'text', text: 'How far is the moon?' }] }] });
    rig.fact({ kind: 'aside.said', aside: 'fill_1', text: '“Good question, one moment.”\nThe moon is' });
    expect(orders(rig)).toEqual(['ask groq/small', 'speak Good question, one moment.']);
  });

  test('F42 prompt_template: takes the place of its instructions', () => {
    const rig = waiting({ ...on, small_model: 'groq/small', prompt_template: 'Sag kurz etwas.' });
    rig.wait(1200);
    expect(rig.effects.find((effect) => effect.kind === 'aside.ask')?.prompt.instructions).toBe('Sag kurz etwas.');
  });

  test.each([
    ['says nothing', (rig: Rig) => rig.fact({ kind: 'aside.said', aside: 'fill_1', text: ' \n' })],
    ['says too much', (rig: Rig) => rig.fact({ kind: 'aside.said', aside: 'fill_1', text: 'well '.repeat(50) })],
    ['fails', (rig: Rig) => rig.fact({ kind: 'aside.failed', aside: 'fill_1' })],
  ])('F42 %s: there is no filler', (_what, happen) => {
    const rig = waiting({ ...on, small_model: 'groq/small' });
    rig.wait(1200);
    happen(rig);
    rig.wait(10_000);
    expect(orders(rig)).toEqual(['ask groq/small']);
    rig.answer('resp_1', 'Very far.', 1000);
    expect(transcript(rig)).toBe('Very far.');
  });

  test('F42 hard_deadline_ms: is for model and voice together', () => {
    const rig = waiting({ ...on, small_model: 'groq/small', hard_deadline_ms: 1000 });
    rig.wait(2100);
    rig.fact({ kind: 'aside.said', aside: 'fill_1', text: 'One moment.' });
    rig.wait(100);
    expect(orders(rig)).toEqual(['ask groq/small', 'speak One moment.', 'abort fill_1']);
    spoken(rig, 'fill_1', 'One moment.', 500);
    expect(transcript(rig)).toBe('');
  });
});

describe('there is no filler', () => {
  test('F42 when the answer comes first, or overtakes it', () => {
    const quick = waiting();
    quick.wait(1100);
    quick.text('resp_1', 'Very far.');
    quick.wait(5000);
    expect(orders(quick)).toEqual([]);

    const overtaken = waiting();
    overtaken.wait(1300);
    overtaken.text('resp_1', 'Very ');
    expect(orders(overtaken)).toEqual(['speak Let me see.', 'abort fill_1']);
    spoken(overtaken, 'fill_1', 'Let me see.', 600);
    overtaken.answer('resp_1', 'far.', 1000);
    expect(transcript(overtaken)).toBe('Very far.');
  });

  test('F42 when the answer ends before it is there', () => {
    const rig = waiting();
    rig.wait(1300);
    rig.client({ type: 'response.cancel' });
    expect(orders(rig)).toEqual(['speak Let me see.', 'abort fill_1']);
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['unless a client asks for it', {}, create],
    ['for the first reply, by default', { enabled: true }, create],
    ['for a written answer', on, { ...create, response: { output_modalities: ['text'] } }],
    ['for an answer out of band', on, { ...create, response: { conversation: 'none' } }],
  ])('F42 %s', (_when, responsiveness, event) => {
    const rig = new Rig({ turnDetection: null, configure: (config) => void (config.providerData = { responsiveness }) });
    rig.says('Hello.');
    rig.client(event);
    rig.wait(10_000);
    expect(orders(rig)).toEqual([]);
  });

  test('F42 while a tool runs: something has come of the response already', () => {
    const rig = served({ configure: (config) => void (config.providerData = { responsiveness: on }) });
    rig.says('What is Parley?');
    rig.client(create);
    rig.call('resp_1', 'call_1', 'docs__search', '{}');
    rig.end('resp_1');
    rig.wait(5000);
    expect(orders(rig)).toEqual([]);
  });
});

describe('the second filler', () => {
  test('F42 min_filler_gap_ms, max_initial_per_turn: comes when the first was heard so long ago, if there may be two', () => {
    for (const [most, expected] of [
      [1, ['speak Let me see.']],
      [2, ['speak Let me see.', 'speak Let me see.']],
    ] as const) {
      const rig = waiting({ ...on, max_initial_per_turn: most, min_filler_gap_ms: 4000 });
      rig.wait(1200);
      spoken(rig, 'fill_1', 'Let me see.', 600);
      rig.wait(4599);
      expect(orders(rig)).toEqual(['speak Let me see.']);
      rig.wait(1);
      expect(orders(rig)).toEqual(expected);
      if (most === 1) continue;
      spoken(rig, 'fill_2', 'Let me see.', 600);
      rig.answer('resp_1', 'Very far.', 1000);
      expect(transcript(rig)).toBe('Let me see. Let me see. Very far.');
      rig.says('And the sun?');
      rig.client(create);
      expect(rig.prompts.at(-1)?.turns.at(-2)).toMatchObject({ role: 'assistant', text: 'Very far.' });
    }
  });

  test('F42 enable_filler_on_first_assistant_reply: the next turn has one by default', () => {
    const rig = waiting({ enabled: true });
    rig.answer('resp_1', 'Very far.', 1000);
    rig.wait(10_000);
    rig.says('And the sun?');
    rig.client(create);
    rig.wait(1200);
    expect(orders(rig)).toEqual(['speak Let me see.']);
  });
});

test.each([
  ['small_model', 'no-such'],
  ['hard_deadline_ms', 'soon'],
  ['max_initial_per_turn', -1],
])('F42 a %s that cannot be used is refused by name and changes nothing', (key, value) => {
  const rig = new Rig();
  rig.client({ type: 'session.update', session: { providerData: { responsiveness: { enabled: true, [key]: value } } } });
  expect(rig.last('error').error.param).toBe(`session.providerData.responsiveness.${key}`);
  expect(rig.config.providerData).toBeUndefined();
});
