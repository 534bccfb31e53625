// What went wrong at the far side, as an EngineError: the provider's own words, and never the key that was sent.
import { EngineError, type EngineFailure } from '../engine.ts';

/** More of a message than this helps nobody. */
const MESSAGE_CHARS = 500;

export interface FarSide {
  readonly id: string;
  readonly name: string;
  /** Values that must not appear in a message. */
  readonly secrets: readonly string[];
}

/** The failure that an HTTP status (or an error inside the stream, with its code) stands for. */
export function httpFailure(side: FarSide, status: number, body: unknown): EngineError {
  const { reason, retryable } = meaning(status);
  const said = messageOf(body);
  const text = said === '' ? `${side.name} answered with status ${status}` : `${side.name}: ${said} (status ${status})`;
  return new EngineError(side.id, reason, redact(text, side.secrets), { retryable });
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
  const detail = reasonOf(cause);
  const text = started ? `${side.name} broke off: ${detail}` : `${side.name} cannot be reached: ${detail}`;
  return new EngineError(side.id, started ? 'broken' : 'unavailable', redact(text, side.secrets), { retryable: true });
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

/** OpenAI's {error:{message}}, Google's [{error}], Mistral's {message|detail}, Ollama's {error:"…"}, or plain text. */
function messageOf(body: unknown): string {
  if (typeof body === 'string') return /^\s*</.test(body) ? '' : body.trim();
  if (Array.isArray(body)) return body.map(messageOf).filter(Boolean).join('; ');
  if (typeof body !== 'object' || body === null) return '';
  const fields = body as Record<string, unknown>;
  for (const key of ['error', 'message', 'detail', 'msg']) {
    const said = messageOf(fields[key]);
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

function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length > 3) clean = clean.replaceAll(secret, '…');
  // Providers quote a key with its middle starred out; even the ends of a key are nobody's business.
  clean = clean.replace(/\S*\*{3,}\S*/g, '…');
  return clean.length > MESSAGE_CHARS ? `${clean.slice(0, MESSAGE_CHARS)}…` : clean;
}
