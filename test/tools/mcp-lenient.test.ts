// MCP servers that write null for what is absent, and worse: what can be read of an answer is read, and one bad tool costs that tool only.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { sentence } from '../../src/tools/mcp-sentence.ts';
import type { McpListing, McpOutcome } from '../../src/tools/mcp-types.ts';
import { breathe, McpRig, until } from './mcp-rig.ts';
import { type Answer, initialized, RawServer, results, type Way } from './raw-server.ts';

let rig: McpRig;
let raw: RawServer;
let clock: ManualClock;
beforeEach(() => {
  clock = new ManualClock();
  rig = new McpRig({ clock });
});
afterEach(async () => {
  await raw.close();
  await rig.close();
});

async function session(answer: Answer, way: Way = 'events') {
  raw = await new RawServer(way).start();
  raw.answer = answer;
  return rig.session({ server_label: 'far', server_url: raw.url });
}
const list = async (tools: unknown, more: object = {}) => (await session(results({ list: { tools, ...more } }))).list('far');
const call = async (result: unknown, way?: Way) =>
  (await session(results({ list: { tools: [] }, call: result }), way)).call('far', 'add', '{}');
const toolsOf = (listing: McpListing) => {
  if ('error' in listing) throw new Error(listing.error.message);
  return listing.tools;
};
const messageOf = (outcome: McpOutcome | McpListing) => ('error' in outcome ? outcome.error.message : undefined);

const text = { type: 'object', properties: { text: { type: 'string' } } };
const good = { name: 'good', description: 'Is good', inputSchema: text };
const goodTool = { name: 'good', description: 'Is good', input_schema: text };

describe.each(['json', 'events', 'sse'] as const)('an answer with nulls, over %s', (way) => {
  it('R7: is read as if they were not there', async () => {
    const tool = { ...good, title: null, annotations: null, outputSchema: null, icons: null, _meta: null };
    const part = { type: 'text', text: 'four', annotations: null, _meta: null };
    const servers = await session(
      results({
        initialize: {
          protocolVersion: '2025-06-18',
          capabilities: { tools: { listChanged: null }, prompts: null, logging: null, experimental: null },
          serverInfo: { name: 'raw', version: null, title: null },
          instructions: null,
          _meta: null,
        },
        list: { tools: [tool], nextCursor: null, _meta: null },
        call: { content: [part], structuredContent: null, isError: null, _meta: null },
      }),
      way,
    );
    expect(await servers.list('far')).toEqual({ tools: [goodTool] });
    expect(await servers.call('far', 'good', '{}')).toEqual({ output: 'four' });
  });

  it('R7: may have both a result and an error that is null, and ids as text', async () => {
    const servers = await session(({ id, method }) => {
      const result = method === 'initialize' ? initialized : { tools: [good] };
      return [{ jsonrpc: '2.0', id: String(id), result, error: null }];
    }, way);
    expect(await servers.list('far')).toEqual({ tools: [goodTool] });
  });
});

describe('a list of tools', () => {
  it('R6: keeps its good tools beside one whose schema is none, which becomes the nearest that is one', async () => {
    const odd = [
      { name: 'any', inputSchema: { anyOf: [{ type: 'object', properties: { id: { type: 'string' } } }, { properties: { name: {} } }] } },
      { name: 'nullable', inputSchema: { ...text, type: ['object', 'null'] } },
      { name: 'none' },
      { name: 'null', inputSchema: null },
      { name: 'boolean', inputSchema: true },
      { name: 'list', inputSchema: [text] },
      { name: 'written', inputSchema: JSON.stringify(text) },
      { name: 'word', inputSchema: 'object' },
      { name: 'number', inputSchema: { type: 'number' } },
    ];
    const nothing = { type: 'object', properties: {} };
    const listing = await list([...odd, good]);
    expect(toolsOf(listing).map((tool) => [tool.name, tool.input_schema])).toEqual([
      ['any', { type: 'object', properties: { id: { type: 'string' }, name: {} } }],
      ['nullable', text],
      ['none', nothing],
      ['null', nothing],
      ['boolean', nothing],
      ['list', nothing],
      ['written', text],
      ['word', nothing],
      ['number', nothing],
      ['good', text],
    ]);
    expect(listing).not.toHaveProperty('leftOut');
  });

  it('R6: says which tools were left out, and why, and logs it', async () => {
    const deep = JSON.parse(`${'{"properties":{"a":'.repeat(100)}{}${'}}'.repeat(100)}`) as object;
    const bad = [
      null,
      'tool',
      { inputSchema: text },
      { name: 7 },
      { name: 'deep', inputSchema: deep },
      { ...good, description: 'Another' },
    ];
    const leftOut = [
      { name: null, reason: 'it has no name' },
      { name: null, reason: 'it has no name' },
      { name: null, reason: 'it has no name' },
      { name: null, reason: 'it has no name' },
      { name: 'deep', reason: 'its description is nested more than 64 deep' },
      { name: 'good', reason: 'another tool has this name' },
    ];
    const servers = await session(results({ list: { tools: [good, ...bad, { ...good, name: 'last' }] } }));
    expect(await servers.list('far')).toEqual({ tools: [goodTool, { ...goodTool, name: 'last' }], leftOut });
    expect(rig.logged).toEqual([{ fields: { leftOut }, message: 'Tools of an MCP server were left out' }]);
    expect(await rig.session({ server_label: 'again', server_url: raw.url }).list('again')).toHaveProperty('leftOut', leftOut);
  });

  it('keeps the tools behind one that is too large', async () => {
    const listing = await list([{ ...good, name: 'large', description: 'x'.repeat(600_000) }, good]);
    expect(listing).toEqual({
      tools: [goodTool],
      leftOut: [{ name: 'large', reason: 'the list would have more than 524288 bytes with it' }],
    });
  });

  it('keeps the pages that came when the server refuses the next', async () => {
    const servers = await session(({ id, method, params }) => {
      if (method === 'initialize') return [{ jsonrpc: '2.0', id, result: initialized }];
      if (params?.cursor !== undefined) return [{ jsonrpc: '2.0', id, error: { code: -32_602, message: 'Invalid cursor' } }];
      return [{ jsonrpc: '2.0', id, result: { tools: [good], nextCursor: 7 } }];
    });
    const reason = 'the server refused to give the rest of its list';
    expect(await servers.list('far')).toEqual({ tools: [goodTool], leftOut: [{ name: null, reason }] });
    expect(raw.asked.at(-1)?.params).toEqual({ cursor: '7' });
  });

  it.each([[null], [undefined], [[]]])('that is %j is empty', async (tools) => {
    expect(await list(tools)).toEqual({ tools: [] });
  });

  it('that is none is an error in words', async () => {
    expect(messageOf(await list('none'))).toBe('The MCP server answered with something that is not a list of tools');
  });
});

describe('a result', () => {
  it.each([
    [{ content: null }, ''],
    [{}, ''],
    [null, ''],
    [{ content: 'four' }, 'four'],
    [{ content: { type: 'text', text: 'four' } }, 'four'],
    [{ content: ['four', null, { type: 'text', text: null }] }, 'four\n\n'],
    [[{ type: 'text', text: 'four' }], 'four'],
    [
      {
        content: [
          { type: 'video', url: 'x' },
          { type: null, text: 'four' },
        ],
      },
      '[video]\nfour',
    ],
    [
      {
        content: [
          { type: 'resource', resource: null },
          { type: 'resource', resource: { uri: null, text: 'four' } },
        ],
      },
      '[resource: 0 bytes]\nfour',
    ],
    [{ toolResult: { sum: 4 } }, '{"sum":4}'],
    [{ content: [], structuredContent: [4] }, '[4]'],
  ])('that is %j is read', async (result, output) => {
    expect(await call(result)).toEqual({ output });
  });

  it('hears progress whose other fields are null', async () => {
    const servers = await session(({ id, method, params }) => {
      if (method === 'initialize') return [{ jsonrpc: '2.0', id, result: initialized }];
      const progressToken = params?._meta?.progressToken;
      return [
        {
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken, progress: 1, total: null, message: null, _meta: null },
        },
        { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'four' }] } },
      ];
    });
    const progress: unknown[] = [];
    expect(await servers.call('far', 'add', '{}', { onProgress: (step) => progress.push(step) })).toEqual({ output: 'four' });
    expect(progress).toEqual([{ progress: 1 }]);
  });
});

describe('what a server sends', () => {
  it('R7: is answered with the id that it has, in the same type', async () => {
    const servers = await session(({ id, method }) => {
      if (method === undefined) return [];
      if (method === 'initialize') return [{ jsonrpc: '2.0', id, result: initialized }];
      return [
        { jsonrpc: '2.0', id: '7', method: 'ping' },
        { jsonrpc: '2.0', id, result: { content: 'four' } },
      ];
    });
    expect(await servers.call('far', 'add', '{}')).toEqual({ output: 'four' });
    await until(() => raw.asked.some(({ method }) => method === undefined));
    expect(raw.asked.find(({ method }) => method === undefined)).toEqual({ jsonrpc: '2.0', id: '7', result: {} });
  });

  it('R7: may be a batch within one event', async () => {
    const servers = await session(({ id, method }) => {
      if (method === 'initialize') return [[{ jsonrpc: '2.0', id, result: initialized }]];
      const news = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } };
      return [[news, { jsonrpc: '2.0', id, result: { content: 'four' } }]];
    });
    expect(await servers.call('far', 'add', '{}')).toEqual({ output: 'four' });
  });

  it.each(['json', 'events', 'sse'] as const)('R5: has no halves of surrogate pairs, over %s', async (way) => {
    const half = '\ud83d';
    const tool = { name: `a${half}`, description: `b${half}`, inputSchema: { properties: { [`c${half}`]: { enum: [`d${half}`] } } } };
    const servers = await session(results({ list: { tools: [tool] }, call: { content: `four${half}` } }), way);
    const properties = { 'c\ufffd': { enum: ['d\ufffd'] } };
    expect(await servers.list('far')).toEqual({
      tools: [{ name: 'a\ufffd', description: 'b\ufffd', input_schema: { type: 'object', properties } }],
    });
    expect(await servers.call('far', 'a\ufffd', '{}')).toEqual({ output: 'four\ufffd' });
  });

  it('R5: is not cut in the middle of a character', async () => {
    const faces = (before: string) => `${before}${'😀'.repeat(6000)}`;
    const answer: Answer = ({ id, method }) => [
      method === 'initialize'
        ? { jsonrpc: '2.0', id, result: initialized }
        : { jsonrpc: '2.0', id, error: { code: 1, message: faces('a') } },
    ];
    const message = messageOf(await (await session(answer)).call('far', 'add', '{}'));
    expect(message).toHaveLength(2001);
    expect(message?.isWellFormed()).toBe(true);
    expect(sentence(faces('a')).isWellFormed()).toBe(true);
    await raw.close();
    const tools = [
      { name: faces('a'), inputSchema: text },
      { name: faces('a'), description: 'Another' },
    ];
    const listing = await list(tools);
    expect(listing).toHaveProperty('leftOut.0.name', `a${'😀'.repeat(63)}\ufffd`);
  });
});

describe('an error', () => {
  const failing = async (error: unknown, way?: Way) => {
    const answer: Answer = ({ id, method }) => [
      method === 'initialize' ? { jsonrpc: '2.0', id, result: initialized } : { jsonrpc: '2.0', id, error },
    ];
    return messageOf(await (await session(answer, way)).call('far', 'add', '{}'));
  };

  it.each([
    [{ code: -32_602, message: 'Unknown tool' }, 'Unknown tool'],
    ['No such tool', 'No such tool'],
    [{ code: '7', message: null }, 'The MCP server refused without saying why'],
    [{ code: 1e300, message: 'Too many' }, 'Too many'],
    [{ message: 'Two\n  lines', data: null }, 'Two lines'],
  ])('R7: that is %j is told in words', async (error, words) => {
    expect(await failing(error)).toContain(words);
  });

  // Not over the older transport, whose one stream does not say what anything in it answers.
  it.each(['json', 'events'] as const)('R7: may be without an id over %s, as of a server that could not read its request', async (way) => {
    const answer: Answer = ({ id, method }) => [
      method === 'initialize'
        ? { jsonrpc: '2.0', id, result: initialized }
        : { jsonrpc: '2.0', id: null, error: { code: -32_700, message: 'No JSON' } },
    ];
    const servers = await session(answer, way);
    raw.keepsOpen = true;
    expect(messageOf(await servers.call('far', 'add', '{}'))).toBe('No JSON');
  });

  it('R7: is a sentence where a validator wrote JSON', async () => {
    const issues = [
      { code: 'invalid_type', expected: 'string', received: 'null', path: ['items', 0, 'name'], message: 'Expected string, received null' },
      { code: 'unrecognized_keys', path: [], message: 'Unrecognized key' },
    ];
    const message = `Invalid arguments for tool add: ${JSON.stringify(issues, null, 2)}`;
    expect(await failing({ code: -32_602, message })).toContain(
      'Invalid arguments for tool add: items.0.name: Expected string, received null; Unrecognized key',
    );
    expect(sentence(message.slice(0, -20))).toBe('Invalid arguments for tool add');
    expect(sentence('Expected [a-z] or {x}.')).toBe('Expected [a-z] or {x}.');
    expect(sentence('{"error":{"detail":"Not found"}}')).toBe('Not found');
  });

  it.each([
    ['json', '<html>'],
    ['json', '[1, 2]'],
    ['json', { jsonrpc: '2.0', id: 'x', result: 3 }],
    ['events', 'nothing'],
    ['events', '{"id":1}'],
    ['events', { jsonrpc: '2.0', id: 'x', result: 3 }],
  ] as const)('R7: of an answer over %s that is %j is in words, at once', async (way, answer) => {
    const servers = await session(
      ({ id, method }) => (method === 'initialize' ? [{ jsonrpc: '2.0', id, result: initialized }] : [answer]),
      way,
    );
    expect(messageOf(await servers.call('far', 'add', '{}'))).toMatch(/^The MCP server [\w\s]+$/);
  });

  it.each([
    ['json', "another's id", [{ jsonrpc: '2.0', id: 'x', result: {} }]],
    ['events', "another's id", [{ jsonrpc: '2.0', id: 'x', result: {} }]],
    ['events', "another's id in a batch", [[{ jsonrpc: '2.0', id: 'x', result: {} }]]],
  ] as const)('R7: of an answer over %s with %s does not wait for the stream to end', async (way, _, answer) => {
    const servers = await session(
      ({ id, method }) => (method === 'initialize' ? [{ jsonrpc: '2.0', id, result: initialized }] : answer),
      way,
    );
    raw.keepsOpen = true;
    const words = 'The MCP server sent something that is no answer to what it was asked';
    expect(messageOf(await servers.call('far', 'add', '{}'))).toBe(words);
  });

  it('R7: of the older transport is waited for, as nothing says what an answer with another id belongs to', async () => {
    const servers = await session(
      ({ id, method }) => [method === 'initialize' ? { jsonrpc: '2.0', id, result: initialized } : { jsonrpc: '2.0', id: 'x', result: {} }],
      'sse',
    );
    const ended = servers.call('far', 'add', '{}');
    await until(() => raw.asked.some(({ method }) => method === 'tools/call'));
    await breathe();
    clock.advance(60_000);
    expect(messageOf(await ended)).toBe('The tool did not answer within 20 seconds');
  });
});
