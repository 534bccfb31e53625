// A state at work: what handlers are given, and how features that come on top take part in it.
import type { ClientItem, Item } from '../protocol/items.ts';
import type { PromptTool } from '../protocol/prompt.ts';
import type { ServerEvent, StampedEvent, TimestampInfo } from '../protocol/server-events.ts';
import type { SessionConfig } from '../protocol/session-config.ts';
import { Conversation, type Entry } from './conversation/history.ts';
import type { Effect } from './effects.ts';
import type { Env } from './env.ts';
import type { Fact, RunFact, SpokenWord } from './facts.ts';
import type { McpToolName, Response, ResponseSettings, State } from './state.ts';

/** A state at work. Handlers change it and add effects; nothing outside `session/` sees it. */
export interface Core extends State {
  readonly env: Env;
  effects: Effect[];
  /** What was held of runs that have been adopted in this step: it comes after it. */
  released: RunFact[];
  /** The history with what can be found out about it. */
  readonly conversation: Conversation;
  /** The live response of the default conversation. */
  readonly active: Response | undefined;
  /** The features that come on top, in the order in which they are told and asked. */
  readonly features: readonly Guest[];
  /** What they do about what happens, by its kind: most of what does is nothing to any of them. */
  readonly hearers: ReadonlyMap<Happening['kind'], readonly Hearer[]>;
}

/** What happens within a session, beside the facts. */
type News =
  /** The judge has spoken of the pause, or the client wants other waits. `inferenceMs`: how long it took, where that is known. */
  | { kind: 'pause.judged'; inferenceMs: number | undefined }
  /** The turn that pauses goes on, or there will be none. */
  | { kind: 'pause.ended' }
  /** The user has said something, or the client has put an item into the conversation. */
  | { kind: 'item.given'; entry: Entry }
  | { kind: 'item.removed'; item: string }
  /** The client has said how much of an answer was heard. `playing`: more of it would have been. */
  | { kind: 'item.cut'; entry: Entry; playing: boolean }
  /** Words that were awaited have come, or will never come. */
  | { kind: 'words.settled' }
  | { kind: 'response.begun'; response: Response }
  | { kind: 'response.ended'; response: Response }
  /** The session's settings are others now. `toolsNamed`: the client has just named its tools. */
  | { kind: 'session.configured'; toolsNamed: boolean }
  | { kind: 'session.expired' };

/** A tool of a guest's, under the name by which the model knows it. */
export interface OfferedTool {
  tool: PromptTool;
  name: string;
  of: McpToolName;
}

/** When the words are said that begin in a stretch of sound; `apart`: told after the sound, and not with it. */
export interface Timing {
  info: TimestampInfo;
  apart: boolean;
}

/** What guests may hear of: sound that arrives is most of all that happens, and says nothing by itself. */
type Happening = Exclude<Fact, { kind: 'audio.reached' }> | News;
type Hearer = (core: Core, happening: Happening) => void;

/** What a guest does about what happens, by its kind. */
export type Hearing = { readonly [K in Happening['kind']]?: (core: Core, happening: Extract<Happening, { kind: K }>) => void };

/**
 * A feature that comes on top. It keeps what it knows in a slice of the state, which is its own: plain data. All else of it is optional; a session
 * whose list of features is without it goes on without it.
 */
export interface Guest {
  readonly name: string;
  /** Its slice when a session begins. */
  readonly begin: () => object;
  /** Called after the rooms below have dealt with it. */
  readonly on?: Hearing;
  /** Called at the end of every step, when all else is decided; not when sound has arrived and nothing came of it. */
  readonly afterStep?: (core: Core) => void;
  /** When it wants to be called again, in the clock's time. */
  readonly wakeAt?: (core: Core) => number | undefined;

  /** The settings as they are kept and shown. */
  readonly kept?: (core: Core, next: SessionConfig) => SessionConfig;
  /** Throws a RealtimeError when the client's item cannot be taken. */
  readonly admit?: (core: Core, item: ClientItem) => void;
  /** Whether a response that is to begin must wait. */
  readonly delays?: (core: Core, settings: ResponseSettings) => boolean;
  /** The part of the conversation that prompts tell. */
  readonly contextOf?: (core: Core, entries: readonly Entry[]) => readonly Entry[];
  /** What a prompt tells besides. */
  readonly memoryOf?: (core: Core, settings: ResponseSettings) => string | undefined;
  readonly toolsOf?: (core: Core, settings: ResponseSettings) => OfferedTool[];
  readonly needsApproval?: (core: Core, tool: McpToolName) => boolean;
  readonly timingOf?: (
    core: Core,
    response: Response,
    words: readonly SpokenWord[] | undefined,
    before: SpokenWord | undefined,
  ) => Timing | undefined;
  /** Whether the item must stay, however full the conversation is. */
  readonly holds?: (core: Core, item: Item) => boolean;
}

/** What is found out about a state at work. All cores share it: with a getter of its own each would be a hash table to V8, and twice as slow to look into. */
const found: Pick<Core, 'active'> & ThisType<Core> = {
  get active() {
    return this.live.find(({ settings }) => !settings.outOfBand);
  },
};

/** `rooms`: what the rooms do about news of the rooms below them; they are told before the guests. */
export function coreOf(state: State, env: Env, features: readonly Guest[], rooms: Hearing): Core {
  const core: Omit<Core, 'active'> = {
    ...state,
    env,
    features,
    hearers: hearersOf([{ on: rooms }, ...features]),
    effects: [],
    released: [],
    conversation: new Conversation(state.history),
  };
  return Object.setPrototypeOf(core, found) as Core;
}

export function stateOf(core: Core): State {
  const { env: _, features: __, hearers: ___, effects: ____, released: _____, conversation: ______, ...state } = core;
  return state;
}

/** Tells the rooms above, and the guests. */
export function tell(core: Core, happening: Happening): void {
  const hearers = core.hearers.get(happening.kind);
  if (hearers) for (const hear of hearers) hear(core, happening);
}

function hearersOf(features: readonly Pick<Guest, 'on'>[]): Map<Happening['kind'], Hearer[]> {
  const hearers = new Map<Happening['kind'], Hearer[]>();
  for (const { on = {} } of features)
    for (const [kind, hear] of Object.entries(on) as [Happening['kind'], Hearer][]) hearers.set(kind, [...(hearers.get(kind) ?? []), hear]);
  return hearers;
}

/** A new unique id. */
export function mint(core: Core, prefix: string): string {
  const n = (core.minted[prefix] ?? 0) + 1;
  core.minted[prefix] = n;
  return core.env.id(prefix, n);
}

/** From 0 up to, not including, 1. */
export function draw(core: Core): number {
  core.draws += 1;
  return core.env.chance(core.draws);
}

export function send(core: Core, event: ServerEvent): void {
  const { type, ...rest } = event;
  core.effects.push({ kind: 'send', event: { type, event_id: mint(core, 'event'), ...rest } as StampedEvent });
}

export function liveResponse(core: Core, id: string): Response | undefined {
  return core.live.find((response) => response.id === id);
}

/** The item's words are yet to come: responses that need them wait. */
export function expectWords(core: Core, entry: Entry): void {
  entry.transcript = { state: 'pending' };
  core.recognising.push({ item: entry.item.id, sinceMs: core.now });
}

/** Nobody waits for the item's words any more. */
export function forgetWords(core: Core, item: string): void {
  core.recognising = core.recognising.filter((each) => each.item !== item);
  core.told = core.told.filter((each) => each.item !== item);
}

/** The item that `speech_started` has promised and that is not there yet. */
export function promisedItem({ turn, unwatched }: Core): string | undefined {
  return turn.state === 'none' ? unwatched?.item : turn.item;
}

/** Nobody has anything to say from that time on (or from now, if it is past); until then the input runs on at the pace of the clock. */
export function beQuietFrom(core: Core, atMs: number): void {
  const fromMs = Math.max(atMs, core.now);
  core.quietSince = { atMs: fromMs, audioMs: core.input.receivedMs + fromMs - core.now };
}
