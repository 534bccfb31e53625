// What must hold for every session whatever happens: a client's view of the events, which throws at the first one that breaks a rule.
import { strict as assert } from 'node:assert';
import type { Item } from '../../src/protocol/items.ts';
import type { ServerEvent } from '../../src/protocol/server-events.ts';
import { WatchedAsides } from './watch-asides.ts';
import { WatchedCalls, type WatchedItem } from './watch-calls.ts';
import { WatchSpeaker } from './watch-speaker.ts';
import { WatchedPrompts } from './watch-prompts.ts';
import type { Effect } from '../../src/session/effects.ts';

type Matching<E, T> = E extends { type: infer U } ? (T extends U ? E : never) : never;
export type EventOf<T extends ServerEvent['type']> = Matching<ServerEvent, T>;

interface WatchedResponse {
  state: 'active' | 'done';
  outOfBand: boolean;
  started: boolean;
  items: Map<string, WatchedItem>;
}

type WatchedRun = { state: 'held' | 'aborted' } | { state: 'adopted'; response: string };

export class Watch {
  readonly responses = new Map<string, WatchedResponse>();
  readonly runs = new Map<string, WatchedRun>();
  /** The conversation as a client puts it together from `previous_item_id`. */
  readonly conversation: string[] = [];
  readonly deleted: string[] = [];
  /** Call ids of function calls, as the events told them. */
  readonly calls: string[] = [];
  closed = false;
  #open = new Set<string>();
  /** The last event was a `response.done`. */
  /** Whether there are limits that can be told of. */
  limited = true;
  #limitsDue = false;
  readonly #ids = new Set<string>();
  #known = new Set<string>();
  #spoken = new Set<string>();
  /** The utterance that was started and has no item yet, and whether it was stopped. */
  #utterance: { item: string; stopped: boolean } | undefined;
  #transcribed = new Set<string>();
  /** Approval requests that wait for the client. */
  readonly requests: string[] = [];
  /** Lists of MCP tools that were begun and not ended. */
  readonly lists = new Set<string>();
  /** Whether something is being condensed. */
  condensing = false;
  #order = 0;
  readonly #calls = new WatchedCalls();
  readonly #speaker = new WatchSpeaker();
  readonly #prompts = new WatchedPrompts();
  readonly #asides = new WatchedAsides();
  #listensOnly = false;
  /** The turn that the client was told is probably over. */
  suggested: string | undefined;

  get active(): string | undefined {
    return this.unfinished.find((id) => this.responses.get(id)?.outOfBand === false);
  }

  get unfinished(): string[] {
    return [...this.responses].filter(([, { state }]) => state === 'active').map(([id]) => id);
  }

  /** Items that were announced by `added` and not yet by `done`. */
  get open(): readonly string[] {
    return [...this.#open];
  }

  /** The order of that number has its result, which is about to be told to the session. */
  condensed(order: number): void {
    if (order === this.#order) this.condensing = false;
  }

  see(effects: readonly Effect[], now: number): void {
    for (const effect of effects) {
      assert(!this.closed, `nothing may follow the close, yet there is ${effect.kind}`);
      this.#effect(effect, now);
    }
  }

  /** Ids say where a connection broke off: each is there once. */
  #identify(effect: Effect): void {
    const id =
      effect.kind === 'send' || effect.kind === 'send.retrieved' ? effect.event.event_id : 'eventId' in effect ? effect.eventId : undefined;
    if (id === undefined) return;
    assert(!this.#ids.has(id), `the id ${id} is given once`);
    this.#ids.add(id);
  }

  #effect(effect: Effect, now: number): void {
    this.#identify(effect);
    switch (effect.kind) {
      case 'send':
        this.#event(effect.event);
        break;
      case 'send.audio': {
        const response = this.#live(effect.response);
        assert.equal(response.items.get(effect.item)?.state, 'open', 'sound goes into an open item');
        break;
      }
      case 'send.limits':
        assert(this.#limitsDue, 'the limits are told once, right after response.done');
        this.#limitsDue = false;
        break;
      case 'send.retrieved':
        assert(this.conversation.includes(effect.item), 'only what is in the conversation is retrieved');
        break;
      case 'run.start': {
        assert(!this.runs.has(effect.order.run), 'a run is started once');
        this.runs.set(effect.order.run, { state: 'held' });
        this.#prompts.started(effect.prompt);
        break;
      }
      case 'run.adopted': {
        assert.equal(this.runs.get(effect.run)?.state, 'held', "only a run that was started, and is no other response's, is adopted");
        const response = this.#live(effect.response);
        assert(!response.started, 'a response has one run');
        response.started = true;
        this.runs.set(effect.run, { state: 'adopted', response: effect.response });
        break;
      }
      case 'run.abort':
        assert(['held', 'adopted'].includes(this.runs.get(effect.run)?.state ?? ''), 'only what was started is aborted, and once');
        this.runs.set(effect.run, { state: 'aborted' });
        break;
      case 'aside.ask':
        this.#asides.ask(effect.order.aside, now);
        break;
      case 'aside.speak':
        this.#asides.speak(effect.order.aside, now);
        break;
      case 'aside.abort':
        this.#asides.abort(effect.aside);
        break;
      case 'send.backchannel':
        this.#asides.sound(effect.id, effect.bytes, now, this.active);
        break;
      case 'mcp.list':
        assert(this.lists.has(effect.item), 'a list is told of before it is asked for');
        break;
      case 'mcp.call':
        this.#calls.run(effect.item, this.#mcpCall(effect.item));
        break;
      case 'mcp.abort':
        this.#calls.abort(effect.item);
        break;
      case 'close':
        this.closed = true;
        assert.deepEqual(this.unfinished, [], 'every response has its done before the session closes');
        assert(
          [...this.runs.values()].every(({ state }) => state !== 'held'),
          'no run is held by a session that is over',
        );
        break;
      case 'listen.begin':
      case 'listen.commit':
        assert(effect.fromMs >= 0);
        break;
      case 'memory.condense':
        assert(!this.condensing, 'one thing is condensed at a time');
        assert(effect.prompt.turns.length > 0 && effect.order > this.#order, 'an order is about something, and is given once');
        this.#order = effect.order;
        this.condensing = true;
        break;
      case 'memory.abort':
        assert(this.condensing, 'only what was ordered is aborted');
        this.condensing = false;
        break;
      case 'mcp.configure':
      case 'listen.configure':
      case 'listen.clear':
      case 'transcribe':
      case 'judge.turn':
      case 'item.forget':
      case 'unserved':
      case 'line.resume':
      case 'speaker.clear':
        break;
    }
  }

  #event(event: ServerEvent): void {
    assert(!this.#limitsDue, 'the limits are told right after response.done');
    this.#limitsDue = this.limited && event.type === 'response.done';
    // What is made is played after it is done.
    const played = event.type.startsWith('output_audio_buffer.');
    if ('response_id' in event && !played) this.#live(event.response_id);
    switch (event.type) {
      case 'output_audio_buffer.started':
      case 'output_audio_buffer.stopped':
      case 'output_audio_buffer.cleared':
        this.#speaker.event(event, this.responses.has(event.response_id));
        break;
      case 'response.created':
        this.#created(event);
        break;
      case 'response.done':
        this.#finished(event);
        break;
      case 'response.output_item.added':
        this.#outputAdded(event);
        break;
      case 'response.output_item.done':
        this.#outputDone(event);
        break;
      case 'response.output_text.delta':
      case 'response.output_audio_transcript.delta':
      case 'response.function_call_arguments.delta':
      case 'response.mcp_call_arguments.delta':
        this.#openOutput(event).deltas += event.delta;
        break;
      case 'response.output_text.done':
        assert.equal(event.text, this.#openOutput(event).deltas, 'the whole text is the sum of its deltas');
        break;
      case 'response.function_call_arguments.done':
        assert.equal(event.arguments, this.#openOutput(event).deltas, 'the arguments are the sum of their deltas');
        break;
      case 'response.mcp_call_arguments.done':
        assert.equal(event.arguments, this.#openOutput(event).deltas || event.arguments, 'the arguments are the sum of their deltas');
        this.#openOutput(event).state = 'called';
        break;
      case 'response.mcp_call.in_progress':
      case 'response.mcp_call.completed':
      case 'response.mcp_call.failed':
        this.#calls.event(event, this.#mcpCall(event.item_id));
        break;
      case 'mcp_list_tools.in_progress':
        assert(this.#open.has(event.item_id), 'a list is added before it is in progress');
        assert(!this.lists.has(event.item_id), 'a list is begun once');
        this.lists.add(event.item_id);
        break;
      case 'mcp_list_tools.completed':
      case 'mcp_list_tools.failed':
        assert(this.lists.delete(event.item_id), 'a list ends once');
        break;
      case 'response.output_audio_transcript.done':
      case 'response.output_audio.done':
      case 'response.output_audio.delta':
      case 'response.content_part.added':
      case 'response.content_part.done':
        this.#openOutput(event);
        break;
      case 'conversation.item.added':
        this.#itemAdded(event);
        break;
      case 'conversation.item.done':
        this.#itemDone(event);
        break;
      case 'conversation.item.deleted':
        assert(this.conversation.includes(event.item_id), 'what is deleted was there');
        this.#prompts.deleted(event.item_id);
        this.conversation.splice(this.conversation.indexOf(event.item_id), 1);
        this.#known.delete(event.item_id);
        this.#transcribed.delete(event.item_id);
        this.#open.delete(event.item_id);
        this.deleted.push(event.item_id);
        break;
      case 'conversation.item.truncated':
        assert(this.conversation.includes(event.item_id));
        isMs(event.audio_end_ms);
        break;
      case 'conversation.item.input_audio_transcription.segment':
        assert(this.conversation.includes(event.item_id));
        assert(event.start >= 0 && event.start <= event.end, 'a segment ends after it begins');
        assert(!this.#transcribed.has(event.item_id), 'segments come before the whole');
        break;
      case 'conversation.item.input_audio_transcription.delta':
        assert(this.#spoken.has(event.item_id) || this.conversation.includes(event.item_id), 'words belong to an item the client knows of');
        assert(!this.#transcribed.has(event.item_id), 'no words after the last ones');
        break;
      case 'conversation.item.input_audio_transcription.completed':
      case 'conversation.item.input_audio_transcription.failed':
        assert(this.conversation.includes(event.item_id));
        assert(!this.#transcribed.has(event.item_id), 'a transcription ends once');
        this.#transcribed.add(event.item_id);
        break;
      case 'input_audio_buffer.committed':
        assert.equal(event.previous_item_id, this.conversation.at(-1) ?? null);
        if (this.suggested !== undefined) assert.equal(this.suggested, event.item_id, 'what was suggested is committed or revoked');
        this.suggested = undefined;
        if (this.#utterance) assert.equal(event.item_id, this.#utterance.item, 'an utterance becomes the item that was promised');
        this.#utterance = undefined;
        this.#asides.turnOver();
        break;
      case 'input_audio_buffer.speech_started':
        assert(!this.#spoken.has(event.item_id), 'an utterance starts once');
        assert.equal(this.#utterance, undefined, 'an utterance becomes an item, or is cleared, before the next one starts');
        this.#utterance = { item: event.item_id, stopped: false };
        assert.equal(this.suggested, undefined, 'what was suggested is committed or revoked');
        this.#spoken.add(event.item_id);
        this.#asides.turnBegan();
        isMs(event.audio_start_ms);
        break;
      case 'input_audio_buffer.speech_stopped':
        assert.deepEqual(this.#utterance, { item: event.item_id, stopped: false }, 'what stops has started, and stops once');
        this.#utterance = { item: event.item_id, stopped: true };
        this.#asides.turnOver();
        isMs(event.audio_end_ms);
        break;
      case 'input_audio_buffer.turn_suggestion':
        assert.equal(this.suggested, undefined, 'one suggestion at a time');
        assert(this.#spoken.has(event.item_id), 'what may be over has started');
        isMs(event.trailing_silence_ms);
        isMs(event.audio_duration_ms);
        this.suggested = event.item_id;
        break;
      case 'input_audio_buffer.turn_suggestion_revoked':
        assert.equal(this.suggested, event.item_id, 'what is revoked was suggested');
        this.suggested = undefined;
        break;
      case 'input_audio_buffer.timeout_triggered':
        isMs(event.audio_start_ms);
        isMs(event.audio_end_ms);
        assert(event.audio_start_ms <= event.audio_end_ms);
        break;
      case 'session.resumed':
        assert.fail('this is said by the line, not by the session');
      case 'session.created':
      case 'session.updated':
        this.#listensOnly = event.session.type === 'transcription';
        this.#asides.session(event.session);
        assert(!/"(authorization|headers)":/.test(JSON.stringify(event.session)), 'secrets are not told');
        break;
      case 'response.backchannel.audio.done':
        this.#asides.done(event.backchannel_id);
        break;
      case 'response.backchannel.skipped':
        this.#asides.skipped();
        break;
      case 'input_audio_buffer.cleared':
        this.#utterance = undefined;
        this.#asides.turnOver();
        break;
      case 'input_audio_buffer.dtmf_event_received':
        this.#asides.turnOver();
        break;
      case 'response.backchannel.audio.delta':
      case 'conversation.created':
      case 'conversation.item.retrieved':
      case 'rate_limits.updated':
      case 'error':
        break;
    }
  }

  #live(id: string): WatchedResponse {
    const response = this.responses.get(id);
    assert(response, `${id} was never created`);
    assert.equal(response.state, 'active', `nothing of ${id} may come after its done`);
    return response;
  }

  #openOutput(event: { response_id: string; item_id: string; output_index: number }): WatchedItem {
    const item = this.#live(event.response_id).items.get(event.item_id);
    assert(item, 'an item is added before it is filled');
    assert.equal(item.state, 'open', 'a closed item is not filled');
    assert.equal(item.index, event.output_index);
    return item;
  }

  #created({ response }: EventOf<'response.created'>): void {
    assert(!this.responses.has(response.id), 'response ids are unique');
    assert(!this.#listensOnly, 'a transcription session makes no responses');
    const outOfBand = response.conversation_id === null;
    if (!outOfBand) assert.equal(this.active, undefined, 'never two active responses on the default conversation');
    assert.equal(response.status, 'in_progress');
    this.responses.set(response.id, { state: 'active', outOfBand, started: false, items: new Map() });
  }

  #finished({ response }: EventOf<'response.done'>): void {
    const watched = this.#live(response.id);
    for (const [id, item] of watched.items) {
      assert.equal(item.state, 'done', `${id} closes before its response`);
      assert(!this.#open.has(id), `conversation.item.done of ${id} comes before response.done`);
    }
    assert.deepEqual(
      response.output.map((item) => item.id),
      [...watched.items.keys()],
    );
    assert.notEqual(response.status, 'in_progress');
    assert(response.usage);
    watched.state = 'done';
  }

  #outputAdded(event: EventOf<'response.output_item.added'>): void {
    const { items, started } = this.#live(event.response_id);
    const leave = event.item.type === 'mcp_call' ? event.item.approval_request_id : null;
    assert(leave === null || !this.requests.includes(leave), 'nothing is run before it is allowed');
    assert(
      started || leave !== null || this.#asides.fillerIsMade,
      'there is no output before a run was adopted, but for a call that was allowed, or a filler',
    );
    assert(
      [...items.values()].every(({ state }) => state === 'done' || state === 'runs'),
      'one item is open at a time, beside calls that run',
    );
    assert.equal(event.output_index, items.size, 'output_index counts up');
    for (const response of this.responses.values()) assert(!response.items.has(event.item.id), 'item ids are unique');
    assert(!this.#known.has(event.item.id), 'item ids are unique');
    if ('status' in event.item) assert.equal(event.item.status, 'in_progress');
    items.set(event.item.id, { state: 'open', index: event.output_index, deltas: '' });
  }

  /** A call of a response that is not done: its events name no response. */
  #mcpCall(id: string): WatchedItem {
    for (const { state, items } of this.responses.values()) {
      const item = state === 'active' ? items.get(id) : undefined;
      if (item) return item;
    }
    throw new assert.AssertionError({ message: `${id} belongs to no response under way` });
  }

  #outputDone(event: EventOf<'response.output_item.done'>): void {
    const { item } = event;
    assert(!this.#open.has(item.id), 'an item is done in the conversation before it is in its response, as at OpenAI');
    if (item.type === 'mcp_call') this.#calls.done(this.#mcpCall(item.id), event.output_index, item);
    else this.#openOutput({ ...event, item_id: item.id }).state = 'done';
    if ('status' in item) assert.notEqual(item.status, 'in_progress');
    if (item.type === 'mcp_approval_request') this.requests.push(item.id);
  }

  #itemAdded(event: EventOf<'conversation.item.added'>): void {
    const { id } = event.item;
    assert(!this.#known.has(id), `${id} is added once`);
    this.#known.add(id);
    this.#open.add(id);
    if (event.previous_item_id === null) {
      this.conversation.unshift(id);
    } else {
      const before = this.conversation.indexOf(event.previous_item_id);
      assert(before >= 0, `previous_item_id ${event.previous_item_id} names an item that is there`);
      this.conversation.splice(before + 1, 0, id);
    }
    const { item } = event;
    this.#prompts.added(item);
    if (item.type === 'function_call') this.calls.push(item.call_id);
    if (item.type === 'mcp_approval_response') {
      const at = this.requests.indexOf(item.approval_request_id);
      assert(at >= 0, 'what is decided was asked, and is decided once');
      this.requests.splice(at, 1);
    }
  }

  #itemDone(event: EventOf<'conversation.item.done'>): void {
    const { id } = event.item;
    assert(this.#open.delete(id), `${id} is done once, after it was added`);
    this.#prompts.done(event.item);
    const at = this.conversation.indexOf(id);
    assert.equal(event.previous_item_id, this.conversation[at - 1] ?? null, 'the server and the client agree on the order');
    if ('status' in event.item) assert.notEqual(event.item.status, 'in_progress');
    if (event.item.type === 'mcp_list_tools') assert(!this.lists.has(id), 'a list is done when it has ended');
    assert(!hasSound(event.item), 'only retrieved carries sound');
  }
}

function isMs(value: number): void {
  assert(Number.isInteger(value) && value >= 0, `${value} is not a whole number of milliseconds`);
}

function hasSound(item: Item): boolean {
  return item.type === 'message' && item.content.some((part) => 'audio' in part);
}
