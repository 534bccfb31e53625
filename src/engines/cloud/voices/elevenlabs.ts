// ElevenLabs' voices over its multi-context WebSocket, which takes five speeches of one voice on a connection. Written from elevenlabs.io/docs/
// api-reference/text-to-speech/v-1-text-to-speech-voice-id-multi-stream-input (and its AsyncAPI), …/api-reference/voices/search and …/docs/models.
// Not tried against the service: anything; least certain are its errors, which that page does not describe (codes as other clients report them).
import { EngineError, type EngineFailure, type TtsOptions, type Voice } from '../../engine.ts';
import { genderOf, languageOfAccent, languageTag, traitsOf } from '../../text/voice-traits.ts';
import { readable } from '../openai-failure.ts';
import { addressedJson, type CreateVoices, infoOf, objectOf, sideOf, textOf, voicesOf } from './access.ts';
import { CharacterWords } from './character-words.ts';
import type { ContextDialect, ContextEvent } from './context-speech.ts';
import { ContextVoice } from './context-voice.ts';
import { elevenLabsVoices } from './documented-voices.ts';
import { within } from './refusals.ts';
import { voiceList, type VoicePage } from './voice-list.ts';

const RATE_HZ = 24_000;
/** The most that it takes; an idle connection is left before. */
const INACTIVITY_S = 180;
/** The languages that the models of version 2.5 may be told; another would be refused, and other models are told none. */
const languages = new Set('ar bg cs da de el en es fi fil fr hi hr hu id it ja ko ms nl no pl pt ro ru sk sv ta tr uk vi zh'.split(' '));
const stability = { stable: 0.8, balanced: 0.5, creative: 0.3 };

export const createElevenLabsVoices: CreateVoices = (access) => {
  const { baseUrl, apiKey = '', clock, log, id } = access;
  const side = sideOf(access);
  const headers = { 'xi-api-key': apiKey };

  const url = ({ model, voice, language }: TtsOptions) => {
    const modelId = model || access.defaultModel;
    const code = language?.split('-')[0]?.toLowerCase() ?? '';
    const query = new URLSearchParams({
      model_id: modelId,
      output_format: `pcm_${RATE_HZ}`,
      auto_mode: 'true',
      sync_alignment: 'true',
      inactivity_timeout: String(INACTIVITY_S),
      ...(modelId.endsWith('_v2_5') && languages.has(code) && { language_code: code }),
    });
    return `${baseUrl}/v1/text-to-speech/${encodeURIComponent(voice)}/multi-stream-input?${query.toString()}`;
  };

  const dialect = (contextId: string, { speed, deliveryMode }: TtsOptions): ContextDialect => {
    const message = (fields: object) => JSON.stringify({ ...fields, context_id: contextId });
    const words = new CharacterWords();
    let isEnded = false;
    const rate = within(speed, 0.7, 1.2);
    const settings = { ...(rate !== 1 && { speed: rate }), ...(deliveryMode && { stability: stability[deliveryMode] }) };
    return {
      open: () => [message({ text: ' ', ...(Object.keys(settings).length > 0 && { voice_settings: settings }) })],
      text: (clause) => [message({ text: /\s$/.test(clause) ? clause : `${clause} `, flush: true })],
      end() {
        isEnded = true;
        return [message({ flush: true }), message({ close_context: true })];
      },
      // What it is flushing it makes all the same.
      cancel: () => (isEnded ? [] : [message({ close_context: true })]),
      read(body) {
        const { audio, alignment, normalizedAlignment, error, isFinal, is_final: final } = body as Record<string, unknown>;
        if (error !== undefined) return [{ type: 'failed', failure: failure(body as Record<string, unknown>) }];
        const times = objectOf(alignment) ?? objectOf(normalizedAlignment);
        const bytes = textOf(audio);
        const events: ContextEvent[] = [];
        if (times) {
          const whole = words.push(times['chars'], times['charStartTimesMs'], times['charDurationsMs'] ?? times['charsDurationsMs']);
          events.push({ type: 'origin' }, { type: 'words', words: whole });
        }
        if (bytes !== undefined) events.push({ type: 'sound', bytes: Buffer.from(bytes, 'base64') });
        if (isFinal === true || final === true) events.push({ type: 'words', words: words.end() }, { type: 'over' });
        return events;
      },
    };
  };

  const failure = ({ error, message, code }: Record<string, unknown>): EngineError => {
    const reason = meaning(`${String(error)} ${String(message)}`);
    const said = readable(textOf(message) ?? String(error), side);
    return new EngineError(id, reason, `${side.name}: ${said} (${String(error)}, code ${String(code)})`, {
      retryable: reason !== 'rejected' && reason !== 'unauthorized',
    });
  };

  const listUrl = `${baseUrl}/v2/voices?page_size=100`;
  return new ContextVoice({
    info: infoOf(access, ['*']),
    side,
    voices: voiceList({
      engine: id,
      documented: elevenLabsVoices,
      clock,
      log,
      sources: [{ url: listUrl, headers, read: (body) => readPage(listUrl, body) }],
    }),
    clock,
    log,
    firstSoundMs: access.firstSoundMs,
    rateHz: RATE_HZ,
    mostCharacters: 1000,
    mostPerSocket: 5,
    longestAgeMs: (INACTIVITY_S - 20) * 1000,
    lingerMs: 30_000,
    isTagged: true,
    farewell: JSON.stringify({ close_socket: true }),
    url,
    headers,
    closeMeaning: (_, reason) => (reason === '' ? undefined : meaning(reason)),
    address: (data) => addressedJson(data, ({ contextId, context_id: snakeId }) => contextId ?? snakeId),
    dialect,
  });
};

function meaning(said: string): EngineFailure {
  if (/api_key|unauthorized|permission|quota|credit|subscription/i.test(said)) return 'unauthorized';
  if (/max_active|rate_limit|too_many|concurrent|busy|simultaneous/i.test(said)) return 'rate_limited';
  return /not_exist|not_found|invalid|not supported|unsupported|policy/i.test(said) ? 'rejected' : 'broken';
}

function readPage(url: string, body: unknown): VoicePage {
  const fields = objectOf(body) ?? {};
  const token = fields['has_more'] === true ? textOf(fields['next_page_token']) : undefined;
  return { voices: voicesOf(fields['voices'], readVoice), next: token && `${url}&next_page_token=${encodeURIComponent(token)}` };
}

function readVoice(fields: Record<string, unknown>): Voice | undefined {
  const id = textOf(fields['voice_id']);
  if (id === undefined) return undefined;
  const labels = objectOf(fields['labels']) ?? {};
  // Names tell of the manner as well: `Roger - Laid-Back, Casual, Resonant`.
  const [name = id, manner = ''] = (textOf(fields['name']) ?? id).split(/ [-–] /);
  const description = textOf(fields['description']) ?? manner;
  const language = textOf(labels['language']) ?? 'en';
  return {
    id,
    name,
    description,
    language: (language === 'en' && languageOfAccent(textOf(labels['accent']) ?? '')) || languageTag(language),
    gender: genderOf(labels['gender']),
    tags: traitsOf(...Object.values(labels).map(String), manner, description),
  };
}
