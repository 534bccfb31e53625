// Voices over OpenAI's POST /audio/speech: its own, and those of every server that has the same. Written from platform.openai.com/docs/api-reference/
// audio/createSpeech and …/docs/guides/text-to-speech; for Groq from console.groq.com/docs/text-to-speech, and from the sources of Kokoro-FastAPI
// (remsky), speaches (speaches-ai) and LocalAI (mudler). There are no times of words. Not tried against a real one of them: anything.
import type { TtsOptions, Voice } from '../../engine.ts';
import { genderOf, languageTag, traitsOf } from '../../text/voice-traits.ts';
import { infoOf, listOf, objectOf, sideOf, textOf, type VoiceAccess } from './access.ts';
import { Directions, splitDirections } from './directions.ts';
import { within } from './refusals.ts';
import { RequestVoice } from './request-voice.ts';
import { voiceList } from './voice-list.ts';

/** OpenAI's bare samples. */
const RATE_HZ = 24_000;
const WORD = /[\p{L}\p{N}]/u;

/** In what these servers differ. */
export interface SpeechDialect {
  readonly documented: readonly Voice[];
  /** Where under the base it may tell its voices. */
  readonly voicesAt?: readonly string[];
  /** What it is asked to send: bare samples, unless it has WAVE only. */
  readonly format?: 'pcm' | 'wav';
  readonly mostCharacters: number;
  readonly leastSpeed: number;
  /** Models that take instructions on how to speak. */
  readonly instructed?: RegExp;
  readonly languages: readonly string[];
  /** Further fields of every request. */
  readonly fields?: object;
  /** On this machine: a handshake takes no time there. */
  readonly isLocal?: boolean;
}

const manners = {
  stable: 'Keep an even, consistent delivery.',
  balanced: undefined,
  creative: 'Vary your delivery freely with what is said.',
} as const;

export function createSpeechVoices(access: VoiceAccess, dialect: SpeechDialect): RequestVoice {
  const { baseUrl, apiKey, clock, log, id, firstSoundMs } = access;
  const { documented, voicesAt = [], format = 'pcm', mostCharacters, leastSpeed, instructed, languages, fields, isLocal = false } = dialect;
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };

  const requests = ({ model: asked, voice, speed, deliveryMode, steering }: TtsOptions) => {
    const model = asked || access.defaultModel;
    const rate = within(speed, leastSpeed, 4);
    const manner = deliveryMode && manners[deliveryMode];
    const directions = new Directions(steering);
    return (text: string) => {
      const directed = instructed ? splitDirections(text) : { said: text, directions: [] };
      const holding = directions.holding(directed);
      if (!WORD.test(directed.said)) return undefined;
      const instructions = [...(holding.length > 0 ? [`Speak like this: ${holding.join('; ')}.`] : []), ...(manner ? [manner] : [])];
      return {
        model,
        voice,
        input: directed.said,
        response_format: format,
        ...(rate !== 1 && { speed: rate }),
        ...(instructed?.test(model) && instructions.length > 0 && { instructions: instructions.join(' ') }),
        ...fields,
      };
    };
  };

  return new RequestVoice({
    info: infoOf(access, languages),
    side: sideOf(access),
    headers,
    ...(instructed && { steers: true }),
    voices: voiceList({
      engine: id,
      documented,
      clock,
      log,
      sources: voicesAt.map((path) => ({ url: `${baseUrl}${path}`, headers, read: (body) => ({ voices: readVoices(body) }) })),
    }),
    clock,
    log,
    firstSoundMs,
    nextSoundMs: firstSoundMs,
    keepWarm: !isLocal,
    url: `${baseUrl}/audio/speech`,
    warmUrl: `${baseUrl}/models`,
    rateHz: RATE_HZ,
    mostCharacters,
    requests,
  });
}

/** `{ voices: ["alloy"] }` or `{ voices: [{ id, name, language, gender }] }`, under that name or `data`; also as another Parley tells them. */
export function readVoices(body: unknown): Voice[] {
  const { voices, data } = (objectOf(body) ?? {}) as { voices?: unknown; data?: unknown };
  return listOf(voices ?? data ?? body).flatMap((entry) => {
    const fields = typeof entry === 'string' ? { id: entry } : objectOf(entry);
    return (fields && readVoice(fields)) ?? [];
  });
}

/** The first letter of Kokoro's voices: `bf_emma` is a British woman. */
const kokoroLanguages: Readonly<Record<string, string>> = {
  a: 'en-US',
  b: 'en-GB',
  e: 'es-ES',
  f: 'fr-FR',
  h: 'hi-IN',
  i: 'it-IT',
  j: 'ja-JP',
  p: 'pt-BR',
  z: 'zh-CN',
};

function readVoice(fields: Record<string, unknown>): Voice | undefined {
  const id = textOf(fields['id']) ?? textOf(fields['voiceId']) ?? textOf(fields['voice_id']) ?? textOf(fields['name']);
  if (id === undefined) return undefined;
  const [, letter = '', sex, kokoroName] = /^([abefhijpz])([fm])_(?:v\d)?(\w+)$/.exec(id) ?? [];
  const name = kokoroName ?? textOf(fields['displayName']) ?? textOf(fields['name']) ?? id;
  const description = textOf(fields['description']) ?? '';
  const language = textOf(fields['language']) ?? textOf(fields['langCode']) ?? kokoroLanguages[letter] ?? 'en-US';
  return {
    id,
    name: name.charAt(0).toUpperCase() + name.slice(1),
    description,
    language: languageTag(language),
    gender: genderOf(fields['gender'] ?? sex),
    tags: traitsOf(description, listOf(fields['tags']).join(' ')),
  };
}
