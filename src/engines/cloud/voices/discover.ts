// Which services' voices this server can use: those that its settings open, and the servers found on this machine.
import type { EngineEnvironment, Tts } from '../../engine.ts';
import { getJson } from '../get-json.ts';
import { providerSettings } from '../providers.ts';
import type { SpeechSearch, SpeechSighting } from '../speech-watch.ts';
import { ToldList } from '../told-list.ts';
import { customVoiceRow, type LocalServer, type VoiceRow, voiceRows } from './rows.ts';

/** Longest wait for the first sound: of a service, and of a server on the operator's own machine, which may be a slow one. */
const FIRST_SOUND_MS = 5000;
const LOCAL_FIRST_SOUND_MS = 15_000;
/** A server on this machine answers in a few milliseconds, or is not there; a list that takes longer comes later. */
const PROBE_MS = 300;

export interface CloudVoice {
  /** What stands before the first slash of a model's and of a voice's name: `elevenlabs`. */
  readonly prefix: string;
  /** Further prefixes that mean the same service. */
  readonly alsoKnownAs: readonly string[];
  readonly name: string;
  /** Takes names of models and voices without the prefix. */
  readonly tts: Tts;
  /** For sessions that name none; of a server of the operator's own it may change, when that has been started later. */
  readonly defaultModel: string;
  /** Names without the prefix. */
  models(): string[];
  /** `configured` by settings, or `found` on this machine. */
  readonly source: 'configured' | 'found';
}

/** Every setting read here, for the documentation, but for those that the language models read as well: see `providerSettings`. */
export const voiceSettings: readonly { name: string; description: string }[] = [
  {
    name: 'PARLEY_TTS_BASE_URL',
    description:
      'Address of any server with an OpenAI-compatible /audio/speech, up to its version (`http://host:8880/v1`); its voices are called `custom/<voice>`.',
  },
  { name: 'PARLEY_TTS_API_KEY', description: 'Key for PARLEY_TTS_BASE_URL, where it wants one.' },
  {
    name: 'PARLEY_TTS_MODEL',
    description: 'Speech model of PARLEY_TTS_BASE_URL for sessions that name none; default: the first it lists that speaks, or `tts-1`.',
  },
  {
    name: 'PARLEY_TTS_FIRST_SOUND_MS',
    description: `Longest wait for a service's first sound in milliseconds; default ${FIRST_SOUND_MS}, and ${LOCAL_FIRST_SOUND_MS} for servers of one's own.`,
  },
  { name: 'PARLEY_TTS_PROBE', description: '`off`: do not look for voice servers (Kokoro-FastAPI, speaches, LocalAI) on this machine.' },
  ...voiceRows.flatMap((row) => [
    ...keySettings(row).map((name) => ({
      name,
      description: `Key for ${row.name}${row.local ? ', where it wants one' : ''}; its voices are called \`${row.prefix}/<voice>\`.`,
    })),
    {
      name: `${row.settings}_BASE_URL`,
      description: `Address of ${row.name}; default ${row.baseUrl}.${row.local ? ' Setting it configures the service.' : ''}`,
    },
    // With only one there is nothing to choose.
    ...(row.local || row.models.length > 1
      ? [
          {
            name: modelSetting(row),
            description: `Speech model of ${row.name} for sessions that name none; default: ${row.local ? 'the first it lists' : `\`${row.defaultModel}\``}.`,
          },
        ]
      : []),
  ]),
].filter(({ name }) => !providerSettings.some((shared) => shared.name === name));

/**
 * The services that settings open, `custom` first and the others in the order of their rows. Their lists of voices have been asked for, and may still
 * come. Never rejects; takes two thirds of a second at the most.
 */
export async function openVoices(environment: EngineEnvironment): Promise<CloudVoice[]> {
  const opened = await Promise.all(
    [customVoiceRow, ...voiceRows].map(async (row) => {
      const access = configuredAccess(environment, row);
      return access && openConfigured(environment, row, access);
    }),
  );
  return opened.filter((voice) => voice !== undefined);
}

/** The search for servers that answer on their usual ports of this machine, those aside that settings open; none with PARLEY_TTS_PROBE=off. */
export function searchVoices(environment: EngineEnvironment): SpeechSearch<CloudVoice> | undefined {
  if (setting(environment, 'PARLEY_TTS_PROBE')?.toLowerCase() === 'off') return undefined;
  // Another Parley, or this one, is no voice server for itself.
  const port = setting(environment, 'PORT') ?? '8080';
  const rows = voiceRows.flatMap((row) => {
    const isSought = row.local && new URL(row.baseUrl).port !== port && setting(environment, `${row.settings}_BASE_URL`) === undefined;
    return row.local && isSought ? [{ row, local: row.local }] : [];
  });
  return {
    prefixes: rows.map(({ row }) => row.prefix),
    async look() {
      const seen = await Promise.all(rows.map(({ row, local }) => probe(environment, row, local)));
      return seen.filter((sighting) => sighting !== undefined);
    },
  };
}

interface Access {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
}

function configuredAccess(environment: EngineEnvironment, row: VoiceRow): Access | undefined {
  const address = setting(environment, `${row.settings}_BASE_URL`);
  const apiKey = keySettings(row)
    .map((name) => setting(environment, name))
    .find((key) => key !== undefined);
  if ((row.local ? address : apiKey) === undefined) return undefined;
  const baseUrl = (address ?? row.baseUrl).replace(/\/+$/, '');
  if (!URL.canParse(baseUrl) || !/^https?:/i.test(baseUrl)) {
    environment.log.warn({ setting: `${row.settings}_BASE_URL` }, 'this is not the address of an HTTP server; its voices are left out');
    return undefined;
  }
  // A bare host and port is what people copy from a server's log; where ours has a path, theirs has the usual one.
  const isShort = new URL(baseUrl).pathname === '/' && !/^https:\/\/[^/]+$/.test(row.baseUrl);
  return { baseUrl: isShort ? `${baseUrl}/v1` : baseUrl, apiKey };
}

async function openConfigured(environment: EngineEnvironment, row: VoiceRow, access: Access): Promise<CloudVoice> {
  const own = row.local && ownModels(environment, row.local, access);
  await own?.load();
  return open(environment, row, access, 'configured', own);
}

async function probe(environment: EngineEnvironment, row: VoiceRow, local: LocalServer): Promise<SpeechSighting<CloudVoice> | undefined> {
  const { prefix, name, baseUrl } = row;
  const access = { baseUrl, apiKey: undefined };
  const own = ownModels(environment, local, access);
  await own.load();
  const [usual] = own.current;
  if (usual === undefined) return undefined;
  const models = [...new Set([setting(environment, modelSetting(row)) ?? usual, ...own.current])];
  return { prefix, name, source: 'found', baseUrl, models, open: () => open(environment, row, access, 'found', own) };
}

async function open(
  environment: EngineEnvironment,
  row: VoiceRow,
  access: Access,
  source: CloudVoice['source'],
  own: ToldList<string> | undefined,
): Promise<CloudVoice> {
  const { clock, log } = environment;
  const chosen = setting(environment, modelSetting(row)) ?? row.defaultModel;
  const listed = () => (own && own.current.length > 0 ? own.current : row.models);
  const defaultModel = () => chosen ?? listed()[0] ?? 'tts-1';
  const tts = row.create({
    id: row.prefix,
    name: row.name,
    baseUrl: access.baseUrl,
    apiKey: access.apiKey,
    get defaultModel() {
      return defaultModel();
    },
    firstSoundMs: milliseconds(environment, 'PARLEY_TTS_FIRST_SOUND_MS', row.local ? LOCAL_FIRST_SOUND_MS : FIRST_SOUND_MS),
    clock,
    log,
  });
  // The list is on its way; who waits for it gets it a little later.
  const ready = tts.warmUp(new AbortController().signal).catch(() => {});
  await Promise.race([ready, new Promise<void>((resolve) => clock.after(PROBE_MS, resolve))]);
  return {
    prefix: row.prefix,
    alsoKnownAs: row.alsoKnownAs ?? [],
    name: row.name,
    tts,
    get defaultModel() {
      return defaultModel();
    },
    models: () => [...new Set([defaultModel(), ...listed()])],
    source,
  };
}

/** Which models it speaks with: none while nothing there answers like that server in time. */
function ownModels({ clock }: EngineEnvironment, { modelsAt, models, sign }: LocalServer, { baseUrl, apiKey }: Access): ToldList<string> {
  const request = { headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }, timeoutMs: PROBE_MS, clock };
  const ask = async () => {
    try {
      const [body] = await Promise.all([
        getJson(`${baseUrl}${modelsAt}`, request),
        sign === undefined ? undefined : getJson(new URL(sign, baseUrl).href, request),
      ]);
      return models(body);
    } catch {
      return [];
    }
  };
  return new ToldList({ known: [], clock, ask });
}

function keySettings(row: VoiceRow): string[] {
  return [`${row.settings}_API_KEY`, ...(row.keySettings ?? [])];
}

/** `OPENAI_MODEL` is the language model's. */
function modelSetting({ settings }: VoiceRow): string {
  return settings.endsWith('_TTS') ? `${settings}_MODEL` : `${settings}_TTS_MODEL`;
}

/** Set and not empty: compose files pass settings on as empty strings. */
function setting(environment: EngineEnvironment, name: string): string | undefined {
  return environment.settings[name]?.trim() || undefined;
}

function milliseconds(environment: EngineEnvironment, name: string, fallback: number): number {
  const given = setting(environment, name);
  if (given === undefined) return fallback;
  const value = Number(given);
  if (Number.isFinite(value) && value > 0) return value;
  environment.log.warn({ setting: name }, `not a number of milliseconds; ${fallback} is used`);
  return fallback;
}
