// Cartesia's voices over its WebSocket, which takes any number of speeches on a connection. Written from docs.cartesia.ai/api-reference/tts/websocket,
// …/use-the-api/tts-websocket (contexts, buffering), …/use-the-api/api-errors, …/api-reference/voices/list and …/capability-guides/
// volume-speed-emotion, for the version 2026-03-01 of its API. Not tried against the service: anything; least certain is when a context expires.
import type { TtsOptions, Voice } from '../../engine.ts';
import { genderOf, languageTag, traitsOf } from '../../text/voice-traits.ts';
import { httpFailure } from '../openai-failure.ts';
import { addressedJson, type CreateVoices, infoOf, objectOf, sideOf, textOf, timedWords, voicesOf } from './access.ts';
import type { ContextDialect } from './context-speech.ts';
import { ContextVoice } from './context-voice.ts';
import { cartesiaVoices } from './documented-voices.ts';
import { within } from './refusals.ts';
import { voiceList, type VoicePage } from './voice-list.ts';

const RATE_HZ = 24_000;
const VERSION = '2026-03-01';
const MANY = 64;
/** Speed is switched off in 3.5, and older ones have another field for it. */
const hasSpeed = /^sonic-3(?!\.5)/;

export const createCartesiaVoices: CreateVoices = (access) => {
  const { baseUrl, apiKey = '', clock, log, id } = access;
  const side = sideOf(access);
  const headers = { 'x-api-key': apiKey, 'cartesia-version': VERSION };
  const listUrl = `${baseUrl}/voices?limit=100`;
  const voices = voiceList({
    engine: id,
    documented: cartesiaVoices,
    clock,
    log,
    sources: [{ url: listUrl, headers, read: (body) => readPage(listUrl, body) }],
  });

  const dialect = (contextId: string, { model, voice, speed, language }: TtsOptions): ContextDialect => {
    const modelId = model || access.defaultModel;
    const spoken = language ?? voices.current.find(({ id: own }) => own === voice)?.language;
    const rate = within(speed, 0.6, 1.5);
    // Every message of a context repeats all of it but the text.
    const settings = {
      model_id: modelId,
      voice: { mode: 'id', id: voice },
      ...(spoken !== undefined && { language: spoken.split('-')[0] }),
      output_format: { container: 'raw', encoding: 'pcm_s16le', sample_rate: RATE_HZ },
      add_timestamps: true,
      use_normalized_timestamps: false,
      // Whole clauses need not wait for more.
      max_buffer_delay_ms: 0,
      ...(rate !== 1 && hasSpeed.test(modelId) && { generation_config: { speed: rate } }),
      context_id: contextId,
    };
    return {
      open: () => [],
      text: (clause) => [JSON.stringify({ ...settings, transcript: clause, continue: true })],
      end: () => [JSON.stringify({ ...settings, transcript: '', continue: false })],
      cancel: () => [JSON.stringify({ context_id: contextId, cancel: true })],
      read(body) {
        const { type, data, word_timestamps: timestamps, status_code: status, title, message, error } = body as Record<string, unknown>;
        switch (type) {
          case 'chunk':
            return typeof data === 'string' ? [{ type: 'sound', bytes: Buffer.from(data, 'base64') }] : [];
          case 'timestamps': {
            const { words, start, end } = objectOf(timestamps) ?? {};
            return [{ type: 'words', words: timedWords(words, start, end) }];
          }
          case 'done':
            return [{ type: 'over' }];
          case 'error': {
            const said = [title, message ?? error].filter((part) => typeof part === 'string').join(': ');
            return [{ type: 'failed', failure: httpFailure(side, Number(status) || 500, { message: said }) }];
          }
          default:
            return [];
        }
      },
    };
  };

  return new ContextVoice({
    info: infoOf(access, ['*']),
    side,
    voices,
    clock,
    log,
    firstSoundMs: access.firstSoundMs,
    rateHz: RATE_HZ,
    mostCharacters: 1000,
    mostPerSocket: MANY,
    // It ends those that nobody has used for five minutes.
    longestAgeMs: 270_000,
    // It does not say when a cancelled context is over, and what still comes names it.
    lingerMs: 0,
    isTagged: true,
    url: () => `${baseUrl}/tts/websocket`,
    headers,
    address: (data) => addressedJson(data, ({ context_id: contextId }) => contextId),
    dialect,
  });
};

function readPage(url: string, body: unknown): VoicePage {
  const { data, has_more: hasMore } = (objectOf(body) ?? {}) as { data?: unknown; has_more?: unknown };
  const voices = voicesOf(data, readVoice);
  const last = voices.at(-1);
  return { voices, next: hasMore === true && last ? `${url}&starting_after=${encodeURIComponent(last.id)}` : undefined };
}

function readVoice(fields: Record<string, unknown>): Voice | undefined {
  const id = textOf(fields['id']);
  if (id === undefined) return undefined;
  const description = textOf(fields['description']) ?? '';
  const name = textOf(fields['name']) ?? id;
  const language = textOf(fields['language']) ?? 'en';
  const country = textOf(fields['country']);
  return {
    id,
    // `Katie - Friendly Fixer`
    name: name.split(/ [-–] /)[0] ?? name,
    description,
    language: languageTag(country === undefined ? language : `${language}-${country}`),
    gender: genderOf(fields['gender']),
    tags: traitsOf(name, description),
  };
}
