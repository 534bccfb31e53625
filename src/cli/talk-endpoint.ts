// Where to call and with which key: a URL as people type it becomes a WebSocket URL and the header that opens it.
import { UsageError } from './arguments.ts';
import { randomToken } from '../lib/ids.ts';

export interface Endpoint {
  readonly url: URL;
  /** Inworld takes the model from session.update, OpenAI from the address. */
  readonly dialect: 'openai' | 'inworld';
}

/**
 * `text` may be ws, wss, http or https; an address without a path gets `/v1/realtime`.
 * @throws {UsageError} when it is no such URL.
 */
export function endpointOf(text: string, model: string | undefined): Endpoint {
  const url = URL.parse(text.includes('://') ? text : `ws://${text}`);
  if (!url) throw new UsageError(`--url '${text}' is not a URL.`);
  const protocol = { 'ws:': 'ws:', 'http:': 'ws:', 'wss:': 'wss:', 'https:': 'wss:' }[url.protocol];
  if (!protocol) throw new UsageError(`--url must begin with ws, wss, http or https, not '${url.protocol}'.`);
  // A string and a new URL: the protocol setter refuses to go from http to ws.
  const socketUrl = new URL(protocol + url.href.slice(url.protocol.length));
  if (/^\/+(v1\/*)?$/.test(socketUrl.pathname)) socketUrl.pathname = '/v1/realtime';

  const dialect = /\/realtime\/session\/?$/.test(socketUrl.pathname) ? 'inworld' : 'openai';
  const query = socketUrl.searchParams;
  if (dialect === 'inworld') {
    if (!query.has('key')) query.set('key', `talk-${randomToken(16)}`);
    if (!query.has('protocol')) query.set('protocol', 'realtime');
  } else if (model !== undefined) query.set('model', model);
  return { url: socketUrl, dialect };
}

/** The `authorization` header for `key`. A key that already names its scheme is sent as it is. */
export function authorizationOf(key: string, dialect: Endpoint['dialect']): string {
  if (/^(basic|bearer) /i.test(key)) return key;
  const shortLived = key.startsWith('ek_') || /^eyJ[^.]+\.[^.]+\.[^.]*$/.test(key);
  return dialect === 'inworld' && !shortLived ? `Basic ${key}` : `Bearer ${key}`;
}

export interface KeySources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of the server's own key file, or undefined when there is none. */
  readonly readKeyFile: () => string | undefined;
}

/**
 * The key to use where none was typed. A key goes only to the place it belongs to: the key file is for this machine's server,
 * and the two public services get their own variable and never Parley's.
 */
export function defaultKey(url: URL, { env, readKeyFile }: KeySources): string | undefined {
  const host = url.hostname;
  if (host === 'openai.com' || host.endsWith('.openai.com')) return firstOf(env['OPENAI_API_KEY']);
  if (host === 'inworld.ai' || host.endsWith('.inworld.ai')) return firstOf(env['INWORLD_API_KEY']);
  const fromEnvironment = firstOf(env['PARLEY_API_KEY']);
  if (fromEnvironment !== undefined) return fromEnvironment;
  const local = host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
  return local ? firstOf(readKeyFile()) : undefined;
}

function firstOf(list: string | undefined): string | undefined {
  return list
    ?.split(/[\n,]/)
    .map((key) => key.trim())
    .find((key) => key !== '');
}
