// Who may have a short-lived secret for the console: its own page and nobody else's, on this machine or with a key. A page of another origin, a
// name that was made to point here (DNS rebinding) and a proxy's visitors are not this machine.
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../store/principal.ts';
import type { Doors } from './routes/deps.ts';
import { Refusal, welcome } from './routes/family.ts';

export interface ConsoleAccess extends Doors {
  /** Whether the page of this very machine is let in without a key, and as whom. */
  readonly local: (() => Promise<Principal | undefined>) | undefined;
  /** Names beside loopback ones by which the page may be reached. */
  readonly hosts: readonly string[];
}

/**
 * The one a request of the console's page comes from.
 * @throws Refusal when it is not the console's own page (403), or needs a key and brings none (401).
 */
export async function admitConsole(request: FastifyRequest, { access, reception, local, hosts }: ConsoleAccess): Promise<Principal> {
  const host = hostOf(request.headers.host);
  if (host === undefined || !(isLoopbackName(host) || hosts.includes(host))) {
    throw new Refusal(
      403,
      'host_not_allowed',
      `The console is not served as '${host ?? ''}'. Open it as localhost, or name this host in PARLEY_CONSOLE_HOSTS.`,
    );
  }
  if (!isOwnOrigin(request)) throw new Refusal(403, 'origin_not_allowed', "Only the console's own page may ask for this.");
  const { authorization } = request.headers;
  const asOwner = authorization === undefined && isThisMachine(request, host) ? local : undefined;
  const byKey = () => access.authenticate({ authorization }, new URLSearchParams(), 'api');
  const admission = await reception.admit(request.raw, asOwner ?? byKey);
  if (admission.outcome === 'unknown') throw new Refusal(401, 'invalid_api_key', 'The console needs an API key here.');
  return welcome(admission);
}

/** Browsers say where a request comes from; what they do not say (a GET has no Origin, plain http to another machine no Sec-Fetch-Site) is let be. */
function isOwnOrigin({ headers, method }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const { origin } = headers;
  if (origin === undefined) return method === 'GET';
  return URL.canParse(origin) && new URL(origin).host === headers.host?.toLowerCase();
}

/** Signs of a proxy, which would make the whole world look like this machine. */
const forwarding = [
  ...['forwarded', 'via', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip', 'x-original-host'],
  ...['cf-ray', 'cf-connecting-ip', 'fastly-client-ip', 'fly-client-ip', 'x-envoy-external-address', 'x-appengine-user-ip'],
];
const isForwarding = (name: string) =>
  forwarding.includes(name) || name.startsWith('x-forwarded') || name.startsWith('x-original-forwarded');

function isThisMachine(request: FastifyRequest, host: string): boolean {
  // To loopback every current browser says it, so that a missing one is no browser.
  return comesFromHere(request, host) && request.headers['sec-fetch-site'] === 'same-origin';
}

function comesFromHere(request: FastifyRequest, host: string): boolean {
  return (
    isLoopbackAddress(request.socket.remoteAddress ?? '') &&
    isLoopbackName(host) &&
    // Some proxies say nothing but that they are not of today; no browser speaks HTTP/1.0.
    request.raw.httpVersion === '1.1' &&
    !Object.keys(request.headers).some(isForwarding)
  );
}

/** Whether it comes from a program of this very machine, or a person at it: through no proxy, and from no page of somebody else's. */
export function isLocalVisitor(request: FastifyRequest): boolean {
  const host = hostOf(request.headers.host);
  const site = request.headers['sec-fetch-site'] ?? 'none';
  const ownWish = site === 'none' || site === 'same-origin';
  return host !== undefined && comesFromHere(request, host) && ownWish && request.headers.origin === undefined;
}

/** The name without the port, in lower case; undefined when it is no host at all. */
function hostOf(header: string | undefined): string | undefined {
  if (header === undefined || !URL.canParse(`http://${header}/`)) return undefined;
  const { hostname, pathname, username } = new URL(`http://${header}/`);
  return pathname === '/' && username === '' ? hostname.replace(/^\[|\]$/g, '') : undefined;
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && isLoopbackAddress(host));
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
