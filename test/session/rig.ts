// A session under a hand-moved time: facts and client events go in, everything that comes out is watched and written down.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { clientEventId, parseClientEvent } from '../../src/protocol/client-events.ts';
import { errorBody, RealtimeError } from '../../src/protocol/errors.ts';
import type { McpCallError, McpListedTool } from '../../src/protocol/items.ts';
import type { RateLimit } from '../../src/protocol/limits.ts';
import type { Prompt } from '../../src/protocol/prompt.ts';
import type { ServerEvent, ServerEventType } from '../../src/protocol/server-events.ts';
import {
  type RealtimeSessionObject,
  semanticVadDefaults,
  serverVadDefaults,
  type SessionConfig,
  type SessionObject,
  type TurnDetection,
} from '../../src/protocol/session-config.ts';
import { type Catalogue, knownOf, knownOfSession } from '../../src/pipeline/catalogue.ts';
import { recordInDialects } from '../decoders/dialects.ts';
import { clientLine, effectLines, factLine } from '../../src/pipeline/tape/transcript.ts';
import { testBirth, testConfig } from './birth.ts';
import { type EventOf, Watch } from './watch.ts';
import type { Birth } from '../../src/session/birth.ts';
import type { Guest } from '../../src/session/core.ts';
import type { Effect } from '../../src/session/effects.ts';
import type { Env } from '../../src/session/env.ts';
import type { Fact, RunEnd, SpokenWord } from '../../src/session/facts.ts';
import { allServed } from '../../src/session/known.ts';
import { Session } from '../../src/session/session.ts';
import type { State } from '../../src/session/state.ts';
import { configured } from '../../src/session/settings/settings.ts';

export const serverVad = serverVadDefaults;
export const semanticVad = semanticVadDefaults;
const usage = { inputTokens: 20, outputTokens: 10, cachedTokens: 0 };

/** The session as its client sees it, which must be one that answers. */
export function realtime(session: SessionObject): RealtimeSessionObject {
  if (session.type !== 'realtime') throw new Error(`this is a session of type ${session.type}`);
  return session;
}

/** What the catalogue's prompts say, by id and version. */
export const testPrompts: Record<string, string> = {
  greeter: 'You greet {{ name }} of {{city}}.',
  'greeter@1': 'You greet {{name}}.',
  plain: 'You are Ada.',
};

/** Every id is served, but those that begin with `no-`. */
export const testCatalogue: Catalogue = {
  hasLlm: (id) => !id.startsWith('no-'),
  hasStt: (id) => !id.startsWith('no-'),
  hasTts: (id) => !id.startsWith('no-'),
  hasVoice: (id) => !id.startsWith('no-'),
  hasConnector: () => false,
  nearest: (_kind, id) => (id === 'no-such' ? ['such', 'some'] : []),
  prompt: (id, version) => testPrompts[version === undefined ? id : `${id}@${version}`],
};

/** As much is left as ever. */
export const someLeft = (): RateLimit[] => [{ name: 'requests', limit: 1000, remaining: 999, reset_seconds: 0.001 }];

export interface RigOptions {
  turnDetection?: TurnDetection;
  inworld?: boolean;
  lifeMs?: number;
  /** A call, whose speaker is ours. */
  speaker?: Birth['speaker'];
  contextTokens?: number;
  conversationBytes?: number;
  mostResponses?: number;
  /** What is left of the key's limits; nearly all, when nothing is said. */
  rateLimits?: () => RateLimit[];
  voiceLock?: boolean;
  /** What the lot says; 0 always, when nothing is said. */
  chance?: () => number;
  /** The features that come on top; all, when nothing is said. */
  features?: readonly Guest[];
  /** Changes the configuration the session is born with. */
  configure?: (config: SessionConfig) => void;
}

export class Rig {
  readonly watch = new Watch();
  readonly lines: string[] = [];
  readonly sent: ServerEvent[] = [];
  readonly effects: Effect[] = [];
  readonly #api: 'openai' | 'inworld';
  #session: Session;
  readonly #env: Env;
  readonly #features: readonly Guest[] | undefined;
  readonly #rateLimits: () => RateLimit[];
  /** Called with each event as it is sent: a client that reacts. */
  onEvent: (event: ServerEvent) => void = () => {};
  now = 0;
  #receivedMs = 0;
  #due: { atMs: number; task: () => void }[] = [];

  constructor({
    turnDetection = serverVad,
    inworld = false,
    lifeMs = 3_600_000,
    contextTokens = 128_000,
    conversationBytes = 32 * 1024 * 1024,
    mostResponses = 4,
    rateLimits = someLeft,
    voiceLock = false,
    chance = () => 0,
    speaker,
    features,
    configure,
  }: RigOptions = {}) {
    this.#api = inworld ? 'inworld' : 'openai';
    const config = testConfig(turnDetection);
    configure?.(config);
    const birth = testBirth({
      config,
      promptText: storedText(config),
      lifeMs,
      contextTokens,
      conversationBytes,
      mostResponses,
      inworld,
      speaker,
      voiceLock,
    });
    this.#rateLimits = rateLimits;
    this.watch.limited = rateLimits().length > 0;
    this.#env = countingEnv(chance);
    this.#features = features;
    this.#session = new Session(birth, this.#env, this.now, features);
    this.#take(this.#session.open());
  }

  get config(): SessionConfig {
    return this.#session.config;
  }

  /** All that the session is, as JSON has it. */
  written(): State {
    return JSON.parse(JSON.stringify(this.#session.export())) as State;
  }

  /** The session is written down, and the one that is read back goes on. */
  readBack(): void {
    this.#session = Session.restored(this.written(), this.#env, this.#features);
  }

  /** A message as it comes from the socket: read, and refused or handed to the session. */
  client(message: unknown): void {
    this.#line(clientLine(message));
    let event: ReturnType<typeof parseClientEvent>;
    try {
      event = parseClientEvent(message);
    } catch (error) {
      if (!(error instanceof RealtimeError)) throw error;
      this.#take([
        {
          kind: 'send',
          event: { type: 'error', event_id: `event_refused_${this.lines.length}`, error: errorBody(error, clientEventId(message)) },
        },
      ]);
      return;
    }
    const known = knownOf(testCatalogue, event);
    this.#step({ kind: 'client', event, ...(known && { known }) });
  }

  /** A message that is more than its key may send. */
  tooMuch(message: unknown, retryAfterMs: number): void {
    this.#line(clientLine(message));
    this.#step({ kind: 'client', event: parseClientEvent(message), excess: { limit: 'requests', most: 1000, retryAfterMs } });
  }

  fact(fact: Fact): void {
    const line = factLine(fact);
    if (line !== undefined) this.#line(line);
    if ('order' in fact) this.watch.condensed(fact.order);
    this.#step(fact);
  }

  /** Time passes without a sound coming in. */
  wait(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const [next] = this.#due.filter(({ atMs }) => atMs <= until).sort((a, b) => a.atMs - b.atMs);
      const wakeAt = this.#session.wakeAt;
      if (wakeAt <= until && (!next || wakeAt <= next.atMs)) {
        this.now = Math.max(this.now, wakeAt);
        this.#step({ kind: 'tick' });
        expect(this.#session.wakeAt, 'a tick settles what was due').toBeGreaterThan(this.now);
      } else if (next) {
        this.#due = this.#due.filter((entry) => entry !== next);
        this.now = Math.max(this.now, next.atMs);
        next.task();
      } else break;
    }
    this.now = until;
  }

  /** Runs a task when time has come so far. */
  after(ms: number, task: () => void): void {
    this.#due.push({ atMs: this.now + ms, task });
  }

  /** Time passes with a microphone that is on: 20 ms of sound every 20 ms. */
  hear(ms: number): void {
    for (let left = ms; left > 0; left -= 20) {
      this.wait(Math.min(20, left));
      this.#receivedMs += Math.min(20, left);
      this.#step({ kind: 'audio.reached', receivedMs: this.#receivedMs, decidedMs: this.#receivedMs - 32 });
    }
  }

  /** The user begins to speak now; the detector is sure 100 ms later. */
  beginSpeech(): void {
    const atMs = this.#receivedMs;
    this.hear(100);
    this.fact({ kind: 'speech.began', atMs });
  }

  /** The user falls silent now; the detector is sure 100 ms later. */
  pauseSpeech(): void {
    const atMs = this.#receivedMs;
    this.hear(100);
    this.fact({ kind: 'speech.paused', atMs });
  }

  /** A whole utterance of `ms` with the silence that ends it. */
  utter(ms: number): void {
    this.beginSpeech();
    this.hear(ms - 100);
    this.pauseSpeech();
    this.hear(500);
  }

  transcript(item: string, text: string): void {
    this.fact({ kind: 'transcript.final', item, text, seconds: 1 });
  }

  /** The run of a response, over or not; of one that has none, a run that never was. */
  runOf(response: string): string {
    const adopted = this.effects.find((effect) => effect.kind === 'run.adopted' && effect.response === response);
    return adopted?.kind === 'run.adopted' ? adopted.run : 'run_none';
  }

  text(response: string, delta: string): void {
    this.fact({ kind: 'run.text', run: this.runOf(response), delta });
  }

  audio(response: string, ms: number, words?: readonly SpokenWord[]): void {
    this.fact({ kind: 'run.audio', run: this.runOf(response), bytes: new Uint8Array(ms * 48), ms, words });
  }

  call(response: string, callId: string, name: string, argumentsText: string): void {
    this.fact({ kind: 'run.call', run: this.runOf(response), callId, name });
    this.fact({ kind: 'run.arguments', run: this.runOf(response), callId, delta: argumentsText });
  }

  end(response: string, end: Partial<RunEnd> = {}): void {
    this.fact({ kind: 'run.ended', run: this.runOf(response), reason: 'stop', usage, ...end } as Fact);
  }

  /** A whole answer whose sound is made at once. */
  answer(response: string, text: string, ms: number): void {
    this.text(response, text);
    this.audio(response, ms, wordsOf(text, ms));
    this.end(response);
  }

  says(text: string, more: Record<string, unknown> = {}): void {
    this.client({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }], ...more },
    });
  }

  output(callId: string, output: string): void {
    this.client({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output } });
  }

  /** An MCP server tells its tools, of which those whose names begin with `get` only read. */
  listed(item: string, ...names: string[]): void {
    this.fact({ kind: 'mcp.listed', item, tools: names.map(listedTool) });
  }

  ended(item: string, output: string): void {
    this.fact({ kind: 'mcp.ended', item, outcome: { output } });
  }

  failed(item: string, error: McpCallError): void {
    this.fact({ kind: 'mcp.ended', item, outcome: { error } });
  }

  /** The client's word on an approval request. */
  decides(request: string, approve: boolean, more: Record<string, unknown> = {}): void {
    const item = { type: 'mcp_approval_response', approval_request_id: request, approve, ...more };
    this.client({ type: 'conversation.item.create', item });
  }

  all<T extends ServerEventType>(type: T): EventOf<T>[] {
    return this.sent.filter((event) => event.type === type) as EventOf<T>[];
  }

  last<T extends ServerEventType>(type: T): EventOf<T> {
    const event = this.all(type).at(-1);
    if (!event) throw new Error(`there was no ${type}`);
    return event;
  }

  /** The prompts of the runs so far. */
  get prompts(): Prompt[] {
    return this.effects.flatMap((effect) => (effect.kind === 'run.start' ? [effect.prompt] : []));
  }

  /** Codes of the errors so far. */
  get faults(): (string | null)[] {
    return this.all('error').map(({ error }) => error.code);
  }

  /** Status of each response that ended, in order. */
  get endings(): string[] {
    return this.all('response.done').map(({ response }) => `${response.id} ${response.status}`);
  }

  /** Compares all that happened with the file of that name; what was sent is there for the decoders too. */
  golden(name: string): void {
    recordInDialects(this.sent, this.#api);
    const path = fileURLToPath(new URL(`../golden/${name}.txt`, import.meta.url));
    const text = `${this.lines.join('\n')}\n`;
    if (process.env.UPDATE_GOLDEN === '1' && !process.env.CI) {
      mkdirSync(new URL('../golden/', import.meta.url), { recursive: true });
      writeFileSync(path, text);
    }
    expect(existsSync(path), `test/golden/${name}.txt is missing; UPDATE_GOLDEN=1 writes it`).toBe(true);
    expect(text).toBe(readFileSync(path, 'utf8'));
  }

  #line(line: string): void {
    this.lines.push(`${Math.round(this.now)} ${line}`);
  }

  #step(fact: Fact): void {
    this.#take(this.#session.step(fact, this.now));
  }

  #take(all: readonly Effect[]): void {
    const effects = all.filter(({ kind }) => kind !== 'send.limits' || this.#rateLimits().length > 0);
    for (const line of effectLines(effects)) this.#line(line);
    this.watch.see(effects, this.now);
    for (const effect of effects) {
      this.effects.push(effect);
      const event = eventOf(effect, this.#rateLimits);
      if (!event) continue;
      this.sent.push(event);
      this.onEvent(event);
    }
  }
}

/** The text of the stored prompt that a session is born with. */
function storedText(config: SessionConfig): string {
  const patch = config.prompt ? { prompt: config.prompt } : {};
  return configured(config, patch, knownOfSession(testCatalogue, patch) ?? allServed, false).promptText ?? '';
}

/** What the effect sends, completed as the shell does. Without its id, which watch.ts looks at. */
function eventOf(effect: Effect, rateLimits: () => RateLimit[]): ServerEvent | undefined {
  if (effect.kind === 'send' || effect.kind === 'send.retrieved') {
    const { event_id: _, ...event } = effect.event;
    return event;
  }
  return effect.kind === 'send.limits' ? { type: 'rate_limits.updated', rate_limits: rateLimits() } : undefined;
}

/** Ids that count up by prefix (`resp_1`, `resp_2`): what a golden transcript can be read with. */
export function countingEnv(chance: (n: number) => number): Env {
  return { id: (prefix, n) => `${prefix}_${n}`, chance };
}

export function listedTool(name: string): McpListedTool {
  const annotations = name.startsWith('get') ? { readOnlyHint: true } : null;
  return { name, description: `Does ${name}.`, input_schema: { type: 'object' }, annotations };
}

/** Words spread evenly over the time. */
export function wordsOf(text: string, ms: number): SpokenWord[] {
  const words = text.split(' ');
  const each = ms / words.length;
  return words.map((word, index) => ({ text: word, startMs: index * each, endMs: (index + 1) * each }));
}
