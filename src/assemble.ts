// The only file that knows every concrete thing: makes the parts of a server from its configuration and joins them.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Access } from './access/access.ts';
import { ownKey } from './access/keys.ts';
import { Reception } from './access/reception.ts';
import { Usage } from './access/usage.ts';
import { masterKey, Vault } from './access/vault.ts';
import { openAudioDesk } from './audio-desk.ts';
import { CallBoard } from './call-board.ts';
import { openCallDesk } from './call-desk.ts';
import { openCallFeed } from './call-feed.ts';
import { CallSessions } from './call-sessions.ts';
import { openChatDesk } from './chat-desk.ts';
import { type Config, isLoopback, keyFile } from './config.ts';
import type { EngineEnvironment } from './engines/engine.ts';
import type { Used } from './engines/metered.ts';
import type { ModelProgress } from './engines/models/progress.ts';
import { ModelStore } from './engines/models/store.ts';
import { ownerOfBareModel } from './engines/cloud/providers.ts';
import { type EngineState, missing } from './engines/engine-state.ts';
import type { Router } from './engines/routing/router.ts';
import { registerConsolePage } from './http/console.ts';
import { isLocalVisitor } from './http/console-guard.ts';
import { registerConsoleRoutes } from './http/console-routes.ts';
import { registerDocs } from './http/docs-routes.ts';
import { metricsPage, registerMetrics } from './http/metrics-routes.ts';
import { Traffic } from './http/traffic.ts';
import type { ListedModel } from './http/routes/deps.ts';
import { registerRoutes } from './http/routes/routes.ts';
import { certificateOf, createHttp } from './http/server.ts';
import { Sockets } from './http/sockets.ts';
import { openPhones } from './phones.ts';
import { systemClock } from './lib/clock.ts';
import { machineAddresses } from './lib/guarded-address.ts';
import { GuardedFetch } from './lib/guarded-fetch.ts';
import { openFolder, SetupError } from './lib/own-file.ts';
import { randomIds, randomToken } from './lib/ids.ts';
import type { Log } from './lib/log.ts';
import { LoopShares } from './lib/loop-shares.ts';
import { networkOf } from './lib/remote-address.ts';
import { watchProcess } from './metrics/process.ts';
import { prometheusMeters } from './metrics/prometheus.ts';
import type { Catalogue } from './pipeline/catalogue.ts';
import { goingAway, type Parting } from './pipeline/parting.ts';
import { Recorder } from './pipeline/tape/recorder.ts';
import { type Api, apiDefaults } from './protocol/api.ts';
import { flatParam, flatToGa, gaToFlat } from './protocol/dialects/beta-session.ts';
import type { Limit } from './protocol/limits.ts';
import { openRouterDesk } from './router-desk.ts';
import { readServer, refusalReason } from './server-meters.ts';
import { openEngines } from './server-engines.ts';
import { Sessions } from './sessions.ts';
import { EmbeddedStore, storeFile } from './store/embedded.ts';
import { StoreError } from './store/store.ts';
import { PromptFolder } from './store/prompts.ts';
import { Journal } from './usage/journal.ts';
import { Ledger } from './usage/ledger.ts';
import { openUsageDesk } from './usage-desk.ts';
import { McpCache } from './tools/mcp-cache.ts';
import { type Door, openDoor } from './transports/websocket/door.ts';
import { afterWrongKeys, crowded, notNow, overLimit } from './transports/websocket/turning.ts';
import { keepCalls } from './transports/calls/calls.ts';
import { openListenDoor } from './transports/calls/listen-door.ts';
import { iceServers } from './transports/webrtc/ice-servers.ts';
import { openWeriftMedia } from './transports/webrtc/werift-media.ts';

export interface ParleyServer {
  readonly app: FastifyInstance;
  /** As they are at this moment. */
  readonly engines: readonly EngineState[];
  readonly router: Router;
  readonly defaultModel: string;
  /** The keys that open the door, and whether one was made just now. */
  readonly keys: readonly string[];
  readonly keyMade: boolean;
  /** `http://127.0.0.1:8080`, once it listens. */
  readonly address: string;
  /** Where `/metrics` is, if anywhere. */
  readonly metricsAddress: string | undefined;
  /** Where SIP is spoken, as `udp:127.0.0.1:5060`; nowhere unless the telephony file says so. */
  readonly sipAddresses: readonly string[];
  /** Makes the first call as quick as those after it. Nothing needs to wait for it; it never rejects. */
  warmCalls(): Promise<void>;
  /**
   * Takes over what may change while it runs: the keys, the certificate and the telephony file; routers are looked for at once.
   * @throws when one of them cannot be used; then all stays as it was.
   */
  reload(config: Config): Promise<void>;
  /** Takes nobody any more and ends each session once its answer was heard; telephone calls end by themselves. Resolves when all have ended. */
  drain(): Promise<void>;
  /** Ends every session, with 1001 where nothing else is said, then every engine. */
  close(parting?: Parting): Promise<void>;
}

const unused = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, seconds: 0, characters: 0 };

export const version: string = createRequire(import.meta.url)('../package.json').version;

/**
 * Starts a server: engines warmed up, door open. An engine that cannot be had does not stop it; it is named in `engines`.
 * @throws SetupError when the data directory cannot be used, and whatever `listen` throws when the port cannot be had.
 */
export async function assemble(
  config: Config,
  log: Log,
  progress: (line: string) => void,
  onModels: (progress: ModelProgress) => void = () => {},
): Promise<ParleyServer> {
  openFolder(config.dataDir, 'PARLEY_DATA_DIR');
  const clock = systemClock;
  const own = config.apiKeys.length === 0 ? ownKey(keyFile(config.dataDir)) : undefined;
  let keys = own ? [own.key] : config.apiKeys;
  const vault = new Vault(masterKey(config.dataDir, config.settings.PARLEY_MASTER_KEY, randomToken), randomToken);
  const store = new EmbeddedStore(storeFile(config.dataDir), { clock, log, bounds: { secretBytesPerKey: config.secretBytesPerKey } });
  const leaving = new AbortController();
  const { dataDir, settings } = config;
  const models = new ModelStore({ dataDir, settings, log, clock, onProgress: onModels });
  const meters = prometheusMeters();
  const onWaited = (engine: string, waitedMs: number) => meters.observe('parley_engine_wait_seconds', waitedMs / 1000, { engine });
  const environment: EngineEnvironment = { dataDir, settings, log, clock, models, onWaited };

  const journal = new Journal(join(dataDir, 'usage'));
  const ledger = new Ledger({ store, journal, clock, log, sessionDays: config.usage.sessionDays });
  const onUsed = ({ origin, ...used }: Used) => ledger.note({ ...unused, ...used, ...origin, atMs: clock.wallMs() });

  // What needs no store goes on without it: configured keys open the door, and sessions need nothing of it.
  const storeChecked = store.check().catch((error: unknown) => progress(error instanceof StoreError ? error.advice : String(error)));
  const engines = await openEngines({ config, environment, meters, progress, onUsed, signal: leaving.signal });
  const { router, states } = engines;
  await storeChecked;
  void ledger.start();
  const routers = await openRouterDesk({ folder: config.routersDir, routes: engines.routes, clock, log });
  const prompts = new PromptFolder(config.promptsDir, (error) => log.error({ err: error }, 'a stored prompt cannot be read'));
  const catalogue: Catalogue = {
    hasLlm: (id) => router.hasLlm(id),
    hasStt: (id) => router.hasStt(id),
    hasTts: (id) => router.hasTts(id),
    hasVoice: (id) => router.hasVoice(id),
    hasConnector: () => false,
    nearest: (kind, id) => router.nearest(kind, id),
    prompt: (id, promptVersion) => prompts.read(id, promptVersion),
  };
  const defaultModel = config.defaultModel ?? router.defaultModel;
  // Another synthesiser may know neither of the two names: then its own first voice speaks.
  const voiceFor = (name: string) => config.defaultVoice ?? (router.hasVoice(name) ? name : (engines.voices()[0]?.id ?? name));
  const openAiDefaults = (api: Api) => ({ model: config.defaultModel ?? apiDefaults[api].model, voice: voiceFor(apiDefaults[api].voice) });
  const defaults: Record<Api, { model: string; voice: string }> = {
    openai: openAiDefaults('openai'),
    'openai-beta': openAiDefaults('openai-beta'),
    inworld: { model: defaultModel, voice: voiceFor(apiDefaults.inworld.voice) },
  };

  let consoleFor = config.console;
  let { prices } = config.usage;
  const onRefused = (limit: Limit) => meters.add('parley_limit_refusals_total', 1, { limit });
  const usage = new Usage({ limits: config.limits, clock, onRefused });
  const shares = new LoopShares(clock, (seconds) => meters.add('parley_loop_wait_seconds_total', seconds));
  const access = new Access({ store, vault, clock, random: randomToken, configuredKeys: keys, mint: (keyId) => usage.mint(keyId) });
  // Who has set keys, or listens beyond loopback, means that nobody reads anything without one; and a proxy may look like this machine.
  const metricsForAll = (now: Config) => now.apiKeys.length === 0 && isLoopback(config.host);
  let metricsOpen = metricsForAll(config);
  const { publicAddress } = config.calls;
  const outgoing = new GuardedFetch({ clock, allowHosts: config.allowHosts, ownAddresses: () => machineAddresses(publicAddress) });
  const { addresses, authFailures, strangers, strangersPerAddress } = config.door;
  const sockets = new Sockets({
    strangers,
    strangersPerAddress,
    isProxy: (address) => addresses.isProxy(address),
    networkOf,
    turnedOut: () => meters.add('parley_refusals_total', 1, { way: 'connection', reason: 'crowded' }),
  });
  const reception = new Reception({
    clock,
    log,
    addresses,
    failures: authFailures,
    hasExpired: (credential) => access.hasExpired(credential),
    known: (socket) => sockets.known(socket),
  });
  const recorder = config.record && new Recorder({ ...config.record, version, clock, log });
  const sessions = new Sessions({
    config,
    router,
    catalogue,
    defaults,
    usualStt: () => router.stt('').id,
    usage,
    shares,
    outgoing,
    mcpCache: new McpCache(clock),
    clock,
    log,
    meters,
    recorder,
    version,
    sessionKeyName: (key) => vault.nameOf(key, 'session key'),
    signal: leaving.signal,
  });
  const engineList = () =>
    states.map((state) => {
      const { info, problem } = state();
      return { kind: info.kind, name: info.name, ...(problem === undefined ? {} : { problem }) };
    });
  // Those that start when they are wanted: told of while they fail.
  const failing = () =>
    engines.later.flatMap((engine) => {
      const problem = engine.health?.().problem;
      return problem === undefined ? [] : [{ kind: engine.info.kind, name: engine.info.name, problem }];
    });
  const ready = { value: false };
  const unready = (): string[] => {
    if (sessions.draining) return ['draining'];
    if (!ready.value) return ['starting'];
    const { full } = sessions;
    return [...missing(states.map((state) => state())), ...(full === undefined ? [] : [full])];
  };
  const refused = (way: 'http' | 'websocket', status: number) => {
    const isFull = sessions.full !== undefined || media.size >= config.calls.most;
    meters.add('parley_refusals_total', 1, { way, reason: refusalReason(status, { isDraining: sessions.draining, isFull }) });
  };
  let door: Door | undefined;
  const app = createHttp({
    tls: config.tls,
    corsOrigins: config.corsOrigins,
    version,
    sockets,
    clock,
    health: () => ({
      ready: ready.value && !sessions.draining,
      draining: sessions.draining,
      unready: unready(),
      detail: {
        sessions: sessions.size,
        calls: calls.size,
        engines: [...engineList(), ...failing()],
        ...mediaProblem(),
        ...sipHealth(),
        ...(store.problem ? { store: { problem: store.problem.message } } : {}),
      },
    }),
    refused: (status) => refused('http', status),
  });

  const media = openWeriftMedia({ ...config.calls, mostCalls: config.calls.most, iceServers: [] }, { log, clock });
  const board = new CallBoard({ clock, keepsHistories: config.console !== 'off', calls: () => calls, phones: () => phones });
  const calls = keepCalls({ clock, ids: randomIds, log, histories: board.histories, onEnded: (call) => board.over(call) });
  const mediaProblem = () => {
    const problem = media.problem ?? phones.sip?.media.problem;
    return problem === undefined ? {} : { media: { problem } };
  };
  // The ports, but not at which addresses of this machine: /health tells everybody.
  const sipHealth = () => {
    const { sip } = phones;
    if (!sip) return {};
    const { calls: sipCalls, registrations } = sip.state();
    return { sip: { listening: sip.addresses.map((at) => at.replace(/:.*:/, ':')), calls: sipCalls, registrations } };
  };
  const callSessions = new CallSessions({ sessions, calls, router, usage });
  const desk = openCallDesk({
    sessions,
    callSessions,
    calls,
    board,
    media,
    iceServers: (name) => iceServers(config.calls, name, clock.wallMs()),
  });

  const phones = await openPhones({
    file: config.telephony,
    callSessions,
    calls,
    board,
    clock,
    ids: randomIds,
    log,
    shares,
    recordings: config.recordingsDir,
    media: config.calls,
    tls: config.tls,
    fetch: (url, init) => fetch(url, init),
    ownKey: () => access.idOf(keys[0] ?? '') ?? '',
    keyIds: () => access.keyIds(),
    async holds(keyId) {
      try {
        return await access.holds(keyId);
      } catch (error) {
        // The key did hold when the file was read.
        if (error instanceof StoreError) return true;
        throw error;
      }
    },
    book: store,
    isReady: () => unready().length === 0,
    async identify(request, query) {
      const admission = await reception.admit(request, () => access.authenticate(request.headers, query, 'realtime'));
      return admission.outcome === 'welcome' ? admission.who : undefined;
    },
  });
  const usageDesk = openUsageDesk({ store, ledger, prices: () => prices, clock });
  registerRoutes(app, {
    access,
    reception,
    usage,
    shares,
    calls: desk,
    phones,
    telephony: phones.streams,
    chat: openChatDesk({ router, routes: engines.routes, outgoing, defaultModel }),
    audio: openAudioDesk({ router, usage, defaultVoice: defaults.openai.voice }),
    routers,
    usageDesk,
    clock,
    log,
    checkSession: (patch) => sessions.described(patch),
    beta: { toGa: flatToGa, toBeta: gaToFlat, toBetaParam: flatParam },
    voices: () => engines.voices(),
    models: () => listedModels(engines.models(), defaults),
  });
  registerDocs(app, version);
  const feed = openCallFeed({ board, clock, log, shares, random: randomToken });
  const listenDoor = openListenDoor({ calls, clock, log, shares });
  if (config.console !== 'off') {
    registerConsolePage(app, resolve(import.meta.dirname, '../dist/console'));
    const owner = () => access.authenticate({ authorization: `Bearer ${keys[0] ?? ''}` }, new URLSearchParams(), 'api');
    registerConsoleRoutes(app, {
      access,
      reception,
      local: async () => (consoleFor === 'local' ? owner() : undefined),
      hosts: config.consoleHosts,
      log,
      defaultModel: defaults.openai.model,
      defaultVoice: defaults.inworld.voice,
      models: () => listedModels(engines.models(), defaults),
      engines: engineList,
      voices: () => engines.voices(),
      sample: (voice) => engines.sample(voice),
      calls: { ticket: ({ keyId }) => feed.ticket(keyId), hangUp: (id, by) => desk.hangUp(id, by) || phones.hangUp(id, by) },
      usage,
      shares,
      usageDesk,
      routers,
    });
  }

  const traffic = new Traffic(app.server, config.tls !== undefined);
  const running = watchProcess(clock);
  // The needed ones come first in both lists.
  const readEngines = () => engines.all.map((engine, index) => ({ engine, works: states[index]?.().works }));
  const readAll = () => [
    ...readServer({
      version,
      ready: unready().length === 0,
      sessions: sessions.size,
      calls: calls.size,
      connections: { known: sockets.size - sockets.strangers, stranger: sockets.strangers },
      keysRefused: reception.counts,
      engines: readEngines(),
      traffic,
      threadLosses: { media: (media.losses ?? 0) + (phones.sip?.media.losses ?? 0), store: store.losses },
      usage,
      sip: phones.sip?.state(),
    }),
    ...running.read(),
  ];
  const metrics = { contentType: meters.contentType, text: () => meters.text(readAll()) };
  const metricsApp = typeof config.metrics === 'object' ? metricsPage(metrics) : undefined;
  if (config.metrics === 'shared') {
    const hasKey = async ({ raw, headers }: FastifyRequest) => {
      const { outcome } = await reception.admit(raw, () => access.authenticate(headers, new URLSearchParams(), 'api'));
      return outcome === 'welcome';
    };
    registerMetrics(app, { ...metrics, admit: async (request) => (metricsOpen && isLocalVisitor(request)) || (await hasKey(request)) });
  }

  door = openDoor({
    server: app.server,
    clock,
    ids: randomIds,
    shares,
    admit: async (request, query) => {
      const identify = () => access.authenticate(request.headers, query, 'realtime');
      const admission = await reception.admit(request, identify).catch((error: unknown) => {
        if (error instanceof StoreError) return { outcome: 'unavailable', why: error.message } as const;
        // Sealed with another master key: nobody is let in on that.
        log.error({ err: error }, 'a credential could not be checked');
        return { outcome: 'unknown' } as const;
      });
      if (admission.outcome === 'unknown') return admission;
      if (admission.outcome === 'unavailable') return { outcome: 'turned', turning: notNow('store_unavailable', admission.why) };
      if (admission.outcome === 'later') return { outcome: 'turned', turning: afterWrongKeys(admission.retryAfterSeconds) };
      const principal = admission.who;
      const excess = usage.request(principal.keyId);
      if (excess) return { outcome: 'turned', turning: overLimit(excess) };
      if (shares.isCrowded(principal.keyId)) return { outcome: 'turned', turning: crowded() };
      await shares.request(principal.keyId);
      const secret = principal.kind === 'secret' ? principal : undefined;
      const { keyId, kind: credential } = principal;
      return { outcome: 'welcome', visitor: { keyId, credential, session: secret?.session, beta: secret?.dialect === 'beta' } };
    },
    full({ keyId }) {
      if (sessions.full !== undefined) return notNow('server_overloaded', sessions.full);
      const excess = usage.full(keyId);
      return excess && overLimit(excess);
    },
    refused: (status) => refused('websocket', status),
    elsewhere: new Map([...phones.streams.paths, ...feed.paths]),
    keyed: (pathname) => listenDoor.at(pathname),
    enter: (transport, arrival, visitor) => sessions.enter(transport, arrival, visitor),
    resume: (wish, { keyId }) => sessions.claim(wish, keyId),
    beside(callId, { keyId }) {
      const call = calls.find(callId, keyId);
      return call && ((transport) => call.attach(transport) || transport.close(1013, 'too many connections beside this call'));
    },
  });
  if (metricsApp && typeof config.metrics === 'object') await listenForMetrics(metricsApp, config.metrics);
  await app.listen({ port: config.port, host: config.host });
  ready.value = true;

  return {
    app,
    get engines() {
      return states.map((state) => state());
    },
    router,
    defaultModel,
    get keys() {
      return keys;
    },
    keyMade: own?.made ?? false,
    address: addressOf(app, config),
    metricsAddress:
      config.metrics === 'off'
        ? undefined
        : `${metricsApp && typeof config.metrics === 'object' ? addressOf(metricsApp, { ...config.metrics, tls: undefined }) : addressOf(app, config)}/metrics`,
    sipAddresses: phones.sip?.addresses ?? [],
    warmCalls: () =>
      Promise.all([media.warmUp(), phones.sip?.media.warmUp()])
        .then(() => {})
        .catch((error: unknown) => log.warn({ err: error }, 'calls were not warmed up')),
    async reload(next) {
      const nextKeys = next.apiKeys.length === 0 ? [ownKey(keyFile(config.dataDir)).key] : next.apiKeys;
      const takeTelephony = await phones.prepare(next.telephony, () => access.keyIds(nextKeys));
      if ((next.tls === undefined) !== (config.tls === undefined)) log.warn({}, 'TLS is switched on and off at a start only');
      else if (next.tls) sockets.useCertificate(certificateOf(next.tls));
      takeTelephony();
      keys = nextKeys;
      access.configure(keys);
      consoleFor = next.console;
      prices = next.usage.prices;
      metricsOpen = metricsForAll(next);
      void routers.look();
    },
    drain() {
      phones.drain();
      return sessions.drain();
    },
    async close(parting = goingAway) {
      ready.value = false;
      leaving.abort(parting);
      await Promise.race([sessions.ended, new Promise((resolve) => clock.after(600, () => resolve(undefined)))]);
      door?.close();
      feed.close();
      listenDoor.close();
      running.close();
      await Promise.all([app.close(), metricsApp?.close()]);
      await Promise.all([
        // What was called and what was used is written down last.
        Promise.all([phones.close(), ledger.close()]).then(() => store.close()),
        media.close(),
        engines.close(),
        outgoing.close(),
        routers.close(),
        recorder?.close(),
      ]);
    },
  };
}

/** What can be asked for by name: what sessions are given that name nothing, and what is offered. */
function listedModels(offered: readonly ListedModel[], defaults: Readonly<Record<Api, { readonly model: string }>>): ListedModel[] {
  const given = [defaults.inworld.model, defaults.openai.model].map((id): ListedModel => ({ id, provider: ownerOf(id), kind: 'llm' }));
  const all = [...given, ...offered];
  return all.filter(({ id }, index) => all.findIndex((other) => other.id === id) === index);
}

/** Whose a model is, by its name: what stands before the first slash, or who is known for it. */
function ownerOf(id: string): string {
  return id.includes('/') ? (id.split('/', 1)[0] ?? '') : (ownerOfBareModel(id) ?? 'parley');
}

async function listenForMetrics(app: FastifyInstance, place: { host: string; port: number }): Promise<void> {
  try {
    await app.listen(place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SetupError(`cannot listen on ${place.host}:${place.port} for metrics (${code}). Set PARLEY_METRICS_PORT to another.`);
  }
}

function addressOf(app: FastifyInstance, config: Pick<Config, 'host' | 'port' | 'tls'>): string {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host;
  return `${config.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
