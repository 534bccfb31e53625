// AssemblyAI's Universal-Streaming, `/v3/ws`. Written from www.assemblyai.com/docs: streaming/message-sequence, api-reference/streaming,
// streaming/updating-configuration-mid-stream, streaming/turn-detection, streaming/common-session-errors-and-closures, and the types of its Node
// SDK. Not tried against the real service.
import { z } from 'zod';
import type { EngineFailure, EngineInfo, SttOptions, Word } from '../../engine.ts';
import { httpFailure } from '../openai-failure.ts';
import { type Access, address, type Heard, keyTerms, logprobOf, maybe, QUIET_MS, RATE_HZ, type Wire } from './wire.ts';

const MOST_TERMS = 100;
const MOST_TERM_CHARACTERS = 5000;
/** Turns end when they are told to: the pauses of a speaker are shorter, and long ones are not sent. */
const TURN_SILENCE_MS = 5000;

const turn = z.object({
  type: z.literal('Turn'),
  end_of_turn: z.boolean(),
  turn_is_formatted: maybe(z.boolean()),
  transcript: z.string(),
  language_code: maybe(z.string()),
  words: z.array(z.object({ text: z.string(), start: z.number(), end: z.number(), confidence: maybe(z.number()) })),
});
const failure = z.object({ error_code: maybe(z.number()), error: maybe(z.string()) });
/** Begin, SpeechStarted, Termination; an error of older servers has no type. */
const other = z.object({ type: maybe(z.string()), error: maybe(z.string()) });

export function assemblyAiWire(info: EngineInfo, { baseUrl, apiKey }: Access): Wire {
  const side = { id: info.id, name: info.name, secrets: [apiKey] };
  const forceEndpoint = JSON.stringify({ type: 'ForceEndpoint' });
  return {
    info,
    can: { partials: true, wordTimes: true, keyTerms: true, logprobs: true },
    side,
    headers: { authorization: apiKey },
    connection: ({ model }) => ({
      url: address(baseUrl, '/v3/ws', {
        sample_rate: RATE_HZ,
        encoding: 'pcm_s16le',
        speech_model: model,
        ...(isPro(model) ? {} : { format_turns: true, end_of_turn_confidence_threshold: '1.0' }),
        min_turn_silence: TURN_SILENCE_MS,
        max_turn_silence: TURN_SILENCE_MS,
        ...(model.endsWith('english') ? {} : { language_detection: true }),
      }),
    }),
    keepAlive: { everyMs: 5000 },
    farewell: JSON.stringify({ type: 'Terminate' }),
    frameMs: 50,
    // It closes the connection for a message of less.
    leastFrameMs: 50,
    // It charges for the time that a connection stands.
    idleMs: 30_000,
    quietMs: QUIET_MS,
    closeMeaning,
    configuration: ({ model, prompt, vocabulary, ...options }) =>
      JSON.stringify({
        type: 'UpdateConfiguration',
        keyterms_prompt: keyTerms(vocabulary, MOST_TERMS, MOST_TERM_CHARACTERS),
        ...(isPro(model) ? { language_codes: languagesOf(options), ...(prompt === undefined ? {} : { prompt }) } : {}),
      }),
    converse: ({ model }, said, times) => ({
      finalise: () => [forceEndpoint],
      take(message): Heard | undefined {
        const { type, error } = other.parse(message);
        if (type === 'Error' || (type === undefined && error !== undefined)) {
          const { error_code = 0, error: what = '' } = failure.parse(message);
          throw httpFailure(side, statusOf(closeMeaning(error_code, what)), what);
        }
        if (type !== 'Turn') return undefined;
        const { end_of_turn, turn_is_formatted, transcript, language_code, words } = turn.parse(message);
        const isEnd = end_of_turn && (isPro(model) || turn_is_formatted !== false);
        const piece = {
          // The transcript of a turn that goes on lacks the words that may still change.
          text: ` ${isEnd ? transcript : words.map(({ text }) => text).join(' ')}`,
          words: words.map(
            ({ text, start, end, confidence }): Word => ({
              text,
              startMs: times.at(start),
              endMs: times.at(end),
              ...logprobOf(confidence),
            }),
          ),
          ...(language_code === undefined ? {} : { languages: [language_code] }),
        };
        if (!isEnd) {
          said.guess(piece);
          return undefined;
        }
        said.add(piece);
        return { finalised: 1 };
      },
    }),
  };
}

/** The models that take a prompt and languages, and whose turns are always formatted. */
function isPro(model: string): boolean {
  return /^(?:u3|universal-3)/.test(model);
}

function languagesOf({ language, languages = [] }: Pick<SttOptions, 'language' | 'languages'>): readonly string[] {
  return language === undefined ? languages.slice(0, 10) : [language];
}

/** Its codes are those of closed connections and of errors, and the text tells more than they do. */
function closeMeaning(code: number, reason: string): EngineFailure | undefined {
  if (/concurrent|too many|rate/i.test(reason)) return 'rate_limited';
  if (code === 4001 || code === 4002 || code === 4003 || /unauthorized|not authorized|api key|funds/i.test(reason)) return 'unauthorized';
  if (code === 3006 || code === 3007) return 'rejected';
  return undefined;
}

function statusOf(reason: EngineFailure | undefined): number {
  return reason === 'rate_limited' ? 429 : reason === 'unauthorized' ? 401 : reason === 'rejected' ? 400 : 500;
}
