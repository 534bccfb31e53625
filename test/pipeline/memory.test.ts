// Condensing a conversation beside the sound: what is made of a model's answer, and that none, a wrong or a late one harms nothing.
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../src/engines/engine.ts';
import { excerpt, readAnswer } from '../../src/pipeline/memory-answer.ts';
import { openRig, type Rig } from '../rig.ts';
import { FakeEngines } from './fake-engines.ts';

/** A session that remembers, after its first turn: the last call of the model is the one that condenses. */
async function afterTurn(engines = new FakeEngines()): Promise<Rig> {
  const rig = openRig({
    engines,
    turnDetection: null,
    configure: (config) => {
      config.output_modalities = ['text'];
      config.providerData = { memory: { enabled: true, turn_interval: 1 }, prompt_variables: { shop: 'Bloom' } };
    },
  });
  await talk(rig, 'I am Ann. How are you?');
  return rig;
}

async function talk(rig: Rig, said: string): Promise<void> {
  await rig.says(said);
  rig.llm.last.text('Fine.');
  rig.llm.last.end();
  await rig.settle();
}

function state(rig: Rig): unknown {
  return (rig.last('session.updated').session as { providerData?: { memory?: { state?: unknown } } }).providerData?.memory?.state;
}

describe('a model is asked to condense', () => {
  test('when its answer has ended, and its words are what is remembered', async () => {
    const rig = await afterTurn();
    expect(rig.llm.calls).toHaveLength(2);
    expect(rig.llm.last.prompt.instructions).toContain('{"summary": "...", "facts": ["...", "..."]}');
    const origin = { key: 'key_1', session: 'sess_1' };
    expect(rig.llm.last.options).toEqual({ model: 'openai/gpt-4o-mini', behalf: { promptVariables: { shop: 'Bloom' } }, origin });
    rig.llm.last.text('```json\n{"summary": "Small ', 'talk.", "facts": ["Is called Ann."]}\n```');
    rig.llm.last.end();
    await rig.settle();
    expect(state(rig)).toMatchObject({ version: 1, summary: 'Small talk.', facts: ['Is called Ann.'] });
    await rig.says('Who am I?');
    expect(rig.llm.last.prompt.memory).toContain('- Is called Ann.');
  });

  test('and an answer does not wait for it', async () => {
    const rig = await afterTurn();
    await talk(rig, 'Go on.');
    expect(rig.endings).toEqual(['resp_1 completed', 'resp_2 completed']);
    expect(rig.llm.calls).toHaveLength(3);
    expect(rig.llm.calls[1]?.signal.aborted).toBe(false);
  });

  test.each([
    [
      'an error',
      (rig: Rig) => rig.llm.last.fail(new EngineError('fake-llm', 'rate_limited', 'Too much.')),
      'warn',
      { reason: 'rate_limited' },
    ],
    ['broken JSON', (rig: Rig) => (rig.llm.last.text('{"summary": "Sma'), rig.llm.last.end('length')), 'warn', { reason: 'broken' }],
    ['nothing', (rig: Rig) => rig.llm.last.end(), 'warn', { reason: 'broken' }],
    ['no end', (rig: Rig) => rig.llm.last.text('x'.repeat(100_001)), 'warn', { reason: 'broken' }],
    ['a bug', (rig: Rig) => rig.llm.last.fail(new TypeError('a bug')), 'error', { err: new TypeError('a bug') }],
  ] as const)(
    'and answers with %s: the operator is told, the client is not, and it is asked again',
    async (_what, answer, level, fields) => {
      const rig = await afterTurn();
      answer(rig);
      await rig.settle();
      rig.llm.last.end();
      expect(rig.logged).toMatchObject([{ level, fields, message: expect.stringContaining('not condensed') as string }]);
      expect(rig.all('session.updated')).toEqual([]);
      expect(rig.transport.closes).toEqual([]);
      await talk(rig, 'Go on.');
      expect(rig.llm.calls).toHaveLength(4);
      expect(JSON.stringify(rig.llm.last.prompt.turns)).toContain('I am Ann.');
    },
  );

  test('for half a minute at most', async () => {
    const engines = new FakeEngines();
    const rig = await afterTurn(engines);
    await rig.wait(30_000);
    expect(rig.llm.last.signal.aborted).toBe(true);
    expect(rig.logged).toMatchObject([{ level: 'warn', fields: { reason: 'timeout' } }]);
    expect(rig.all('session.updated')).toEqual([]);
  });

  test('and is called off with the session', async () => {
    const engines = new FakeEngines();
    engines.fakeLlm.deaf = true;
    const rig = await afterTurn(engines);
    rig.transport.end();
    await rig.ended;
    expect(rig.llm.last.signal.aborted).toBe(true);
    const { length } = rig.transport.trace;
    rig.llm.last.text('Late.');
    rig.llm.last.end();
    await rig.settle();
    expect(rig.transport.trace).toHaveLength(length);
    expect(rig.logged).toEqual([]);
  });
});

test('an engine that does nothing instructions say is not asked: the user is quoted', async () => {
  const engines = new FakeEngines();
  Object.assign(engines.fakeLlm, { followsInstructions: false });
  const rig = await afterTurn(engines);
  expect(rig.llm.calls).toHaveLength(1);
  expect(state(rig)).toMatchObject({ summary: 'The last things the user said: "I am Ann. How are you?"', facts: ['I am Ann.'] });
});

describe("a model's answer", () => {
  test.each([
    ['{"summary":"A.","facts":["B."]}', { summary: 'A.', facts: ['B.'] }],
    ['Here you are:\n```json\n{"summary":"A.","facts":["B."]}\n```\nAnything else?', { summary: 'A.', facts: ['B.'] }],
    ['{"summary":"A."}', { summary: 'A.', facts: undefined }],
    ['{"facts":["B.", 5, null]}', { summary: undefined, facts: ['B.'] }],
    [' Ann likes jazz. ', { summary: 'Ann likes jazz.', facts: undefined }],
    ['{"summary":"A.', undefined],
    ['{"other":1}', undefined],
    ['  ', undefined],
  ])('%j', (text, read) => {
    expect(readAnswer(text)).toEqual(read);
  });
});

describe('an excerpt', () => {
  const known = { summary: 'Before.', facts: ['My dog is called Rex.'] };

  test('keeps what was known, adds what was said of oneself, and leaves questions out', () => {
    const said = ["What's my name? I'm Ann. It rains.", 'Is my dog well?', 'My dog is called Rex.', 'I live in Oslo'];
    expect(excerpt(known, said, 10).facts).toEqual(['My dog is called Rex.', "I'm Ann.", 'I live in Oslo']);
  });

  test('lets the oldest go, down to none', () => {
    expect(excerpt(known, ['I like jazz.', 'I hate rain.'], 2).facts).toEqual(['I like jazz.', 'I hate rain.']);
    expect(excerpt(known, ['I like jazz.'], 0).facts).toEqual([]);
  });

  test('of nothing leaves the summary as it was', () => {
    expect(excerpt(known, [], 5)).toEqual({ summary: undefined, facts: known.facts });
  });
});
