// The sessions of a server: what one is born with, how one is run, and which there are.
import type { Usage } from './access/usage.ts';
import type { Config } from './config.ts';
import type { Router } from './engines/routing/router.ts';
import { type Clock, sleep } from './lib/clock.ts';
import type { GuardedFetch } from './lib/guarded-fetch.ts';
import { imageAt } from './lib/guarded-image.ts';
import { randomIds, randomToken } from './lib/ids.ts';
import type { Log } from './lib/log.ts';
import type { LoopShares } from './lib/loop-shares.ts';
import type { Meters } from './metrics/meters.ts';
import { type Catalogue, knownOfSession } from './pipeline/catalogue.ts';
import { drive } from './pipeline/drive.ts';
import { broken, goingAway } from './pipeline/parting.ts';
import type { ResumeRefusal, ResumeWish } from './protocol/resume.ts';
import type { Recorder } from './pipeline/tape/recorder.ts';
import { readSessionPatch } from './protocol/client-events.ts';
import { sessionConfigToGa } from './protocol/dialects/inworld.ts';
import { errorBody, errors, RealtimeError } from './protocol/errors.ts';
import { unreadFields } from './protocol/unread.ts';
import { type Api, apiDefaults } from './protocol/api.ts';
import { newSession, type SessionConfig, type SessionObject, type SessionPatch } from './protocol/session-config.ts';
import { Resumptions, type Taking } from './resumptions.ts';
import type { McpCache } from './tools/mcp-cache.ts';
import { McpServers } from './tools/mcp-servers.ts';
import type { OnBoardServers } from './tools/on-board.ts';
import type { CallCarrier } from './transports/calls/calls.ts';
import type { Ending, Transport } from './transports/transport.ts';
import type { Arrival, Visitor } from './transports/websocket/door.ts';
import type { Birth } from './session/birth.ts';
import { seededEnv } from './session/env.ts';
import { allServed } from './session/known.ts';
import { configured, describeSession, namesDetection } from './session/settings/settings.ts';
import { anyTranscriptionModel } from './session/settings/merge.ts';

interface SessionParts {
  config: Config;
  router: Router;
  catalogue: Catalogue;
  /** What those name who name none. */
  defaults: Readonly<Record<Api, { readonly model: string; readonly voice: string }>>;
  /** The id of the recogniser of those who name none. */
  usualStt: () => string;
  usage: Usage;
  shares: LoopShares;
  outgoing: GuardedFetch;
  mcpCache: McpCache;
  clock: Clock;
  log: Log;
  meters: Meters;
  /** Where sessions are written down, if they are. */
  recorder: Recorder | undefined;
  version: string;
  /** What stands in the log for a session key: clients put into it what they like, secrets too. */
  sessionKeyName(key: string): string;
  /** Fires when the server is going. */
  signal: AbortSignal;
}

/** What brings a session along, in GA spelling: a secret, an offer. */
type Brought = Readonly<Record<string, unknown>>;

export interface SessionOptions {
  /** Servers of tools in this process that it has by their connector ids. */
  readonly onBoard?: OnBoardServers;
  /** Whether it goes on to its own end while the server drains, instead of ending once nothing is under way. */
  readonly goesOn?: boolean;
}

const never = new AbortController().signal;

/** A session that is asked about without a connection: what a secret is minted for, and secrets are OpenAI's. */
const secretArrival: Arrival = { api: 'openai', model: undefined, sessionKey: undefined, transcriptionOnly: false };

/** What makes the ids of a session its own. */
const seedCharacters = 16;

export class Sessions {
  readonly #parts: SessionParts;
  readonly #running = new Set<Promise<unknown>>();
  readonly #draining = new AbortController();
  /** Offers that are being answered: each is to be a session. */
  #promised = 0;
  readonly #resumptions: Resumptions;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#resumptions = new Resumptions({
      clock: parts.clock,
      ids: randomIds,
      waitMs: parts.config.resumeMs,
      mayWait: () => !this.draining && !parts.signal.aborted,
    });
  }

  /** Why no further session is taken right now, if so. */
  get full(): string | undefined {
    if (this.#draining.signal.aborted) return 'This server is about to leave; connect again, for another or its next start.';
    // Those that wait for their client give way.
    const taken = this.#running.size + this.#promised - this.#resumptions.waiting >= this.#parts.config.maxSessions;
    return taken ? 'All sessions of this server are taken; try again in a moment.' : undefined;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Keeps a place for the session that comes of this, until it has. `by` is the id of the key it is for. */
  async keepPlaceFor<T>(by: string, opening: Promise<T>): Promise<T> {
    this.#promised += 1;
    const leave = this.#parts.usage.enter(by);
    try {
      return await opening;
    } finally {
      this.#promised -= 1;
      leave();
    }
  }

  /**
   * No session begins any more, and each that runs closes once it is in the middle of nothing, or at its own end where it goes on until then.
   * Resolves when all have.
   */
  async drain(): Promise<void> {
    this.#draining.abort();
    this.#resumptions.endWaiting(goingAway.code, goingAway.reason);
    while (this.#running.size + this.#promised > 0) {
      // An offer that is being answered brings a session that is not there yet.
      if (this.#running.size === 0) await sleep(this.#parts.clock, 20);
      await Promise.all(this.#running);
    }
  }

  get draining(): boolean {
    return this.#draining.signal.aborted;
  }

  /** Resolves when those that run now have ended. */
  get ended(): Promise<unknown> {
    return Promise.all(this.#running);
  }

  /**
   * The session that such a patch would make, as its client would see it.
   * @throws RealtimeError naming the field that cannot be used.
   */
  described(patch: Brought): SessionObject {
    return describeSession({ id: randomIds('sess'), expires_at: this.#expiresAt() }, this.#opening(secretArrival, [patch]).config);
  }

  /**
   * @throws RealtimeError naming the field that cannot be used.
   */
  birth(arrival: Arrival, ...brought: readonly Brought[]): Birth {
    const { config } = this.#parts;
    return {
      sessionId: randomIds('sess'),
      seed: randomToken(seedCharacters),
      ...this.#opening(arrival, brought),
      expiresAt: this.#expiresAt(),
      lifeMs: config.sessionMs,
      contextTokens: config.contextTokens,
      conversationBytes: config.conversationBytes,
      mostResponses: Number.isFinite(config.limits.responses) ? config.limits.responses : undefined,
      ownInstructions: config.defaultInstructions,
      inworld: arrival.api === 'inworld',
      voiceLock: config.voiceLock,
    };
  }

  /** Whether a client that comes with this key may take up the session whose connection it has lost. */
  claim(wish: ResumeWish, keyId: string): Taking | ResumeRefusal {
    return this.#resumptions.claim(wish, keyId);
  }

  /**
   * `about` names the session in the log; `by` is the id of the key that let the client in.
   */
  run(
    transport: Transport,
    birth: Birth,
    about: { readonly by: string; readonly key?: string; readonly call?: string; readonly carrier?: CallCarrier },
    { onBoard = new Map(), goesOn = false }: SessionOptions = {},
  ): void {
    const { router, catalogue, usage, shares, clock, log, meters, outgoing, mcpCache, recorder, version, signal } = this.#parts;
    const sessionLog = log.child({ session: birth.sessionId, ...about });
    const { model } = birth.config;
    if (!router.hasLlm(model)) {
      transport.send({ type: 'error', error: errorBody(errors.modelNotFound('model', model, router.nearest('llm', model)), null) });
      transport.close(1008, 'model_not_found');
      return;
    }
    sessionLog.info({ model, servedBy: router.serves(model), inworld: birth.inworld }, 'session opened');
    const way = about.carrier ?? 'websocket';
    meters.add('parley_sessions_opened_total', 1, { way, api: birth.inworld ? 'inworld' : 'openai' });
    const openTools = () => new McpServers({ clock, fetch: outgoing, cache: mcpCache, log: sessionLog, version, onBoard });
    const image = (url: string, imageSignal: AbortSignal) => imageAt(outgoing, url, imageSignal);
    const draining = goesOn ? never : this.#draining.signal;
    let leave = usage.enter(about.by);
    const share = shares.open(about.by);
    const outbox = this.#resumptions.open(transport, {
      sessionId: birth.sessionId,
      keyId: about.by,
      onLost: () => {
        sessionLog.info({}, 'connection lost, the session waits for its client');
        meters.add('parley_connections_lost_total', 1);
        leave();
      },
      onBack: () => {
        sessionLog.info({}, 'session resumed');
        meters.add('parley_sessions_resumed_total', 1);
        leave = usage.enter(about.by);
      },
    });
    const tape = recorder?.open(birth.sessionId);
    const running = drive({
      transport: outbox,
      engines: router,
      birth,
      env: seededEnv(birth.seed),
      tape,
      catalogue: { ...catalogue, hasConnector: (id) => onBoard.has(id) },
      rateLimits: () => usage.rateLimits(about.by),
      keyId: about.by,
      allowance: usage.of(about.by),
      share,
      clock,
      log: sessionLog,
      meters,
      openTools,
      image,
      draining,
      signal,
    });
    this.#running.add(running);
    this.#makeRoom(about.by);
    void running.then(({ ending, ...tally }) => {
      this.#running.delete(running);
      leave();
      share.end();
      if (tape) recorder?.end(tape);
      const { by: endedBy, code, reason } = ending ?? {};
      sessionLog.info({ ...tally, endedBy, code, reason }, 'session closed');
      meters.add('parley_sessions_ended_total', 1, { way, reason: reasonOf(ending) });
      meters.observe('parley_session_seconds', tally.durationMs / 1000);
    });
  }

  /** A connection that was let in. */
  enter(transport: Transport, arrival: Arrival, { keyId, session = {} }: Visitor): void {
    try {
      this.run(transport, this.birth(arrival, session), {
        by: keyId,
        ...(arrival.sessionKey === undefined ? {} : { key: this.#parts.sessionKeyName(arrival.sessionKey) }),
      });
    } catch (error) {
      if (!(error instanceof RealtimeError)) throw error;
      // What its secret says was possible when it was minted and is no longer: a stored prompt is gone.
      transport.send({ type: 'error', error: errorBody(error, null) });
      transport.close(1008, error.code ?? error.type);
    }
  }

  /** Sessions that wait for their client never keep another from beginning: what is too many with them ends, the longest waiting first. */
  #makeRoom(keyId: string): void {
    const { config, usage } = this.#parts;
    this.#resumptions.giveWay(usage.sessions(keyId) + this.#resumptions.waitingOf(keyId) - config.limits.sessions, keyId);
    this.#resumptions.giveWay(this.#running.size - config.maxSessions);
  }

  #expiresAt(): number {
    return Math.floor((this.#parts.clock.wallMs() + this.#parts.config.sessionMs) / 1000);
  }

  /** The session a connection starts with: the defaults of its API, with what it brings along over them. */
  #opening(arrival: Arrival, brought: readonly Brought[]): Pick<Birth, 'config' | 'detectionNamed' | 'promptText'> {
    const patches = brought.map((session) => this.#read(session));
    const whole = { ...arrival, transcriptionOnly: arrival.transcriptionOnly || patches.some(({ type }) => type === 'transcription') };
    let config = this.#initial(whole);
    let detectionNamed = false;
    let promptText = '';
    for (const patch of patches) {
      const known = knownOfSession(this.#parts.catalogue, patch) ?? allServed;
      const next = configured(config, patch, known, arrival.api === 'inworld' && !detectionNamed);
      config = next.config;
      promptText = next.promptText ?? promptText;
      detectionNamed ||= namesDetection(patch);
    }
    return { config, detectionNamed, promptText };
  }

  #read(session: Brought): SessionPatch {
    const patch = readSessionPatch(session);
    const fields = unreadFields({ session: sessionConfigToGa(session) }, { session: patch });
    if (fields.length > 0) this.#parts.log.debug({ fields }, 'fields that nobody knows were left out');
    return patch;
  }

  /** What a session starts with: the protocol's defaults, with those of the API that the client takes this server for (conflict C21). */
  #initial(arrival: Arrival): SessionConfig {
    const { config, defaults, usualStt } = this.#parts;
    const { transcribes, turnDetection } = apiDefaults[arrival.api];
    const recogniser = arrival.api === 'inworld' ? usualStt() : anyTranscriptionModel;
    const { model, voice } = defaults[arrival.api];
    return newSession({
      type: arrival.transcriptionOnly ? 'transcription' : 'realtime',
      model: arrival.model ?? model,
      instructions: config.defaultInstructions,
      voice,
      transcription: transcribes || arrival.transcriptionOnly ? { model: recogniser } : null,
      turnDetection,
    });
  }
}

/** Why a session ended, in one of few words: what a client gives as its code and reason is its own. */
function reasonOf(ending: Ending | undefined): string {
  // A connection that broke is told with 1006, or with nothing at all.
  if (!ending || (ending.by === 'client' && ending.code === 1006)) return 'lost';
  if (ending.by === 'client') return 'client';
  if (ending.code === goingAway.code) return 'leaving';
  if (ending.code === broken.code) return 'fault';
  if (ending.code === 1013) return 'slow';
  return ending.reason === 'session_expired' ? 'expired' : 'other';
}
