// The shell of one running session: feeds it facts, performs its effects, wakes it. Owns everything the session started.
import { setImmediate } from 'node:timers/promises';
import { EngineError, type Engines, type Origin } from '../engines/engine.ts';
import { type Clock, sleep, type Timer } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { LoopShare, TaskSize } from '../lib/loop-shares.ts';
import type { Meters } from '../metrics/meters.ts';
import { type AudioFormat, bytesPerSample, sampleRateHz } from '../protocol/audio-format.ts';
import type { ClientEventType } from '../protocol/client-events.ts';
import { errorBody, errors, refusalRestMs } from '../protocol/errors.ts';
import type { Item } from '../protocol/items.ts';
import type { RateLimit } from '../protocol/limits.ts';
import type { SessionConfig } from '../protocol/session-config.ts';
import type { Ending, Inbound, Transport } from '../transports/transport.ts';
import type { Allowance } from './allowance.ts';
import { type Catalogue, knownOf } from './catalogue.ts';
import { Asides } from './asides.ts';
import { type FetchImage, Images } from './images.ts';
import { Keepsakes } from './keepsakes.ts';
import { Ear } from './listen.ts';
import { logFailure } from './log-failure.ts';
import { Condenser } from './memory.ts';
import { broken, goingAway, partingOf } from './parting.ts';
import { reply } from './reply.ts';
import { type SessionTally, Tally } from './tally.ts';
import { onTape, type Tape } from './tape/tape.ts';
import { Toolbox, type ToolRunner } from './tools.ts';
import type { Birth } from '../session/birth.ts';
import type { Effect } from '../session/effects.ts';
import type { Env } from '../session/env.ts';
import type { Fact } from '../session/facts.ts';
import { Session } from '../session/session.ts';
import { onBehalf } from '../session/settings/generation.ts';

/** Bytes of sound taken in without a break: about a second. */
const mostAtOnce = 48_000;
/** Sound that may be under way to the ear before no more is taken in. */
const mostBehindMs = 1000;

/** What is done even when nobody listens any more: it is told to the log, or gives something back. */
const doneForNobody: ReadonlySet<Effect['kind']> = new Set([
  'listen.configure',
  'unserved',
  'run.abort',
  'aside.abort',
  'mcp.abort',
  'memory.abort',
  'item.forget',
  'close',
]);

const limited = 'rate_limit_exceeded';

/** Events that say where a piece of the input ends: all of it must have been heard by then. */
const cutsInput: ReadonlySet<ClientEventType> = new Set(['input_audio_buffer.commit', 'input_audio_buffer.clear']);

export interface Drive {
  transport: Transport;
  engines: Engines;
  birth: Birth;
  env: Env;
  /** What the session is written down on, if it is. */
  tape: Tape | undefined;
  catalogue: Catalogue;
  /** What is left of the key's limits, of which `rate_limits.updated` tells: nothing where there are none. */
  rateLimits: () => RateLimit[];
  /** The id of the key that let the client in, and what the session may use of what that key may. */
  keyId: string;
  allowance: Allowance;
  /** What it may have of the main loop. */
  share: LoopShare;
  clock: Clock;
  log: Log;
  meters: Meters;
  /** Opens a session's MCP servers; called when the session first names one. */
  openTools: () => ToolRunner;
  /** The image at an http(s) address as a data: URL. */
  image: FetchImage;
  /** Fires when the server will be going soon: the session closes with 1001 once it is in the middle of nothing. */
  draining: AbortSignal;
  /** Fires when the server is going: the session then closes with the Parting that is its reason, or with 1001. */
  signal: AbortSignal;
}

/** What a session came to, and how it ended. */
export interface SessionEnd extends SessionTally {
  readonly ending: Ending | undefined;
}

/** Runs a session until its transport ends. Never rejects: what goes wrong is logged and closes the session with 1011. */
export async function drive(parts: Drive): Promise<SessionEnd> {
  const { transport, clock } = parts;
  const tally = new Tally(clock.now(), parts.meters);
  const leave = () => {
    const { code, reason } = partingOf(parts.signal);
    transport.close(code, reason);
  };
  const leaveSoon = () => run?.leaveWhenIdle();
  parts.signal.addEventListener('abort', leave, { once: true });
  parts.draining.addEventListener('abort', leaveSoon, { once: true });
  let run: Run | undefined;
  try {
    if (parts.signal.aborted) leave();
    run = new Run(parts, tally);
    run.begin();
    for await (const inbound of transport.inbound) {
      if (inbound.kind === 'audio') await takeAudio(run, inbound.bytes);
      else await takeEvent(run, inbound);
    }
  } catch (error) {
    (run?.log ?? parts.log).error({ err: error }, 'session failed');
    transport.close(broken.code, broken.reason);
  } finally {
    parts.signal.removeEventListener('abort', leave);
    parts.draining.removeEventListener('abort', leaveSoon);
    run?.end();
  }
  return { ...tally.read(clock.now()), ending: transport.ending };
}

/** An event comes after the sound that was sent before it, and after what the events before it have asked for. */
async function takeEvent(run: Run, inbound: Exclude<Inbound, { kind: 'audio' }>): Promise<void> {
  if (!run.listened) return run.inTurn(inbound);
  if (inbound.kind === 'event' && cutsInput.has(inbound.event.type)) run.catchUp();
  if (run.settled) await run.settled;
  const waiting = run.inTurn(inbound);
  if (waiting) await waiting;
  if (run.errand) await run.errand;
}

/** Much sound at once is heard in pieces, so that neither the other sessions nor the engines that clean it are overrun. */
async function takeAudio(run: Run, bytes: Uint8Array): Promise<void> {
  if (!run.listened) return;
  if (bytes.length <= mostAtOnce) {
    const waiting = run.inTurn({ kind: 'audio', bytes });
    if (waiting) await waiting;
    if (run.behindMs > mostBehindMs) await run.settled;
    return;
  }
  for (let at = 0; at < bytes.length && run.listened; at += mostAtOnce) {
    await run.inTurn({ kind: 'audio', bytes: bytes.subarray(at, at + mostAtOnce) });
    await (run.settled ?? setImmediate());
  }
}

class Run {
  readonly #parts: Drive;
  readonly #origin: Origin;
  readonly #tally: Tally;
  readonly #session: Session;
  readonly #ear: Ear;
  readonly #keepsakes = new Keepsakes();
  readonly #tools: Toolbox;
  readonly #memory: Condenser;
  readonly #asides: Asides;
  readonly #images: Images;
  /** Runs of models that are under way. */
  readonly #runs = new Map<string, { controller: AbortController; itemsLeftOut: number; response: string | undefined }>();
  readonly #ended = new AbortController();
  readonly #facts: Fact[] = [];
  #stepping = false;
  #errand: Promise<void> | undefined;
  #log: Log;
  #behalf = '{}';
  readonly #unserved = new Set<string>();
  #wake: { atMs: number; timer: Timer } | undefined;
  #heard: Timer | undefined;
  /** The server will be going, and whoever is behind is being sent the rest. */
  #parting = false;

  constructor(parts: Drive, tally: Tally) {
    this.#parts = parts;
    this.#origin = { key: parts.keyId, session: parts.birth.sessionId };
    this.#tally = tally;
    this.#log = parts.log;
    const nowMs = onTape(parts.clock.now());
    parts.tape?.begin(parts.birth, nowMs);
    this.#session = new Session(parts.birth, parts.env, nowMs);
    this.#tools = new Toolbox(parts.openTools, (fact) => this.#feed(fact));
    const behalf = () => onBehalf(this.#session.config);
    this.#memory = new Condenser(
      parts.engines,
      () => ({ behalf: behalf(), origin: this.#origin }),
      (fact) => this.#feed(fact),
      this.#log,
      (error, what) => this.#failed(error, what),
    );
    this.#images = new Images(parts.image, parts.clock, this.#ended.signal);
    this.#asides = new Asides({
      engines: parts.engines,
      origin: this.#origin,
      behalf,
      allowance: parts.allowance,
      feed: (fact) => this.#feed(fact),
      onFailure: (error, fault) => {
        this.#log[fault ? 'error' : 'debug']({ err: error }, 'an aside came to nothing');
        this.#countFailure(error);
      },
    });
    this.#ear = new Ear(parts.engines, this.#session.config, {
      feed: (fact) => this.#feed(fact),
      keep: (item, samples) => this.#keepsakes.keep(item, samples),
      origin: this.#origin,
      allowance: parts.allowance,
      now: () => parts.clock.now(),
      onBehind: () => this.#log.warn({}, 'voice activity detection cannot follow: some of what is said is not looked at'),
      onFault: (error) => this.#failed(error, 'listening failed'),
    });
  }

  /** Whether there is anybody to hear what comes of it. */
  get listened(): boolean {
    return !this.#parts.transport.gone;
  }

  get settled(): Promise<void> | undefined {
    return this.#ear.settled;
  }

  get errand(): Promise<void> | undefined {
    return this.#errand;
  }

  catchUp(): void {
    this.#ear.catchUp();
  }

  /** Says on whose behalf the client speaks, once it has said so. */
  get log(): Log {
    return this.#log;
  }

  get behindMs(): number {
    return this.#ear.behindMs;
  }

  begin(): void {
    const effects = this.#session.open();
    this.#parts.tape?.opened(effects);
    for (const effect of effects) this.#perform(effect);
    this.#arm();
    if (this.#parts.draining.aborted) this.leaveWhenIdle();
  }

  /** The server will be going: what is under way is finished first, an answer until it has been heard. */
  leaveWhenIdle(): void {
    if (this.#ended.signal.aborted || this.#parting) return;
    const { clock } = this.#parts;
    this.#heard?.cancel();
    const leftMs = this.#session.busyUntilMs - clock.now();
    if (leftMs === Number.POSITIVE_INFINITY) return;
    if (leftMs > 0) this.#heard = clock.after(leftMs, () => this.leaveWhenIdle());
    else this.#own(this.#leaveWithRoom());
  }

  /** Who is behind is sent the rest of it first, and may have begun to speak meanwhile. */
  async #leaveWithRoom(): Promise<void> {
    const { clock, transport } = this.#parts;
    this.#parting = true;
    await transport.room();
    this.#parting = false;
    if (this.#session.busyUntilMs > clock.now()) this.leaveWhenIdle();
    else transport.close(goingAway.code, goingAway.reason);
  }

  /** Takes what came in when it is this session's turn: at once, unless its key has had more of the main loop than its share. */
  inTurn(inbound: Inbound): Promise<void> | undefined {
    const { share } = this.#parts;
    const take = () => this.#take(inbound);
    // What our own loudspeaker tells, and keys of a telephone: the caller's sound comes behind them.
    if (
      inbound.kind === 'played' ||
      inbound.kind === 'digit' ||
      inbound.kind === 'lost' ||
      inbound.kind === 'hold' ||
      inbound.kind === 'back'
    )
      return share.inTurn(take);
    return share.inShare(take, this.#sizeOf(inbound));
  }

  /** It has gone on playing since it said so, however long that had to wait here. */
  #aheadNowMs({ aheadMs, atMs }: Extract<Inbound, { kind: 'played' }>): number {
    return Math.max(0, aheadMs - this.#agoMs({ atMs }));
  }

  /** For how long it waited here, and before. */
  #agoMs({ atMs }: { readonly atMs?: number | undefined }): number {
    return atMs === undefined ? 0 : Math.max(0, this.#parts.clock.now() - atMs);
  }

  #sizeOf(inbound: Inbound): TaskSize {
    if (inbound.kind === 'audio') {
      const bytes = inbound.bytes.length;
      return { bytes, soundMs: lengthMs(bytes, this.#session.config.audio.input.format) };
    }
    return inbound.kind === 'event' || inbound.kind === 'fault' ? { bytes: inbound.characters ?? 0 } : {};
  }

  #take(inbound: Inbound): void {
    // A session that failed is over, though its transport may still bring what came before the close.
    if (this.#ended.signal.aborted) return;
    switch (inbound.kind) {
      case 'audio':
        this.#parts.tape?.sound(this.#parts.clock.now(), inbound.bytes);
        this.#ear.append(inbound.bytes);
        break;
      case 'event': {
        if (inbound.unread)
          this.#log.debug({ event: inbound.event.type, fields: inbound.unread }, 'fields that nobody knows were left out');
        const excess = this.#parts.allowance.request();
        const known = excess ? undefined : knownOf(this.#parts.catalogue, inbound.event);
        this.#feed({ kind: 'client', event: inbound.event, ...(excess && { excess }), ...(known && { known }) });
        break;
      }
      case 'digit':
        this.#feed({ kind: 'digit.pressed', digit: inbound.digit, atSeconds: Math.floor(this.#parts.clock.wallMs() / 1000) });
        break;
      case 'played':
        this.#feed({ kind: 'speaker.played', aheadMs: this.#aheadNowMs(inbound) });
        break;
      case 'lost':
        this.#feed({ kind: 'line.lost', silentMs: inbound.silentMs + this.#agoMs(inbound) });
        break;
      case 'hold':
        this.#feed(inbound.held ? { kind: 'line.held', agoMs: this.#agoMs(inbound) } : { kind: 'line.taken-up' });
        break;
      case 'back':
        this.#feed({
          ...inbound,
          kind: 'line.back',
          expiresAt: Math.floor((this.#parts.clock.wallMs() + this.#parts.birth.lifeMs) / 1000),
        });
        break;
      case 'fault': {
        // What is no event takes as much of the server as one.
        const excess = this.#parts.allowance.request();
        const error = excess ? errors.limited(excess) : inbound.error;
        this.#feed({ kind: 'client.fault', error: errorBody(error, inbound.eventId) });
        break;
      }
    }
  }

  end(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#tally.end(this.#session.unfinished);
    this.#parts.share.end();
    this.#wake?.timer.cancel();
    this.#wake = undefined;
    this.#heard?.cancel();
    for (const { controller } of this.#runs.values()) controller.abort();
    this.#runs.clear();
    this.#memory.abort('unwanted');
    this.#asides.close();
    this.#ear.close();
    this.#tools.close().catch((error: unknown) => this.#log.error({ err: error }, 'MCP servers were not closed'));
  }

  /** Effects may bring facts at once: those wait until this one is through, so that the session is never entered twice. */
  #feed(fact: Fact): void {
    if (this.#ended.signal.aborted) return;
    this.#facts.push(fact);
    if (!this.#stepping) this.#parts.share.atOnce(() => this.#step());
  }

  #step(): void {
    this.#stepping = true;
    let mayWakeEarlier = false;
    try {
      for (let next = this.#facts.shift(); next; next = this.#facts.shift()) {
        const nowMs = onTape(this.#parts.clock.now());
        this.#tally.hear(next, nowMs);
        const effects = this.#decide(next, nowMs);
        mayWakeEarlier ||= next.kind !== 'audio.reached' || effects.length > 0;
        for (const effect of effects) this.#perform(effect);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#stepping = false;
    }
    if (mayWakeEarlier) this.#arm();
    if (this.#parts.draining.aborted) this.leaveWhenIdle();
  }

  /** The only way into the session, and onto its tape. */
  #decide(fact: Fact, nowMs: number): readonly Effect[] {
    const { tape } = this.#parts;
    tape?.fact(nowMs, fact);
    try {
      const effects = this.#session.step(fact, nowMs);
      tape?.wanted(effects);
      return effects;
    } catch (error) {
      tape?.threw(error);
      throw error;
    }
  }

  /** From the moment a client says on whose behalf it speaks, so does every line of the log. */
  #identify(config: SessionConfig): void {
    const { user, metadata } = onBehalf(config);
    const behalf = { ...(user === undefined ? {} : { user }), ...(metadata === undefined ? {} : { metadata }) };
    const said = JSON.stringify(behalf);
    if (said === this.#behalf) return;
    this.#behalf = said;
    this.#log = this.#parts.log.child(behalf);
    this.#log.info({}, 'the client has said on whose behalf it speaks');
  }

  #nameUnserved(asked: readonly string[]): void {
    const what = asked.filter((each) => !this.#unserved.has(each));
    if (what.length === 0) return;
    for (const each of what) this.#unserved.add(each);
    this.#log.info({ what }, 'the client asks for what is not served here');
  }

  /** Something of this session's did not work; the session lives. */
  #failed(error: unknown, what: string, about?: object): void {
    logFailure(this.#log, error, what, about);
    this.#countFailure(error);
  }

  #countFailure(error: unknown): void {
    if (error instanceof EngineError)
      this.#parts.meters.add('parley_engine_errors_total', 1, { engine: error.engine, reason: error.reason });
  }

  #fail(error: unknown): void {
    this.#log.error({ err: error }, 'session failed');
    this.#parts.transport.close(broken.code, broken.reason);
    this.end();
  }

  /** Keeps a timer at or before the time the session wants to be woken; an early one looks again. */
  #arm(): void {
    if (this.#ended.signal.aborted) return;
    const { clock } = this.#parts;
    const atMs = this.#session.wakeAt;
    if (this.#wake && this.#wake.atMs <= atMs) return;
    this.#wake?.timer.cancel();
    const timer = clock.after(Math.min(atMs - clock.now(), 2 ** 31 - 1), () => {
      this.#wake = undefined;
      if (this.#session.wakeAt <= clock.now()) this.#feed({ kind: 'tick' });
      else this.#arm();
    });
    this.#wake = { atMs, timer };
  }

  #perform(effect: Effect): void {
    const { clock, transport } = this.#parts;
    this.#tally.see(effect, clock.now());
    if (transport.gone && !doneForNobody.has(effect.kind)) return;
    switch (effect.kind) {
      case 'send':
        transport.send(effect.event);
        if (effect.event.type === 'error' && effect.event.error.code === limited) this.#rest();
        break;
      case 'send.audio':
        if (!effect.outOfBand) this.#keepsakes.add(effect.item, effect.bytes, effect.format);
        transport.sendAudio(effect, effect.bytes, effect.timestamps);
        break;
      case 'send.backchannel': {
        const { eventId, id, bytes } = effect;
        const delta = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
        transport.send({ type: 'response.backchannel.audio.delta', event_id: eventId, backchannel_id: id, delta });
        break;
      }
      case 'send.retrieved':
        this.#ownErrand(this.#sendRetrieved(effect.event, effect.heardMs));
        break;
      case 'send.limits': {
        const limits = this.#parts.rateLimits();
        if (limits.length > 0) transport.send({ type: 'rate_limits.updated', event_id: effect.eventId, rate_limits: limits });
        break;
      }
      case 'listen.configure':
        this.#identify(effect.config);
        this.#ear.configure(effect.config);
        break;
      case 'listen.begin':
        this.#ear.begin(effect.item, effect.fromMs);
        break;
      case 'listen.commit':
        this.#ear.commit(effect.item, effect.fromMs, effect.toMs);
        break;
      case 'listen.clear':
        this.#ear.clear(effect.untilMs);
        break;
      case 'transcribe':
        this.#parts.share.owesFor(lengthMs(bytesOf(effect.audio), effect.format));
        this.#ownErrand(this.#ear.transcribe(effect.item, effect.audio, effect.format));
        break;
      case 'judge.turn':
        this.#own(this.#ear.judge(effect.item, effect.silenceMs, this.#ended.signal));
        break;
      case 'run.start': {
        const controller = new AbortController();
        const { run, itemsLeftOut } = effect.order;
        const underWay = { controller, itemsLeftOut, response: undefined as string | undefined };
        this.#runs.set(run, underWay);
        const ports = {
          engines: this.#parts.engines,
          clock: this.#parts.clock,
          origin: this.#origin,
          allowance: this.#parts.allowance,
          feed: (fact: Fact) => {
            if (!controller.signal.aborted) this.#feed(fact);
          },
          room: () => transport.room(),
          images: this.#images,
          onFailure: (error: unknown) => this.#failed(error, 'reply failed', { response: underWay.response }),
        };
        this.#own(reply(effect.order, effect.prompt, ports, controller.signal).finally(() => this.#runs.delete(run)));
        break;
      }
      case 'run.adopted': {
        const underWay = this.#runs.get(effect.run);
        if (!underWay) break;
        const { response } = effect;
        const { itemsLeftOut } = underWay;
        underWay.response = response;
        if (itemsLeftOut > 0) this.#log.info({ response, itemsLeftOut }, 'the conversation has outgrown the model');
        break;
      }
      case 'run.abort':
        this.#runs.get(effect.run)?.controller.abort();
        this.#runs.delete(effect.run);
        break;
      case 'aside.ask':
        this.#own(this.#asides.ask(effect.order, effect.prompt));
        break;
      case 'aside.speak':
        this.#own(this.#asides.speak(effect.order));
        break;
      case 'aside.abort':
        this.#asides.abort(effect.aside);
        break;
      case 'mcp.configure':
        this.#tools.configure(effect.servers);
        break;
      case 'mcp.list':
        this.#own(this.#tools.list(effect.item, effect.label));
        break;
      case 'mcp.call':
        this.#own(this.#tools.call(effect.item, effect.label, effect.name, effect.arguments));
        break;
      case 'mcp.abort':
        this.#tools.abort(effect.item);
        break;
      case 'memory.condense':
        this.#own(this.#memory.condense(effect));
        break;
      case 'memory.abort':
        this.#memory.abort(effect.why);
        break;
      case 'item.forget':
        this.#keepsakes.forget(effect.item);
        this.#ear.forget(effect.item);
        break;
      case 'unserved':
        this.#nameUnserved(effect.what);
        break;
      case 'speaker.clear':
        transport.clear?.();
        break;
      case 'line.resume':
        transport.resume?.(effect.leftMs);
        break;
      case 'close':
        transport.close(effect.code, effect.reason);
        break;
    }
  }

  /** A task of this session's: its failure is the session's failure. */
  #own(task: Promise<void>): void {
    task.catch((error: unknown) => this.#fail(error));
  }

  /** What an event of the client's asks for, and its next event waits for: so they are answered in their order. */
  #ownErrand(errand: Promise<void>): void {
    this.#errand = this.#runErrand(errand);
  }

  #rest(): void {
    this.#ownErrand(sleep(this.#parts.clock, refusalRestMs, this.#ended.signal));
  }

  async #runErrand(errand: Promise<void>): Promise<void> {
    try {
      await errand;
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#errand = undefined;
    }
  }

  async #sendRetrieved(event: Extract<Effect, { kind: 'send.retrieved' }>['event'], heardMs: number | undefined): Promise<void> {
    const { transport } = this.#parts;
    const { item } = event;
    const format = this.#session.config.audio.input.format;
    const hasSound = item.type === 'message' && item.role !== 'system';
    const sound = hasSound ? await this.#keepsakes.read(item.id, format, heardMs) : undefined;
    if (!hasSound || sound === undefined) return transport.send(event);
    const content = item.content.map((part) =>
      part.type === 'input_audio' || part.type === 'output_audio' ? { ...part, ...sound } : part,
    );
    transport.send({ ...event, item: { ...item, content } as Item });
  }
}

/** Of sound in base64 or no more. */
function bytesOf(sound: string | Uint8Array): number {
  return typeof sound === 'string' ? Buffer.byteLength(sound, 'base64') : sound.length;
}

function lengthMs(bytes: number, format: AudioFormat): number {
  return (bytes / bytesPerSample(format) / sampleRateHz(format)) * 1000;
}
