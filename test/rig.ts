// A whole running session without sockets and without waiting: drive() between a transport that only records, engines under the test's
// hand (pipeline/fake-engines.ts) and a clock that the test moves.
import type { Speaker } from '../src/protocol/audio-format.ts';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { type KeyLimits, Usage } from '../src/access/usage.ts';
import { ManualClock } from '../src/lib/clock.ts';
import type { Log } from '../src/lib/log.ts';
import { concat, toBytes } from '../src/media/pcm.ts';
import { drive, type SessionEnd } from '../src/pipeline/drive.ts';
import { LoopShares } from '../src/lib/loop-shares.ts';
import type { Tape } from '../src/pipeline/tape/tape.ts';
import { seededEnv } from '../src/session/env.ts';
import type { AudioFormat } from '../src/protocol/audio-format.ts';
import { parseClientEvent } from '../src/protocol/client-events.ts';
import type { ServerEvent, ServerEventType, StampedEvent, TimestampInfo } from '../src/protocol/server-events.ts';
import { serverVadDefaults, type SessionConfig, type TurnDetection } from '../src/protocol/session-config.ts';
import type { AudioPlace, Inbound, Transport } from '../src/transports/transport.ts';
import { CountingMeters } from './pipeline/counting-meters.ts';
import { FakeEngines } from './pipeline/fake-engines.ts';
import { FakeTools } from './pipeline/fake-tools.ts';
import { GuardedFetch } from '../src/lib/guarded-fetch.ts';
import { McpCache } from '../src/tools/mcp-cache.ts';
import { McpServers } from '../src/tools/mcp-servers.ts';
import type { OnBoardServers } from '../src/tools/on-board.ts';
import { testBirth, testConfig } from './session/birth.ts';
import { countingEnv, testCatalogue } from './session/rig.ts';
import type { EventOf } from './session/watch.ts';

/** Waits until nothing but time, sound or an engine's word can make anything happen. Only for what runs on promises alone. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 4; round++) await setImmediate();
}

/** How often the other sessions had their turn while this was done. */
export async function turnsDuring(work: Promise<unknown>): Promise<number> {
  const state = { over: false };
  const done = work.then(() => {
    state.over = true;
  });
  let turns = 0;
  for (; !state.over; turns += 1) await setImmediate();
  await done;
  return turns;
}

/** Carries nothing anywhere: what is to come in waits in a queue, what goes out is written down in order. */
export class RecordingTransport implements Transport {
  readonly #queue: Inbound[] = [];
  #ended = false;
  #wake: (() => void) | undefined;
  #roomy: PromiseWithResolvers<void> | undefined;
  readonly sent: ServerEvent[] = [];
  readonly audio: { place: AudioPlace; bytes: Uint8Array; timestamps: TimestampInfo | undefined }[] = [];
  /** Everything that went out, in order: types of events, `audio 960` with its bytes, `close 1000`. */
  readonly trace: string[] = [];
  readonly closes: { code: number; reason: string }[] = [];
  /** Called with each event as it goes out: a client that reacts. */
  onEvent: (event: ServerEvent) => void = () => {};
  /** Ends by itself when the session closes it, as a socket does; otherwise only when the far side leaves. */
  endsOnClose = true;

  readonly inbound: AsyncIterable<Inbound> = { [Symbol.asyncIterator]: () => this.#read() };

  /** Set by the test: nobody listens, though something may still come in. */
  gone = false;

  /** Whether the session has taken in all there was. */
  get idle(): boolean {
    return (this.#queue.length === 0 && this.#wake !== undefined) || this.#ended;
  }

  receive(inbound: Inbound): void {
    this.#queue.push(inbound);
    this.#wake?.();
  }

  /** The far side has gone. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  send(event: ServerEvent): void {
    // Ids are looked at where they are made.
    const { event_id: _, ...bare } = structuredClone(event) as StampedEvent;
    this.sent.push(bare);
    this.trace.push(event.type);
    this.onEvent(event);
  }

  sendAudio(place: AudioPlace, bytes: Uint8Array, timestamps?: TimestampInfo): void {
    this.audio.push({ place, bytes: bytes.slice(), timestamps });
    this.trace.push(`audio ${bytes.length}`);
  }

  /** From here on there is no room, until `drain`. */
  fill(): void {
    this.#roomy ??= Promise.withResolvers<void>();
  }

  drain(): void {
    this.#roomy?.resolve();
    this.#roomy = undefined;
  }

  room(): Promise<void> {
    return this.#roomy?.promise ?? Promise.resolve();
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
    this.trace.push(`close ${code}`);
    if (this.endsOnClose) this.end();
  }

  async *#read(): AsyncGenerator<Inbound, void> {
    for (;;) {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) yield next;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}

export interface RigOptions {
  turnDetection?: TurnDetection;
  /** Of what comes in; PCM at 16 kHz, which reaches the engines untouched, when nothing is said. */
  format?: AudioFormat;
  /** Changes the configuration the session is born with. */
  configure?: (config: SessionConfig) => void;
  lifeMs?: number;
  /** The server's own, if the sound goes to one. */
  speaker?: Speaker;
  contextTokens?: number;
  conversationBytes?: number;
  /** What its key may; nothing is limited but requests, when nothing is said. */
  limits?: Partial<KeyLimits>;
  engines?: FakeEngines;
  /** The server is going already. */
  leaving?: boolean;
  /** What it is written down on. */
  tape?: Tape;
  /** What it has on board; its tools are real then, and nothing is reached over a network. */
  onBoard?: OnBoardServers;
}

const none = Number.POSITIVE_INFINITY;
const manyRequests: KeyLimits = { sessions: none, requests: 1000, recognition: none, speech: none, mints: none };

export class Rig {
  readonly clock = new ManualClock();
  readonly engines: FakeEngines;
  readonly transport = new RecordingTransport();
  readonly logged: { level: string; fields: object; message: string }[] = [];
  readonly ended: Promise<SessionEnd>;
  /** What its key uses, and what that key was refused. */
  readonly usage: Usage;
  readonly refused: string[] = [];
  readonly meters = new CountingMeters();
  /** What was opened to reach MCP servers: nothing, until the session names one. */
  readonly tools: FakeTools[] = [];
  /** The images that were fetched. */
  readonly images: string[] = [];
  over = false;
  readonly #leaving = new AbortController();
  readonly #draining = new AbortController();

  constructor({
    turnDetection = serverVadDefaults,
    format = pcm16k,
    configure,
    lifeMs = 3_600_000,
    speaker,
    contextTokens = 128_000,
    conversationBytes = 32 * 1024 * 1024,
    limits = {},
    engines,
    leaving,
    tape,
    onBoard,
  }: RigOptions = {}) {
    this.engines = engines ?? new FakeEngines();
    if (leaving) this.shutDown();
    const { clock } = this;
    this.usage = new Usage({ limits: { ...manyRequests, ...limits }, clock, onRefused: (limit) => this.refused.push(limit) });
    const config = testConfig(turnDetection);
    config.audio.input.format = format;
    configure?.(config);
    const birth = testBirth({ config, lifeMs, speaker, contextTokens, conversationBytes, ownInstructions: '' });
    const { transport } = this;
    const image = (url: string) => {
      this.images.push(url);
      return url.includes('missing') ? Promise.reject(new Error('its server answered 404')) : Promise.resolve('data:image/png;base64,AAAA');
    };
    const log = this.#log();
    const openTools = () => {
      if (onBoard)
        return new McpServers({ clock, fetch: new GuardedFetch({ clock }), cache: new McpCache(clock), log, version: '0.0.0', onBoard });
      const tools = new FakeTools();
      this.tools.push(tools);
      return tools;
    };
    const { signal } = this.#leaving;
    const draining = this.#draining.signal;
    this.ended = drive({
      transport,
      engines: this.engines,
      birth,
      // A tape has a seed, and knows nothing of ids that only count.
      env: tape ? seededEnv(birth.seed) : countingEnv(() => 0),
      tape,
      catalogue: { ...testCatalogue, hasConnector: (id) => onBoard?.has(id) ?? false },
      rateLimits: () => this.usage.rateLimits('key_1'),
      keyId: 'key_1',
      allowance: this.usage.of('key_1'),
      share: new LoopShares(clock).open('key_1'),
      clock,
      log,
      meters: this.meters,
      openTools,
      image,
      draining,
      signal,
    }).finally(() => {
      this.over = true;
    });
  }

  get vad() {
    return this.engines.vad;
  }

  get turn() {
    return this.engines.turn;
  }

  get stt() {
    return this.engines.fakeStt;
  }

  get llm() {
    return this.engines.fakeLlm;
  }

  get tts() {
    return this.engines.fakeTts;
  }

  /** A message of the client's, as it would be read from a socket. Throws RealtimeError for one that would be refused there. */
  client(message: Record<string, unknown>): void {
    this.transport.receive({ kind: 'event', event: parseClientEvent(message) });
  }

  /** Sound in the session's format, in one message or in messages of so many bytes. */
  sound(sound: Int16Array | Uint8Array, chunkBytes?: number): void {
    const bytes = sound instanceof Int16Array ? toBytes(sound) : sound;
    const step = chunkBytes ?? Math.max(1, bytes.length);
    for (let at = 0; at < bytes.length; at += step) this.transport.receive({ kind: 'audio', bytes: bytes.subarray(at, at + step) });
  }

  /** Sound, and everything that follows from it. */
  async hear(sound: Int16Array | Uint8Array, chunkBytes?: number): Promise<void> {
    this.sound(sound, chunkBytes);
    await this.settle();
  }

  async says(text: string): Promise<void> {
    this.client({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] } });
    this.client({ type: 'response.create' });
    await this.settle();
  }

  /** Lets everything happen that needs neither time nor another word from outside. */
  async settle(): Promise<void> {
    do {
      await settled();
    } while (!this.transport.idle && !this.over);
    await settled();
  }

  async wait(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  /** The server will be going. */
  drain(): void {
    this.#draining.abort();
  }

  /** The server is going. */
  shutDown(): void {
    this.#leaving.abort();
  }

  all<T extends ServerEventType>(type: T): EventOf<T>[] {
    return this.transport.sent.filter((event) => event.type === type) as EventOf<T>[];
  }

  last<T extends ServerEventType>(type: T): EventOf<T> {
    const event = this.all(type).at(-1);
    if (!event) throw new Error(`there was no ${type}, only ${this.transport.trace.join(', ')}`);
    return event;
  }

  /** What the detection told, a line each: `started 500 item_1`, `stopped 1500 item_1`, `committed item_1`. */
  get turns(): string[] {
    return this.transport.sent.flatMap((event) => {
      if (event.type === 'input_audio_buffer.speech_started') return `started ${event.audio_start_ms} ${event.item_id}`;
      if (event.type === 'input_audio_buffer.speech_stopped') return `stopped ${event.audio_end_ms} ${event.item_id}`;
      return event.type === 'input_audio_buffer.committed' ? `committed ${event.item_id}` : [];
    });
  }

  /** When turns started and stopped, in milliseconds of the sound. */
  get times(): { started: number[]; stopped: number[] } {
    return {
      started: this.all('input_audio_buffer.speech_started').map(({ audio_start_ms }) => audio_start_ms),
      stopped: this.all('input_audio_buffer.speech_stopped').map(({ audio_end_ms }) => audio_end_ms),
    };
  }

  /** Transcripts, by item: `item_1 Words 1.` */
  get transcripts(): string[] {
    return this.transport.sent.flatMap((event) =>
      event.type === 'conversation.item.input_audio_transcription.completed' ? `${event.item_id} ${event.transcript}` : [],
    );
  }

  /** Status of each response that ended, in order. */
  get endings(): string[] {
    return this.all('response.done').map(({ response }) => `${response.id} ${response.status}`);
  }

  #log(own: object = {}): Log {
    const write = (level: string) => (fields: object, message: string) =>
      void this.logged.push({ level, fields: { ...own, ...fields }, message });
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => this.#log({ ...own, ...fields }),
    };
  }
}

/** A rig that is ended with its test; nothing that it began may go on then. */
export function openRig(options: RigOptions = {}): Rig {
  const rig = new Rig(options);
  onTestFinished(async () => {
    rig.transport.end();
    await rig.settle();
    await rig.ended;
    const { vad, stt, llm, tts, tools } = rig;
    expect(
      vad.streams.filter(({ closed }) => !closed),
      'streams of the detector that nobody closed',
    ).toEqual([]);
    expect(
      stt.calls.filter(({ closed }) => !closed),
      'recognitions that nobody closed',
    ).toEqual([]);
    const calls = [...llm.calls, ...tts.calls];
    expect(
      calls.filter(({ over, signal }) => !over && !signal.aborted),
      'calls of engines that nobody ended',
    ).toEqual([]);
    expect(
      tools.filter(({ closed }) => closed !== 1),
      'MCP servers that were not closed once',
    ).toEqual([]);
  });
  return rig;
}

export const pcm16k: AudioFormat = { type: 'audio/pcm', rate: 16_000 };

/** Something loud that is nowhere like itself, so that a piece of it tells its place. */
export function noise(ms: number, rateHz = 16_000, seed = 1): Int16Array {
  let state = seed;
  return Int16Array.from({ length: (ms * rateHz) / 1000 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const value = (state >>> 17) - 16_384;
    return value < 0 ? value - 1000 : value + 1000;
  });
}

export function quiet(ms: number, rateHz = 16_000): Int16Array {
  return new Int16Array((ms * rateHz) / 1000);
}

export function tone(ms: number, rateHz = 16_000, level = 8000, hz = 440): Int16Array {
  return Int16Array.from({ length: (ms * rateHz) / 1000 }, (_, index) => Math.round(level * Math.sin((2 * Math.PI * hz * index) / rateHz)));
}

/** Hush and speech by turns, of so many milliseconds each, beginning with hush. No two pieces of it are alike. */
export function scene(...lengths: number[]): Int16Array {
  return concat(
    lengths.map((ms, index) => {
      const sound = noise(ms, 16_000, index + 1);
      return index % 2 === 1 ? sound : sound.map((sample) => sample >> 8);
    }),
  );
}

/** From which to which sample of the whole a piece of it was taken. Fails when it was not. */
export function placeIn(whole: Int16Array, piece: Int16Array): { from: number; to: number } {
  const at = Buffer.from(toBytes(whole)).indexOf(Buffer.from(toBytes(piece)));
  expect(at, 'a piece of the sound that was sent').toBeGreaterThanOrEqual(0);
  return { from: at / 2, to: at / 2 + piece.length };
}
