// Which language models this server can use: those its settings open, or else a model server found on this machine.
import type { EngineEnvironment, Llm } from '../engine.ts';
import { anthropicHeaders, createAnthropicMessages } from './anthropic-messages.ts';
import { answersAsOllama, listModels } from './model-list.ts';
import { createOpenAiChat } from './openai-chat.ts';
import { customRow, type ProviderRow, providerTable } from './provider-table.ts';

export { ownerOfBareModel } from './provider-table.ts';

const FIRST_TOKEN_MS = 10_000;
/** A server on this machine answers its list in a few milliseconds, or is not there. */
const PROBE_MS = 300;
const LIST_MS = 5000;

export interface Provider {
  /** What stands before the first slash of a model's name: `groq`. */
  readonly prefix: string;
  /** For people. */
  readonly name: string;
  readonly baseUrl?: string;
  /** Further prefixes that mean the same provider. */
  readonly alsoKnownAs: readonly string[];
  readonly llm: Llm;
  /** The models it offers right now; empty when it does not tell. */
  models(): Promise<string[]>;
  readonly defaultModel?: string;
  /** `configured` by settings, or `found` on this machine. */
  readonly source: 'configured' | 'found';
}

/** Every setting read here, for the documentation. */
export const providerSettings: readonly { name: string; description: string }[] = [
  {
    name: 'PARLEY_LLM_BASE_URL',
    description:
      'Address of any server with an OpenAI-compatible /chat/completions, up to its version (`http://host:8081/v1`); its models are called `custom/<model>`.',
  },
  { name: 'PARLEY_LLM_API_KEY', description: 'Key for PARLEY_LLM_BASE_URL, where it wants one.' },
  { name: 'PARLEY_LLM_MODEL', description: 'Model of PARLEY_LLM_BASE_URL for sessions that name none; default: the first it lists.' },
  {
    name: 'PARLEY_LLM_FIRST_TOKEN_MS',
    description: `Longest wait for a model's first token (and between two later ones) in milliseconds; default ${FIRST_TOKEN_MS}.`,
  },
  { name: 'PARLEY_LLM_PROBE', description: '`off`: do not look for model servers on this machine when no provider is configured.' },
  ...providerTable.flatMap((row) => [
    ...(row.local
      ? []
      : keySettings(row).map((name) => ({ name, description: `Key for ${row.name}; its models are called \`${row.prefix}/<model>\`.` }))),
    {
      name: `${row.settings}_BASE_URL`,
      description: `Address of ${row.name}; default ${row.baseUrl}.${row.local ? ' Setting it configures the provider.' : ''}`,
    },
    {
      name: `${row.settings}_MODEL`,
      description: `Model of ${row.name} for sessions that name none; default: ${row.defaultModel ?? 'the first it lists'}.`,
    },
  ]),
];

/**
 * The providers that settings configure, in the order of the table with `custom` first; without any, the model servers that answer
 * on their usual ports of this machine (unless PARLEY_LLM_PROBE=off). Never rejects; takes at most a third of a second.
 */
export async function discoverProviders(environment: EngineEnvironment, signal: AbortSignal): Promise<Provider[]> {
  const configured = [customRow, ...providerTable].flatMap((row) => {
    const access = configuredAccess(environment, row);
    return access ? [{ row, access }] : [];
  });
  if (configured.length > 0) {
    return Promise.all(configured.map(({ row, access }) => openConfigured(environment, row, access, signal)));
  }
  if (setting(environment, 'PARLEY_LLM_PROBE')?.toLowerCase() === 'off') return [];
  const found = await Promise.all(providerTable.filter((row) => row.local).map((row) => probe(environment, row, signal)));
  return found.filter((provider) => provider !== undefined);
}

/** The providers that settings configure, without asking any of them for what it has: for a look at what the server would do. */
export function configuredProviders(environment: EngineEnvironment): Omit<Provider, 'models'>[] {
  return [customRow, ...providerTable].flatMap((row) => {
    const access = configuredAccess(environment, row);
    if (!access) return [];
    const defaultModel = setting(environment, `${row.settings}_MODEL`) ?? row.defaultModel;
    return [provider(environment, row, access, lister(environment, row, access), defaultModel, 'configured')];
  });
}

interface Access {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
}

function configuredAccess(environment: EngineEnvironment, row: ProviderRow): Access | undefined {
  const address = setting(environment, `${row.settings}_BASE_URL`);
  const apiKey = keySettings(row)
    .map((name) => setting(environment, name))
    .find((key) => key !== undefined);
  const opened = row === customRow || row.local ? address !== undefined : address !== undefined || apiKey !== undefined;
  if (!opened) return undefined;
  const baseUrl = address ?? row.baseUrl;
  // A bare host and port is what people copy from a server's log; the chat endpoint of all of them is under /v1.
  if (URL.canParse(baseUrl) && /^https?:/i.test(baseUrl)) {
    return { baseUrl: new URL(baseUrl).pathname === '/' ? `${baseUrl.replace(/\/+$/, '')}/v1` : baseUrl, apiKey };
  }
  environment.log.warn({ setting: `${row.settings}_BASE_URL` }, 'this is not the address of an HTTP server; the provider is left out');
  return undefined;
}

async function openConfigured(environment: EngineEnvironment, row: ProviderRow, access: Access, signal: AbortSignal): Promise<Provider> {
  const models = lister(environment, row, access);
  const chosen = setting(environment, `${row.settings}_MODEL`) ?? row.defaultModel;
  const defaultModel = chosen ?? (await models(PROBE_MS, signal))?.[0];
  return provider(environment, row, access, models, defaultModel, 'configured');
}

async function probe(environment: EngineEnvironment, row: ProviderRow, signal: AbortSignal): Promise<Provider | undefined> {
  const access = { baseUrl: row.baseUrl, apiKey: undefined };
  // Another Parley, or this one, is no model server for itself.
  if (new URL(row.baseUrl).port === (setting(environment, 'PORT') ?? '8080')) return undefined;
  const models = lister(environment, row, access);
  const request = { baseUrl: row.baseUrl, headers: {}, timeoutMs: PROBE_MS, clock: environment.clock, signal };
  const [list, ollama] = await Promise.all([models(PROBE_MS, signal), row.prefix === 'ollama' ? answersAsOllama(request) : true]);
  // A server without a model (a fresh Ollama) cannot answer anybody.
  if (!list?.[0] || !ollama) return undefined;
  return provider(environment, row, access, models, list[0], 'found');
}

type Lister = (timeoutMs: number, signal?: AbortSignal) => Promise<string[] | undefined>;

function lister(environment: EngineEnvironment, row: ProviderRow, access: Access): Lister {
  const headers = headersOf(row, access);
  const { baseUrl } = access;
  return (timeoutMs, signal) => listModels({ baseUrl, headers, timeoutMs, clock: environment.clock, ...(signal ? { signal } : {}) });
}

/** What opens the list of models. */
function headersOf({ api }: ProviderRow, { apiKey }: Access): Record<string, string> {
  if (!apiKey) return {};
  return api === 'anthropic' ? anthropicHeaders(apiKey) : { authorization: `Bearer ${apiKey}` };
}

function provider(
  environment: EngineEnvironment,
  row: ProviderRow,
  access: Access,
  models: Lister,
  defaultModel: string | undefined,
  source: Provider['source'],
): Provider {
  const options = {
    id: row.prefix,
    name: row.name,
    baseUrl: access.baseUrl,
    firstTokenMs: milliseconds(environment, 'PARLEY_LLM_FIRST_TOKEN_MS', FIRST_TOKEN_MS),
    clock: environment.clock,
    log: environment.log,
    ...(access.apiKey ? { apiKey: access.apiKey } : {}),
    listHeaders: headersOf(row, access),
    keepWarm: !row.local,
    ...(row.modelAliases ? { modelAliases: row.modelAliases } : {}),
  };
  const llm = row.api === 'anthropic' ? createAnthropicMessages(options) : createOpenAiChat({ ...options, dialect: row });
  return {
    prefix: row.prefix,
    name: row.name,
    baseUrl: access.baseUrl,
    alsoKnownAs: row.alsoKnownAs ?? [],
    llm,
    models: async () => (await models(LIST_MS)) ?? [],
    ...(defaultModel ? { defaultModel } : {}),
    source,
  };
}

function keySettings(row: ProviderRow): string[] {
  return [`${row.settings}_API_KEY`, ...(row.keySettings ?? [])];
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
