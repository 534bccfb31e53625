// Golden transcripts: MCP servers tell their tools, or do not, and what waits for them.
import { describe, expect, test } from 'vitest';
import { listedTool, Rig } from './rig.ts';
import { create, crm, docs, served, update } from './served.ts';

const secret = { authorization: 'Bearer s3cret', headers: { 'x-key': 's3cret' } };

describe('an MCP server', () => {
  test('O08 F12 S48 S49: is asked for its tools when it is named, and the list is an item', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs(), crm] }));
    rig.wait(50);
    rig.listed('mcpl_2', 'find');
    rig.wait(50);
    rig.listed('mcpl_1', 'search', 'get_page');
    expect(rig.all('conversation.item.done').map(({ item }) => item)).toEqual([
      { id: 'mcpl_2', type: 'mcp_list_tools', server_label: 'crm', tools: [expect.objectContaining({ name: 'find' })] },
      {
        id: 'mcpl_1',
        type: 'mcp_list_tools',
        server_label: 'docs',
        tools: [
          { name: 'search', description: 'Does search.', input_schema: { type: 'object' }, annotations: null },
          { name: 'get_page', description: 'Does get_page.', input_schema: { type: 'object' }, annotations: { readOnlyHint: true } },
        ],
      },
    ]);
    rig.golden('mcp-list');
  });

  test('S49: whose list has tools that cannot be used: the item says which, and only then', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs(), crm] }));
    const leftOut = [{ name: 'find', reason: 'another tool has this name' }];
    rig.fact({ kind: 'mcp.listed', item: 'mcpl_1', tools: [listedTool('search')], leftOut });
    rig.listed('mcpl_2', 'find');
    expect(rig.all('conversation.item.done').map(({ item }) => 'left_out' in item && item.left_out)).toEqual([leftOut, false]);
  });

  test('may belong to the session from its birth', () => {
    const rig = new Rig({
      configure: (config) => config.tools.push({ type: 'mcp', server_label: 'docs', server_url: 'https://docs.example/mcp', ...secret }),
    });
    expect(rig.sent.map(({ type }) => type)).toEqual([
      'session.created',
      'conversation.created',
      'conversation.item.added',
      'mcp_list_tools.in_progress',
    ]);
    expect(rig.effects).toContainEqual({ kind: 'mcp.configure', servers: [expect.objectContaining(secret)] });
  });

  test('may be named by a response, which waits for its tools; the session keeps its own', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs()] }));
    rig.listed('mcpl_1', 'search');
    rig.says('Hello.');
    rig.client({ type: 'response.create', response: { tools: [docs(), crm] } });
    expect(rig.prompts).toEqual([]);
    rig.listed('mcpl_2', 'find');
    expect(rig.prompts.at(-1)?.tools.map(({ name }) => name)).toEqual(['docs__search', 'crm__find']);
    rig.answer('resp_1', 'Hi.', 300);
    expect(rig.effects).toContainEqual({
      kind: 'mcp.configure',
      servers: [expect.objectContaining({ server_label: 'docs' }), expect.objectContaining({ server_label: 'crm' })],
    });
  });

  test('S50: that does not answer has failed, and the session goes on without it', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs()] }));
    rig.fact({ kind: 'mcp.unlisted', item: 'mcpl_1' });
    rig.says('Hello.');
    rig.client(create);
    expect(rig.prompts.at(-1)).toMatchObject({ tools: [], turns: [{ role: 'user' }] });
    rig.answer('resp_1', 'Hi.', 300);
    expect(rig.endings).toEqual(['resp_1 completed']);
    rig.golden('mcp-list-fails');
  });

  test('that says nothing at all has failed after thirty seconds', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs()] }));
    rig.client(create);
    rig.wait(29_999);
    expect(rig.all('mcp_list_tools.failed')).toEqual([]);
    expect(rig.prompts).toEqual([]);
    rig.wait(1);
    expect(rig.all('mcp_list_tools.failed')).toHaveLength(1);
    expect(rig.prompts).toHaveLength(1);
    rig.listed('mcpl_1', 'late');
    expect(rig.all('mcp_list_tools.completed')).toEqual([]);
  });

  test('that is replaced while it is asked has failed, and only the new one is heard', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs()] }));
    rig.client(update({ tools: [docs({ server_url: 'https://other.example/mcp' })] }));
    rig.listed('mcpl_1', 'old');
    rig.listed('mcpl_2', 'new');
    rig.client(create);
    expect(rig.prompts.at(-1)?.tools.map(({ name }) => name)).toEqual(['docs__new']);
    rig.golden('mcp-list-replaced');
  });

  test('that is named again just as it was is not asked again', () => {
    const rig = served();
    rig.client(update({ tools: [docs()] }));
    rig.client(update({ instructions: 'Be kind.' }));
    expect(rig.effects.filter(({ kind }) => kind === 'mcp.configure' || kind === 'mcp.list')).toHaveLength(2);
  });

  test('that has failed is asked again when it is named again, and only then', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs(), crm] }));
    rig.fact({ kind: 'mcp.unlisted', item: 'mcpl_1' });
    rig.listed('mcpl_2', 'find');
    rig.client(update({ instructions: 'Be kind.' }));
    expect(rig.all('mcp_list_tools.in_progress')).toHaveLength(2);
    rig.client(update({ tools: [docs(), crm] }));
    expect(rig.all('mcp_list_tools.in_progress').map(({ item_id }) => item_id)).toEqual(['mcpl_1', 'mcpl_2', 'mcpl_3']);
    // Naming it once more while it is asked changes nothing.
    rig.client(update({ tools: [docs(), crm] }));
    rig.client(create);
    expect(rig.prompts).toEqual([]);
    rig.listed('mcpl_3', 'search');
    expect(rig.prompts.at(-1)?.tools.map(({ name }) => name)).toEqual(['docs__search', 'crm__find']);
    expect(rig.all('mcp_list_tools.failed')).toHaveLength(1);
    rig.golden('mcp-list-again');
  });

  test('that is taken out offers nothing any more, and the others go on', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs(), crm] }));
    rig.listed('mcpl_1', 'search');
    rig.listed('mcpl_2', 'find');
    rig.client(update({ tools: [crm] }));
    expect(rig.effects.at(-1)).toMatchObject({ kind: 'mcp.configure', servers: [{ server_label: 'crm' }] });
    rig.client(create);
    expect(rig.prompts.at(-1)?.tools.map(({ name }) => name)).toEqual(['crm__find']);
  });

  test('F12: is never told again what opens it', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs(secret), { type: 'function', name: 'weather' }] }));
    rig.listed('mcpl_1', 'search');
    rig.client(update({ instructions: 'Be kind.' }));
    expect(rig.last('session.updated').session).toMatchObject({ tools: [docs(), { type: 'function', name: 'weather' }] });
    expect(JSON.stringify(rig.sent)).not.toContain('s3cret');
    // It is known all the same, and goes to whoever reaches the server.
    expect(rig.effects).toContainEqual({ kind: 'mcp.configure', servers: [docs(secret)] });
  });

  test('keeps its list when the client deletes the item in the middle', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs()] }));
    rig.client({ type: 'conversation.item.delete', item_id: 'mcpl_1' });
    rig.listed('mcpl_1', 'search');
    expect(rig.all('mcp_list_tools.completed')).toHaveLength(1);
    expect(rig.all('conversation.item.done')).toEqual([]);
    rig.client(create);
    expect(rig.prompts.at(-1)?.tools.map(({ name }) => name)).toEqual(['docs__search']);
  });
});

describe('a response', () => {
  test('waits until the tools are known', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs()] }));
    rig.says('What is Parley?');
    rig.client(create);
    rig.wait(300);
    expect(rig.prompts).toEqual([]);
    rig.listed('mcpl_1', 'search');
    expect(rig.prompts.at(-1)?.tools).toEqual([{ name: 'docs__search', description: 'Does search.', parameters: { type: 'object' } }]);
    rig.answer('resp_1', 'A server.', 300);
    rig.golden('mcp-response-waits');
  });

  test('waits no longer for a server that was taken out', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs()] }));
    rig.client(create);
    rig.client(update({ tools: [] }));
    expect(rig.all('mcp_list_tools.failed')).toHaveLength(1);
    expect(rig.prompts).toHaveLength(1);
  });

  test('may be cancelled while it waits', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs()] }));
    rig.client(create);
    rig.client({ type: 'response.cancel' });
    rig.listed('mcpl_1', 'search');
    expect(rig.endings).toEqual(['resp_1 cancelled']);
    expect(rig.prompts).toEqual([]);
  });

  test('that has tools of its own waits for nothing, nor does one beside the conversation', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs()] }));
    rig.client({ ...create, response: { tools: [{ type: 'function', name: 'weather' }] } });
    rig.client({ ...create, response: { conversation: 'none' } });
    expect(rig.prompts.map(({ tools }) => tools.map(({ name }) => name))).toEqual([['weather'], []]);
  });

  test('tells two tools apart whose names come to the same', () => {
    const rig = new Rig({ turnDetection: null });
    rig.client(update({ tools: [docs({ server_label: 'a' }), docs({ server_label: 'a__b' }), { type: 'function', name: 'a__x' }] }));
    rig.listed('mcpl_1', 'b__c', 'x', 'été');
    rig.listed('mcpl_2', 'c', 'y'.repeat(80));
    rig.client(create);
    const names = rig.prompts.at(-1)?.tools.map(({ name }) => name) ?? [];
    expect(names).toEqual(['a__x', 'a__b__c', 'a__x_2', 'a___t_', 'a__b__c_2', `a__b__${'y'.repeat(58)}`]);
    rig.call('resp_1', 'call_1', 'a__b__c_2', '{}');
    expect(rig.last('response.output_item.added').item).toMatchObject({ server_label: 'a__b', name: 'c' });
  });

  test.each([
    [{ type: 'mcp', server_label: 'docs' }, ['docs__search', 'docs__get_page'], 'required'],
    [{ type: 'mcp', server_label: 'docs', name: 'get_page' }, ['weather', 'docs__search', 'docs__get_page'], { name: 'docs__get_page' }],
    [{ type: 'mcp', server_label: 'docs', name: 'gone' }, ['weather', 'docs__search', 'docs__get_page'], 'auto'],
    ['required', ['weather', 'docs__search', 'docs__get_page'], 'required'],
  ])('F10: is told to choose %j', (tool_choice, names, toolChoice) => {
    const rig = served();
    rig.client(update({ tools: [docs(), { type: 'function', name: 'weather' }], tool_choice }));
    expect(rig.faults).toEqual([]);
    rig.client(create);
    expect(rig.prompts.at(-1)).toMatchObject({ toolChoice });
    expect(rig.prompts.at(-1)?.tools.map(({ name }) => name)).toEqual(names);
  });
});
