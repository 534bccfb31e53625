// Deepgram Flux, `/v2/listen`. Flux decides by itself when a turn is over; here it is told (`ForceEndTurn`), once it has transcribed all it was
// sent. Written from developers.deepgram.com/docs/flux: quickstart, state, configuration, configure, force-end-turn, own-turn-detection,
// language-prompting, and the types of its JavaScript SDK (5.13). Not tried against the real service.
import { z } from 'zod';
import { EngineError, type EngineInfo, type SttOptions, type Word } from '../../engine.ts';
import { readable } from '../openai-failure.ts';
import { type Access, address, type Heard, keyTerms, logprobOf, maybe, RATE_HZ, silence, type Wire } from './wire.ts';

const MOST_TERMS = 100;
const MOST_TERM_CHARACTERS = 1200;
/** Flux transcribes a quarter of a second at a time: so much more makes it finish the last one. */
const TAIL_MS = 320;
/** How much of that need not be transcribed. */
const TAIL_LEFT_MS = 250;

const turnInfo = z.object({
  type: z.literal('TurnInfo'),
  event: z.string(),
  audio_window_end: z.number(),
  transcript: z.string(),
  words: z.array(z.object({ word: z.string(), confidence: maybe(z.number()), start: maybe(z.number()), end: maybe(z.number()) })),
  languages: maybe(z.array(z.string())),
});
const fatal = z.object({ type: z.literal('Error'), code: maybe(z.string()), description: maybe(z.string()) });
const other = z.object({ type: z.string() });

export function deepgramFluxWire(info: EngineInfo, { baseUrl, apiKey }: Access): Wire {
  const side = { id: info.id, name: info.name, secrets: [apiKey] };
  return {
    info,
    can: { partials: true, wordTimes: true, keyTerms: true, logprobs: true },
    side,
    headers: { authorization: `Token ${apiKey}` },
    connection: ({ model }) => ({
      url: address(baseUrl, '/v2/listen', {
        model,
        encoding: 'linear16',
        sample_rate: RATE_HZ,
        // Where a turn ends is decided here.
        eot_threshold: '1.0',
        eot_timeout_ms: 60_000,
      }),
    }),
    // It knows no message that keeps a connection.
    keepAlive: { everyMs: 4000, message: silence(80) },
    farewell: JSON.stringify({ type: 'CloseStream' }),
    frameMs: 80,
    idleMs: 60_000,
    overtaken: true,
    configuration: ({ model, vocabulary, ...options }) =>
      JSON.stringify({
        type: 'Configure',
        keyterms: keyTerms(vocabulary, MOST_TERMS, MOST_TERM_CHARACTERS),
        ...(model.includes('multi') ? { language_hints: hintsOf(options) } : {}),
      }),
    converse: (_, said, times) => {
      /** Up to where it must have transcribed before it is told to end the turn, oldest first. */
      const awaited: number[] = [];
      let state: 'idle' | 'turn' | 'ending' = 'idle';
      const take = (message: z.infer<typeof turnInfo>): Heard | undefined => {
        const { event, audio_window_end, transcript, languages } = message;
        const words = message.words.flatMap(({ word, start, end, confidence }): Word[] =>
          start === undefined || end === undefined
            ? []
            : [{ text: word, startMs: times.at(start * 1000), endMs: times.at(end * 1000), ...logprobOf(confidence) }],
        );
        const piece = { text: ` ${transcript}`, words, ...(languages ? { languages } : {}) };
        const reached = awaited.filter((ms) => audio_window_end * 1000 >= ms - TAIL_LEFT_MS).length;
        if (event === 'EndOfTurn') {
          said.add(piece);
          const finalised = Math.max(reached, state === 'ending' ? 1 : 0);
          state = 'idle';
          awaited.splice(0, finalised);
          return { finalised };
        }
        said.guess(piece);
        if (state === 'idle' && transcript !== '') state = 'turn';
        if (reached === 0 || state === 'ending') return undefined;
        if (state === 'turn') {
          state = 'ending';
          return { reply: [JSON.stringify({ type: 'ForceEndTurn' })] };
        }
        awaited.splice(0, reached);
        return { finalised: reached };
      };
      return {
        finalise() {
          awaited.push(times.sentMs + TAIL_MS);
          return [silence(TAIL_MS)];
        },
        take(message) {
          const { type } = other.parse(message);
          if (type === 'TurnInfo') return take(turnInfo.parse(message));
          if (type !== 'Error') return undefined;
          const { code = 'an error', description = '' } = fatal.parse(message);
          throw new EngineError(info.id, 'broken', `${info.name}: ${readable(`${code} ${description}`, side)}`, { retryable: true });
        },
      };
    },
  };
}

function hintsOf({ language, languages = [] }: Pick<SttOptions, 'language' | 'languages'>): readonly string[] {
  return language === undefined ? languages : [language];
}
