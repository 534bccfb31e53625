// Secrets planted wherever a session can be given one: none is on its tape, and the tape goes as the session went.
import { expect, test } from 'vitest';
import { readTape } from '../../../src/pipeline/tape/reader.ts';
import { replay } from '../../../src/pipeline/tape/replay.ts';
import type { McpTool } from '../../../src/protocol/session-config.ts';
import { birthOf, SessionOnTape } from './session-on-tape.ts';

let planted = 0;
/** Another one each time, which nothing else on a tape looks like. */
function secret(): string {
  planted += 1;
  return `geheim${planted}x${'0a'.repeat(8)}`;
}

function server(label: string): McpTool {
  return {
    type: 'mcp',
    server_label: label,
    server_url: `https://${secret()}:${secret()}@mcp.example.com/s/${secret()}/mcp?api_key=${secret()}#${secret()}`,
    authorization: `Bearer ${secret()}`,
    headers: { 'X-Api-Key': secret(), Cookie: `sid=${secret()}` },
    require_approval: 'never',
  };
}

test('no secret of MCP servers, of tools, of addresses or of tokens is on a tape, and it can be played', async () => {
  const birth = birthOf();
  birth.config.tools = [server('born')];
  const session = new SessionOnTape(birth);
  const listed = () => session.effects.flatMap((effect) => (effect.kind === 'mcp.list' ? effect.item : []));
  const update = (tools: unknown[]) => session.client({ type: 'session.update', session: { type: 'realtime', tools } });

  const tool = server('later');
  update([tool, { type: 'web_search', api_key: secret(), provider: { access_token: secret() } }]);
  expect(listed()).toHaveLength(2);
  session.fact({
    kind: 'mcp.listed',
    item: listed()[1] ?? '',
    tools: [{ name: 'f', description: '', input_schema: {}, annotations: null }],
  });
  // The same again is no other server, and another credential is.
  update([tool]);
  expect(listed()).toHaveLength(2);
  update([{ ...tool, authorization: `Bearer ${secret()}` }]);
  expect(listed()).toHaveLength(3);
  update([{ ...tool, headers: { ...tool.headers, 'X-Api-Key': secret() } }]);
  expect(listed()).toHaveLength(4);

  const content = [{ type: 'input_image', image_url: `https://images.example.com/cat.png?X-Amz-Signature=${secret()}` }];
  session.client({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
  session.fact({ kind: 'mcp.unlisted', item: listed()[3] ?? '' });
  session.client({ type: 'response.create', response: { tools: [server('of_a_response')] } });
  session.fact({ kind: 'mcp.unlisted', item: listed()[4] ?? '' });
  session.wait(10);

  const wanted = JSON.stringify(session.effects);
  // They have gone where they belong.
  expect(wanted.match(/geheim\d+x/g)?.length).toBeGreaterThan(20);
  const text = await session.ended();
  expect(text).toContain('mcp.example.com');
  expect(text).not.toMatch(/geheim/);
  // Nor any piece of one.
  expect(text).not.toContain('0a0a');
  expect(replay(readTape(text))).toMatchObject({ state: 'same' });
});
