// The secrets of a server go to that server and to nobody else, whoever tells the SDK to go elsewhere.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { targetOf } from '../../src/tools/mcp-target.ts';
import { McpWire } from '../../src/tools/mcp-wire.ts';
import { type FarServer, McpRig } from './mcp-rig.ts';

let rig: McpRig;
let own: FarServer;
let other: FarServer;
beforeEach(async () => {
  rig = new McpRig();
  const intercept = (_: unknown, response: { end: (text: string) => void }) => {
    response.end('');
    return true;
  };
  [own, other] = [await rig.far({ intercept }), await rig.far({ intercept })];
});
afterEach(() => rig.close());

const wire = () =>
  new McpWire(
    targetOf({ server_label: 'far', server_url: own.url, authorization: 'token-123', headers: { 'x-tenant': 'tenant-secret' } }),
    rig.fetch,
  );

it.each(['events', 'streamable'] as const)(
  'F12: sends secrets to the server they are for, and nothing at all to another host, over %s',
  async (way) => {
    const post = { method: 'POST', body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' };
    await wire()[way](own.url, post);
    await wire()[way](new URL('/messages?session=1', own.url), post);
    expect(own.requests.map(({ headers }) => [headers.authorization, headers['x-tenant']])).toEqual([
      ['Bearer token-123', 'tenant-secret'],
      ['Bearer token-123', 'tenant-secret'],
    ]);
    const elsewhere = [other.url, own.url.replace('127.0.0.1', 'localhost'), own.url.replace('http:', 'https:')];
    for (const url of elsewhere) await expect(wire()[way](url, post)).rejects.toThrow('The MCP server pointed to another host');
    expect(other.requests).toEqual([]);
    expect(own.requests.length).toBe(2);
  },
);
