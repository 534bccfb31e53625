// What the page asks of its server over HTTP, as one who may: a page of this machine, or with the key the user typed.
import type { Trial } from '../realtime/router-trial.ts';
import type { FieldFault, RouterFolder, RouterJson } from '../realtime/routers.ts';
import { sentence } from '../realtime/sentences.ts';
import type { UsageAnswer } from '../realtime/usage.ts';

export interface Voice {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly language: string;
  readonly gender: string;
  /** Whose it is: `parley` for those of the server itself. */
  readonly provider: string;
}

/** Who does a kind of work at the server, and why it is not who should. */
export interface Engine {
  readonly kind: string;
  readonly name: string;
  readonly problem?: string;
}

export interface Catalogue {
  /** Ids of who may answer, hear and speak. */
  readonly models: readonly string[];
  readonly recognisers: readonly string[];
  readonly speech_models: readonly string[];
  readonly voices: readonly Voice[];
  readonly engines: readonly Engine[];
  readonly default_model: string;
  readonly default_voice: string;
  /** The speech model by which the usual engine speaks. */
  readonly default_speech_model: string;
  /** Whether this server takes calls. */
  readonly webrtc: boolean;
}

/** The server said no, or nothing. */
export class ServerRefusal extends Error {
  readonly status: number;
  /** Field by field, where the server says so. */
  readonly faults: readonly FieldFault[];

  constructor(status: number, message: string, faults: readonly FieldFault[] = []) {
    super(message);
    this.name = 'ServerRefusal';
    this.status = status;
    this.faults = faults;
  }
}

const keyName = 'parley.key';

/** Gone when the tab is closed. */
export function rememberKey(key: string): void {
  sessionStorage.setItem(keyName, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(keyName);
}

/** A fresh secret for one connection. @throws ServerRefusal */
export async function fetchSecret(signal: AbortSignal): Promise<string> {
  const answer = await ask('/console/secret', { method: 'POST', signal });
  return ((await answer.json()) as { value: string }).value;
}

/** @throws ServerRefusal */
export async function fetchCatalogue(): Promise<Catalogue> {
  const answer = await ask('/console/catalogue', {});
  return (await answer.json()) as Catalogue;
}

/** What opens one WebSocket that tells of calls. @throws ServerRefusal */
export async function fetchCallTicket(signal: AbortSignal): Promise<string> {
  const answer = await ask('/console/calls', { method: 'POST', signal });
  return ((await answer.json()) as { ticket: string }).ticket;
}

/** @throws ServerRefusal */
export async function hangUpCall(id: string): Promise<void> {
  await ask(`/console/calls/${encodeURIComponent(id)}/hangup`, { method: 'POST' });
}

/** A sentence in that voice. @throws ServerRefusal */
export async function fetchSample(voice: string): Promise<ArrayBuffer> {
  const answer = await ask(`/console/voices/${encodeURIComponent(voice)}/sample`, {});
  return answer.arrayBuffer();
}

/** @throws ServerRefusal */
export async function fetchUsage(query: string, signal: AbortSignal): Promise<UsageAnswer> {
  const answer = await ask(`/console/v1/usage?${query}`, { signal });
  return (await answer.json()) as UsageAnswer;
}

/** @throws ServerRefusal */
export async function fetchRouters(signal: AbortSignal): Promise<RouterFolder> {
  const answer = await ask('/console/routers', { signal });
  return (await answer.json()) as RouterFolder;
}

const routers = '/console/router/v1/routers';

/** Its name. @throws ServerRefusal */
export async function createRouter(router: RouterJson): Promise<string> {
  const answer = await ask(routers, { method: 'POST', ...jsonBody(router) });
  const { response } = (await answer.json()) as { response: { name: string } };
  return response.name.replace(/^routers\//, '');
}

/** @param fields Those that are to be as the router here has them. @throws ServerRefusal */
export async function updateRouter(name: string, router: RouterJson, fields: readonly string[]): Promise<void> {
  const mask = encodeURIComponent(fields.join(','));
  await ask(`${routers}/${encodeURIComponent(name)}?update_mask=${mask}`, { method: 'PATCH', ...jsonBody(router) });
}

/** @throws ServerRefusal */
export async function removeRouter(name: string): Promise<void> {
  await ask(`${routers}/${encodeURIComponent(name)}`, { method: 'DELETE' });
}

/** What a router would do with a request; `router` is one that need not be kept. @throws ServerRefusal */
export async function tryRouter(wish: { readonly router?: RouterJson; readonly request: object }): Promise<Trial> {
  const answer = await ask(`${routers}:try`, { method: 'POST', ...jsonBody(wish) });
  return (await answer.json()) as Trial;
}

interface Asking {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

function jsonBody(value: object): Pick<Asking, 'body' | 'headers'> {
  return { body: JSON.stringify(value), headers: { 'Content-Type': 'application/json' } };
}

/** How the two families of routes say what is wrong. */
interface Problem {
  readonly error?: { readonly message?: string; readonly code?: string | null };
  readonly message?: string;
  readonly details?: readonly { readonly fieldViolations?: readonly FieldFault[] }[];
}

async function ask(path: string, init: Asking): Promise<Response> {
  const key = sessionStorage.getItem(keyName);
  const headers = { ...init.headers, ...(key === null ? {} : { Authorization: `Bearer ${key}` }) };
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, headers, cache: 'no-store' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ServerRefusal(0, 'The server does not answer.');
  }
  if (answer.ok) return answer;
  const { error, message: said, details = [] } = (await answer.json().catch(() => ({}))) as Problem;
  const message = error?.message ?? said ?? `The server answered ${answer.status}.`;
  const words = answer.status === 403 ? message : (sentence({ code: error?.code, message }) ?? message);
  throw new ServerRefusal(
    answer.status,
    words,
    details.flatMap(({ fieldViolations }) => fieldViolations ?? []),
  );
}
