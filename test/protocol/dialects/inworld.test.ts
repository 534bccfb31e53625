// F48: Inworld's camelCase sessionConfig, field by field, and what Inworld's reference writes inside events.
import { describe, expect, test } from 'vitest';
import { parseClientEvent } from '../../../src/protocol/client-events.ts';
import { sessionConfigToGa } from '../../../src/protocol/dialects/inworld.ts';

/** What the schema of sessions makes of a sessionConfig. */
function read(sessionConfig: unknown): unknown {
  const event = parseClientEvent({ type: 'session.update', session: sessionConfigToGa(sessionConfig) });
  return 'session' in event ? event.session : undefined;
}

describe('F48: a sessionConfig', () => {
  test.each<[object, object]>([
    [{ model: 'openai/gpt-4o-mini' }, { model: 'openai/gpt-4o-mini' }],
    [{ instructions: 'Be brief.' }, { instructions: 'Be brief.' }],
    [{ temperature: 0.4 }, { temperature: 0.4 }],
    [{ maxTokens: 200 }, { max_output_tokens: 200 }],
    [{ voice: 'Olivia' }, { audio: { output: { voice: 'Olivia' } } }],
    [{ inputAudioFormat: 'pcm16' }, { audio: { input: { format: { type: 'audio/pcm', rate: 24000 } } } }],
    [{ inputAudioFormat: 'pcmu' }, { audio: { input: { format: { type: 'audio/pcmu' } } } }],
    [{ outputAudioFormat: 'pcma' }, { audio: { output: { format: { type: 'audio/pcma' } } } }],
    [
      { turnDetection: { type: 'server_vad', threshold: 0.3, silenceDurationMs: 800 } },
      { audio: { input: { turn_detection: { type: 'server_vad', threshold: 0.3, silence_duration_ms: 800 } } } },
    ],
    [
      { turnDetection: { type: 'semantic_vad', eagerness: 'low', createResponse: false, interruptResponse: true } },
      {
        audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'low', create_response: false, interrupt_response: true } } },
      },
    ],
    [{ turnDetection: { type: 'none' } }, { audio: { input: { turn_detection: null } } }],
    [{ tools: [{ type: 'function', name: 'weather' }] }, { tools: [{ type: 'function', name: 'weather' }] }],
    [{ toolChoice: 'required' }, { tool_choice: 'required' }],
    [{ toolChoice: { type: 'function', name: 'weather' } }, { tool_choice: { type: 'function', name: 'weather' } }],
  ])('%j is %j', (config, session) => {
    expect(read(config)).toEqual(session);
  });

  test('in GA shape stays as it is, and wins over the camelCase beside it', () => {
    const session = { type: 'realtime', max_output_tokens: 5, audio: { output: { voice: 'Dennis' } } };
    expect(sessionConfigToGa(session)).toEqual(session);
    expect(sessionConfigToGa({ ...session, maxTokens: 9, voice: 'Olivia' })).toEqual(session);
  });

  test('that is none goes through for the schema to refuse', () => {
    expect(sessionConfigToGa(undefined)).toBeUndefined();
    expect(sessionConfigToGa([1])).toEqual([1]);
  });
});

describe('F48: mcpServers', () => {
  const labels = (config: object) => {
    const { tools } = sessionConfigToGa(config) as { tools: { server_label: string }[] };
    return tools.map((tool) => tool.server_label);
  };

  test('become MCP tools after the others, labelled by their host', () => {
    const weather = { type: 'function', name: 'weather' };
    expect(sessionConfigToGa({ tools: [weather], mcpServers: [{ url: 'https://mcp.example.org:8443/sse', transport: 'sse' }] })).toEqual({
      tools: [
        weather,
        { type: 'mcp', server_label: 'mcp_example_org', server_url: 'https://mcp.example.org:8443/sse', require_approval: 'never' },
      ],
    });
  });

  test('have a label each, whatever the hosts are', () => {
    const servers = [{ url: 'https://a.example/1' }, { url: 'https://a.example/2' }, { url: 'http://127.0.0.1:9/' }, { url: 'no url' }, {}];
    const all = labels({ mcpServers: servers });
    expect(all).toEqual(['a_example', 'a_example_2', 'mcp_127_0_0_1', 'mcp', 'mcp_2']);
    for (const label of all) expect(label).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
    expect(labels({ tools: [{ type: 'mcp', server_label: 'a_example' }], mcpServers: [{ url: 'https://a.example/' }] })).toEqual([
      'a_example',
      'a_example_2',
    ]);
  });

  test('are labelled at once, however long the name of the host is', () => {
    const [label] = labels({ mcpServers: [{ url: `https://${'_'.repeat(300_000)}a/` }] });
    expect(label).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
  });

  test('keep a label and an approval that they name', () => {
    expect(
      sessionConfigToGa({
        mcpServers: [{ url: 'https://a.example', serverLabel: 'mine', requireApproval: 'always', allowedTools: ['x'] }],
      }),
    ).toEqual({
      tools: [{ type: 'mcp', server_url: 'https://a.example', server_label: 'mine', require_approval: 'always', allowed_tools: ['x'] }],
    });
  });

  test('that are no list, or no objects, are left for the schema to refuse', () => {
    expect(sessionConfigToGa({ mcpServers: 'x' })).toEqual({ tools: 'x' });
    expect(sessionConfigToGa({ mcpServers: ['x'] })).toEqual({ tools: ['x'] });
  });
});

describe("events as Inworld's reference writes them", () => {
  test("a response's configuration has a flat voice and may name its conversation", () => {
    const response = {
      conversation: 'auto',
      output_modalities: ['audio', 'text'],
      instructions: 'Be cheerful.',
      voice: 'Olivia',
      max_output_tokens: 'inf',
      tool_choice: { type: 'auto' },
      tools: [],
    };
    expect(parseClientEvent({ type: 'response.create', response })).toMatchObject({
      response: { conversation: 'auto', output_modalities: ['audio', 'text'], audio: { output: { voice: 'Olivia' } }, tool_choice: 'auto' },
    });
  });

  test('a result of a function is an item of its own type, or of the role tool', () => {
    const output = { type: 'function_call_output', call_id: 'call_1', output: '"rain"' };
    for (const item of [
      { type: 'function_call_result', call_id: 'call_1', output: '"rain"' },
      { type: 'message', role: 'tool', call_id: 'call_1', content: '"rain"' },
    ]) {
      expect(parseClientEvent({ type: 'conversation.item.create', item })).toMatchObject({ item: output });
    }
  });
});
