// Everything a session is: JSON through and through, so that it can be written down and read back. What belongs together is named by ids.
// Unions, not flags: what cannot be said cannot go wrong.
import type { AudioFormat } from '../protocol/audio-format.ts';
import type { ResponseParams } from '../protocol/client-events.ts';
import type { McpApprovalRequest } from '../protocol/items.ts';
import type { Sampling } from '../protocol/prompt.ts';
import type { StatusDetails } from '../protocol/server-events.ts';
import type { Modality, SessionConfig, Tool, ToolChoice } from '../protocol/session-config.ts';
import type { Birth } from './birth.ts';
import type { Entry, History } from './conversation/history.ts';
import type { FactOf, Judgement, ModelAttempt, RunEnd, RunFact, RunUsage } from './facts.ts';
import type { Known } from './known.ts';
import type { SpeechManner } from './settings/speech-manner.ts';

/** The user's half. Times are milliseconds of the input's timeline. */
export type Turn =
  | { state: 'none' }
  /** `utterance`: how many pauses there have been in it before. */
  | { state: 'speaking'; item: string; startMs: number; utterance: number }
  /** Silence since `endMs`; the turn ends at `untilMs` unless speech goes on. */
  | { state: 'pausing'; item: string; startMs: number; utterance: number; endMs: number; untilMs: number; judged: Judgement | undefined };

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

/** The line to the client; `held`: the listener of a call has put it on hold. `atMs`: where the listener stopped hearing, in the clock's time. */
export type Line = { state: 'open' } | { state: 'lost' | 'held'; atMs: number };

/**
 * Why a response is wanted. The server goes on by itself after the outputs of a client's functions (`outputs`), after its own tools or an
 * approval that was refused (`follow-up`), and with calls that the client has approved (`approval`).
 */
export type Reason = Want['reason'];

export type Want =
  /** `settings`: as its client asked for it; else it is made with what the session says by then. `afterTurn`: the user speaks first. */
  | { reason: 'client'; settings: ResponseSettings | undefined; afterTurn: boolean }
  /** The user has finished, or nobody has spoken for long. */
  | { reason: 'turn' | 'idle' | 'outputs' }
  /** `follows`: of the response whose tools it uses the results of: what that one's client asked for holds for this one too. */
  | { reason: 'follow-up'; follows: ResponseSettings | undefined }
  | { reason: 'approval'; requests: readonly McpApprovalRequest[] };

/** A response's settings, after its own overrides. */
export interface ResponseSettings {
  outOfBand: boolean;
  /** What it answers instead of the conversation: items of its own, and ids of the conversation's. */
  input: readonly ResponseInput[] | undefined;
  instructions: string;
  modalities: Modality[];
  format: AudioFormat;
  voice: string;
  ttsModel: string;
  speed: number;
  manner: SpeechManner;
  temperature: number | undefined;
  maxOutputTokens: number | 'inf';
  parallelToolCalls: boolean;
  reasoningEffort: string | undefined;
  sampling: Sampling;
  tools: Tool[];
  toolChoice: ToolChoice;
  metadata: Record<string, string> | null;
  /** Those among them that its client asked for, without the input, and what the server knew of them; the others are the session's. */
  overrides: { params: ResponseParams; known: Known } | undefined;
}

export type ResponseInput = { kind: 'item'; entry: Entry } | { kind: 'reference'; item: string };

/** The open item of a response's output; `item` is its id. */
export type OpenOutput =
  | { kind: 'message'; item: string; index: number; part: 'text' | 'audio' }
  | { kind: 'call'; item: string; index: number; callId: string; name: string }
  /** A call of an MCP tool. */
  | { kind: 'mcp'; item: string; index: number; callId: string }
  /** One that needs approval becomes a request instead, and is told of when it is whole. */
  | { kind: 'approval'; index: number; callId: string; request: McpApprovalRequest };

/** The agent's half: one response from `response.created` to `response.done`. What is not among the live ones is finished. */
export interface Response {
  id: string;
  reason: Reason;
  settings: ResponseSettings;
  /** What its client gave it to answer instead of the conversation, and settings of its own. */
  ownBytes: number;
  /**
   * `waiting`: for words still being recognised, or tools still being listed. `calling`: the model is done, its MCP calls are not. `stopped`: it
   * is about to be done.
   */
  state: 'waiting' | 'generating' | 'calling' | 'stopped';
  /** How the model ended, once it has. */
  ended: RunEnd | undefined;
  /** Models that were asked for it, where there were several. */
  attempts: ModelAttempt[];
  /** MCP calls that run. */
  calling: RunningCall[];
  /** Approved calls, which need no model to be made. */
  approved: readonly McpApprovalRequest[];
  /** Ids of its items. */
  output: string[];
  /** How many items the conversation had been given when it began. */
  itemsGiven: number;
  open: OpenOutput | undefined;
  /** When something last happened to it: what the watchdog reads. */
  aliveAtMs: number;
  /** Where the server goes on by itself, one `response.create` means the same: clients are told to send it (conflict C18). */
  adopted: boolean;
}

/**
 * A run of a model: it is given a prompt, and facts come of it. Its id never goes over the wire. What is not among the runs was dropped, or its
 * response is done. The prompt itself is not kept: it may hold megabytes, and the model has it.
 */
export interface Run {
  id: string;
  /** Tokens of its prompt. */
  promptTokens: number;
  /** The last item there was when its prompt was written (see `Entry.serial`). */
  seenSerial: number;
  /** MCP tools by the names the model knows them by. */
  mcpTools: readonly { name: string; of: McpToolName }[];
  /** What the model has used so far, once it has told. */
  usage: RunUsage | undefined;
  phase: RunPhase;
}

type RunPhase =
  /**
   * It belongs to no response yet: what comes of it is kept, and does nothing. `bytes`: what that holds. `newlyLeftOut`: items that prompts do
   * without once this one is a response's.
   */
  | { state: 'held'; facts: HeldFact[]; bytes: number; newlyLeftOut: readonly string[] }
  /** What comes of it is that response's. */
  | { state: 'adopted'; response: string }
  /** The model is done, or was stopped, and nothing that still comes of it changes anything; that response asks what it used. */
  | { state: 'over'; response: string };

/** What came of a run that is held, as JSON can hold it: sound in base64. What it has used is kept beside. */
export type HeldFact =
  | FactOf<Exclude<RunFact['kind'], 'run.audio' | 'run.usage' | 'run.alive'>>
  | (Omit<FactOf<'run.audio'>, 'bytes'> & { base64: string });

/** How a response ended. */
export type Outcome = { type: 'completed' } | StatusDetails;

export interface McpToolName {
  label: string;
  name: string;
}

interface RunningCall {
  item: string;
  index: number;
}

/** The sound of an item as the listener gets it: made as fast as may be, heard in real time, one item after the other. */
export interface Playout {
  response: string;
  item: string;
  startsAtMs: number;
  endsAtMs: number;
  /** The client was told that our own speaker has played it. */
  stopped?: true;
}

/** The input as the session knows it: how much came, and where the part that no item holds yet begins. */
interface Input {
  receivedMs: number;
  /** How far voice activity detection has looked. */
  decidedMs: number;
  bufferStartMs: number;
  /** When audio last came in, in the clock's time. */
  lastSoundAtMs: number;
}

/** The last response of the default conversation that has ended. */
export interface LastEnded {
  id: string;
  reason: Reason;
  adopted: boolean;
  outcome: Outcome;
  atMs: number;
  /** How many items the conversation had been given by then. */
  itemsGiven: number;
  /** Whether it said anything, and whether it called functions of its client's. */
  hasOutput: boolean;
  hasCalls: boolean;
}

/** Everything a session is. */
export interface State {
  readonly birth: Birth;
  readonly conversationId: string;
  /** Since when it lives, when that ends (in Unix seconds, as its client is told), and whether its client was told that the end is near. */
  life: { fromMs: number; expiresAt: number; isEndTold: boolean };
  /** When something last happened to it. */
  now: number;
  /** Its time is over: nothing that happens changes anything any more. */
  expired: boolean;
  /** How many ids there are of each prefix, and how often chance was asked. */
  readonly minted: Record<string, number>;
  draws: number;
  config: SessionConfig;
  /** Sound of an answer has gone out. */
  spoke: boolean;
  /** Whether a client has said which detection it wants, or that it wants none. */
  detectionNamed: boolean;
  /** The text of the session's stored prompt; empty without one. */
  promptText: string;
  readonly history: History;
  input: Input;
  turn: Turn;
  unwatched: Unwatched | undefined;
  live: Response[];
  /** Those of live responses, and those that belong to none yet. */
  runs: Run[];
  /** What happens to it is in response/line.ts. */
  line: Line;
  /** Whose speaker the sound goes to now (see `Birth.speaker`). */
  speaker: Birth['speaker'];
  /** What is still being heard, or will be, in order. */
  playout: Playout[];
  /** The response that our own speaker was last said to play (`output_audio_buffer.started`). */
  sounding: string | undefined;
  /** How much our own speaker had left by its last word and what it was given since; undefined until it has said so over this line. */
  speakerLeftMs: number | undefined;
  /** The responses that are wanted and have not begun, in the order in which they were asked for. */
  wants: Want[];
  /** How often in a row the server has gone on by itself after its own tools. */
  selfAnswers: number;
  /** Items whose words are being recognised, and since when. */
  recognising: { item: string; sinceMs: number }[];
  /** By item: how many words the deltas have told, and the last guess. */
  told: { item: string; words: number; last: readonly string[] }[];
  lastEnded: LastEnded | undefined;
  /** Since when nobody has spoken after an answer (the idle timeout's start), with the input's position then. */
  quietSince: { atMs: number; audioMs: number } | undefined;
  /** What each guest keeps, by its name. */
  readonly guests: Record<string, object>;
}
