// What the operator wants, from environment variables with an optional JSON file of the same names below them: each value checked, and given its
// type. config-settings.ts says which settings there are.
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { leastMasterKeyCharacters } from './access/vault.ts';
import { ConfigError, type Environment, readGiven } from './config-given.ts';
import { defaultSessions, engineVariable, limitPresets, limitVariables, settings, usualSecretMegabytes } from './config-settings.ts';
import type { EngineKind } from './engines/engine.ts';
import { rows } from './engines/catalogue.ts';
import { housePrefix } from './engines/routing/service.ts';
import { serviceSettings, speechServices } from './engines/cloud/service-settings.ts';
import { HostRules } from './lib/guarded-hosts.ts';
import { readRoutesFile, RoutesFileError, routesOf } from './telephony/routes-file.ts';
import type { RoutesFile } from './telephony/routes-schema.ts';
import { RemoteAddresses } from './lib/remote-address.ts';
import type { Limit } from './protocol/limits.ts';
import { Prices, PricesError } from './usage/prices.ts';

export { ConfigError } from './config-given.ts';

export interface SpeechChoice {
  /** Ids of engines of this machine, by the catalogue. At least one. */
  readonly house: readonly string[];
  /** The id of those who name none; undefined: the first of `house`. */
  readonly usual: string | undefined;
  /** Ids of those that are asked in the place of one that fails. */
  readonly fallback: readonly string[];
}

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly apiKeys: readonly string[];
  readonly tls: { readonly certPath: string; readonly keyPath: string } | undefined;
  readonly dataDir: string;
  readonly logLevel: string;
  readonly selfCheck: boolean;
  readonly corsOrigins: readonly string[];
  readonly console: 'local' | 'key' | 'off';
  /** Hosts without ports, in lower case. */
  readonly consoleHosts: readonly string[];
  /** How strangers are held off. */
  readonly door: {
    readonly addresses: RemoteAddresses;
    readonly authFailures: number;
    readonly strangers: number;
    readonly strangersPerAddress: number;
  };
  readonly allowHosts: readonly string[];
  readonly secretBytesPerKey: number;
  readonly drainMs: number;
  /** 0: a session ends with its connection. */
  readonly resumeMs: number;
  /** 0: never. */
  readonly mostStallMs: number;
  /** `shared`: on the server's own port; an address: there only. */
  readonly metrics: 'off' | 'shared' | { readonly host: string; readonly port: number };
  readonly sessionMs: number;
  readonly contextTokens: number;
  readonly conversationBytes: number;
  readonly promptsDir: string;
  readonly routersDir: string;
  readonly usage: {
    readonly prices: Prices;
    /** For how many days sessions are told apart. */
    readonly sessionDays: number;
  };
  /** Where sessions are recorded, if they are, and whether their sound is. */
  readonly record: { readonly folder: string; readonly sound: boolean } | undefined;
  readonly maxSessions: number;
  /** What each key may use; Infinity is no limit. */
  readonly limits: Readonly<Record<Limit, number>>;
  readonly calls: {
    /** Of WebRTC, and of SIP. */
    readonly most: number;
    readonly mostSip: number;
    /** 0: as many as there are cores, less one. */
    readonly workers: number;
    readonly publicAddress: string | undefined;
    readonly portRange: readonly [number, number] | undefined;
    readonly interfaces: readonly string[];
    readonly tcp: boolean;
    /** Undefined: what suits the addresses that are offered. */
    readonly candidates: 'public' | 'private' | 'any' | undefined;
    readonly stunUrls: readonly string[];
    readonly turnUrls: readonly string[];
    readonly turnSecret: string | undefined;
    readonly turnSeconds: number;
  };
  /** Telephone calls: who carries them, and where they go; empty where no file says so. */
  readonly telephony: RoutesFile;
  /** Where recordings of calls are kept. */
  readonly recordingsDir: string;
  /** The engine of each kind, by its id in the catalogue. */
  readonly engines: Readonly<Record<Exclude<EngineKind, 'stt' | 'tts'>, string>>;
  /** Who hears and who speaks. */
  readonly speech: Readonly<Record<'stt' | 'tts', SpeechChoice>>;
  /** Ids of language models that are asked in the place of one that fails. */
  readonly llmFallback: readonly string[];
  /** How long whoever can be replaced may take before the next is asked: a model to its first word, a recogniser to its words, a voice to its next sound. */
  readonly fallbackMs: number;
  /** How long a language model may be silent before the next one is asked as well; undefined: nobody is. */
  readonly llmHedgeMs: number | undefined;
  /** How long an engine that failed is left alone where another can be asked. */
  readonly fallbackRestMs: number;
  readonly defaultModel: string | undefined;
  readonly aliases: ReadonlyMap<string, string>;
  readonly defaultVoice: string | undefined;
  readonly voiceLock: boolean;
  readonly defaultInstructions: string;
  /** Everything by its own name, for the engines. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  /** What the operator should change although the server starts: sentences. */
  readonly warnings: readonly string[];
}

const leastKeyCharacters = 8;
const goodKeyCharacters = 32;
/** When keys of fewer than `goodKeyCharacters` are no longer taken. */
const shortKeysEnd = 'version 0.3 on, which comes in June 2027 at the earliest,';

const wildcards = new Set(['0.0.0.0', '::']);
const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

export function isLoopback(host: string): boolean {
  return loopback.has(host);
}

/**
 * Reads the environment and the optional file.
 * @throws ConfigError naming the setting that is wrong.
 */
export function readConfig(environment: Environment, folder: string): Config {
  const { values, unknown } = readGiven(environment, folder, knownNames());
  return configOf(values, folder, unknown, environment);
}

/** Whatever may be set. */
export function knownNames(): string[] {
  return [...settings, ...serviceSettings].map(({ name }) => name);
}

/**
 * The configuration that these values make.
 * @throws ConfigError naming the setting that is wrong.
 */
export function configOf(
  values: Readonly<Record<string, string>>,
  folder: string,
  unknown: readonly string[],
  environment: Environment = {},
): Config {
  const apiKeys = list(values.PARLEY_API_KEY);
  const host = values.HOST ?? '127.0.0.1';
  if (apiKeys.length === 0 && !isLoopback(host)) {
    throw new ConfigError(
      ['HOST', 'PARLEY_API_KEY'],
      `HOST is ${host}, which others can reach: set PARLEY_API_KEY to one or more keys first.`,
    );
  }
  for (const key of apiKeys) {
    if (key.length < leastKeyCharacters)
      throw new ConfigError(['PARLEY_API_KEY'], `PARLEY_API_KEY holds a key of less than ${leastKeyCharacters} characters.`);
  }
  const masterKey = values.PARLEY_MASTER_KEY;
  if (masterKey !== undefined && masterKey.length < leastMasterKeyCharacters)
    throw new ConfigError(
      ['PARLEY_MASTER_KEY'],
      `PARLEY_MASTER_KEY must have at least ${leastMasterKeyCharacters} characters, and they must be random.`,
    );
  const short = apiKeys.filter((key) => key.length < goodKeyCharacters).length;
  return Object.freeze({
    port: number(values, 'PORT', 8080, 0, 65_535),
    host,
    apiKeys,
    tls: certificate(values, folder),
    dataDir: resolve(folder, values.PARLEY_DATA_DIR ?? '.parley'),
    logLevel: choice(values, 'PARLEY_LOG', ['debug', 'info', 'warn', 'error', 'silent'], 'info'),
    selfCheck: choice(values, 'PARLEY_SELF_CHECK', ['on', 'off'], 'on') === 'on',
    corsOrigins: list(values.PARLEY_CORS_ORIGINS ?? '*'),
    // Who has set keys means that nobody comes in without one; and what is in front of this server may look like this machine.
    console: choice(values, 'PARLEY_CONSOLE', ['local', 'key', 'off'], apiKeys.length > 0 ? 'key' : 'local') as Config['console'],
    consoleHosts: list(values.PARLEY_CONSOLE_HOSTS ?? (wildcards.has(host) ? '' : host)).map((name) => name.toLowerCase()),
    door: {
      addresses: proxies(values),
      authFailures: number(values, 'PARLEY_AUTH_FAILURES', 30, 1, 1_000_000),
      strangers: number(values, 'PARLEY_UNAUTHENTICATED_SOCKETS', 512, 1, 1_000_000),
      strangersPerAddress: number(values, 'PARLEY_UNAUTHENTICATED_SOCKETS_PER_ADDRESS', 128, 1, 1_000_000),
    },
    allowHosts: hosts(values),
    secretBytesPerKey: number(values, 'PARLEY_SECRET_MEGABYTES', usualSecretMegabytes, 1, 1024) * 1_000_000,
    drainMs: number(values, 'PARLEY_DRAIN_SECONDS', 20, 0, 3600) * 1000,
    resumeMs: number(values, 'PARLEY_RESUME_SECONDS', 30, 0, 3600) * 1000,
    mostStallMs: number(values, 'PARLEY_STALL_SECONDS', 30, 0, 3600) * 1000,
    metrics: metricsPlace(values),
    sessionMs: number(values, 'PARLEY_SESSION_MINUTES', 60, 1, 100_000) * 60_000,
    contextTokens: number(values, 'PARLEY_CONTEXT_TOKENS', 128_000, 256, 100_000_000),
    conversationBytes: number(values, 'PARLEY_CONVERSATION_BYTES', 32 * 1024 * 1024, 64 * 1024, 1024 * 1024 * 1024),
    promptsDir: resolve(folder, values.PARLEY_PROMPTS_DIR ?? 'prompts'),
    routersDir: resolve(folder, values.PARLEY_ROUTERS_DIR ?? 'routers'),
    usage: { prices: pricesOf(values, folder), sessionDays: number(values, 'PARLEY_USAGE_SESSION_DAYS', 90, 1, 3650) },
    record: recording(values, folder),
    maxSessions: number(values, 'PARLEY_MAX_SESSIONS', defaultSessions(availableParallelism()), 1, Number.MAX_SAFE_INTEGER),
    limits: limitsOf(values),
    calls: {
      most: number(values, 'PARLEY_MAX_CALLS', 15 * availableParallelism(), 1, 100_000),
      // A telephone has neither encryption nor, mostly, Opus to be paid for (docs/performance.md).
      mostSip: number(values, 'PARLEY_MAX_SIP_CALLS', 60 * availableParallelism(), 1, 100_000),
      workers: number(values, 'PARLEY_CALL_WORKERS', 0, 0, 256),
      publicAddress: address(values, 'PARLEY_PUBLIC_ADDRESS'),
      portRange: ports(values, 'PARLEY_UDP_PORTS'),
      interfaces: list(values.PARLEY_INTERFACES),
      tcp: choice(values, 'PARLEY_ICE_TCP', ['on', 'off'], 'off') === 'on',
      candidates: candidateRule(values),
      stunUrls: iceUrls(values, 'PARLEY_STUN_URLS', /^stuns?:/),
      turnUrls: iceUrls(values, 'PARLEY_TURN_URLS', /^turns?:/),
      turnSecret: values.PARLEY_TURN_SECRET,
      turnSeconds: number(values, 'PARLEY_TURN_SECONDS', 3600, 60, 86_400),
    },
    telephony: telephonyOf(values, folder, environment),
    recordingsDir: resolve(folder, values.PARLEY_RECORDINGS_DIR ?? join(values.PARLEY_DATA_DIR ?? '.parley', 'recordings')),
    engines: {
      llm: engineChoice(values, 'llm'),
      vad: engineChoice(values, 'vad'),
      turn: engineChoice(values, 'turn'),
    },
    speech: { stt: speechChoice(values, 'stt'), tts: speechChoice(values, 'tts') },
    llmFallback: fallback(values, 'llm', []),
    fallbackMs: number(values, 'PARLEY_FALLBACK_MS', 3000, 100, 60_000),
    llmHedgeMs: (values.PARLEY_LLM_HEDGE_MS ?? 'off') === 'off' ? undefined : number(values, 'PARLEY_LLM_HEDGE_MS', 0, 50, 60_000),
    fallbackRestMs: number(values, 'PARLEY_FALLBACK_REST_SECONDS', 30, 0, 600) * 1000,
    defaultModel: values.PARLEY_MODEL,
    aliases: aliases(values.PARLEY_MODEL_ALIASES),
    defaultVoice: values.PARLEY_VOICE,
    voiceLock: choice(values, 'PARLEY_VOICE_LOCK', ['on', 'off'], 'off') === 'on',
    defaultInstructions: values.PARLEY_INSTRUCTIONS ?? 'You are a helpful voice assistant. Answer briefly, in plain spoken language.',
    settings: { PARLEY_STT_PROCESSES: String(availableParallelism()), ...values, ...modelSettings(values, folder) },
    warnings: [
      ...unknown,
      ...(short === 0
        ? []
        : [
            `PARLEY_API_KEY holds ${short === 1 ? 'a key' : `${short} keys`} of less than ${goodKeyCharacters} characters. From ${shortKeysEnd} such keys are refused: "npm run keys -- make" makes a good one.`,
          ]),
    ],
  });
}

function recording(values: Readonly<Record<string, string>>, folder: string): Config['record'] {
  const sound = choice(values, 'PARLEY_RECORD_SOUND', ['on', 'off', '1'], 'off') !== 'off';
  const path = values.PARLEY_RECORD;
  return path === undefined ? undefined : { folder: resolve(folder, path), sound };
}

function pricesOf(values: Readonly<Record<string, string>>, folder: string): Prices {
  const path = values.PARLEY_PRICES;
  try {
    return path === undefined ? Prices.none : Prices.read(resolve(folder, path));
  } catch (error) {
    if (!(error instanceof PricesError)) throw error;
    throw new ConfigError(['PARLEY_PRICES'], `The table of prices ${path} cannot be used: ${error.message}`);
  }
}

function telephonyOf(values: Readonly<Record<string, string>>, folder: string, environment: Environment): RoutesFile {
  const path = values.PARLEY_TELEPHONY;
  try {
    const file = path === undefined ? routesOf({}, '', { environment }) : readRoutesFile(resolve(folder, path), { environment });
    const encrypted = file.sip?.listen.findIndex((each) => /^tls:/i.test(each)) ?? -1;
    if (encrypted !== -1 && values.PARLEY_TLS_CERT === undefined)
      throw new ConfigError(
        ['PARLEY_TELEPHONY', 'PARLEY_TLS_CERT', 'PARLEY_TLS_KEY'],
        `The telephony file ${path} cannot be used: sip.listen[${encrypted}] is by TLS, which needs a certificate: set PARLEY_TLS_CERT and PARLEY_TLS_KEY.`,
      );
    return file;
  } catch (error) {
    if (!(error instanceof RoutesFileError)) throw error;
    throw new ConfigError(['PARLEY_TELEPHONY'], error.message);
  }
}

function hosts(values: Readonly<Record<string, string>>): string[] {
  const entries = list(values.PARLEY_ALLOW_HOSTS);
  try {
    void new HostRules(entries);
  } catch (error) {
    throw new ConfigError(['PARLEY_ALLOW_HOSTS'], `PARLEY_ALLOW_HOSTS cannot be used: ${(error as Error).message}.`);
  }
  return entries;
}

function proxies(values: Readonly<Record<string, string>>): RemoteAddresses {
  const entries = list(values.PARLEY_TRUST_PROXY ?? 'loopback');
  try {
    return new RemoteAddresses(entries.join() === 'none' ? [] : entries);
  } catch (error) {
    throw new ConfigError(['PARLEY_TRUST_PROXY'], `PARLEY_TRUST_PROXY cannot be used: ${(error as Error).message}.`);
  }
}

function list(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function number(values: Record<string, string | undefined>, name: string, fallback: number, least: number, most: number): number {
  const text = values[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new ConfigError([name], `${name} must be a whole number from ${least} to ${most}, not '${text}'.`);
  return value;
}

function limitsOf(values: Readonly<Record<string, string>>): Config['limits'] {
  const preset = choice(values, 'PARLEY_LIMITS', Object.keys(limitPresets), 'default') as keyof typeof limitPresets;
  const limits: Record<Limit, number> = { ...limitPresets[preset] };
  for (const limit of Object.keys(limits) as Limit[]) {
    const name = limitVariables[limit];
    if (values[name] === 'none') limits[limit] = Number.POSITIVE_INFINITY;
    else if (values[name] !== undefined) limits[limit] = number(values, name, 0, 1, 1_000_000_000);
  }
  return limits;
}

function address(values: Record<string, string | undefined>, name: string): string | undefined {
  const value = values[name];
  if (value !== undefined && isIP(value) === 0) throw new ConfigError([name], `${name} must be an IP address, not '${value}'.`);
  return value;
}

function ports(values: Record<string, string | undefined>, name: string): readonly [number, number] | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  if (!first || !last || Number(first) < 1024 || Number(last) > 65_535 || Number(first) > Number(last))
    throw new ConfigError([name], `${name} must be two ports like 50000-50200, not '${text}'.`);
  return [Number(first), Number(last)];
}

function metricsPlace(values: Record<string, string | undefined>): Config['metrics'] {
  const text = values.PARLEY_METRICS_PORT;
  const [, bracketed, named, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]\s]+)):)?(\d{1,5})$/.exec(text ?? '') ?? [];
  const host = bracketed ?? named ?? '127.0.0.1';
  const port = Number(digits);
  if (text !== undefined && !(port <= 65_535 && (bracketed === undefined || isIP(bracketed) === 6)))
    throw new ConfigError(
      ['PARLEY_METRICS_PORT'],
      `PARLEY_METRICS_PORT must be a port like 9464, or an address like 127.0.0.1:9464 or [::1]:9464, not '${text}'.`,
    );
  if (choice(values, 'PARLEY_METRICS', ['on', 'off'], 'on') === 'off') return 'off';
  if (text === undefined) return 'shared';
  if (port !== 0 && port === Number(values.PORT ?? 8080))
    throw new ConfigError(
      ['PARLEY_METRICS_PORT', 'PORT'],
      `PARLEY_METRICS_PORT is ${port}, which is PORT: set another, or leave it out to have metrics there.`,
    );
  return { host, port };
}

function iceUrls(values: Record<string, string | undefined>, name: string, scheme: RegExp): string[] {
  const urls = list(values[name]);
  for (const url of urls) if (!scheme.test(url)) throw new ConfigError([name], `${name} holds '${url}', which is no URL of that kind.`);
  return urls;
}

function choice(values: Record<string, string | undefined>, name: string, allowed: readonly string[], fallback: string): string {
  const value = values[name] ?? fallback;
  if (!allowed.includes(value)) throw new ConfigError([name], `${name} must be one of ${allowed.join(', ')}, not '${value}'.`);
  return value;
}

function candidateRule(values: Record<string, string | undefined>): Config['calls']['candidates'] {
  if (values.PARLEY_CALL_CANDIDATES === undefined) return undefined;
  return choice(values, 'PARLEY_CALL_CANDIDATES', ['public', 'private', 'any'], '') as Config['calls']['candidates'];
}

/** Checked here, read by the store of models: a folder as an absolute path, an address as it is. */
function modelSettings(values: Record<string, string | undefined>, folder: string): Record<string, string> {
  const mode = choice(values, 'PARLEY_MODELS', ['on', 'off'], 'on');
  const mirror = values.PARLEY_MODELS_MIRROR;
  if (mirror === undefined) return { PARLEY_MODELS: mode };
  if (!/^https?:/i.test(mirror)) return { PARLEY_MODELS: mode, PARLEY_MODELS_MIRROR: readable('PARLEY_MODELS_MIRROR', mirror, folder) };
  if (!URL.canParse(mirror)) throw new ConfigError(['PARLEY_MODELS_MIRROR'], `PARLEY_MODELS_MIRROR is no address: '${mirror}'.`);
  return { PARLEY_MODELS: mode, PARLEY_MODELS_MIRROR: mirror };
}

function engineChoice(values: Record<string, string | undefined>, kind: EngineKind): string {
  const ids = rows[kind].map((factory) => factory.id);
  return choice(values, engineVariable(kind), ids, ids[0] ?? '');
}

/** The engines of this machine among those that are named; where none is, the first of the catalogue, which then serves when a service fails. */
function speechChoice(values: Record<string, string | undefined>, kind: 'stt' | 'tts'): SpeechChoice {
  const name = engineVariable(kind);
  const ids = rows[kind].map((factory) => factory.id);
  const named = list(values[name]);
  const house = named.filter((id) => ids.includes(id));
  for (const id of named) {
    if (ids.includes(id) || speechServices[kind].has(id.split('/', 1)[0] ?? '') || id === housePrefix) continue;
    const services = [...speechServices[kind]].join(', ');
    throw new ConfigError([name], `${name} must hold ${ids.join(', ')}, or provider/model with one of ${services}, not '${id}'.`);
  }
  return { house: house.length > 0 ? house : ids.slice(0, 1), usual: named[0], fallback: fallback(values, kind, [housePrefix]) };
}

function fallback(values: Record<string, string | undefined>, kind: 'stt' | 'tts' | 'llm', usual: readonly string[]): readonly string[] {
  const value = values[`${engineVariable(kind)}_FALLBACK`];
  if (value === undefined) return usual;
  return value.trim().toLowerCase() === 'off' ? [] : list(value);
}

function certificate(values: Record<string, string | undefined>, folder: string): Config['tls'] {
  const { PARLEY_TLS_CERT: cert, PARLEY_TLS_KEY: key } = values;
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new ConfigError(['PARLEY_TLS_CERT', 'PARLEY_TLS_KEY'], 'PARLEY_TLS_CERT and PARLEY_TLS_KEY go together: set both or none.');
  const tls = { certPath: readable('PARLEY_TLS_CERT', cert, folder), keyPath: readable('PARLEY_TLS_KEY', key, folder) };
  try {
    createSecureContext({ cert: readFileSync(tls.certPath), key: readFileSync(tls.keyPath) });
  } catch (error) {
    throw new ConfigError(
      ['PARLEY_TLS_CERT', 'PARLEY_TLS_KEY'],
      `PARLEY_TLS_CERT and PARLEY_TLS_KEY cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return tls;
}

function readable(name: string, path: string, folder: string): string {
  const full = resolve(folder, path);
  if (!existsSync(full)) throw new ConfigError([name], `${name} names a file that is not there: ${full}`);
  return full;
}

function aliases(value: string | undefined): ReadonlyMap<string, string> {
  return new Map(
    list(value).map((entry) => {
      const [alias, target] = entry.split('=').map((part) => part.trim());
      if (!alias || !target)
        throw new ConfigError(['PARLEY_MODEL_ALIASES'], `PARLEY_MODEL_ALIASES must hold alias=provider/model pairs, not '${entry}'.`);
      return [alias, target];
    }),
  );
}

/** The file in which the server keeps the key it made for itself. */
export function keyFile(dataDir: string): string {
  return join(dataDir, 'api-key');
}
