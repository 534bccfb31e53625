// The recognition services Parley knows by name: where they are, which settings open them, which models and languages their documentation names.
import type { EngineEnvironment, EngineInfo, Stt } from '../../engine.ts';
import { assemblyAiWire } from './assemblyai.ts';
import { cartesiaWire } from './cartesia.ts';
import { deepgramEar } from './deepgram-ear.ts';
import { inworldWire } from './inworld.ts';
import { openAiEar } from './openai.ts';
import { sonioxWire } from './soniox.ts';
import { StreamedStt } from './streamed-stt.ts';
import type { TranscriptionForm } from './transcription-form.ts';
import type { Access, Wire } from './wire.ts';

/** What an engine is made from. */
export interface EarAccess extends Access {
  /** For sessions that name none. */
  readonly defaultModel: string;
}

/** A server on the operator's own machine or network: it is asked for its models, and shows by its answer which one it is. */
export type LocalServer = 'speaches' | 'localai' | 'vllm';

export interface EarRow {
  /** What stands before the first slash of a model's name. */
  readonly prefix: string;
  readonly alsoKnownAs?: readonly string[];
  readonly name: string;
  /** `DEEPGRAM` → DEEPGRAM_API_KEY, DEEPGRAM_BASE_URL, DEEPGRAM_STT_MODEL. */
  readonly settings: string;
  /** Its key and address are settings of the language models, too. */
  readonly shared?: true;
  readonly local?: LocalServer;
  /** Up to what the service's own path follows. */
  readonly baseUrl: string;
  readonly defaultModel: string;
  /** Those that the documentation names; those of a local server are asked for. */
  readonly models: readonly string[];
  /** ISO 639-1; `*` when the model decides. */
  readonly languages: readonly string[];
  readonly create: (info: EngineInfo, access: EarAccess, environment: EngineEnvironment) => Stt;
}

type Create = EarRow['create'];

const streamed =
  (wire: (info: EngineInfo, access: Access) => Wire): Create =>
  (info, access, environment) =>
    new StreamedStt(wire(info, access), access.defaultModel, environment);

const posted =
  (formOf: (model: string) => TranscriptionForm): Create =>
  (info, access, environment) =>
    openAiEar({ info, access, formOf, defaultModel: access.defaultModel }, environment);

/** What nearly every server with OpenAI's endpoint takes. */
const plainForm: TranscriptionForm = { format: 'json', terms: 'prompt', prompt: true };
const whisperForm: TranscriptionForm = { format: 'verbose_json', terms: 'prompt', prompt: true };

/** developers.openai.com/api/reference, audio/transcriptions. */
function openAiForm(model: string): TranscriptionForm {
  if (model.startsWith('whisper')) return whisperForm;
  if (model.includes('diarize')) return { format: 'diarized_json', terms: 'none', prompt: false, streams: true };
  if (model.startsWith('gpt-transcribe')) return { format: 'json', terms: 'keywords', prompt: true, languages: true, streams: true };
  return { ...plainForm, streams: true };
}

export const earTable: readonly EarRow[] = [
  {
    prefix: 'openai',
    name: 'OpenAI',
    settings: 'OPENAI',
    shared: true,
    baseUrl: 'https://api.openai.com/v1',
    defaultModel: 'gpt-transcribe',
    models: [
      'gpt-transcribe',
      'gpt-4o-transcribe',
      'gpt-4o-mini-transcribe',
      'gpt-4o-mini-transcribe-2025-12-15',
      'gpt-4o-transcribe-diarize',
      'whisper-1',
    ],
    languages: ['*'],
    create: posted(openAiForm),
  },
  {
    prefix: 'groq',
    name: 'Groq',
    settings: 'GROQ',
    shared: true,
    baseUrl: 'https://api.groq.com/openai/v1',
    defaultModel: 'whisper-large-v3-turbo',
    models: ['whisper-large-v3-turbo', 'whisper-large-v3'],
    languages: ['*'],
    create: posted(() => whisperForm),
  },
  {
    prefix: 'mistral',
    name: 'Mistral',
    settings: 'MISTRAL',
    shared: true,
    baseUrl: 'https://api.mistral.ai/v1',
    defaultModel: 'voxtral-mini-latest',
    models: ['voxtral-mini-latest', 'voxtral-mini-2602', 'voxtral-mini-2507'],
    languages: ['*'],
    create: posted(() => ({ format: 'json', terms: 'context_bias', prompt: false, streams: true })),
  },
  {
    prefix: 'deepgram',
    name: 'Deepgram',
    settings: 'DEEPGRAM',
    baseUrl: 'https://api.deepgram.com',
    defaultModel: 'nova-3',
    models: ['nova-3', 'nova-3-medical', 'nova-2', 'flux-general-en', 'flux-general-multi'],
    languages: ['*'],
    create: deepgramEar,
  },
  {
    prefix: 'assemblyai',
    alsoKnownAs: ['assembly-ai'],
    name: 'AssemblyAI',
    settings: 'ASSEMBLYAI',
    baseUrl: 'https://streaming.assemblyai.com',
    defaultModel: 'universal-streaming-multilingual',
    models: ['universal-streaming-multilingual', 'universal-streaming-english', 'universal-3-5-pro', 'u3-rt-pro'],
    languages: ['en', 'es', 'fr', 'de', 'it', 'pt'],
    create: streamed(assemblyAiWire),
  },
  {
    prefix: 'inworld',
    name: 'Inworld',
    settings: 'INWORLD',
    baseUrl: 'https://api.inworld.ai',
    defaultModel: 'inworld-stt-1',
    models: ['inworld-stt-1', 'assemblyai/universal-streaming-multilingual', 'soniox/stt-rt-v5'],
    languages: ['*'],
    create: streamed(inworldWire),
  },
  {
    prefix: 'soniox',
    name: 'Soniox',
    settings: 'SONIOX',
    baseUrl: 'https://stt-rt.soniox.com',
    defaultModel: 'stt-rt-v5',
    models: ['stt-rt-v5', 'stt-rt-v4'],
    languages: ['*'],
    create: streamed(sonioxWire),
  },
  {
    prefix: 'cartesia',
    name: 'Cartesia',
    settings: 'CARTESIA',
    baseUrl: 'https://api.cartesia.ai',
    defaultModel: 'ink-whisper',
    models: ['ink-whisper', 'ink-2'],
    languages: ['*'],
    create: streamed(cartesiaWire),
  },
  {
    prefix: 'speaches',
    name: 'speaches',
    settings: 'SPEACHES',
    local: 'speaches',
    baseUrl: 'http://127.0.0.1:8000/v1',
    defaultModel: 'whisper-1',
    models: [],
    languages: ['*'],
    create: posted(() => ({ ...plainForm, streams: true })),
  },
  {
    prefix: 'localai',
    name: 'LocalAI',
    settings: 'LOCALAI',
    local: 'localai',
    baseUrl: 'http://127.0.0.1:8080/v1',
    defaultModel: 'whisper-1',
    models: [],
    languages: ['*'],
    create: posted(() => plainForm),
  },
  {
    prefix: 'vllm',
    name: 'vLLM',
    settings: 'VLLM',
    shared: true,
    local: 'vllm',
    baseUrl: 'http://127.0.0.1:8000/v1',
    defaultModel: '',
    models: [],
    languages: ['*'],
    create: posted(() => ({ ...plainForm, streams: true })),
  },
];

/** Any other server with OpenAI's endpoint: the operator gives its address. */
export const customEarRow: EarRow = {
  prefix: 'custom',
  name: 'Custom recogniser',
  settings: 'PARLEY_STT',
  baseUrl: '',
  defaultModel: 'whisper-1',
  models: [],
  languages: ['*'],
  create: posted(() => plainForm),
};
