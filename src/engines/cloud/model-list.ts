// Asks a server which models it has. Strict about the answer, because discovery takes anything that answers for a model server.
import type { Clock } from '../../lib/clock.ts';

const LIST_BYTES = 2 * 1024 * 1024;

export interface ListRequest {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** The ids of GET /models that can hold a conversation, or undefined when nothing there answers like a model server in time. */
export async function listModels(request: ListRequest): Promise<string[] | undefined> {
  const body = await getJson(`${request.baseUrl.replace(/\/+$/, '')}/models`, request);
  const list = Array.isArray(body) ? body : (body as { data?: unknown } | undefined)?.data;
  if (!Array.isArray(list)) return undefined;
  const ids = list.map((entry: unknown) => (entry as { id?: unknown } | null)?.id);
  if (!ids.every((id) => typeof id === 'string')) return undefined;
  // Google puts the kind of thing before the name.
  return ids.map((id) => id.replace(/^models\//, '')).filter((id) => !notForTalking.test(id));
}

const notForTalking = /embed|rerank|whisper|\btts\b|transcribe|dall-e|moderation|imagen|veo-|sora|(?:^|\/)(?:bge|all-minilm|e5)-/i;

/** Whether Ollama itself answers beside its OpenAI endpoint. */
export async function answersAsOllama(request: ListRequest): Promise<boolean> {
  const body = await getJson(request.baseUrl.replace(/\/v1\/?$/, '/api/version'), request);
  return typeof (body as { version?: unknown } | undefined)?.version === 'string';
}

/** What a server answers, if it is JSON and comes in time. */
export async function getJson(url: string, request: ListRequest): Promise<unknown> {
  const stop = new AbortController();
  const timer = request.clock.after(request.timeoutMs, () => stop.abort());
  const abort = () => stop.abort();
  request.signal?.addEventListener('abort', abort, { once: true });
  try {
    if (request.signal?.aborted) return undefined;
    const response = await fetch(url, { headers: request.headers, redirect: 'error', signal: stop.signal });
    if (!response.ok || !response.body) return undefined;
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of response.body) {
      size += piece.byteLength;
      if (size > LIST_BYTES) return undefined;
      pieces.push(piece);
    }
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch {
    // Nobody there, too slow, or not JSON: no list.
    return undefined;
  } finally {
    timer.cancel();
    request.signal?.removeEventListener('abort', abort);
    stop.abort();
  }
}
