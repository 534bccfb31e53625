// The calls of an answer as servers stream them, each in its own shape: every call has its own arguments, and those are JSON.
import { describe, expect, it } from 'vitest';
import { ToolNames } from '../../src/engines/cloud/call-fields.ts';
import { type ChatChunk, ChatParts } from '../../src/engines/cloud/openai-parts.ts';
import { countingIds } from '../../src/lib/ids.ts';
import type { LlmPart } from '../../src/engines/engine.ts';

/** The lines of a stream as a server sends them. */
function read(...lines: string[]): LlmPart[] | undefined {
  const parts = new ChatParts(countingIds(), new ToolNames([]));
  const read = lines.flatMap((line) => parts.push(JSON.parse(line) as ChatChunk));
  const last = parts.end();
  return last && [...read, ...last];
}

/** What a reader has who believes that a call is over as soon as the next part is none of its own. */
function calls(parts: readonly LlmPart[] | undefined): string[] {
  const whole: { callId: string; name: string; text: string }[] = [];
  for (const part of parts ?? []) {
    if (part.type === 'call') whole.push({ callId: part.callId, name: part.name, text: '' });
    const last = whole.at(-1);
    if (part.type === 'arguments' && last?.callId === part.callId) last.text += part.delta;
  }
  return whole.map(({ name, text }) => `${name} ${text}`);
}

const delta = (...toolCalls: object[]) =>
  JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: toolCalls }, finish_reason: null }] });
const finish = (reason: string) => JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });

describe('parallel calls have all their arguments', () => {
  it('from OpenAI: the name first, then the arguments in pieces, one call after the other', () => {
    const parts = read(
      '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}]}',
      '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_A","type":"function","function":{"name":"get_weather","arguments":""}}]},"finish_reason":null}]}',
      '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"ci"}}]},"finish_reason":null}]}',
      '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"ty\\": \\"Paris\\"}"}}]},"finish_reason":null}]}',
      '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_B","type":"function","function":{"name":"hang_up","arguments":""}}]},"finish_reason":null}]}',
      '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]},"finish_reason":null}]}',
      '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}',
    );
    expect(calls(parts)).toEqual(['get_weather {"city": "Paris"}', 'hang_up {}']);
  });

  it('from vLLM: names without arguments, whose pieces come by turns', () => {
    const parts = read(
      delta({ id: 'chatcmpl-tool-1', type: 'function', index: 0, function: { name: 'get_weather' } }),
      delta({ id: 'chatcmpl-tool-2', type: 'function', index: 1, function: { name: 'get_time' } }),
      delta({ index: 1, function: { arguments: '{"zone": ' } }, { index: 0, function: { arguments: '{"city": ' } }),
      delta({ index: 0, function: { arguments: '"Paris"}' } }, { index: 1, function: { arguments: '"CET"}' } }),
      finish('tool_calls'),
    );
    expect(calls(parts)).toEqual(['get_weather {"city": "Paris"}', 'get_time {"zone": "CET"}']);
  });

  it('from vLLM where a function must be called: each piece has the name again, and another id', () => {
    const parts = read(
      delta({ id: 'chatcmpl-tool-1', type: 'function', index: 0, function: { name: 'get_weather', arguments: '{"' } }),
      delta({ id: 'chatcmpl-tool-2', type: 'function', index: 0, function: { name: 'get_weather', arguments: 'city' } }),
      delta({ id: 'chatcmpl-tool-3', type: 'function', index: 0, function: { name: 'get_weather', arguments: '":"Paris"}' } }),
      finish('stop'),
    );
    expect(calls(parts)).toEqual(['get_weather {"city":"Paris"}']);
  });

  it('from Mistral: whole calls in one piece, all of them called "null"', () => {
    const parts = read(
      '{"choices":[{"index":0,"delta":{"content":"","tool_calls":[{"id":"null","function":{"name":"get_weather","arguments":"{\\"city\\": \\"Paris\\"}"},"index":0},{"id":"null","function":{"name":"get_time","arguments":"{\\"zone\\": \\"CET\\"}"},"index":1}]},"finish_reason":"tool_calls"}]}',
    );
    expect(calls(parts)).toEqual(['get_weather {"city": "Paris"}', 'get_time {"zone": "CET"}']);
    expect(parts?.flatMap((part) => (part.type === 'call' ? part.callId : []))).toEqual(['call_1', 'call_2']);
  });

  it('from Mistral: without an index, with objects as arguments', () => {
    const parts = read(
      delta(
        { id: 'D681PevKs', function: { name: 'get_weather', arguments: { city: 'Paris' } } },
        { id: 'kS91mmZq2', function: { name: 'hang_up', arguments: {} } },
      ),
      finish('tool_calls'),
    );
    expect(calls(parts)).toEqual(['get_weather {"city":"Paris"}', 'hang_up {}']);
  });

  it('from Gemini: every call is number 0 and has an empty id', () => {
    const parts = read(
      delta({ function: { arguments: '{"city":"Paris"}', name: 'get_weather' }, id: '', index: 0, type: 'function' }),
      delta({ function: { arguments: '{"city":"Rome"}', name: 'get_weather' }, id: '', index: 0, type: 'function' }),
      delta({ function: { arguments: '{}', name: 'hang_up' }, id: '', index: 0, type: 'function' }),
      finish('tool_calls'),
    );
    expect(calls(parts)).toEqual(['get_weather {"city":"Paris"}', 'get_weather {"city":"Rome"}', 'hang_up {}']);
  });

  it('where all have one id and no index', () => {
    const parts = read(
      delta(
        { id: 'call', function: { name: 'f', arguments: '{"x":1}' } },
        { id: 'call', function: { name: 'f', arguments: '{"x":2}' } },
        { id: 'call', function: { name: 'g', arguments: '' } },
      ),
      finish('tool_calls'),
    );
    expect(calls(parts)).toEqual(['f {"x":1}', 'f {"x":2}', 'g {}']);
  });

  it('where the id comes before the name, and some arguments too', () => {
    const parts = read(
      delta({ index: 0, id: 'a', type: 'function', function: { arguments: '{"x"' } }),
      delta({ index: 0, function: { name: 'f', arguments: ':' } }),
      delta({ index: 0, function: { arguments: '1}' } }),
      finish('tool_calls'),
    );
    expect(calls(parts)).toEqual(['f {"x":1}']);
    expect(parts?.[0]).toMatchObject({ callId: 'a' });
  });

  it('where every piece has an id of its own and nothing else to know it by', () => {
    const parts = read(
      delta({ id: 'a', function: { name: 'f', arguments: '' } }),
      delta({ id: 'b', function: { arguments: '{"x":' } }),
      delta({ id: 'c', function: { arguments: '1}' } }),
      finish('tool_calls'),
    );
    expect(calls(parts)).toEqual(['f {"x":1}']);
  });

  it('where a piece of an earlier call comes late', () => {
    const parts = read(
      delta({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
      delta({ index: 1, id: 'b', function: { name: 'g', arguments: '{"y":2}' } }),
      delta({ index: 0, function: { arguments: '\n' } }),
      delta({ index: 2, id: 'c', function: { name: 'h', arguments: '{"z":' } }),
      delta({ index: 1, function: { arguments: ' ' } }),
      delta({ index: 2, function: { arguments: '3}' } }),
      finish('tool_calls'),
    );
    expect(calls(parts)).toEqual(['f {"x":1}', 'g {"y":2}', 'h {"z":3}']);
  });
});

describe('the arguments of a call are a JSON object', () => {
  it.each([
    ['none at all', [{}], '{}'],
    ['nothing', [{ arguments: '' }], '{}'],
    ['a blank', [{ arguments: ' \n' }], '{}'],
    ['null', [{ arguments: null }], '{}'],
    ['the word null', [{ arguments: 'nu' }, { arguments: 'll' }], '{}'],
    ['an empty text in quotes', [{ arguments: '""' }], '{}'],
    ['an empty list', [{ arguments: [] }], '{}'],
    ['JSON in quotes, in pieces', [{ arguments: '"{\\"x\\"' }, { arguments: ':1}"' }], '{"x":1}'],
    ['the object twice', [{ arguments: '{"x":{"y":"}"}}' }, { arguments: '{"x":{"y":"}"}}' }], '{"x":{"y":"}"}}'],
    ['an empty object before the true one', [{ arguments: '{}' }, { arguments: '{"x":' }, { arguments: '1}' }], '{"x":1}'],
    ['blanks without end', [{ arguments: '{' }, { arguments: '\n\n' }, { arguments: '}\n\n' }, { arguments: '\n' }], '{}'],
    ['no JSON', [{ arguments: 'Paris' }], '{"arguments":"Paris"}'],
  ])('where a server sends %s', (_, pieces, expected) => {
    const [first, ...rest] = pieces;
    const parts = read(
      delta({ index: 0, id: 'a', function: { name: 'f', ...first } }),
      ...rest.map((piece) => delta({ index: 0, function: piece })),
      delta({ index: 1, id: 'b', function: { name: 'g', arguments: '{"z":3}' } }),
      finish('tool_calls'),
    );
    expect(calls(parts)).toEqual([`f ${expected}`, 'g {"z":3}']);
  });

  it('or the answer is no answer, where the stream breaks off in the middle of them', () => {
    expect(read(delta({ index: 0, id: 'a', function: { name: 'transfer', arguments: '{"amount": 10' } }))).toBeUndefined();
  });

  it('unless the model had no tokens left for them, which is said', () => {
    const parts = read(delta({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x": 10' } }), finish('length'));
    expect(calls(parts)).toEqual(['f {"x": 10']);
    expect(parts?.at(-1)).toEqual({ type: 'end', reason: 'length' });
  });

  it('which is looked through once, however many pieces they come in', () => {
    const parts = new ChatParts(countingIds(), new ToolNames([]));
    const piece = (text: string) => parts.push({ choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: text } }] } }] });
    parts.push({ choices: [{ delta: { tool_calls: [{ index: 0, function: { name: 'f', arguments: '{"list":[{}' } }] } }] });
    // A call that waits is what makes the first one looked at.
    parts.push({ choices: [{ delta: { tool_calls: [{ index: 1, function: { name: 'g' } }] } }] });
    let parsed = 0;
    const parse = JSON.parse;
    JSON.parse = (...given) => {
      parsed += given[0].length;
      return parse(...given) as unknown;
    };
    try {
      for (let count = 0; count < 1000; count++) piece(',{}');
      piece(']}');
      expect(parts.end()?.at(-1)).toEqual({ type: 'end', reason: 'tool_calls' });
    } finally {
      JSON.parse = parse;
    }
    expect(parsed).toBeLessThan(10_000);
  });
});
