// Cartesia's Ink with manual finalisation, `/stt/websocket`, version 2026-03-01. Written from docs.cartesia.ai: api-reference/stt/websocket,
// use-the-api/stt/keyterms, build-with-cartesia/stt-models/latest, and the types of its JavaScript SDK (3.5). Not tried against the real service.
import { z } from 'zod';
import type { EngineInfo, SttOptions, Word } from '../../engine.ts';
import { httpFailure } from '../openai-failure.ts';
import { type Access, address, type Heard, keyTerms, maybe, RATE_HZ, type Wire } from './wire.ts';

const VERSION = '2026-03-01';
const MOST_TERMS = 100;
const MOST_TERM_CHARACTERS = 1200;

const transcript = z.object({
  type: z.literal('transcript'),
  is_final: z.boolean(),
  text: z.string(),
  language: maybe(z.string()),
  words: maybe(z.array(z.object({ word: z.string(), start: z.number(), end: z.number() }))),
});
const failure = z.object({
  type: z.literal('error'),
  status_code: maybe(z.number()),
  code: maybe(z.number()),
  title: maybe(z.string()),
  message: maybe(z.string()),
});
const other = z.object({ type: z.string() });

export function cartesiaWire(info: EngineInfo, { baseUrl, apiKey }: Access): Wire {
  const side = { id: info.id, name: info.name, secrets: [apiKey] };
  return {
    info,
    can: { partials: true, wordTimes: true, keyTerms: true, logprobs: false },
    side,
    headers: { 'x-api-key': apiKey, 'cartesia-version': VERSION },
    connection: (options) => ({ url: address(baseUrl, '/stt/websocket', parameters(options)) }),
    // It leaves an idle connection alone for three minutes.
    keepAlive: { everyMs: 20_000 },
    farewell: 'close',
    frameMs: 100,
    idleMs: 120_000,
    converse: (_, said, times) => ({
      finalise: () => ['finalize'],
      take(message): Heard | undefined {
        const { type } = other.parse(message);
        if (type === 'flush_done') return { finalised: 1 };
        if (type === 'error') {
          const { status_code, code, title, message: what } = failure.parse(message);
          throw httpFailure(side, status_code ?? code ?? 500, what ?? title ?? '');
        }
        if (type !== 'transcript') return undefined;
        const { is_final, text, language, words = [] } = transcript.parse(message);
        const piece = {
          text,
          words: words.map(
            ({ word, start, end }): Word => ({ text: word.trim(), startMs: times.at(start * 1000), endMs: times.at(end * 1000) }),
          ),
          ...(language === undefined ? {} : { languages: [language] }),
        };
        if (is_final) said.add(piece);
        else said.guess(piece);
        return undefined;
      },
    }),
  };
}

function parameters({ model, language, vocabulary }: SttOptions): Parameters<typeof address>[2] {
  return {
    model,
    encoding: 'pcm_s16le',
    sample_rate: RATE_HZ,
    language,
    // Other models refuse them.
    ...(model.startsWith('ink-2') ? { keyterm: keyTerms(vocabulary, MOST_TERMS, MOST_TERM_CHARACTERS) } : {}),
  };
}
