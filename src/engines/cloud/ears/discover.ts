// Which recognition services this server can use: those its settings open, or else a server for recognition found on this machine.
import type { EngineEnvironment, Stt } from '../../engine.ts';
import { getJson, type JsonRequest } from '../get-json.ts';
import { customEarRow, type EarAccess, type EarRow, earTable, type LocalServer } from './rows.ts';

/** A server on this machine answers its list in a few milliseconds, or is not there. */
const PROBE_MS = 300;

export interface CloudEar {
  /** What stands before the first slash of a model's name: `deepgram`. */
  readonly prefix: string;
  /** Further prefixes that mean the same service. */
  readonly alsoKnownAs: readonly string[];
  /** For people. */
  readonly name: string;
  readonly stt: Stt;
  /** For sessions that name none. */
  readonly defaultModel: string;
  /** Those that are known of, without the prefix; it may serve others as well. */
  models(): string[];
}

/** Every setting read here that the language models do not share, for the documentation. */
export const earSettings: readonly { name: string; description: string }[] = [
  {
    name: 'PARLEY_STT_BASE_URL',
    description:
      'Address of any server with an OpenAI-compatible /audio/transcriptions, up to its version (`http://host:8000/v1`); its models are called `custom/<model>`.',
  },
  { name: 'PARLEY_STT_API_KEY', description: 'Key for PARLEY_STT_BASE_URL, where it wants one.' },
  {
    name: 'PARLEY_STT_MODEL',
    description: 'Recognition model of PARLEY_STT_BASE_URL for sessions that name none; default: the first it lists, or `whisper-1`.',
  },
  { name: 'PARLEY_STT_PROBE', description: '`off`: do not look for recognition servers on this machine when no service is configured.' },
  ...earTable.flatMap((row) => [
    ...(row.shared
      ? []
      : [
          {
            name: `${row.settings}_API_KEY`,
            description: `Key for ${row.name}${row.local ? ', where it wants one' : ''}; its models are called \`${row.prefix}/<model>\`.`,
          },
          {
            name: `${row.settings}_BASE_URL`,
            description: `Address of ${row.name}; default ${row.baseUrl}.${row.local ? ' Setting it configures the service.' : ''}`,
          },
        ]),
    {
      name: modelSetting(row),
      description: `Recognition model of ${row.name} for sessions that name none; default: ${row.local ? 'the first it lists' : `\`${row.defaultModel}\``}.`,
    },
  ]),
];

/**
 * The services that settings configure, `custom` first and then in the order of the table; without any, the servers that answer on their usual
 * ports of this machine (unless PARLEY_STT_PROBE=off). Never rejects; takes at most two thirds of a second.
 */
export async function openEars(environment: EngineEnvironment): Promise<CloudEar[]> {
  const configured = await Promise.all([customEarRow, ...earTable].map((row) => openConfigured(environment, row)));
  const ears = configured.filter((ear) => ear !== undefined);
  if (ears.length > 0 || setting(environment, 'PARLEY_STT_PROBE')?.toLowerCase() === 'off') return ears;
  const found = await Promise.all(earTable.flatMap((row) => (row.local ? [probe(environment, row, row.local)] : [])));
  return found.filter((ear) => ear !== undefined);
}

async function openConfigured(environment: EngineEnvironment, row: EarRow): Promise<CloudEar | undefined> {
  const address = setting(environment, `${row.settings}_BASE_URL`);
  const apiKey = setting(environment, `${row.settings}_API_KEY`);
  const needsAddress = row === customEarRow || row.local !== undefined;
  if (needsAddress ? address === undefined : apiKey === undefined) return undefined;
  const baseUrl = baseOf(row, address ?? row.baseUrl);
  if (baseUrl === undefined) {
    environment.log.warn({ setting: `${row.settings}_BASE_URL` }, 'this is not the address of a server; the service is left out');
    return undefined;
  }
  const named = setting(environment, modelSetting(row));
  const listed = needsAddress ? await modelsOf(environment, row.local, baseUrl, apiKey) : row.models;
  const defaultModel = named ?? (needsAddress ? listed?.[0] : undefined) ?? row.defaultModel;
  // A server of language models is none for recognition.
  if (defaultModel === '') return undefined;
  return ear(environment, row, { baseUrl, apiKey: apiKey ?? '', defaultModel }, listed ?? []);
}

async function probe(environment: EngineEnvironment, row: EarRow, kind: LocalServer): Promise<CloudEar | undefined> {
  const { baseUrl } = row;
  // Another Parley, or this one, is no recogniser for itself.
  if (new URL(baseUrl).port === (setting(environment, 'PORT') ?? '8080')) return undefined;
  const models = await modelsOf(environment, kind, baseUrl, undefined);
  const [defaultModel] = models ?? [];
  if (!models || defaultModel === undefined) return undefined;
  environment.log.info({ provider: row.prefix, baseUrl, models: models.length }, `found ${row.name} on this machine`);
  return ear(environment, row, { baseUrl, apiKey: '', defaultModel }, models);
}

function ear(environment: EngineEnvironment, row: EarRow, access: EarAccess, models: readonly string[]): CloudEar {
  const { prefix, name, languages } = row;
  const info = { id: prefix, kind: 'stt', name, licence: 'LicenseRef-provider', languages } as const;
  const known = [...new Set([access.defaultModel, ...models])];
  return {
    prefix,
    alsoKnownAs: row.alsoKnownAs ?? [],
    name,
    stt: row.create(info, access, environment),
    defaultModel: access.defaultModel,
    models: () => [...known],
  };
}

/** The models for recognition that a server lists; undefined when nothing there answers like one of this kind. */
async function modelsOf(
  { clock }: EngineEnvironment,
  kind: LocalServer | undefined,
  baseUrl: string,
  apiKey: string | undefined,
): Promise<string[] | undefined> {
  const request: JsonRequest = { headers: apiKey ? { authorization: `Bearer ${apiKey}` } : {}, timeoutMs: PROBE_MS, clock };
  const body = await answerOf(`${baseUrl}/models`, request);
  const list = (body as { data?: unknown } | undefined)?.data;
  if (!Array.isArray(list)) return undefined;
  const entries = list.filter((entry): entry is ListedModel => typeof (entry as ListedModel | null)?.id === 'string');
  if (kind === 'speaches') {
    // It says of each what it is for, which nobody else does.
    if (!entries.some(({ task }) => typeof task === 'string')) return undefined;
    return entries.filter(({ task }) => task === 'automatic-speech-recognition').map(({ id }) => id);
  }
  if (kind === 'vllm' && !entries.some(({ owned_by }) => owned_by === 'vllm')) return undefined;
  if (kind === 'localai') {
    const system = await answerOf(`${baseUrl.replace(/\/v1$/, '')}/system`, request);
    if (!Array.isArray((system as { backends?: unknown } | undefined)?.backends)) return undefined;
  }
  return entries.map(({ id }) => id).filter((id) => forRecognition.test(id));
}

/** Nobody there, too slow, or not JSON: nothing. */
function answerOf(url: string, request: JsonRequest): Promise<unknown> {
  return getJson(url, request).catch(() => undefined);
}

interface ListedModel {
  readonly id: string;
  readonly owned_by?: unknown;
  readonly task?: unknown;
}

const forRecognition = /whisper|voxtral|transcri|parakeet|canary|moonshine|\basr\b|-asr/i;

function baseOf(row: EarRow, address: string): string | undefined {
  if (!URL.canParse(address) || !/^(?:https?|wss?):/i.test(address)) return undefined;
  const base = address.replace(/\/+$/, '');
  const isCompatible = row.shared || row.local || row === customEarRow;
  // A bare host and port is what people copy from a server's log; the endpoint of all of those is under /v1.
  return isCompatible && new URL(base).pathname === '/' ? `${base}/v1` : base;
}

function modelSetting(row: EarRow): string {
  return row === customEarRow ? 'PARLEY_STT_MODEL' : `${row.settings}_STT_MODEL`;
}

/** Set and not empty: compose files pass settings on as empty strings. */
function setting(environment: EngineEnvironment, name: string): string | undefined {
  return environment.settings[name]?.trim() || undefined;
}
