// Who may have a short-lived secret for the console: its own page and nobody else's, on this machine or with a key. A page of another origin, a
// name that was made to point here (DNS rebinding) and a proxy's visitors are not this machine.
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../store/principal.ts';
import { type Gate } from './routes/deps.ts';
import { Refusal } from './routes/family.ts';

export interface ConsoleAccess {
  readonly access: Gate;
  /** Whether the page of this very machine is let in without a key, and as whom. */
  readonly local: (() => Promise<Principal | undefined>) | undefined;
  /** Names beside loopback ones by which the page may be reached. */
  readonly hosts: readonly string[];
}

/**
 * The one a request of the console's page comes from.
 * @throws Refusal when it is not the console's own page (403), or needs a key and brings none (401).
 */
export async function admitConsole(request: FastifyRequest, { access, local, hosts }: ConsoleAccess): Promise<Principal> {
  const host = hostOf(request.headers.host);
  if (host === undefined || !(isLoopbackName(host) || hosts.includes(host))) {
    throw new Refusal(
      403,
      'host_not_allowed',
      `The console is not served as '${host ?? ''}'. Open it as localhost, or name this host in PARLEY_CONSOLE_HOSTS.`,
    );
  }
  if (!isOwnOrigin(request)) throw new Refusal(403, 'origin_not_allowed', "Only the console's own page may ask for this.");
  const principal = await access.authenticate({ authorization: request.headers.authorization }, new URLSearchParams(), 'api');
  if (principal) return principal;
  if (request.headers.authorization === undefined && local && isThisMachine(request, host)) {
    const own = await local();
    if (own) return own;
  }
  throw new Refusal(401, 'invalid_api_key', 'The console needs an API key here.');
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
const forwarding = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

function isThisMachine(request: FastifyRequest, host: string): boolean {
  // To loopback every current browser says it, so that a missing one is no browser.
  return comesFromHere(request, host) && request.headers['sec-fetch-site'] === 'same-origin';
}

function comesFromHere(request: FastifyRequest, host: string): boolean {
  return (
    isLoopbackAddress(request.socket.remoteAddress ?? '') &&
    isLoopbackName(host) &&
    forwarding.every((name) => request.headers[name] === undefined)
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
