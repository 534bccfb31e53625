// Deepgram's live transcription, `/v1/listen` (nova-3). Written from developers.deepgram.com/docs: live-streaming-audio, finalize, audio-keep-alive,
// close-stream, keyterm, multilingual-code-switching, stt-troubleshooting-websocket-data-and-net-errors, and the types of its JavaScript SDK (5.13).
// Not tried against the real service.
import { z } from 'zod';
import type { EngineInfo, SttOptions, Word } from '../../engine.ts';
import { type Access, address, type Heard, keyTerms, logprobOf, maybe, QUIET_MS, RATE_HZ, silence, type Wire } from './wire.ts';

/** 500 tokens are taken in all. */
const MOST_TERMS = 100;
const MOST_TERM_CHARACTERS = 1200;

const results = z.object({
  type: z.literal('Results'),
  is_final: maybe(z.boolean()),
  from_finalize: maybe(z.boolean()),
  channel: z.object({
    alternatives: z.array(
      z.object({
        transcript: z.string(),
        languages: maybe(z.array(z.string())),
        words: z.array(
          z.object({
            word: z.string(),
            punctuated_word: maybe(z.string()),
            start: z.number(),
            end: z.number(),
            confidence: maybe(z.number()),
          }),
        ),
      }),
    ),
  }),
});

/** Metadata, the beginning of speech and whatever else may come. */
const other = z.object({ type: z.string() });

export function deepgramWire(info: EngineInfo, { baseUrl, apiKey }: Access): Wire {
  const finalise = JSON.stringify({ type: 'Finalize' });
  return {
    info,
    can: { partials: true, wordTimes: true, keyTerms: true, logprobs: true },
    side: { id: info.id, name: info.name, secrets: [apiKey] },
    headers: { authorization: `Token ${apiKey}` },
    connection: (options) => ({ url: address(baseUrl, '/v1/listen', parameters(options)) }),
    // Without any sound, a connection is closed after ten seconds whatever else it is sent.
    opensWith: silence(20),
    keepAlive: { everyMs: 4000, message: JSON.stringify({ type: 'KeepAlive' }) },
    farewell: JSON.stringify({ type: 'CloseStream' }),
    frameMs: 50,
    idleMs: 60_000,
    quietMs: QUIET_MS,
    converse: (_, said, times) => ({
      finalise: () => [finalise],
      take(message): Heard | undefined {
        if (other.parse(message).type !== 'Results') return undefined;
        const { channel, is_final, from_finalize } = results.parse(message);
        const [best] = channel.alternatives;
        if (best) {
          const words = best.words.map(
            ({ word, punctuated_word, start, end, confidence }): Word => ({
              text: punctuated_word ?? word,
              startMs: times.at(start * 1000),
              endMs: times.at(end * 1000),
              ...logprobOf(confidence),
            }),
          );
          const piece = { text: ` ${best.transcript}`, words, ...(best.languages ? { languages: best.languages } : {}) };
          if (is_final) said.add(piece);
          else said.guess(piece);
        }
        return from_finalize ? { finalised: 1 } : undefined;
      },
    }),
  };
}

function parameters({ model, language, languages, vocabulary }: SttOptions): Parameters<typeof address>[2] {
  return {
    model,
    encoding: 'linear16',
    sample_rate: RATE_HZ,
    channels: 1,
    interim_results: true,
    smart_format: true,
    no_delay: true,
    // Where speech ends is decided here.
    endpointing: false,
    language: language ?? (languages ? 'multi' : undefined),
    [model.startsWith('nova-3') ? 'keyterm' : 'keywords']: keyTerms(vocabulary, MOST_TERMS, MOST_TERM_CHARACTERS),
  };
}
