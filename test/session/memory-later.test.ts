// providerData.memory: what a later session takes up of it, and what it does not take.
import { describe, expect, test } from 'vitest';
import { ask, condensed, heading, remembering, requested, stateOf, turn, update } from './remembering.ts';
import { realtime, Rig } from './rig.ts';

describe('a later session', () => {
  const state = {
    version: 7,
    facts: ['The user is called Ann.'],
    summary: 'Ann planned a trip.',
    turns_since_gen: 1,
    total_turns: 12,
    items_trimmed: 20,
  };

  test.each([
    ['in an update', (rig: Rig) => rig.client(update({ enabled: true, turn_interval: 2, state }))],
    ['in camelCase', (rig: Rig) => rig.client(update({ enabled: true, turnInterval: 2, state: camel(state) }))],
  ])('F40 takes up the state it is given %s, and counts on from there', (_how, bring) => {
    const rig = new Rig({ turnDetection: null });
    bring(rig);
    const context_text = `${heading}\nAnn planned a trip.\n- The user is called Ann.`;
    expect(stateOf(rig)).toEqual({ ...state, context_text });
    turn(rig, 'Where was I going?');
    expect(rig.prompts[0]?.memory).toBe(context_text);
    expect(requested(rig)).toContain('Summary so far:\\nAnn planned a trip.\\n\\nFacts so far:\\n- The user is called Ann.');
    condensed(rig, 'Ann goes to Rome.');
    expect(stateOf(rig)).toMatchObject({
      version: 8,
      facts: state.facts,
      summary: 'Ann goes to Rome.',
      turns_since_gen: 0,
      total_turns: 13,
    });
  });

  test('may be born with it', () => {
    const rig = new Rig({ turnDetection: null, configure: (config) => void (config.providerData = { memory: { enabled: true, state } }) });
    expect(realtime(rig.last('session.created').session).providerData).toMatchObject({ memory: { state: { version: 7 } } });
    ask(rig, 'Hello.');
    expect(rig.prompts[0]?.memory).toContain('Ann planned a trip.');
  });

  test('with nothing but the text of a memory has that told', () => {
    const rig = remembering({ state: { context_text: 'Ann likes jazz.' } });
    ask(rig, 'Hello.');
    expect(rig.prompts[0]?.memory).toBe('Ann likes jazz.');
  });

  test('does not lose what it has learned to a client that sends its first state with every update', () => {
    const rig = remembering({ turn_interval: 1, state });
    turn(rig, 'I go to Rome.');
    condensed(rig, 'Ann goes to Rome.');
    rig.client(update({ enabled: true, turn_interval: 1, state }));
    expect(stateOf(rig)).toMatchObject({ version: 8, summary: 'Ann goes to Rome.', total_turns: 13 });
    // Turns that were counted meanwhile are told too.
    ask(rig, 'Hello.');
    rig.client(update({}));
    expect(stateOf(rig)).toMatchObject({ version: 8, turns_since_gen: 1, total_turns: 14 });
  });

  test('takes a changed state of the present version, and prompts then hold again what that does not stand for', () => {
    const rig = remembering({ turn_interval: 1 });
    for (const said of ['One.', 'Two.', 'Three.']) {
      turn(rig, said);
      condensed(rig, 'Numbers.', ['Likes one.']);
    }
    rig.client(update({ state: { facts: ['Likes two.'] } }));
    expect(stateOf(rig)).toMatchObject({ version: 3, facts: ['Likes two.'], summary: 'Numbers.' });
    ask(rig, 'Four.');
    expect(rig.prompts.at(-1)?.turns).toHaveLength(7);
    expect(rig.prompts.at(-1)?.memory).not.toContain('Likes one.');
  });

  test.each([{ state: null }, null])('forgets when the client says so: %j', (patch) => {
    const rig = remembering({ turn_interval: 1, state });
    rig.client(update(patch));
    rig.client(update({ enabled: true }));
    expect(stateOf(rig)).toBeUndefined();
    ask(rig, 'Hello.');
    expect(rig.prompts[0]?.memory).toBeUndefined();
  });
});

test.each([
  [{ turn_interval: 0 }, 'turn_interval'],
  [{ max_memory_length: 99 }, 'max_memory_length'],
  [{ max_facts: 'many' }, 'max_facts'],
  [{ max_transcript_items: 0 }, 'max_transcript_items'],
  [{ enabled: 'yes' }, 'enabled'],
  [{ state: { facts: [1] } }, 'state.facts[0]'],
  [{ state: { version: -1 } }, 'state.version'],
])('F40 a memory that cannot be used is refused by its field: %j', (patch, field) => {
  const rig = remembering();
  rig.client(update(patch));
  expect(rig.last('error').error.param).toBe(`session.providerData.memory.${field}`);
  expect(rig.all('session.updated')).toHaveLength(1);
});

function camel(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()), value]),
  );
}
