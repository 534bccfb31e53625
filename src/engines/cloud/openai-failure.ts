// What went wrong at the far side, as an EngineError: the provider's own words for the operator, and never the key that was sent.
import { shortWithoutSecrets } from '../../lib/redact.ts';
import { EngineError, type EngineFailure } from '../engine.ts';

/** More of a message than this helps nobody. */
const MESSAGE_CHARS = 500;
/** A message nested deeper than this is none. */
const MOST_DEPTH = 8;

export interface FarSide {
  readonly id: string;
  readonly name: string;
  /** Values that must not appear in a message. */
  readonly secrets: readonly string[];
}

/**
 * The failure that an HTTP status (or an error inside the stream, with its code) stands for. `retryAfterMs`: how long the far side wants to
 * be left alone, as far as it says.
 */
export function httpFailure(side: FarSide, status: number, body: unknown, retryAfterMs?: number): EngineError {
  const { reason, retryable } = isOutOfCredit(body) ? meaning(402) : meaning(status);
  const said = messageOf(body, MOST_DEPTH);
  const text = said === '' ? `${side.name} answered with status ${status}` : `${side.name}: ${readable(said, side)} (status ${status})`;
  return new EngineError(side.id, reason, text, { retryable, retryAfterMs });
}

/** An error event in the middle of a stream; providers put a number, a name or nothing into its code. */
export function streamFailure(side: FarSide, error: unknown): EngineError {
  const fields = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const named = [fields['type'], fields['code']].filter((field) => typeof field === 'string').join(' ');
  const status =
    Number(fields['code'] ?? fields['status']) ||
    (/rate_limit/.test(named) ? 429 : /auth|api_key/.test(named) ? 401 : /invalid_request|not_found/.test(named) ? 400 : 500);
  return httpFailure(side, status, { error });
}

/** The request never got an answer: no such host, nobody listening, a certificate, a socket that broke. */
export function networkFailure(side: FarSide, cause: unknown, started: boolean): EngineError {
  const detail = readable(reasonOf(cause), side);
  const text = started ? `${side.name} broke off: ${detail}` : `${side.name} cannot be reached: ${detail}`;
  return new EngineError(side.id, started ? 'broken' : 'unavailable', text, { retryable: true });
}

function meaning(status: number): { reason: EngineFailure; retryable: boolean } {
  if (status === 401 || status === 403) return { reason: 'unauthorized', retryable: false };
  // An empty purse: the key is good for nothing until somebody pays.
  if (status === 402) return { reason: 'unauthorized', retryable: false };
  if (status === 408 || status === 504) return { reason: 'timeout', retryable: true };
  if (status === 429) return { reason: 'rate_limited', retryable: true };
  if (status >= 500) return { reason: 'broken', retryable: true };
  if (status >= 400) return { reason: 'rejected', retryable: false };
  // A redirect or an empty success: this is not a chat endpoint.
  return { reason: 'broken', retryable: false };
}

/** The body of a refusal: most are JSON, and some are plain text. */
export function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** OpenAI says 429 to those who have used up what they paid for, too: a moment later is no better. */
function isOutOfCredit(body: unknown): boolean {
  const { error } = (typeof body === 'object' && body !== null ? body : {}) as { error?: { type?: unknown; code?: unknown } | null };
  return error?.type === 'insufficient_quota' || error?.code === 'insufficient_quota';
}

/** OpenAI's {error:{message}}, Google's [{error}], Mistral's {message|detail}, Ollama's {error:"…"}, or plain text. */
function messageOf(body: unknown, depth: number): string {
  if (typeof body === 'string') return body.trimStart().startsWith('<') ? '' : body.trim();
  if (typeof body !== 'object' || body === null || depth === 0) return '';
  if (Array.isArray(body)) {
    return body
      .map((entry) => messageOf(entry, depth - 1))
      .filter(Boolean)
      .join('; ');
  }
  const fields = body as Record<string, unknown>;
  for (const key of ['error', 'message', 'detail', 'msg']) {
    const said = messageOf(fields[key], depth - 1);
    if (said !== '') return said;
  }
  return '';
}

function reasonOf(cause: unknown): string {
  let error = cause;
  // fetch hides what happened one or two causes down.
  while (error instanceof Error && error.cause instanceof Error) error = error.cause;
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return error.message || code || error.name;
}

/** In the words of the far side, short and without secrets. */
export function readable(text: string, side: FarSide): string {
  // Providers quote a key with its middle starred out; even the ends of a key are nobody's business.
  return shortWithoutSecrets(text, side.secrets, MESSAGE_CHARS)
    .split(/(\s+)/)
    .map((word) => (word.includes('***') ? '…' : word))
    .join('');
}
