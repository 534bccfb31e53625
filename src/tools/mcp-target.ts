// Where a server is and what proves who asks: the only place that reads `authorization` and `headers`, and the only holder of them.
import { cacheKey } from './mcp-cache.ts';
import { type Redact, redactor } from './mcp-failure.ts';
import type { McpServerConfig } from './mcp-types.ts';

export interface McpTarget {
  readonly url: string;
  /** By lower-case name. For requests to `url` and nothing else. */
  readonly headers: ReadonlyMap<string, string>;
  /** The same for the same server seen with the same headers. */
  readonly key: string;
  readonly redact: Redact;
  /** What is wrong with it, if anything: then it is not asked at all. */
  readonly fault: string | undefined;
}

/** These are the protocol's or the connection's own. */
const reserved = new Set(['accept', 'content-type', 'mcp-session-id', 'mcp-protocol-version', 'last-event-id', 'host', 'content-length']);
for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'expect', 'te', 'trailer']) reserved.add(name);

export function targetOf(config: McpServerConfig): McpTarget {
  const headers = new Map<string, string>();
  let fault = URL.canParse(config.server_url) ? undefined : 'Its server_url is not a URL';
  for (const [name, value] of Object.entries(config.headers ?? {})) {
    if (!isHeader(name, value)) fault ??= `Its header '${name.slice(0, 64)}' cannot be sent`;
    else if (!reserved.has(name.toLowerCase())) headers.set(name.toLowerCase(), value);
  }
  const { authorization } = config;
  if (authorization) {
    // A value with a space in it has brought its scheme.
    const value = /^\S+\s+\S/.test(authorization) ? authorization : `Bearer ${authorization}`;
    if (isHeader('authorization', value)) headers.set('authorization', value);
    else fault ??= 'Its authorization cannot be sent';
  }
  const secrets = [...headers.values()].flatMap((value) => [value, ...value.split(/\s+/)]);
  const query = URL.parse(config.server_url)?.searchParams.values() ?? [];
  return { url: config.server_url, headers, key: cacheKey(config.server_url, headers), redact: redactor([...secrets, ...query]), fault };
}

/** What a header refuses it quotes in its error, so that error goes nowhere. */
function isHeader(name: string, value: string): boolean {
  try {
    return new Headers([[name, value]]).has(name);
  } catch {
    return false;
  }
}
