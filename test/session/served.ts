// A session with an MCP server that has told its tools: what calls, approvals and interruptions are tried on.
import type { ServerEventType } from '../../src/protocol/server-events.ts';
import { Rig, type RigOptions } from './rig.ts';

/** An MCP server as a client writes it. Its tools need no leave, unless it says otherwise. */
export function docs(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: 'mcp', server_label: 'docs', server_url: 'https://docs.example/mcp', require_approval: 'never', ...more };
}

export const crm = docs({ server_label: 'crm', server_url: 'https://crm.example/mcp' });

export const create = { type: 'response.create' };

export function update(session: Record<string, unknown>) {
  return { type: 'session.update', session };
}

/** A rig whose server `docs` (mcpl_1) offers `search` and `get_page`. */
export function served(options: RigOptions = {}, server: Record<string, unknown> = {}): Rig {
  const rig = new Rig({ turnDetection: null, ...options });
  rig.client(update({ tools: [docs(server)] }));
  rig.listed('mcpl_1', 'search', 'get_page');
  return rig;
}

/** A rig whose model has been asked and has called `search` as often as there are queries; its response (resp_1) goes on. */
export function calling(queries: readonly string[], options: RigOptions = {}, server: Record<string, unknown> = {}): Rig {
  const rig = served(options, server);
  rig.says('What is Parley?');
  rig.client(create);
  rig.wait(200);
  queries.forEach((q, index) => rig.call('resp_1', `call_${index + 1}`, 'docs__search', JSON.stringify({ q })));
  return rig;
}

/** The same; and the model has ended, so that the calls run. */
export function running(queries: readonly string[], options: RigOptions = {}, server: Record<string, unknown> = {}): Rig {
  const rig = calling(queries, options, server);
  rig.end('resp_1');
  return rig;
}

/** The types of what was sent from that event on. */
export function typesFrom(rig: Rig, type: ServerEventType): string[] {
  const types = rig.sent.map((event) => event.type);
  return types.slice(types.indexOf(type));
}

/** What the shell was told to do about MCP calls, a line each: `call mcp_1`, `abort mcp_1`. */
export function orders(rig: Rig): string[] {
  return rig.effects.flatMap((effect) =>
    effect.kind === 'mcp.call' || effect.kind === 'mcp.abort' ? `${effect.kind.slice(4)} ${effect.item}` : [],
  );
}

/** The last turns the model was told. */
export function lastTurns(rig: Rig, count: number) {
  return rig.prompts.at(-1)?.turns.slice(-count);
}
