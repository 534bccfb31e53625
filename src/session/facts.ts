// What can happen to a session. Every fact is stamped by `step(fact, now)`; audio positions are milliseconds of the input's own timeline.
import type { Speaker } from '../protocol/audio-format.ts';
import type { ClientEvent } from '../protocol/client-events.ts';
import type { ErrorBody, ErrorType } from '../protocol/errors.ts';
import type { McpCallError, McpListedTool, McpListTools } from '../protocol/items.ts';
import type { Excess } from '../protocol/limits.ts';
import type { VoiceProfile } from '../protocol/server-events.ts';
import type { Known } from './known.ts';

/** What the judge of turns thinks of a pause. */
export interface Judgement {
  /** How likely it is (0 to 1) that the turn is over. */
  complete: number;
  /** `words`: nothing but the words was judged, and no melody. */
  basis: 'sound' | 'words';
  /** What in the words says that more will come. */
  unfinished?: 'function_word' | 'filler' | 'digits' | 'open_clause' | undefined;
}

/** A word of a reply, timed from the start of the item's sound. */
export interface SpokenWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What one speaker said without a break, timed from the start of the item's sound. */
interface SpokenSegment extends SpokenWord {
  readonly speaker: string;
}

export interface RunUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
}

/** Why something of an engine's did not work, in the words of the wire. */
export interface Failure {
  /** `server_error` unless it says otherwise. */
  readonly type?: ErrorType;
  readonly code: string;
  readonly message: string;
}

export type RunEnd =
  | { readonly reason: 'stop' | 'length' | 'content_filter'; readonly usage: RunUsage }
  | { readonly reason: 'failed'; readonly usage: RunUsage; readonly failure: Failure };

/** A model that was asked, and what came of that until its first part. */
export interface ModelAttempt {
  /** What it was asked to do; absent of a language model. */
  readonly stage?: string;
  readonly model: string;
  readonly outcome: 'answered' | 'failed' | 'outpaced' | 'aborted';
  /** Why it failed. */
  readonly reason?: string;
  readonly ms: number;
  /** It was asked as well while another one was silent. */
  readonly hedged?: boolean;
  /** Of a router. */
  readonly route?: string;
  readonly variant?: string;
}

/** Facts of one run of a model; all but these are about the session as a whole. */
export type RunFact =
  | { kind: 'run.text'; run: string; delta: string }
  /** `bytes` are in the format that was ordered and are passed on untouched. */
  | { kind: 'run.audio'; run: string; bytes: Uint8Array; ms: number; words: readonly SpokenWord[] | undefined }
  | { kind: 'run.call'; run: string; callId: string; name: string }
  | { kind: 'run.arguments'; run: string; callId: string; delta: string }
  /** What the model has used so far, as far as it tells. The last word counts. */
  | { kind: 'run.usage'; run: string; usage: RunUsage }
  /** The model goes on, though nothing comes of it yet: it thinks. */
  | { kind: 'run.alive'; run: string }
  /** One of several models was asked for it. */
  | ({ kind: 'run.attempt'; run: string } & ModelAttempt)
  | ({ kind: 'run.ended'; run: string } & RunEnd);

export type Fact =
  /** `excess`: it is more than its key may send. `known`: what the server knows of what it names; absent, all of that is served. */
  | { kind: 'client'; event: ClientEvent; excess?: Excess; known?: Known }
  /** The client sent what is no event: it is told, and the session goes on. */
  | { kind: 'client.fault'; error: ErrorBody }
  /** `receivedMs`: audio taken in; `decidedMs`: how far voice activity detection has looked. */
  | { kind: 'audio.reached'; receivedMs: number; decidedMs: number }
  | { kind: 'speech.began'; atMs: number }
  /** `atMs` is the acoustic end of speech, which is known only some time after. */
  | { kind: 'speech.paused'; atMs: number }
  /** `inferenceMs`: how long the judge took, not counting what it waited for. */
  | ({ kind: 'turn.judged'; item: string; inferenceMs?: number } & Judgement)
  | { kind: 'transcript.partial'; item: string; text: string }
  /** `logprobs` (how likely each word of the text is), `segments` and `voiceProfile` only where the recogniser can tell. */
  | {
      kind: 'transcript.final';
      item: string;
      text: string;
      logprobs?: readonly number[] | undefined;
      seconds: number;
      /** In which it was spoken, as far as the recogniser can tell. */
      languages?: readonly string[];
      segments?: readonly SpokenSegment[];
      voiceProfile?: VoiceProfile;
    }
  | { kind: 'transcript.failed'; item: string; failure: Failure }
  /** An MCP server has told its tools, or has not; `item` is the list's. */
  | { kind: 'mcp.listed'; item: string; tools: McpListedTool[]; leftOut?: NonNullable<McpListTools['left_out']> }
  | { kind: 'mcp.unlisted'; item: string }
  /** A tool's call has ended; `item` is the call's. */
  | { kind: 'mcp.ended'; item: string; outcome: { output: string } | { error: McpCallError } }
  /** The caller pressed a key of a telephone; `atSeconds` is Unix time. */
  | { kind: 'digit.pressed'; digit: string; atSeconds: number }
  /** Our own speaker has sent all but this much of the sound it was given. */
  | { kind: 'speaker.played'; aheadMs: number }
  /** The client's connection was lost, and nothing has come of it for that long. */
  | { kind: 'line.lost'; silentMs: number }
  /** The far side of a call has put it on hold, so long ago: it hears nothing and is there all the same. Then, that it has taken it up again. */
  | { kind: 'line.held'; agoMs: number }
  | { kind: 'line.taken-up' }
  /**
   * The client is there again. `unreceivedMs`: sound that it cannot have heard, because it has not come there; `played`: how much of an item it
   * has played, if it says so; `speaker`: ours, if the sound goes to one from now on; `expiresAt`: Unix seconds of a life that would begin now.
   */
  | {
      kind: 'line.back';
      unreceivedMs: number;
      played?: { item: string; ms: number };
      speaker: Speaker | undefined;
      expiresAt: number;
    }
  /** The conversation was condensed by that order; what is undefined stays as it was. Or it could not be. */
  | { kind: 'memory.condensed'; order: number; summary: string | undefined; facts: readonly string[] | undefined }
  | { kind: 'memory.failed'; order: number }
  /** What a small model was asked for, said, or could not. */
  | { kind: 'aside.said'; aside: string; text: string }
  /** All the sound of an aside in the format that was ordered; words are timed from its start. */
  | { kind: 'aside.spoken'; aside: string; bytes: Uint8Array; ms: number; words: readonly SpokenWord[] }
  | { kind: 'aside.failed'; aside: string }
  | RunFact
  /** The time named by `wakeAt` has come. */
  | { kind: 'tick' };

export type FactKind = Fact['kind'];
export type FactOf<K extends FactKind> = Extract<Fact, { kind: K }>;
