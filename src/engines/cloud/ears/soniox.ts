// Soniox's real-time recognition. Written from soniox.com/docs: stt/api-reference/websocket-api, stt/rt/manual-finalization,
// stt/rt/connection-keepalive, stt/rt/error-handling, stt/concepts/context, guides/websocket-authentication. Not tried against the real service.
import { z } from 'zod';
import type { EngineInfo, Segment, SttOptions, Word } from '../../engine.ts';
import { httpFailure } from '../openai-failure.ts';
import type { Piece } from './said.ts';
import { type Access, address, type Heard, keyTerms, logprobOf, maybe, RATE_HZ, type Times, type Wire } from './wire.ts';

const MOST_TERMS = 200;
const MOST_CONTEXT_CHARACTERS = 8000;

const token = z.object({
  text: z.string(),
  start_ms: maybe(z.number()),
  end_ms: maybe(z.number()),
  confidence: maybe(z.number()),
  is_final: z.boolean(),
  speaker: maybe(z.union([z.string(), z.number()])),
  language: maybe(z.string()),
});
type Token = z.infer<typeof token>;
const message = z.object({
  tokens: maybe(z.array(token)),
  error_code: maybe(z.coerce.number()),
  error_message: maybe(z.string()),
});

export function sonioxWire(info: EngineInfo, { baseUrl, apiKey }: Access): Wire {
  const side = { id: info.id, name: info.name, secrets: [apiKey] };
  const finalise = JSON.stringify({ type: 'finalize' });
  return {
    info,
    can: { partials: true, wordTimes: true, keyTerms: true, logprobs: true },
    side,
    headers: { authorization: `Bearer ${apiKey}` },
    connection: (options) => ({ url: address(baseUrl, '/transcribe-websocket', {}), greeting: [JSON.stringify(configOf(options))] }),
    keepAlive: { everyMs: 8000, message: JSON.stringify({ type: 'keepalive' }) },
    frameMs: 60,
    // It charges for the time that a connection stands.
    idleMs: 30_000,
    // Finalisations that follow close on each other may end the connection.
    speculateEveryMs: 1000,
    converse(_, said, times) {
      const speakers: (string | number)[] = [];
      /** Final ones since the last finalisation: a word may be in two messages. */
      let settled: Token[] = [];
      return {
        finalise: () => [finalise],
        take(received): Heard | undefined {
          const { tokens = [], error_code, error_message } = message.parse(received);
          if (error_code !== undefined) throw httpFailure(side, error_code, error_message ?? '');
          let finalised = 0;
          for (const each of tokens) {
            if (each.text === '<fin>') {
              said.add(pieceOf(settled, times, speakers));
              settled = [];
              finalised++;
            } else if (each.is_final && each.text !== '<end>') settled.push(each);
          }
          said.guess(pieceOf([...settled, ...tokens.filter(({ is_final }) => !is_final)], times, [...speakers]));
          return { finalised };
        },
      };
    },
  };
}

function configOf({ model, language, languages = [], prompt, vocabulary }: SttOptions): object {
  const hints = language === undefined ? languages : [language];
  const terms = keyTerms(vocabulary, MOST_TERMS, MOST_CONTEXT_CHARACTERS / 2);
  const text = prompt?.slice(0, MOST_CONTEXT_CHARACTERS / 2);
  return {
    model,
    audio_format: 'pcm_s16le',
    sample_rate: RATE_HZ,
    num_channels: 1,
    enable_language_identification: true,
    enable_speaker_diarization: true,
    ...(hints.length === 0 ? {} : { language_hints: hints }),
    ...(terms.length === 0 && text === undefined
      ? {}
      : { context: { ...(text === undefined ? {} : { text }), ...(terms.length === 0 ? {} : { terms }) } }),
  };
}

/** Tokens are pieces of words, and a word begins with the space before it. `speakers`: in the order in which they were first heard. */
function pieceOf(tokens: readonly Token[], times: Times, speakers: (string | number)[]): Piece {
  const words: Word[] = [];
  const segments: Segment[] = [];
  for (const [index, { text, start_ms, end_ms, confidence, speaker }] of tokens.entries()) {
    if (start_ms === undefined || end_ms === undefined || text.trim() === '') continue;
    const [startMs, endMs] = [times.at(start_ms), times.at(end_ms)];
    const before = words.at(-1);
    const goesOn = before !== undefined && !text.startsWith(' ') && !(tokens[index - 1]?.text.endsWith(' ') ?? false);
    const { logprob } = logprobOf(confidence);
    if (goesOn) {
      words[words.length - 1] = {
        text: before.text + text.trim(),
        startMs: before.startMs,
        endMs,
        ...(logprob === undefined || before.logprob === undefined ? {} : { logprob: before.logprob + logprob }),
      };
    } else words.push({ text: text.trim(), startMs, endMs, ...(logprob === undefined ? {} : { logprob }) });
    if (speaker === undefined) continue;
    if (!speakers.includes(speaker)) speakers.push(speaker);
    const name = `speaker_${speakers.indexOf(speaker)}`;
    const last = segments.at(-1);
    if (last?.speaker === name) segments[segments.length - 1] = { ...last, text: last.text + text, endMs };
    else segments.push({ text: text.trimStart(), startMs, endMs, speaker: name });
  }
  const languages = [...new Set(tokens.flatMap(({ language }) => language ?? []))];
  return { text: tokens.map(({ text }) => text).join(''), words, segments, languages };
}
