// What a server answers to a request for a transcription: JSON of several kinds, plain text, or server-sent events of OpenAI's, Mistral's or vLLM's.
import { z } from 'zod';
import { EngineError, type Transcript } from '../../engine.ts';
import { type FarSide, streamFailure } from '../openai-failure.ts';
import { readSse } from '../sse.ts';
import { maybe } from './wire.ts';

const MOST_BYTES = 2 * 1024 * 1024;

const whole = z.object({
  text: z.string(),
  /** A code, or in words. */
  language: maybe(z.string()),
  /** OpenAI's gpt-transcribe. */
  languages: maybe(z.array(z.object({ code: z.string() }))),
  words: maybe(z.array(z.object({ word: z.string(), start: z.number(), end: z.number() }))),
  segments: maybe(z.array(z.object({ speaker: maybe(z.string()), text: z.string(), start: z.number(), end: z.number() }))),
});
const event = z.object({
  type: maybe(z.string()),
  /** OpenAI calls it a delta, Mistral a text. */
  delta: maybe(z.string()),
  text: maybe(z.string()),
  language: maybe(z.string()),
  languages: maybe(z.array(z.object({ code: z.string() }))),
  speaker: maybe(z.string()),
  start: maybe(z.number()),
  end: maybe(z.number()),
  /** vLLM's events are those of its chat. */
  choices: maybe(z.array(z.object({ delta: maybe(z.object({ content: maybe(z.string()) })) }))),
  error: z.unknown().optional(),
});

interface Answered {
  readonly transcript: Transcript;
  /** Resolves when nothing of the body is left; never rejects. */
  readonly rest: Promise<void>;
}

/** Rejects with EngineError `broken` when it is nothing of this kind, too long, or ends before the words do. */
export async function answerOf(contentType: string, body: AsyncIterable<Uint8Array>, side: FarSide): Promise<Answered> {
  const broken = (what: string, cause?: unknown) => new EngineError(side.id, 'broken', `${side.name} ${what}`, { retryable: true, cause });
  try {
    const limited = bounded(body, () => broken('answered with more than any speech has words'));
    if (contentType.includes('text/event-stream')) return await streamed(limited, side, broken);
    const text = await textOf(limited);
    const transcript = contentType.includes('text/plain') ? { text: text.trim(), words: [] } : transcriptOf(whole.parse(JSON.parse(text)));
    return { transcript, rest: Promise.resolve() };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError || error instanceof RangeError) {
      throw broken('answered with something that is no transcription', error);
    }
    throw error;
  }
}

async function streamed(body: AsyncIterable<Uint8Array>, side: FarSide, broken: (what: string) => EngineError): Promise<Answered> {
  const events = readSse(body);
  const segments: NonNullable<z.infer<typeof whole>['segments']> = [];
  let text = '';
  let language: string | undefined;
  // Not `for await`: leaving it would end the connection.
  for (let next = await events.next(); !next.done; next = await events.next()) {
    const data = next.value.data.trim();
    if (data === '') continue;
    const told = event.parse(data === '[DONE]' ? { type: '.done' } : JSON.parse(data));
    if (told.error) throw streamFailure(side, told.error);
    const { type = '' } = told;
    language = told.language ?? language;
    if (type.endsWith('.delta')) text += told.delta ?? told.text ?? '';
    else if (type.endsWith('.segment') && told.start !== undefined && told.end !== undefined) {
      segments.push({ speaker: told.speaker, text: told.text ?? '', start: told.start, end: told.end });
    } else if (type.endsWith('.done')) {
      const transcript = transcriptOf({ text: told.text ?? text, language, languages: told.languages, words: undefined, segments });
      return { transcript, rest: drained(events) };
    } else for (const { delta } of told.choices ?? []) text += delta?.content ?? '';
  }
  throw broken('ended in the middle of its answer');
}

async function drained(events: AsyncGenerator): Promise<void> {
  try {
    while (!(await events.next()).done);
  } catch {
    // The answer is complete: how the connection ends is of no interest.
  }
}

function transcriptOf({ text, language, languages = [], words = [], segments = [] }: z.infer<typeof whole>): Transcript {
  const speakers = [...new Set(segments.flatMap(({ speaker }) => speaker ?? []))];
  const said = segments.flatMap(({ speaker, text: spoken, start, end }) =>
    speaker === undefined
      ? []
      : [{ text: spoken.trim(), startMs: start * 1000, endMs: end * 1000, speaker: `speaker_${speakers.indexOf(speaker)}` }],
  );
  const codes = [language, ...languages.map(({ code }) => code)].filter((code) => /^[a-z]{2}$/.test(code ?? ''));
  return {
    text: text.trim(),
    words: words.map(({ word, start, end }) => ({
      text: word.trim(),
      startMs: Math.round(start * 1000),
      endMs: Math.max(Math.round(end * 1000), Math.round(start * 1000) + 1),
    })),
    ...(said.length === 0 ? {} : { segments: said }),
    ...(codes.length === 0 ? {} : { languages: codes as string[] }),
  };
}

async function* bounded(body: AsyncIterable<Uint8Array>, tooLong: () => EngineError): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw tooLong();
    yield chunk;
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
