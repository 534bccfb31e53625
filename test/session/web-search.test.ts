// Tools of type web_search, which Inworld's apps send with their default settings: accepted and shown, and nothing the model hears of.
import { describe, expect, test } from 'vitest';
import { Rig } from './rig.ts';
import { create, docs, update } from './served.ts';

const search = { type: 'web_search', providerData: { engine: 'google', max_results: 3, max_steps: 1 } };
const weather = { type: 'function', name: 'weather' };

describe('a tool of type web_search', () => {
  test('F13: is shown as it was sent, and the rest of the update holds', () => {
    const rig = new Rig();
    rig.client(update({ tools: [search], instructions: 'Sing.' }));
    expect(rig.faults).toEqual([]);
    expect(rig.last('session.updated').session).toMatchObject({ tools: [search], instructions: 'Sing.' });
    expect(rig.effects.filter(({ kind }) => kind === 'unserved')).toHaveLength(1);
  });

  test('F13: is left out of what the model is told, beside functions and alone', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [search, weather, { type: 'web_search' }] }));
    rig.says('Is it raining?');
    rig.client(create);
    expect(rig.prompts.at(-1)?.tools.map(({ name }) => name)).toEqual(['weather']);
    rig.answer('resp_1', 'No.', 300);
    rig.wait(1000);
    rig.client({ type: 'response.create', response: { tools: [search] } });
    expect(rig.prompts.at(-1)).toMatchObject({ tools: [], toolChoice: 'auto' });
    expect(rig.faults).toEqual([]);
  });

  test.each([[{ type: 'web_search' }], [{ type: 'function', name: 'web_search' }]])(
    'F10 F13: may be chosen by %j, which leaves the choice to the model',
    (tool_choice) => {
      const rig = new Rig({ turnDetection: null });
      rig.client(update({ tools: [search, weather], tool_choice }));
      expect(rig.last('session.updated').session).toMatchObject({ tool_choice });
      rig.says('Is it raining?');
      rig.client(create);
      expect(rig.prompts.at(-1)).toMatchObject({ tools: [{ name: 'weather' }], toolChoice: 'auto' });
      rig.answer('resp_1', 'No.', 300);
      rig.wait(1000);
      rig.client({ type: 'response.create', response: { tools: [search], tool_choice } });
      expect(rig.prompts).toHaveLength(2);
      expect(rig.faults).toEqual([]);
    },
  );

  test.each([
    [{ type: 'web_search' }, 'session.tool_choice.type'],
    [{ type: 'function', name: 'web_search' }, 'session.tool_choice.name'],
  ])('F10: is not chosen by %j where it is not among the tools', (tool_choice, param) => {
    const rig = new Rig();
    rig.client(update({ tools: [weather], tool_choice }));
    expect(rig.all('error').map(({ error }) => error)).toMatchObject([{ code: 'invalid_value', param }]);
  });

  test('F13: may belong to the session from its birth, and is told of then', () => {
    const rig = new Rig({ configure: (config) => config.tools.push({ type: 'web_search' }) });
    expect(rig.effects).toContainEqual({ kind: 'unserved', what: ["tools of type 'web_search'"] });
    expect(new Rig().effects.map(({ kind }) => kind)).not.toContain('unserved');
  });
});

describe('tools of an MCP server', () => {
  const offered = (server: Record<string, unknown>) => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs(server)] }));
    rig.listed('mcpl_1', 'search');
    rig.says('What is Parley?');
    rig.client(create);
    expect(rig.last('session.updated').session).toMatchObject({ tools: [server] });
    return rig.prompts.at(-1)?.tools.map(({ name }) => name);
  };

  test('F12: that may be called by programs alone are listed, and not offered to the model', () => {
    expect(offered({ allowed_callers: ['programmatic'] })).toEqual([]);
    expect(offered({ allowed_callers: ['direct', 'programmatic'] })).toEqual(['docs__search']);
    expect(offered({})).toEqual(['docs__search']);
  });

  test('F12: that would be found by a search are offered at once, since there is none', () => {
    expect(offered({ defer_loading: true })).toEqual(['docs__search']);
  });
});
