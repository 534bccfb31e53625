// What is read of an HTTP answer beside its sound or its words: a header, a text of bounded length, why it is a refusal.
import type { Dispatcher } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import type { EngineError } from '../engine.ts';
import { type FarSide, httpFailure, parsedOr } from './openai-failure.ts';
import { retryAfterMs } from './retry-after.ts';

const FAILURE_BYTES = 64 * 1024;

type Answer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

/** Null without it. */
export function headerOf({ headers }: Pick<Answer, 'headers'>, name: string): string | null {
  return [headers[name]].flat()[0] ?? null;
}

/** UTF-8; what follows the first `mostBytes` is left out. */
export async function textOf(body: AsyncIterable<Uint8Array>, mostBytes = FAILURE_BYTES): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of body) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > mostBytes) break;
  }
  return text;
}

/** What an answer with another status than 200 is told as. */
export async function refusalOf(side: FarSide, answer: Answer, clock: Clock): Promise<EngineError> {
  const text = await textOf(answer.body);
  const waitMs = retryAfterMs({ get: (name) => headerOf(answer, name) }, clock.wallMs());
  return httpFailure(side, answer.statusCode, parsedOr(text), waitMs);
}
