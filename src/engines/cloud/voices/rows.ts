// The services whose voices Parley knows by name: where they are, which settings open them, what models they have. Data only.
import { type CreateVoices, listOf, objectOf, textOf } from './access.ts';
import { createCartesiaVoices } from './cartesia.ts';
import { createDeepgramVoices } from './deepgram.ts';
import { groqVoices, openAiVoices } from './documented-voices.ts';
import { createElevenLabsVoices } from './elevenlabs.ts';
import { createInworldVoices } from './inworld.ts';
import { createSpeechVoices, type SpeechDialect } from './openai.ts';

export interface VoiceRow {
  /** What stands before the first slash of an id: `elevenlabs`. */
  readonly prefix: string;
  readonly alsoKnownAs?: readonly string[];
  readonly name: string;
  /** `ELEVENLABS` → ELEVENLABS_API_KEY, ELEVENLABS_BASE_URL, ELEVENLABS_TTS_MODEL; `PARLEY_TTS` → PARLEY_TTS_MODEL. */
  readonly settings: string;
  /** Further names of the key's setting. */
  readonly keySettings?: readonly string[];
  readonly baseUrl: string;
  /** Used when a session names none; of a server on this machine the first that it lists. */
  readonly defaultModel?: string;
  /** Those of its documentation. */
  readonly models: readonly string[];
  readonly create: CreateVoices;
  /** Runs on the operator's own machine: needs no key, and is found by itself. */
  readonly local?: LocalServer;
}

export interface LocalServer {
  /** Under the base: what tells that it is this server, and which models it can speak with. */
  readonly modelsAt: string;
  /** The models out of that answer; none when it is another server's. */
  readonly models: (body: unknown) => string[];
  /** Beside the base: an address that no other server has. */
  readonly sign?: string;
}

const speech =
  (dialect: SpeechDialect): CreateVoices =>
  (access) =>
    createSpeechVoices(access, dialect);

/** Any server with the same, which names its voices at one of two places, if at all. */
const compatible: SpeechDialect = {
  documented: openAiVoices,
  voicesAt: ['/audio/voices', '/voices'],
  mostCharacters: 1000,
  leastSpeed: 0.25,
  languages: ['*'],
};

/** What a model that speaks is commonly called. */
const speaks = /tts|speech|kokoro|piper|orpheus|bark|chatterbox|voxcpm|vibevoice|fish|parler|xtts|melo|neutts|pocket|supertonic/i;
const hears = /whisper|transcri|asr|stt/i;

export const voiceRows: readonly VoiceRow[] = [
  {
    prefix: 'openai',
    name: 'OpenAI',
    settings: 'OPENAI',
    baseUrl: 'https://api.openai.com/v1',
    defaultModel: 'gpt-4o-mini-tts',
    models: ['gpt-4o-mini-tts', 'tts-1', 'tts-1-hd'],
    create: speech({
      documented: openAiVoices,
      mostCharacters: 1000,
      leastSpeed: 0.25,
      instructed: /^gpt-/,
      languages: ['*'],
    }),
  },
  {
    prefix: 'inworld',
    name: 'Inworld',
    settings: 'INWORLD',
    keySettings: ['INWORLD_RUNTIME_BASE64_CREDENTIAL'],
    baseUrl: 'https://api.inworld.ai',
    defaultModel: 'inworld-tts-2',
    models: ['inworld-tts-2', 'inworld-tts-2-flash', 'inworld-tts-1.5-max', 'inworld-tts-1.5-mini'],
    create: createInworldVoices,
  },
  {
    prefix: 'elevenlabs',
    alsoKnownAs: ['11labs'],
    name: 'ElevenLabs',
    settings: 'ELEVENLABS',
    keySettings: ['ELEVEN_API_KEY'],
    baseUrl: 'https://api.elevenlabs.io',
    defaultModel: 'eleven_flash_v2_5',
    models: ['eleven_flash_v2_5', 'eleven_turbo_v2_5', 'eleven_multilingual_v2'],
    create: createElevenLabsVoices,
  },
  {
    prefix: 'cartesia',
    name: 'Cartesia',
    settings: 'CARTESIA',
    baseUrl: 'https://api.cartesia.ai',
    defaultModel: 'sonic-3.5',
    models: ['sonic-3.5', 'sonic-3', 'sonic-latest'],
    create: createCartesiaVoices,
  },
  {
    prefix: 'deepgram',
    name: 'Deepgram',
    settings: 'DEEPGRAM',
    baseUrl: 'https://api.deepgram.com',
    defaultModel: 'aura-2',
    models: ['aura-2'],
    create: createDeepgramVoices,
  },
  {
    prefix: 'groq',
    name: 'Groq',
    settings: 'GROQ',
    baseUrl: 'https://api.groq.com/openai/v1',
    defaultModel: 'canopylabs/orpheus-v1-english',
    models: ['canopylabs/orpheus-v1-english', 'canopylabs/orpheus-arabic-saudi'],
    create: speech({
      documented: groqVoices,
      format: 'wav',
      mostCharacters: 200,
      leastSpeed: 0.5,
      languages: ['en', 'ar'],
    }),
  },
  {
    prefix: 'kokoro-fastapi',
    name: 'Kokoro-FastAPI',
    settings: 'KOKORO_FASTAPI',
    baseUrl: 'http://127.0.0.1:8880/v1',
    models: ['kokoro'],
    local: { modelsAt: '/models', models: (body) => idsOf(body).filter((id) => id === 'kokoro') },
    create: speech({ ...compatible, languages: ['en', 'es', 'fr', 'hi', 'it', 'ja', 'pt', 'zh'], isLocal: true }),
  },
  {
    prefix: 'speaches',
    name: 'speaches',
    settings: 'SPEACHES',
    baseUrl: 'http://127.0.0.1:8000/v1',
    models: [],
    local: { modelsAt: '/models?task=text-to-speech', models: (body) => idsOf(body, 'text-to-speech') },
    // Piper's models have rates of their own, which bare samples do not tell.
    create: speech({ ...compatible, leastSpeed: 0.5, fields: { sample_rate: 24_000 }, isLocal: true }),
  },
  {
    prefix: 'localai',
    name: 'LocalAI',
    settings: 'LOCALAI',
    // Parley's own usual port: found there only when Parley has another.
    baseUrl: 'http://127.0.0.1:8080/v1',
    models: [],
    local: {
      modelsAt: '/models',
      models: (body) => idsOf(body).filter((id) => speaks.test(id) && !hears.test(id)),
      sign: '/.well-known/localai.json',
    },
    create: speech({ ...compatible, format: 'wav', isLocal: true }),
  },
];

/** Any other server: the operator gives its address. */
export const customVoiceRow: VoiceRow = {
  prefix: 'custom',
  name: 'Custom server',
  settings: 'PARLEY_TTS',
  baseUrl: '',
  models: [],
  local: { modelsAt: '/models', models: (body) => idsOf(body).filter((id) => speaks.test(id) && !hears.test(id)) },
  create: speech(compatible),
};

function idsOf(body: unknown, task?: string): string[] {
  return listOf(objectOf(body)?.['data']).flatMap((entry) => {
    const fields = objectOf(entry);
    return task === undefined || fields?.['task'] === task ? (textOf(fields?.['id']) ?? []) : [];
  });
}
