// A real MCP server that knows the weather, made with the protocol's own SDK, and a session's settings to reach it.
import { FarServer } from '../../tools/mcp-rig.ts';

/** What a server must be told before a session may reach a tool server of this machine. */
export const loopbackAllowed = { PARLEY_ALLOW_HOSTS: '127.0.0.1' };

export const token = 'weather-token-0123456789';

export async function weatherServer(): Promise<FarServer> {
  const far = await new FarServer().start();
  far.tools = [
    {
      name: 'get_weather',
      description: 'Fetch the weather for a location',
      inputSchema: { type: 'object', properties: { location: { type: 'string', description: 'City' } }, required: ['location'] },
    },
  ];
  far.handle = (call) => ({ content: [{ type: 'text', text: `It is rainy in ${String(call.arguments['location'])}.` }] });
  return far;
}

/** The tool as a client of the wire writes it. */
export function weatherTool(far: FarServer, approval: 'always' | 'never') {
  return { type: 'mcp', server_label: 'weather', server_url: far.url, authorization: token, require_approval: approval } as const;
}
