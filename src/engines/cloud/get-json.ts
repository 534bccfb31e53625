// A small answer of a service, read whole: lists of models and of voices.
import type { Clock } from '../../lib/clock.ts';

const MOST_BYTES = 8 * 1024 * 1024;

export interface JsonRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** Rejects with an Error, which names no header, when there is none in time. */
export async function getJson(url: string, { headers, timeoutMs, clock, signal }: JsonRequest): Promise<unknown> {
  const stop = new AbortController();
  const timer = clock.after(timeoutMs, () => stop.abort(new Error(`no answer for ${timeoutMs} ms`)));
  const abort = () => stop.abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    const response = await fetch(url, { headers, redirect: 'error', signal: stop.signal });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of response.body) {
      size += piece.byteLength;
      if (size > MOST_BYTES) throw new Error('the answer is too long');
      pieces.push(piece);
    }
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', abort);
    stop.abort();
  }
}
