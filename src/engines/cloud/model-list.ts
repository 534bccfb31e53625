// Asks a server which models it has. Strict about the answer, because discovery takes anything that answers for a model server.
import { getJson, type JsonRequest } from './get-json.ts';

interface ListRequest extends JsonRequest {
  readonly baseUrl: string;
}

/** The ids of GET /models that can hold a conversation, or undefined when nothing there answers like a model server in time. */
export async function listModels(request: ListRequest): Promise<string[] | undefined> {
  const body = await answerOf(`${request.baseUrl.replace(/\/+$/, '')}/models`, request);
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
  const body = await answerOf(request.baseUrl.replace(/\/v1\/?$/, '/api/version'), request);
  return typeof (body as { version?: unknown } | undefined)?.version === 'string';
}

/** Nobody there, too slow, or not JSON: no list. */
function answerOf(url: string, request: JsonRequest): Promise<unknown> {
  return getJson(url, request).catch(() => undefined);
}
