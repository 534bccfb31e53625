// Where a server is and what proves who asks: the only place that reads `authorization` and `headers`, and the only holder of them.
import { withoutSecrets } from '../lib/redact.ts';
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
  /**
   * The text of a result without what proves who asks, should its server echo that. Other values of headers stay, unlike in errors: a result may
   * well have the word `english` in it.
   */
  readonly withoutCredentials: (text: string) => string;
  /** What is wrong with it, if anything: then it is not asked at all. */
  readonly fault: string | undefined;
}

/** These are the protocol's or the connection's own. */
const reserved = new Set(['accept', 'content-type', 'mcp-session-id', 'mcp-protocol-version', 'last-event-id', 'host', 'content-length']);
for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'expect', 'te', 'trailer']) reserved.add(name);

/** Names of headers, and of a query's parameters, that hold credentials. */
const credentialName = /auth|cookie|cred|key|pass|secret|session|sig|token/i;
/** What is shorter is as likely a word. */
const fewestOfCredential = 6;

export function targetOf(config: McpServerConfig): McpTarget {
  const headers = new Map<string, string>();
  const { server_url: url = '' } = config;
  let fault = URL.canParse(url) ? undefined : 'Its server_url is not a URL';
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
  const secrets = [...headers.values()].flatMap((value) => spread(value, { scheme: true }));
  const query = [...(URL.parse(url)?.searchParams ?? [])];
  const credentials = [...headers, ...query]
    .filter(([name]) => credentialName.test(name))
    .flatMap(([, value]) => spread(value, { scheme: false }))
    .filter((value) => value.length >= fewestOfCredential);
  return {
    url,
    headers,
    key: cacheKey(url, headers),
    redact: redactor([...secrets, ...query.map(([, value]) => value)]),
    withoutCredentials: (text) => withoutSecrets(text, credentials),
    fault,
  };
}

/** A header's value, and its words: what belongs to a scheme (`Bearer`), and where it is wanted the scheme before it. */
function spread(value: string, { scheme }: { scheme: boolean }): string[] {
  const words = value.split(/\s+/);
  return [value, ...(scheme || !/^[A-Za-z]{1,12}$/.test(words[0] ?? '') ? words : words.slice(1))];
}

/** What a header refuses it quotes in its error, so that error goes nowhere. */
function isHeader(name: string, value: string): boolean {
  try {
    return new Headers([[name, value]]).has(name);
  } catch {
    return false;
  }
}
