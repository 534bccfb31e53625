// What the page asks of its server over HTTP, as one who may: a page of this machine, or with the key the user typed.
import { sentence } from '../realtime/sentences.ts';

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

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ServerRefusal';
    this.status = status;
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

async function ask(path: string, init: RequestInit): Promise<Response> {
  const key = sessionStorage.getItem(keyName);
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, headers: key === null ? {} : { Authorization: `Bearer ${key}` }, cache: 'no-store' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ServerRefusal(0, 'The server does not answer.');
  }
  if (answer.ok) return answer;
  const body = (await answer.json().catch(() => ({}))) as { error?: { message?: string; code?: string | null } };
  const message = body.error?.message ?? `The server answered ${answer.status}.`;
  throw new ServerRefusal(answer.status, answer.status === 403 ? message : (sentence({ code: body.error?.code, message }) ?? message));
}
