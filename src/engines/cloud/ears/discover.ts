// Which recognition services this server can use: those its settings open, or else a server for recognition found on this machine.
import type { EngineEnvironment, Stt } from '../../engine.ts';
import { getJson, type JsonRequest } from '../get-json.ts';
import type { SpeechSearch, SpeechSighting } from '../speech-watch.ts';
import { ToldList } from '../told-list.ts';
import { customEarRow, type EarRow, earTable, type LocalServer } from './rows.ts';
import type { Access } from './wire.ts';

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
  /** For sessions that name none; of a server of the operator's own it may change, when that has been started later. */
  readonly defaultModel: string;
  /** Those that are known of, without the prefix; it may serve others as well. */
  models(): string[];
  /** `configured` by settings, or `found` on this machine. */
  readonly source: 'configured' | 'found';
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

/** The services that settings configure, `custom` first and then in the order of the table. Never rejects; takes at most two thirds of a second. */
export async function openEars(environment: EngineEnvironment): Promise<CloudEar[]> {
  const configured = await Promise.all([customEarRow, ...earTable].map((row) => openConfigured(environment, row)));
  return configured.filter((ear) => ear !== undefined);
}

/** The search for servers that answer on their usual ports of this machine; none with PARLEY_STT_PROBE=off, and while a service is configured. */
export function searchEars(environment: EngineEnvironment, configured: readonly CloudEar[]): SpeechSearch<CloudEar> | undefined {
  if (configured.length > 0 || setting(environment, 'PARLEY_STT_PROBE')?.toLowerCase() === 'off') return undefined;
  // Another Parley, or this one, is no recogniser for itself.
  const own = setting(environment, 'PORT') ?? '8080';
  const rows = earTable.filter(({ local, baseUrl }) => local !== undefined && new URL(baseUrl).port !== own);
  return {
    prefixes: rows.map(({ prefix }) => prefix),
    async look() {
      const seen = await Promise.all(rows.map((row) => probe(environment, row)));
      return seen.filter((sighting) => sighting !== undefined);
    },
  };
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
  const access = { baseUrl, apiKey: apiKey ?? '' };
  const named = setting(environment, modelSetting(row));
  if (!needsAddress) return ear(environment, row, access, 'configured', () => [named ?? row.defaultModel, ...row.models]);
  // A server that has told no models is asked again: it may have been started later.
  const ask = async () => (await modelsOf(environment, row.local, baseUrl, apiKey)) ?? [];
  const own = new ToldList({ known: [], clock: environment.clock, ask });
  await own.load();
  const models = () => [named ?? own.current[0] ?? row.defaultModel, ...own.current];
  // A server of language models is none for recognition.
  return models()[0] === '' ? undefined : ear(environment, row, access, 'configured', models);
}

async function probe(environment: EngineEnvironment, row: EarRow): Promise<SpeechSighting<CloudEar> | undefined> {
  const { prefix, name, baseUrl } = row;
  const listed = (await modelsOf(environment, row.local, baseUrl, undefined)) ?? [];
  const [usual] = listed;
  if (usual === undefined) return undefined;
  const named = setting(environment, modelSetting(row));
  const models = [...new Set([named ?? usual, ...listed])];
  const open = async () => ear(environment, row, { baseUrl, apiKey: '' }, 'found', () => models);
  return { prefix, name, source: 'found', baseUrl, models, open };
}

/** `modelsNow`: those that are known of at the moment, the usual one first. */
function ear(
  environment: EngineEnvironment,
  row: EarRow,
  access: Access,
  source: CloudEar['source'],
  modelsNow: () => readonly string[],
): CloudEar {
  const { prefix, name, languages } = row;
  const info = { id: prefix, kind: 'stt', name, licence: 'LicenseRef-provider', languages } as const;
  const defaultModel = () => modelsNow()[0] ?? '';
  return {
    prefix,
    alsoKnownAs: row.alsoKnownAs ?? [],
    name,
    stt: row.create(info, { ...access, defaultModel: defaultModel() }, environment),
    get defaultModel() {
      return defaultModel();
    },
    models: () => [...new Set(modelsNow())],
    source,
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
