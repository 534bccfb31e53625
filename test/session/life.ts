// A session to which anything may happen: facts drawn by lot, and what must hold whatever they are (watch.ts, and what is here).
import { strict as assert } from 'node:assert';
import { clientEventId, parseClientEvent } from '../../src/protocol/client-events.ts';
import { errorBody, RealtimeError } from '../../src/protocol/errors.ts';
import type { McpCallError } from '../../src/protocol/items.ts';
import type { Excess } from '../../src/protocol/limits.ts';
import type { ServerEvent } from '../../src/protocol/server-events.ts';
import { knownOf } from '../../src/pipeline/catalogue.ts';
import { Chance } from './chance.ts';
import { adoptHeld, beginAhead, type Deed, dropHeld, Hand } from './hand.ts';
import { count, met } from './met.ts';
import { assertPlainData } from './plain-data.ts';
import { presence, RandomClient } from './random-events.ts';
import { testBirth, testConfig } from './birth.ts';
import { countingEnv, listedTool, semanticVad, serverVad, testCatalogue } from './rig.ts';
import { Watch } from './watch.ts';
import type { Effect } from '../../src/session/effects.ts';
import type { Birth } from '../../src/session/birth.ts';
import type { Guest } from '../../src/session/core.ts';
import { type Env, seededEnv } from '../../src/session/env.ts';
import type { Fact, FactOf, RunEnd, RunFact } from '../../src/session/facts.ts';
import { guests } from '../../src/session/guests/guests.ts';
import { Session } from '../../src/session/session.ts';
import type { State } from '../../src/session/state.ts';
import { callSpeaker } from '../call-speaker.ts';

const factsPerSeed = 5000;
const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0 };
const sound = new Uint8Array(960);
const spoken = {
  segments: [{ text: 'Hello.', startMs: 0, endMs: 900.5, speaker: 'speaker_0' }],
  voiceProfile: { age: [{ label: 'adult', confidence: 1 }] },
};

const weights = {
  client: 20,
  audio: 30,
  began: 6,
  paused: 8,
  judged: 5,
  partial: 4,
  words: 10,
  run: 40,
  ahead: 6,
  mcp: 16,
  memory: 4,
  aside: 14,
  line: 2,
  tick: 3,
  jump: 3,
};

class Life {
  readonly #chance: Chance;
  readonly #features: readonly Guest[];
  readonly #watch = new Watch();
  readonly #client: RandomClient;
  #session: Session;
  readonly #env: Env;
  readonly #birth: Birth;
  /** The session that was written down, and how many steps more it is compared with the one that was read. */
  #twin: { session: Session; steps: number } | undefined;
  #now = 0;
  #receivedMs = 0;
  /** Items whose words are awaited; `name` of the utterance that is open. */
  #awaited: string[] = [];
  #utterance: string | undefined;
  /** MCP lists and calls that the shell was told to see to. */
  readonly #lists: string[] = [];
  readonly #running: string[] = [];
  readonly #orders: number[] = [];
  /** Asides that were ordered, and up to when an answer is heard at least. */
  readonly #asides: Extract<Effect, { kind: 'aside.ask' | 'aside.speak' }>[] = [];
  #audibleUntilMs = 0;
  /** The tools each run was offered. */
  readonly #tools = new Map<string, string[]>();

  readonly #hand = new Hand();
  /** Of runs that are held: how long each piece of the sound is that has come. */
  readonly #heldMs = new Map<string, number[]>();

  constructor(chance: Chance, inworld: boolean, lifeMs: number, features: readonly Guest[]) {
    this.#chance = chance;
    this.#client = new RandomClient(chance, this.#watch);
    this.#features = [...features, this.#hand.guest];
    const config = testConfig(chance.pick([serverVad, { ...serverVad, idle_timeout_ms: 1000 }, semanticVad, null]));
    if (chance.often(0.05)) config.type = 'transcription';
    if (chance.often(0.6)) config.providerData = presence(chance);
    this.#birth = testBirth({
      config,
      lifeMs,
      // Sometimes so few that a conversation outgrows it soon.
      contextTokens: chance.pick([128_000, 128_000, 60]),
      mostResponses: chance.pick([undefined, undefined, 1]),
      ownInstructions: '',
      inworld,
      voiceLock: chance.often(0.3),
      speaker: chance.often(0.3) ? callSpeaker : undefined,
    });
    this.#env = countingEnv(seededEnv(String(chance.next())).chance);
    this.#session = new Session(this.#birth, this.#env, this.#now, this.#features);
    this.#see(this.#session.open());
  }

  get over(): boolean {
    return this.#watch.closed;
  }

  happen(): void {
    const chance = this.#chance;
    met.facts += 1;
    switch (chance.weighted(weights)) {
      case 'client':
        this.#say(this.#client.next(), chance.often(0.03) ? { limit: 'requests', most: 1000, retryAfterMs: 10 } : undefined);
        break;
      case 'audio':
        // A clock may be late: sound comes in before the tick that was due.
        if (chance.often(0.2)) this.#now += chance.int(0, 60);
        else this.#pass(chance.int(0, 60));
        // Samples do not come in whole milliseconds.
        this.#receivedMs += chance.pick([20, 20, 20, 33.3125, 100, 0.5]);
        this.#feed({ kind: 'audio.reached', receivedMs: this.#receivedMs, decidedMs: this.#receivedMs - chance.int(0, 90) });
        break;
      case 'began':
        this.#feed({ kind: 'speech.began', atMs: Math.max(0, this.#receivedMs - chance.int(0, 120)) });
        break;
      case 'paused':
        this.#feed({ kind: 'speech.paused', atMs: Math.max(0, this.#receivedMs - chance.int(0, 400)) });
        break;
      case 'judged':
        this.#feed({ kind: 'turn.judged', item: this.#utterance ?? 'item_none', complete: chance.next(), basis: 'sound' });
        break;
      case 'partial':
        this.#feed({
          kind: 'transcript.partial',
          item: chance.pick([this.#utterance ?? 'item_none', ...this.#awaited]),
          text: this.#words(),
        });
        break;
      case 'words':
        this.#recognise();
        break;
      case 'mcp':
        this.#runTools();
        break;
      case 'memory':
        this.#condense();
        break;
      case 'aside':
        this.#sayBeside();
        break;
      case 'line':
        if (chance.often(0.3))
          this.#feed(chance.often(0.5) ? { kind: 'line.held', agoMs: chance.pick([0, 40]) } : { kind: 'line.taken-up' });
        else if (chance.often(0.5)) this.#feed({ kind: 'line.lost', silentMs: chance.pick([0, 0, 300, 15_000]) });
        else this.#comeBack(chance.pick([0, 0, 500, 20_000]), chance.often(0.3));
        break;
      case 'run':
        this.#feed(this.#run());
        // Nothing at all for a while after an answer: what the idle timeout is about.
        if (this.#watch.unfinished.length === 0 && chance.often(0.3)) this.#pass(chance.int(1000, 8000));
        break;
      case 'ahead':
        this.#speculate();
        break;
      case 'tick':
        this.#pass(chance.int(0, 500));
        this.#feed({ kind: 'tick' });
        break;
      case 'jump':
        this.#pass(chance.pick([1000, 3000, 6000, 31_000]));
        break;
    }
  }

  /** Everything comes to its end by the passing of time alone. */
  drain(): void {
    if (this.over) return;
    this.#comeBack(0, false);
    this.#say({
      type: 'session.update',
      event_id: 'drain',
      session: { audio: { input: { turn_detection: null } }, providerData: { auto_tool_response: false } },
    });
    for (let turn = 0; turn < 20 && this.#watch.unfinished.length + this.#watch.lists.size > 0; turn += 1) this.#pass(31_000);
    assert.deepEqual(this.#watch.unfinished, [], 'every response.created has its response.done');
    // Only a session that has expired leaves a list without its end.
    const lists = this.over ? [...this.#watch.lists] : [];
    assert.deepEqual(this.#watch.open, lists, 'every item that was added is done');
    assert.deepEqual([...this.#watch.lists], lists, 'every list that was begun has ended');
  }

  /** Whatever was heard meanwhile, what is left of the sound is heard from now on. */
  #comeBack(unreceivedMs: number, tellsPlayed: boolean): void {
    const item = this.#chance.pick([...this.#watch.conversation, 'item_none']);
    const played = { item, ms: this.#chance.int(0, 5000) };
    const { speaker } = this.#birth;
    for (const effect of this.#feed({ kind: 'line.back', unreceivedMs, speaker, expiresAt: 0, ...(tellsPlayed ? { played } : {}) })) {
      if (effect.kind !== 'line.resume') continue;
      assert(effect.leftMs >= 0 && Number.isFinite(effect.leftMs));
      this.#audibleUntilMs = this.#now + effect.leftMs;
      met.returns += 1;
    }
  }

  #recognise(): void {
    const chance = this.#chance;
    if (this.#awaited.length === 0 || chance.often(0.1)) {
      this.#feed({ kind: 'transcript.final', item: chance.pick(['item_none', 'item_1', 'item_2']), text: 'late', seconds: 1 });
      return;
    }
    const item = chance.pick(this.#awaited);
    this.#awaited = this.#awaited.filter((other) => other !== item);
    if (chance.often(0.1)) return; // never
    if (chance.often(0.1)) this.#feed({ kind: 'transcript.failed', item, failure: { code: 'broken', message: 'broken' } });
    else this.#feed({ kind: 'transcript.final', item, text: this.#words(), seconds: 1, ...(this.#awaited.length % 2 === 0 ? spoken : {}) });
  }

  /** What runs, or has ended, or was aborted, or never was, has a result. Some never have. */
  #runTools(): void {
    const chance = this.#chance;
    const item = chance.pick([
      ...this.#lists.slice(-3),
      ...this.#running.slice(-5),
      ...this.#running.slice(-2),
      'mcpl_1',
      'mcp_1',
      'mcp_none',
    ]);
    if (item.startsWith('mcpl')) {
      const tools = ['get_it', 'do_it'].map((name) => listedTool(name));
      this.#feed(chance.often(0.8) ? { kind: 'mcp.listed', item, tools } : { kind: 'mcp.unlisted', item });
      return;
    }
    const error = chance.pick<McpCallError>([
      { type: 'protocol_error', code: -32_000, message: 'lost' },
      { type: 'tool_execution_error', message: 'broken' },
      { type: 'http_error', code: 500, message: 'broken' },
    ]);
    this.#feed({ kind: 'mcp.ended', item, outcome: chance.often(0.7) ? { output: '42' } : { error } });
  }

  /** The order under way has a result, or an older one, or one that was never given. */
  #condense(): void {
    const chance = this.#chance;
    const order = chance.pick([...this.#orders.slice(-2), ...this.#orders.slice(-1), 99_999]);
    this.#watch.condensed(order);
    const facts = chance.pick([undefined, ['x']]);
    const told = this.#feed(
      chance.often(0.2)
        ? { kind: 'memory.failed', order }
        : { kind: 'memory.condensed', order, summary: chance.pick([undefined, this.#words()]), facts },
    ).filter((effect) => effect.kind === 'send' && effect.event.type === 'session.updated');
    assert(told.length <= 1, 'what was condensed is told once');
    met.condensed += told.length;
  }

  /** What was asked for beside the answer comes, or comes after it was called off, or not at all. */
  #sayBeside(): void {
    const chance = this.#chance;
    const last = this.#asides.at(-1);
    const order = last && chance.often(0.8) ? last : chance.pick([undefined, ...this.#asides.slice(-4)]);
    const aside = order?.order.aside ?? 'bc_none';
    const ms = chance.pick([0, 200, 200, 900.5]);
    const said: Fact = { kind: 'aside.said', aside, text: chance.pick(['one', 'Two.', 'I see', 'NONE', '', 'x'.repeat(200)]) };
    const spoken: Fact = {
      kind: 'aside.spoken',
      aside,
      bytes: new Uint8Array(Math.round(ms * 48)),
      ms,
      words: [{ text: 'one', startMs: 0, endMs: ms }],
    };
    const fitting = order?.kind === 'aside.ask' ? said : spoken;
    const effects = this.#feed(chance.often(0.8) ? fitting : chance.pick<Fact>([said, spoken, { kind: 'aside.failed', aside }]));
    if (effects.some(({ kind }) => kind === 'send.audio')) {
      met.fillers += 1;
      this.#audible(ms);
    }
    if (effects.some(({ kind }) => kind === 'send.backchannel'))
      assert(this.#now >= this.#audibleUntilMs, 'nobody is acknowledged while an answer is heard');
  }

  #audible(ms: number): void {
    this.#audibleUntilMs = Math.max(this.#audibleUntilMs, this.#now) + ms;
  }

  #words(): string {
    return ['one', 'two', 'three', 'four', 'five'].slice(0, this.#chance.int(0, 5)).join(' ');
  }

  /** A run is begun ahead of any response, or one that is held is adopted, or thrown away. */
  #speculate(): void {
    const chance = this.#chance;
    const held = this.#runsThat('held');
    if (held.length === 0 || chance.often(0.3)) {
      this.#by(beginAhead);
      return;
    }
    const run = chance.pick(held);
    if (chance.often(0.2)) {
      this.#by(dropHeld(run));
      assert.equal(this.#watch.runs.get(run)?.state, 'aborted');
      return;
    }
    const effects = this.#by(adoptHeld(run));
    if (!effects.some((effect) => effect.kind === 'run.adopted' && effect.run === run)) return;
    const sounds = effects.filter(({ kind }) => kind === 'send.audio').length;
    for (const ms of this.#heldMs.get(run)?.slice(0, sounds) ?? []) this.#audible(ms);
    met.adopted += 1;
    if (effects.some(({ kind }) => kind === 'send')) met.released += 1;
  }

  #by(deed: Deed): readonly Effect[] {
    return this.#hand.during(deed, () => this.#feed({ kind: 'tick' }));
  }

  #runsThat(are: 'held' | 'adopted'): string[] {
    return [...this.#watch.runs].filter(([, { state }]) => state === are).map(([id]) => id);
  }

  #run(): RunFact {
    const chance = this.#chance;
    const live = this.#runsThat(chance.often(0.25) ? 'held' : 'adopted');
    const run = live.length > 0 && chance.often(0.85) ? chance.pick(live) : `run_${chance.int(1, this.#watch.runs.size + 1)}`;
    switch (chance.weighted({ text: 8, audio: 8, call: 3, arguments: 3, usage: 1, alive: 1, attempt: 1, ended: 3 })) {
      case 'usage':
        return { kind: 'run.usage', run, usage };
      case 'alive':
        return { kind: 'run.alive', run };
      case 'attempt':
        return {
          kind: 'run.attempt',
          run,
          model: 'groq/llama',
          outcome: chance.pick(['answered', 'failed', 'aborted']),
          ms: chance.int(0, 500),
          route: 'r',
        };
      case 'text':
        return { kind: 'run.text', run, delta: chance.pick(['one ', 'two. ', 'three ']) };
      case 'audio': {
        const words = chance.often(0.5) ? [{ text: 'one', startMs: 0, endMs: chance.int(0, 3000) }] : undefined;
        return { kind: 'run.audio', run, bytes: sound, ms: chance.pick([20, 400.25, 1000]), words };
      }
      case 'call':
        met.calls += 1;
        return { kind: 'run.call', run, callId: `call_${met.calls}`, name: chance.pick(this.#tools.get(run) ?? ['weather']) };
      case 'arguments':
        return { kind: 'run.arguments', run, callId: `call_${met.calls}`, delta: '{}' };
      case 'ended': {
        const end = chance.pick<RunEnd>([
          { reason: 'stop', usage },
          { reason: 'stop', usage },
          { reason: 'length', usage },
          { reason: 'content_filter', usage },
          { reason: 'failed', usage, failure: { code: 'broken', message: 'broken' } },
        ]);
        return { kind: 'run.ended', run, ...end };
      }
    }
  }

  /** Time goes on, with a tick wherever the session wants one. */
  #pass(ms: number): void {
    const until = this.#now + ms;
    while (this.#session.wakeAt <= until) {
      this.#now = Math.max(this.#now, this.#session.wakeAt);
      this.#feed({ kind: 'tick' });
      assert(this.#session.wakeAt > this.#now, 'a tick settles what was due');
    }
    this.#now = until;
  }

  #feed(fact: Fact): readonly Effect[] {
    const effects = this.#step(fact);
    this.#see(effects);
    if (fact.kind !== 'client') this.#onlyExpiryFails(effects);
    // Out of band nothing is heard; a filler's sound comes by another fact.
    if (fact.kind === 'run.audio') this.#sound(fact, effects);
    return effects;
  }

  #sound({ run: id, ms }: FactOf<'run.audio'>, effects: readonly Effect[]): void {
    const run = this.#watch.runs.get(id);
    if (run?.state === 'held') this.#heldMs.set(id, [...(this.#heldMs.get(id) ?? []), ms]);
    const answered = run?.state === 'adopted' && effects.some(({ kind }) => kind === 'send.audio');
    if (answered && this.#watch.responses.get(run.response)?.outOfBand === false) this.#audible(ms);
  }

  /** Now and then the session is written down and read back: the one that was read goes on, and beside it for a while the one that was not. */
  #step(fact: Fact): readonly Effect[] {
    const isHeld = 'run' in fact && this.#watch.runs.get(fact.run)?.state === 'held';
    const wakeAt = this.#session.wakeAt;
    const effects = this.#session.step(fact, this.#now);
    if (fact.kind === 'audio.reached' && effects.length === 0)
      assert(this.#session.wakeAt >= wakeAt, 'sound that only arrives brings no deadline nearer');
    if (isHeld) {
      met.held += 1;
      assert(
        effects.every(({ kind }) => kind === 'run.abort'),
        'what comes of a run that is held does nothing',
      );
    }
    const twin = this.#twin;
    if (twin) {
      assert.deepStrictEqual(plain(effects), plain(twin.session.step(fact, this.#now)), 'what was read back goes on alike');
      assert.equal(this.#session.wakeAt, twin.session.wakeAt);
      assert.equal(this.#session.busyUntilMs, twin.session.busyUntilMs);
      twin.steps -= 1;
      if (twin.steps === 0) this.#twin = undefined;
    } else if (this.#chance.often(0.005)) {
      const live = this.#session.export();
      assertPlainData(live);
      const state = JSON.parse(JSON.stringify(live)) as State;
      this.#twin = { session: this.#session, steps: this.#chance.int(1, 40) };
      this.#session = Session.restored(state, this.#env, this.#features);
      met.restored += 1;
      if (state.runs.some(({ phase }) => phase.state === 'held' && phase.facts.length > 0)) met.restoredHolding += 1;
    }
    return effects;
  }

  #onlyExpiryFails(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send' && effect.event.type === 'error') assert.equal(effect.event.error.code, 'session_expired');
    }
  }

  /** What cuts an answer short, as its listener hears it. */
  #silence(event: ServerEvent): void {
    const interrupts = this.#session.config.audio.input.turn_detection?.interrupt_response === true;
    const cut =
      event.type === 'conversation.item.truncated' ||
      (event.type === 'input_audio_buffer.speech_started' && interrupts) ||
      (event.type === 'response.done' && event.response.status === 'cancelled' && event.response.conversation_id !== null);
    if (cut) this.#audibleUntilMs = this.#now;
  }

  /** `excess`: the event is more than its key may send. */
  #say(message: Record<string, unknown>, excess?: Excess): void {
    let event: ReturnType<typeof parseClientEvent>;
    try {
      event = parseClientEvent(message);
    } catch (error) {
      assert(error instanceof RealtimeError, `reading ${JSON.stringify(message)} threw ${String(error)}`);
      assert.equal(errorBody(error, clientEventId(message)).event_id, message.event_id);
      met.refused += 1;
      return;
    }
    const wasOver = this.over;
    const known = knownOf(testCatalogue, event);
    const effects = this.#feed({ kind: 'client', event, ...(excess && { excess }), ...(known && { known }) });
    if (wasOver) return;
    const sent = effects.flatMap((effect) => (effect.kind === 'send' || effect.kind === 'send.retrieved' ? [effect.event] : []));
    const faults = sent.flatMap((answer) => (answer.type === 'error' ? [answer.error] : []));
    assert(faults.length <= 1, 'one event, one error at most');
    if (faults.length > 0) met.refused += 1;
    if (excess) {
      assert.deepEqual([sent.length, faults[0]?.code], [1, 'rate_limit_exceeded'], 'what is over the limit is refused and does nothing');
      met.limited += 1;
    }
    for (const fault of faults) assert.equal(fault.event_id, message.event_id, 'an error echoes the id of its event');
    const expected = answers[event.type];
    if (expected === undefined) return;
    // A call that a client's event allows is an item of its own; what is cut with what the client cuts is told too.
    const given = sent.filter(
      (answer) =>
        answer.type === expected &&
        !(answer.type === 'conversation.item.added' && answer.item.type === 'mcp_call') &&
        !(answer.type === 'conversation.item.truncated' && event.type === 'conversation.item.truncate' && answer.item_id !== event.item_id),
    ).length;
    assert.equal(given, 1 - faults.length, `${event.type} is answered by one ${expected} or one error: ${JSON.stringify(message)}`);
  }

  #see(effects: readonly Effect[]): void {
    this.#watch.see(effects, this.#now);
    for (const effect of effects) {
      if (effect.kind === 'listen.begin') this.#utterance = effect.item;
      if (effect.kind === 'listen.commit' || effect.kind === 'transcribe') this.#awaited.push(effect.item);
      if (effect.kind === 'aside.ask' || effect.kind === 'aside.speak') this.#asides.push(effect);
      if (effect.kind === 'send') this.#silence(effect.event);
      if (effect.kind === 'mcp.list') this.#lists.push(effect.item);
      if (effect.kind === 'mcp.call') this.#running.push(effect.item);
      if (effect.kind === 'memory.condense') this.#orders.push(effect.order);
      if (effect.kind === 'run.start') this.#tools.set(effect.order.run, ['weather', ...effect.prompt.tools.map(({ name }) => name)]);
    }
    count(effects);
  }
}

/** Without fields that are undefined: JSON has none. Of sound, how much it is. */
function plain(effects: readonly Effect[]): unknown {
  return JSON.parse(JSON.stringify(effects, (_, value: unknown) => (value instanceof Uint8Array ? value.length : value)));
}

/** What a client event brings if it is not refused. A response.create may be kept for later, and says nothing then. */
const answers: Partial<Record<string, string>> = {
  'session.update': 'session.updated',
  'input_audio_buffer.commit': 'input_audio_buffer.committed',
  'input_audio_buffer.clear': 'input_audio_buffer.cleared',
  'conversation.item.create': 'conversation.item.added',
  'conversation.item.retrieve': 'conversation.item.retrieved',
  'conversation.item.truncate': 'conversation.item.truncated',
  'conversation.item.delete': 'conversation.item.deleted',
};

/** What broke, and where; nothing if nothing did. */
export function live(
  seed: number,
  { features = guests, facts = factsPerSeed }: { features?: readonly Guest[]; facts?: number } = {},
): string {
  const chance = new Chance(seed);
  const begin = () => new Life(chance, seed % 2 === 0, chance.often(0.25) ? 90_000 : 1e9, features);
  let life = begin();
  let at = 0;
  try {
    for (; at < facts; at += 1) {
      if (life.over || chance.often(0.001)) {
        life.drain();
        life = begin();
      }
      life.happen();
    }
    life.drain();
    return '';
  } catch (error) {
    return `seed ${seed}, fact ${at}: ${error instanceof Error ? error.stack : String(error)}`;
  }
}
