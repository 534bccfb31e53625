// The states of a session's two halves, and what it was born with. Unions, not flags: what cannot be said cannot go wrong.
import type { ResponseParams } from '../protocol/client-events.ts';
import type { MemorySettings, MemoryState } from '../protocol/provider-data/memory.ts';
import type { McpTool, Modality, SessionConfig, Tool, ToolChoice } from '../protocol/session-config.ts';
import type { AudioFormat } from '../protocol/audio-format.ts';
import type { Sampling } from '../protocol/prompt.ts';
import type { RateLimit } from '../protocol/limits.ts';
import type { InputItem, Item, McpApprovalRequest, McpCall, McpListedTool } from '../protocol/items.ts';
import type { ServerEvent, StatusDetails } from '../protocol/server-events.ts';
import type { Backchannel, Filler } from './asides.ts';
import type { Conversation, Entry } from './history.ts';
import type { Effect } from './effects.ts';
import type { ReplyEnd } from './facts.ts';
import type { Judgement } from './patience.ts';
import type { SpeechManner } from './speech-manner.ts';
import type { Timestamps } from './timestamps.ts';

/** What engines there are, as far as deciding needs to know. All answers are immediate. */
export interface Catalogue {
  /** Each says whether an id is served, and by which spelling the shell knows it. */
  hasLlm(id: string): boolean;
  hasStt(id: string): boolean;
  hasTts(id: string): boolean;
  hasVoice(id: string): boolean;
  /** The text of a stored prompt; without a version, of its newest. */
  prompt(id: string, version: string | undefined): string | undefined;
}

/** What a session is born with. */
export interface Birth {
  /** Makes a unique id with the given prefix. */
  ids: (prefix: string) => string;
  /** From 0 up to, not including, 1. */
  chance: () => number;
  sessionId: string;
  catalogue: Catalogue;
  config: SessionConfig;
  /** Whether its client has said already which detection it wants. */
  detectionNamed: boolean;
  /** Unix seconds; what `expires_at` shows. */
  expiresAt: number;
  /** How long the session may live. */
  lifeMs: number;
  /** Tokens that a prompt may have, as `truncation.ts` estimates them. */
  contextTokens: number;
  /** What a client may put into the conversation: its text, images and sound (see budget.ts). */
  conversationBytes: number;
  /** Responses beside the conversation that may be under way at a time; Infinity is no limit. */
  mostResponses: number;
  /** What is left of the key's limits, of which `rate_limits.updated` tells: nothing where there are none. */
  rateLimits: () => RateLimit[];
  /** The server's own instructions: what `config` has while no client has given any. They give way to a stored prompt. */
  ownInstructions: string;
  /**
   * Inworld's habits (conflicts C18 and C55): the server goes on by itself when all function outputs are there, and a `response.create`
   * that brings nothing new right after an answer is refused instead of being answered, so that Inworld's own sample does not loop.
   */
  inworld: boolean;
  /** OpenAI's rule (conflict C4): once an answer has been heard in a voice, the session keeps it. */
  voiceLock: boolean;
  /**
   * Whose speaker the sound goes to. Absent: the client's own, which it empties itself. Present: ours (a call), fed at the pace of real
   * time; what it has sent is heard `lagMs` later. Formats are the call's then, whatever the client asks for.
   */
  speaker?: { lagMs: number } | undefined;
}

/** The user's half. Times are milliseconds of the input's timeline. */
export type Turn =
  | { state: 'none' }
  /** `utterance`: how many pauses there have been in it before. */
  | { state: 'speaking'; item: string; startMs: number; utterance: number }
  /** Silence since `endMs`; the turn ends at `untilMs` unless speech goes on. */
  | { state: 'pausing'; item: string; startMs: number; utterance: number; endMs: number; untilMs: number; judged: Judged | undefined };

/**
 * Speech while turn detection is off: it is no turn, and nothing but the client's commit ends it. `item`: the name that `speech_started`
 * gave it, if detection was on then; `endMs`: since when it pauses.
 */
export interface Unwatched {
  item: string | undefined;
  startMs: number;
  utterance: number;
  endMs: number | undefined;
}

/** What the judge of turns thinks of a pause, and whether the client was told. */
export interface Judged extends Judgement {
  suggested: boolean;
}

/** What asked for a response. `tool`: the server went on by itself after function outputs. */
export type Origin = 'client' | 'turn' | 'tool';

/** A response's settings, after its own overrides. */
export interface ResponseSettings {
  outOfBand: boolean;
  input: InputItem[] | undefined;
  instructions: string;
  modalities: Modality[];
  format: AudioFormat;
  voice: string;
  speed: number;
  manner: SpeechManner;
  timestamps: Timestamps | undefined;
  temperature: number | undefined;
  maxOutputTokens: number | 'inf';
  parallelToolCalls: boolean;
  reasoningEffort: string | undefined;
  sampling: Sampling;
  tools: Tool[];
  toolChoice: ToolChoice;
  metadata: Record<string, string> | null;
  /** Those among them that its client asked for; the others are the session's. */
  overrides: ResponseParams | undefined;
}

/** The open item of a response's output. */
export type OpenOutput =
  | { kind: 'message'; entry: Entry; index: number; part: 'text' | 'audio' }
  | { kind: 'call'; entry: Entry; index: number; callId: string; name: string }
  /** A call of an MCP tool. One that needs approval becomes a request instead, and is told of when it is whole. */
  | { kind: 'mcp'; entry: Entry; index: number; callId: string; item: McpCall }
  | { kind: 'approval'; entry: Entry; index: number; callId: string; item: McpApprovalRequest };

/** The agent's half: one response from `response.created` to `response.done`. What is not in the map of live ones is finished. */
export interface Response {
  id: string;
  origin: Origin;
  settings: ResponseSettings;
  /** What its client gave it to answer instead of the conversation, and settings of its own. */
  ownBytes: number;
  /** `waiting`: for words still being recognised, or tools still being listed. `calling`: the model is done, its MCP calls are not. */
  state: 'waiting' | 'generating' | 'calling';
  /** How the model ended, once it has. */
  ended: ReplyEnd | undefined;
  /** MCP tools by the names the model knows them by. */
  mcpTools: Map<string, McpToolName>;
  /** MCP calls that run, by item. */
  calling: Map<string, RunningCall>;
  /** Approved calls, which need no model to be made. */
  approved: readonly McpApprovalRequest[];
  output: Item[];
  /** How many items the conversation had been given when it began. */
  itemsGiven: number;
  /** Items its prompt was written from. */
  seen: Set<string>;
  open: OpenOutput | undefined;
  /** When something last happened to it: what the watchdog reads. */
  stirredAtMs: number;
  /** A `tool` response swallows one `response.create`: clients are told to send it (conflict C18). */
  adopted: boolean;
}

/** How a response ended. */
export type Outcome = { type: 'completed' } | StatusDetails;

export interface McpToolName {
  label: string;
  name: string;
}

export interface RunningCall {
  entry: Entry;
  item: McpCall;
  index: number;
}

/** An MCP server of the session, and what it offers. */
export interface McpServer {
  config: McpTool;
  /** The item that lists its tools. */
  list: Entry;
  state: 'listing' | 'listed' | 'failed';
  sinceMs: number;
  tools: McpListedTool[];
}

/** The sound of an item as the listener gets it: made as fast as may be, heard in real time, one item after the other. */
export interface Playout {
  response: string;
  item: string;
  startsAtMs: number;
  endsAtMs: number;
}

/** A response that must follow the active one. */
export interface Owed {
  origin: Origin;
  /** As its client asked for it; else it is made with what the session says by then. */
  settings: ResponseSettings | undefined;
  /** The response whose own tools it uses the results of: what that one's client asked for holds for this one too. */
  follows?: Response;
}

/** The input as the session knows it: how much came, and where the part that no item holds yet begins. */
export interface Input {
  receivedMs: number;
  /** How far voice activity detection has looked. */
  decidedMs: number;
  bufferStartMs: number;
  /** When audio last came in, in the clock's time. */
  lastSoundAtMs: number;
}

/** What is remembered beyond the prompts' items, while `providerData.memory` is enabled. */
export interface Memory {
  /** Undefined: memory is off. */
  settings: MemorySettings | undefined;
  state: MemoryState;
  /** Whether any of the state was made in this session. */
  own: boolean;
  /** Entries that the state stands for, and those of them that prompts do without. */
  condensed: WeakSet<Entry>;
  trimmed: WeakSet<Entry>;
  /** The order under way, with its entries and whether more are waiting. */
  condensing: { order: number; entries: readonly Entry[]; more: boolean; sinceMs: number } | undefined;
  orders: number;
  /** `state.total_turns` as it was when the last order was given. */
  triedAtTurn: number;
  /** The last order left something for another, at once. */
  more: boolean;
}

/** Everything a session is. Handlers change it and add effects; nothing outside `session/` sees it. */
export interface Core {
  readonly birth: Birth;
  readonly conversationId: string;
  readonly bornAtMs: number;
  /** Its time is over: nothing that happens changes anything any more. */
  expired: boolean;
  now: number;
  config: SessionConfig;
  /** Sound of an answer has gone out. */
  spoke: boolean;
  /** Whether a client has said which detection it wants, or that it wants none. */
  detectionNamed: boolean;
  /** The text of the session's stored prompt; empty without one. */
  promptText: string;
  effects: Effect[];
  conversation: Conversation;
  input: Input;
  turn: Turn;
  unwatched: Unwatched | undefined;
  live: Map<string, Response>;
  /** The live response of the default conversation. */
  active: Response | undefined;
  /** What is still being heard, or will be, in order. */
  playout: Playout[];
  /** The response that our own speaker was last said to play (`output_audio_buffer.started`). */
  sounding: string | undefined;
  owed: Owed | undefined;
  backchannel: Backchannel;
  filler: Filler;
  /** Calls that the client has allowed and that have not been run yet: they come before what is owed, which may need their results. */
  allowed: readonly McpApprovalRequest[];
  /** Approval requests the client has answered, for good: deleting its answer does not take it back. */
  decided: Set<string>;
  mcp: Map<string, McpServer>;
  memory: Memory;
  /** Items that prompts leave out, because the conversation has outgrown the model. */
  leftOut: WeakSet<Entry>;
  /** How often in a row the server has gone on by itself after its own tools. */
  selfAnswers: number;
  /** Items whose words are being recognised, and since when. */
  recognising: Map<string, number>;
  /** By item: how many words the deltas have told, and the last guess. */
  told: Map<string, { words: number; last: string[] }>;
  /** The last response of the default conversation that ended, and how many items the conversation had been given by then. */
  lastEnded: { response: Response; outcome: Outcome; atMs: number; itemsGiven: number } | undefined;
  /** Since when nobody has spoken after an answer (the idle timeout's start), with the input's position then. */
  quietSince: { atMs: number; audioMs: number } | undefined;
}

export function send(core: Core, event: ServerEvent): void {
  core.effects.push({ kind: 'send', event });
}

/** The item's words are yet to come: responses that need them wait. */
export function expectWords(core: Core, entry: Entry): void {
  entry.transcript = { state: 'pending' };
  core.recognising.set(entry.item.id, core.now);
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
