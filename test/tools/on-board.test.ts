// Servers of tools that a session has on board: what McpServers makes of them, without a network.
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { GuardedFetch } from '../../src/lib/guarded-fetch.ts';
import { silentLog } from '../../src/lib/log.ts';
import { McpCache } from '../../src/tools/mcp-cache.ts';
import { McpServers } from '../../src/tools/mcp-servers.ts';
import type { McpOutcome, McpServerConfig } from '../../src/tools/mcp-types.ts';
import type { OnBoardServer } from '../../src/tools/on-board.ts';

/** A server whose calls end when the test says so. */
class Lamp implements OnBoardServer {
  readonly calls: { name: string; args: Readonly<Record<string, unknown>>; signal: AbortSignal; end: (outcome: McpOutcome) => void }[] = [];

  list() {
    return [
      { name: 'on', input_schema: { type: 'object' } },
      { name: 'off', input_schema: { type: 'object' } },
    ];
  }

  call(name: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<McpOutcome> {
    return new Promise((end) => this.calls.push({ name, args, signal, end }));
  }
}

const named: McpServerConfig = { server_label: 'lamp', connector_id: 'the_lamp', allowed_tools: ['on'] };

function servers() {
  const clock = new ManualClock();
  const fetch = new GuardedFetch({ clock });
  const lamp = new Lamp();
  const all = new McpServers({
    clock,
    fetch,
    cache: new McpCache(clock),
    log: silentLog,
    version: '0.0.0',
    onBoard: new Map([['the_lamp', lamp]]),
  });
  onTestFinished(async () => {
    await all.close();
    await fetch.close();
  });
  return { clock, lamp, all };
}

test('its tools are listed and called as far as the session allows them', async () => {
  const { lamp, all } = servers();
  all.configure([named]);
  expect(await all.list('lamp')).toEqual({ tools: [{ name: 'on', input_schema: { type: 'object' } }] });
  expect(await all.call('lamp', 'off', '{}')).toMatchObject({ error: { message: "MCP server 'lamp' has no tool 'off' for this session" } });
  expect(await all.call('lamp', 'on', '[1]')).toMatchObject({ error: { message: "The arguments for 'on' are not a JSON object" } });
  const outcome = all.call('lamp', 'on', '{"how":"dim"}');
  await expect.poll(() => lamp.calls.length).toBe(1);
  expect(lamp.calls[0]).toMatchObject({ name: 'on', args: { how: 'dim' } });
  lamp.calls[0]?.end({ output: 'It is on.' });
  expect(await outcome).toEqual({ output: 'It is on.' });
});

test('a call goes on when the session is configured anew with it, and ends when it is let go', async () => {
  const { lamp, all } = servers();
  all.configure([named]);
  const outcome = all.call('lamp', 'on', '');
  all.configure([{ ...named, allowed_tools: null }]);
  expect(lamp.calls[0]?.signal.aborted).toBe(false);
  all.configure([]);
  expect(lamp.calls[0]?.signal.aborted).toBe(true);
  expect(await outcome).toEqual({ error: { type: 'protocol_error', code: -32_800, message: 'The call was cancelled' } });
});

test('a caller who gives up is not kept waiting', async () => {
  const { lamp, all } = servers();
  all.configure([named]);
  const end = new AbortController();
  const outcome = all.call('lamp', 'on', '', { signal: end.signal });
  end.abort();
  expect(await outcome).toHaveProperty('error.code', -32_800);
  expect(lamp.calls[0]?.signal.aborted).toBe(true);
  expect(await all.call('lamp', 'on', '', { signal: end.signal })).toHaveProperty('error.code', -32_800);
});

test('a call takes eighty seconds at most', async () => {
  const { clock, lamp, all } = servers();
  all.configure([named]);
  const outcome = all.call('lamp', 'on', '');
  clock.advance(79_999);
  expect(lamp.calls[0]?.signal.aborted).toBe(false);
  clock.advance(1);
  expect(await outcome).toHaveProperty('error.message', 'The tool was not done within 80 seconds');
});

test('what is not on board is said to be so, and nothing is reached for', async () => {
  const { all } = servers();
  all.configure([{ server_label: 'other', connector_id: 'the_oven' }]);
  const error = { type: 'protocol_error', code: -32_602, message: "This session has no connector 'the_oven'" };
  expect(await all.list('other')).toEqual({ error });
  expect(await all.call('other', 'on', '{}')).toEqual({ error });
});
