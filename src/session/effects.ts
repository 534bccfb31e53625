// What a session wants done. The shell performs effects in their order and never asks why.
import type { AudioFormat } from '../protocol/audio-format.ts';
import type { OnBehalf, Prompt, Sampling } from '../protocol/prompt.ts';
import type { StampedEvent, TimestampInfo } from '../protocol/server-events.ts';
import type { McpTool, Modality, SessionConfig } from '../protocol/session-config.ts';
import type { SpeechManner } from './settings/speech-manner.ts';

/** Everything a run needs to know about how it is wanted. */
export interface RunOrder {
  run: string;
  model: string;
  modality: Modality;
  voice: string;
  ttsModel: string;
  speed: number;
  manner: SpeechManner;
  format: AudioFormat;
  temperature: number | undefined;
  maxOutputTokens: number | undefined;
  parallelToolCalls: boolean;
  reasoningEffort: string | undefined;
  sampling: Sampling;
  behalf: OnBehalf;
  /** Ids of models that are asked where this one fails; undefined: as the server has it. */
  fallback: readonly string[] | undefined;
  /** How long the model may be silent before another one is asked as well; 0: nobody is; undefined: as the server has it. */
  hedgeMs: number | undefined;
  /** Items of the context that the prompt leaves out, because all of them would be more than the model takes. */
  itemsLeftOut: number;
}

/** What a small model is to do. */
export interface AskOrder {
  aside: string;
  model: string;
  temperature: number;
  maxOutputTokens: number;
}

/** What the session's voice is to say. */
export interface SpeakOrder {
  aside: string;
  text: string;
  voice: string;
  ttsModel: string;
  speed: number;
  manner: SpeechManner;
  format: AudioFormat;
  gain: number;
}

/** What is remembered of a conversation. */
export interface Remembered {
  summary: string;
  facts: readonly string[];
}

export type Effect =
  | { kind: 'send'; event: StampedEvent }
  /** `response.output_audio.delta`, the one event on the audio path: its base64 is written where it leaves. */
  | {
      kind: 'send.audio';
      eventId: string;
      response: string;
      item: string;
      outputIndex: number;
      contentIndex: number;
      bytes: Uint8Array;
      /** What `bytes` are in. */
      format: AudioFormat;
      /** The item is none of the conversation's: nobody can ask for its sound later. */
      outOfBand: boolean;
      /** When the words that begin in it are said, for a client that wants to know. */
      timestamps?: TimestampInfo;
    }
  /** `response.backchannel.audio.delta`, whose base64 is written in the shell. */
  | { kind: 'send.backchannel'; eventId: string; id: string; bytes: Uint8Array }
  /**
   * `conversation.item.retrieved`, completed with the item's sound, which the shell keeps. Of an answer that was cut, only the sound up to
   * `heardMs`: as much as there are words of it.
   */
  | {
      kind: 'send.retrieved';
      item: string;
      event: Extract<StampedEvent, { type: 'conversation.item.retrieved' }>;
      heardMs: number | undefined;
    }
  /** `rate_limits.updated`, completed with what is left of the key's limits; nothing where it has none. */
  | { kind: 'send.limits'; eventId: string }
  /** How to listen from here on: format, detection, transcription. */
  | { kind: 'listen.configure'; config: SessionConfig }
  /**
   * The utterance being heard is `item` from here on: what is recognised of it is told as `transcript.partial`. Speech that ended before
   * `fromMs` is no part of it, and is forgotten.
   */
  | { kind: 'listen.begin'; item: string; fromMs: number }
  /** The utterance is `item` and ends at `toMs`: a final transcript (or a failure) must follow. */
  | { kind: 'listen.commit'; item: string; fromMs: number; toMs: number }
  /** Forget the input from the last commit up to `untilMs`, and any utterance begun. */
  | { kind: 'listen.clear'; untilMs: number }
  /** Transcribe the sound a client put into an item, in base64 or no more: a final transcript or a failure must follow. */
  | { kind: 'transcribe'; item: string; audio: string | Uint8Array; format: AudioFormat }
  /** Ask whether the speaker of the open utterance has finished, once the silence is long enough to tell; the answer is `turn.judged`. */
  | { kind: 'judge.turn'; item: string; silenceMs: number }
  /** Have a model answer, and a voice speak it: facts of that run follow, and at last `run.ended`, unless it is aborted first. */
  | { kind: 'run.start'; order: RunOrder; prompt: Prompt }
  /** The run is that response's from here on: for who logs and measures, since nothing else that leaves the session tells it. */
  | { kind: 'run.adopted'; run: string; response: string }
  | { kind: 'run.abort'; run: string }
  /** Ask a small model for a few words: `aside.said` or `aside.failed` follows, unless it is aborted first. */
  | { kind: 'aside.ask'; order: AskOrder; prompt: Prompt }
  /** Have a few words spoken: `aside.spoken` or `aside.failed` follows, unless it is aborted first. */
  | { kind: 'aside.speak'; order: SpeakOrder }
  | { kind: 'aside.abort'; aside: string }
  /** The MCP servers there are from here on, with their secrets. */
  | { kind: 'mcp.configure'; servers: readonly McpTool[] }
  /** Ask a server for its tools: `mcp.listed` or `mcp.unlisted` follows. */
  | { kind: 'mcp.list'; item: string; label: string }
  /** Run a tool: `mcp.ended` follows, unless it is aborted first. */
  | { kind: 'mcp.call'; item: string; label: string; name: string; arguments: string }
  | { kind: 'mcp.abort'; item: string }
  /**
   * Have a model condense a part of the conversation: `memory.condensed` or `memory.failed` of that order follows, unless it is aborted
   * first. `known` is what is remembered already, `said` the user's own words in that part.
   */
  | { kind: 'memory.condense'; order: number; model: string; prompt: Prompt; known: Remembered; said: readonly string[]; mostFacts: number }
  | { kind: 'memory.abort'; why: 'timeout' | 'unwanted' }
  /** The item is gone: its sound may go too. */
  | { kind: 'item.forget'; item: string }
  /** The client asks for what is accepted and shown, and not served: the log says so, once in a session for each. */
  | { kind: 'unserved'; what: readonly string[] }
  /** Our own speaker drops what it has not sent. */
  | { kind: 'speaker.clear' }
  /** The client that is back is sent what it has missed; of the sound, `leftMs` have not been heard. */
  | { kind: 'line.resume'; leftMs: number }
  | { kind: 'close'; code: number; reason: string };
