// The plugs: everything an engine author must know. An engine never sees a session, a socket or an event.
import type { Log } from '../lib/log.ts';
import type { Clock } from '../lib/clock.ts';
import type { Pcm } from '../media/pcm.ts';
import type { OnBehalf, Prompt, Sampling } from '../protocol/prompt.ts';

/** The kinds an operator chooses among. */
export type EngineKind = 'stt' | 'llm' | 'tts' | 'vad' | 'turn';
/** The kinds that come one way only. */
export type FixedEngineKind = 'denoise' | 'codec';

export interface EngineInfo {
  /** Unique within its kind, kebab-case: `pocketsphinx`. */
  readonly id: string;
  readonly kind: EngineKind | FixedEngineKind;
  /** For people: `PocketSphinx (embedded)`. */
  readonly name: string;
  /** SPDX expression of the engine and, where it has them, of its weights. */
  readonly licence: string;
  /** BCP 47 tags; `*` when the model behind it decides. */
  readonly languages: readonly string[];
}

/** How an engine is at the moment, as far as it has workers of its own that may be lost. */
export interface EngineHealth {
  /** `recovering`: what it works with was lost and is being replaced. `failed`: several replacements in a row did not get ready, or the first. */
  readonly state: 'starting' | 'ready' | 'recovering' | 'failed' | 'closed';
  /** In words, when it is not ready. */
  readonly problem?: string;
  /** Tasks that wait for a worker. */
  readonly waiting?: number;
  /** Workers lost since the engine was made. */
  readonly losses?: number;
}

export interface Engine {
  readonly info: EngineInfo;
  /** Loads what the first call would otherwise wait for. Rejects with EngineError `unavailable` when it can never work here. */
  warmUp(signal: AbortSignal): Promise<void>;
  /** Absent from an engine that has nothing to lose. Cheap: it is asked with every look at `/health`. */
  health?(): EngineHealth;
  /** Ends every worker and child. Calls under way end with EngineError `unavailable`. */
  close(): Promise<void>;
}

/** Where an engine gets its weights from. */
export interface Models {
  /**
   * A folder with all files of the model, whole and in the form that the engine reads: fetched, checked and converted first where need be.
   * Rejects with EngineError `unavailable` when the model cannot be had, and when the signal fires.
   */
  folder(model: string, signal: AbortSignal): Promise<string>;
  /** The files of the model could not be loaded: before it is given out again they are checked to the bit, and made anew where need be. */
  distrust(model: string): void;
}

/** What an engine is made from. Everything it may touch is in here. */
export interface EngineEnvironment {
  /** A folder of the server's own, already made. */
  readonly dataDir: string;
  /** Settings by the names of the environment variables in docs/configuration.md. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock: Clock;
  readonly models: Models;
  /** Told how long each task of an engine waited for one of its workers. */
  readonly onWaited?: OnWaited;
}

export type OnWaited = (engine: string, waitedMs: number) => void;

export interface EngineFactory<E extends Engine> {
  readonly id: string;
  /** The id of the engine of the same kind that serves while this one cannot be had. */
  readonly standIn?: string;
  /** Of a recogniser: the id of the one that serves the languages which this one does not know. */
  readonly otherLanguages?: string;
  create(environment: EngineEnvironment): E;
}

// --- speech to text

export interface Word {
  readonly text: string;
  /** Milliseconds from the start of the audio (or speech) the word belongs to. */
  readonly startMs: number;
  readonly endMs: number;
  /** Of a recogniser: the natural logarithm of how likely the word is. Absent when the engine does not know; never made up. */
  readonly logprob?: number;
}

/** Whose work it is: engines that have more to do than they can do serve keys in turn, and the sessions of each. */
export interface Origin {
  /** The id of the key that let the client in. */
  readonly key: string;
  readonly session: string;
}

export interface SttOptions {
  readonly model: string;
  /** ISO 639-1. */
  readonly language?: string;
  /** Where it may be any of several: which; empty when it may be any at all. Absent where `language` is known, and where nothing is said of it. */
  readonly languages?: readonly string[];
  /** Free text that hints at the words to come (`transcription.prompt`). */
  readonly prompt?: string;
  /** Words and names worth knowing: the client's keywords, the names of tools and of their enumerated values. */
  readonly vocabulary: readonly string[];
  /** Whose speech it is. */
  readonly origin?: Origin;
  /** Whether somebody wants to know what the voice is like; absent when nobody does. */
  readonly voiceProfile?: boolean;
}

/** What one speaker said without a break, timed from the start of the audio. */
export interface Segment extends Word {
  /** The same for the same voice within one transcription: `speaker_0`. */
  readonly speaker: string;
}

/** A guess about a voice, and how sure it is, from 0 to 1. */
export interface VoiceTrait {
  readonly label: string;
  readonly confidence: number;
}

/** What a voice is like, as far as the engine can tell; in each of its aspects the surest guess first. */
export interface VoiceProfile {
  readonly age?: readonly VoiceTrait[];
  readonly gender?: readonly VoiceTrait[];
  readonly emotion?: readonly VoiceTrait[];
  readonly vocalStyle?: readonly VoiceTrait[];
  readonly accent?: readonly VoiceTrait[];
}

/** All that was said in an utterance so far. Of silence, or of no sound at all, the text is empty. */
export interface Transcript {
  readonly text: string;
  /** In order, timed from the first sound that the recognition heard; empty when the engine times nothing. */
  readonly words: readonly Word[];
  /** Who said what, in order; only from an engine that tells voices apart, and not with guesses. */
  readonly segments?: readonly Segment[];
  /** ISO 639-1: in which languages it was spoken, as far as the engine can tell; not with guesses. */
  readonly languages?: readonly string[];
  /** When it was asked for and the engine can tell; not with guesses. */
  readonly voiceProfile?: VoiceProfile;
}

/** What a recogniser can do beyond telling what was said. */
export interface SttCapabilities {
  /** Guesses while the sound still comes. */
  readonly partials: boolean;
  /** Tells when each word was spoken. */
  readonly wordTimes: boolean;
  /** Hears `vocabulary` and `prompt` better for having been told of them. */
  readonly keyTerms: boolean;
  /** Tells how likely each word is. */
  readonly logprobs: boolean;
}

/**
 * One utterance being recognised: it lives through pauses, and through a `words` that turned out to come too early. What goes wrong with it,
 * at whatever moment, is told by `words` and by nothing else: neither `open` nor `hear` nor `close` ever throws.
 */
export interface Recognition {
  /**
   * Takes the next of the sound: mono 16 kHz, any length, in order, faster than real time if it so happens. It is copied, and how much of it
   * may wait is bounded: a recognition that falls minutes behind fails with `timeout`. Of a pause some sound may be left out, of speech none.
   */
  hear(samples: Int16Array): void;
  /**
   * All words so far, as if the utterance ended here; more sound may follow, and goes on in the same utterance. Asked again with nothing heard
   * in between, it is answered with the same transcript and without doing the work twice: at once, or together with the call under way.
   * `speculative`: at a pause, for an answer worth having only soon; an engine with more urgent work may answer late, or not do it and
   * reject with `rate_limited`. `final`: somebody waits. A `speculative` that was not done does not keep a `final` from being done.
   * Rejects with EngineError.
   */
  words(urgency: 'speculative' | 'final'): Promise<Transcript>;
  /** Ends it, whatever its state, and frees all it holds: no guess comes any more, and calls of `words`, under way or later, reject with `unavailable`. */
  close(): void;
}

export interface Stt extends Engine {
  readonly can: SttCapabilities;
  /**
   * Begins an utterance. `onPartial` is told guesses at all of it so far, each differing from the one before, while the sound comes;
   * never within a call of `open` or `hear`, and never by an engine whose `can.partials` is false.
   */
  open(options: SttOptions, onPartial: (guess: Transcript) => void): Recognition;
}

// --- language model

export interface LlmOptions {
  readonly model: string;
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  readonly parallelToolCalls?: boolean;
  readonly reasoningEffort?: string;
  readonly sampling?: Sampling;
  readonly behalf?: OnBehalf;
  /** Whose answer it is. */
  readonly origin?: Origin;
  /** Of an engine that chooses among several: after so long without a first part another one is asked as well; 0: nobody is. Absent: as the server has it. */
  readonly hedgeMs?: number;
  /** The same for all answers of one conversation: for a provider that keeps the beginning of its prompts. It is not sent as it is. */
  readonly conversation?: string;
  /** Told of each model that is asked, by an engine that chooses among several; of a single one only when it was asked more than once. */
  readonly onAttempt?: (attempt: Attempt) => void;
}

/** A model that was asked, and what came of that until its first part; of a recogniser, until its words. */
export type Attempt = {
  /** What it was asked to do; absent of a language model. */
  readonly stage?: 'stt' | 'tts';
  /** `provider/model` */
  readonly model: string;
  /** How long it took until its first part, or until it failed. */
  readonly ms: number;
  /** The route and the variant of a router that named the model. */
  readonly route?: string;
  readonly variant?: string;
  /** It was asked as well while another one, which had been asked before, was silent. */
  readonly hedged?: boolean;
} & AttemptOutcome;

export type AttemptOutcome =
  | { readonly outcome: 'answered' }
  /** `ttft_timeout`: its first part did not come in time, and the next model was asked. */
  | { readonly outcome: 'failed'; readonly reason: EngineFailure | 'ttft_timeout' }
  /** Another one that was asked at the same time began before it, and it was called off. */
  | { readonly outcome: 'outpaced' }
  /** Whoever asked did not want the answer any more. */
  | { readonly outcome: 'aborted' };

export interface LlmUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
}

/** A reply as it comes: text and calls in the order the model makes them, `usage` as soon as it is known (the last counts), then exactly one `end`. */
export type LlmPart =
  | { type: 'text'; text: string }
  /** Thinking that is neither spoken nor remembered. Without a text it says no more than that the model goes on. */
  | { type: 'reasoning'; text: string }
  /**
   * A function call begins; its arguments follow as `arguments` parts with the same callId and together form a JSON object, `{}` at least. They
   * are complete before anything else is said or called.
   */
  | { type: 'call'; callId: string; name: string }
  | { type: 'arguments'; callId: string; delta: string }
  | { type: 'usage'; usage: LlmUsage }
  | { type: 'end'; reason: 'stop' | 'length' | 'tool_calls' | 'content_filter' };

export interface Llm extends Engine {
  /** `false` for an engine with rules of its own: it converses, but does no other work that instructions describe. */
  readonly followsInstructions?: boolean;
  /** `false` for an engine that cannot look at images: those named by their address stay addresses, and nothing is fetched for it. */
  readonly sees?: boolean;
  /** Rejects with EngineError. When the signal fires the iteration ends within 5 ms, without error, and the request is dropped. */
  respond(prompt: Prompt, options: LlmOptions, signal: AbortSignal): AsyncIterable<LlmPart>;
}

// --- text to speech

export interface Voice {
  /** What a client asks for: `Dennis`. Matched without regard to case. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** BCP 47: `en-US`. */
  readonly language: string;
  readonly gender: 'male' | 'female' | 'neutral';
  readonly tags: readonly string[];
}

export interface TtsOptions {
  readonly model: string;
  /** Told of each engine that was asked, once one has failed where another can be asked; others do not know it. */
  readonly onAttempt?: (attempt: Attempt) => void;
  /** An id out of `voices()`. */
  readonly voice: string;
  /** 0.25 to 1.5; 1 is the voice's own pace. */
  readonly speed: number;
  /** BCP 47: what the text is probably written in. A hint. */
  readonly language?: string;
  /** How close to keep to one delivery, for a voice that can vary it. A hint. */
  readonly deliveryMode?: 'stable' | 'balanced' | 'creative';
  /** Whose speech it is. */
  readonly origin?: Origin;
  /** For an engine that steers: whether a direction holds for all that follows in the text, or only where it stands. */
  readonly steering?: 'repeat_each_chunk' | 'emit_once';
}

/** A stretch of sound in playing order. */
export interface Speech {
  readonly pcm: Pcm;
  /** Words that begin in this stretch, timed from the start of the whole speech; absent when the engine does not know. */
  readonly words?: readonly Word[];
}

export interface Tts extends Engine {
  /**
   * What `speak` wants to be given: whole clauses (most engines), or the model's text in the pieces it comes in, for an engine that
   * decides by itself when it has enough to begin.
   */
  readonly takes: 'clauses' | 'pieces';
  /** Whether it follows directions in square brackets (`[happy]`); one that does not is not shown them. */
  readonly steers?: true;
  voices(): readonly Voice[];
  /**
   * Speaks text as it comes and yields sound as soon as the first of it is there. Text that cannot be spoken (empty, emoji)
   * gives no sound. Rejects with EngineError. When the signal fires the iteration ends within 50 ms, without error.
   */
  speak(text: AsyncIterable<string>, options: TtsOptions, signal: AbortSignal): AsyncIterable<Speech>;
}

// --- voice activity

export const VAD_RATE_HZ = 16_000;
/** Samples in one window: 32 ms at 16 kHz. */
export const VAD_WINDOW = 512;

export interface VadStream {
  /** Takes exactly VAD_WINDOW samples at VAD_RATE_HZ. They are copied. */
  push(window: Int16Array): void;
  /** Forgets what was heard; windows pushed before give no answer any more. */
  reset(): void;
  close(): void;
}

export interface Vad extends Engine {
  /** `onProbability` gets one probability of speech (0 to 1) for each window pushed, in order, some time later. */
  open(onProbability: (probability: number) => void): VadStream;
}

// --- noise reduction

export const DENOISE_RATE_HZ = 16_000;

/** Where the microphone is: at the mouth (a headset), or across the room (a laptop, a conference table). */
export type MicrophoneField = 'near_field' | 'far_field';

export interface DenoiserStream {
  /** How far what comes out lies behind what went in; the same for as long as the stream lives, whatever happens to the engine. */
  readonly delayMs: number;
  /**
   * The same sound with less noise: mono at DENOISE_RATE_HZ in chunks of any length, each answered by one of its own length, in order,
   * `delayMs` late; the first answer begins with that much silence. Never rejects: sound that cannot be filtered, or not in time,
   * comes back as it was, just as late. The chunk must not change until it is answered.
   */
  process(samples: Int16Array): Promise<Int16Array>;
  /** What has not been answered is answered as it was, at once. */
  close(): void;
}

export interface Denoiser extends Engine {
  /**
   * `strength`: 1 is all that the engine does for such a microphone, and 0 leaves the sound as it is. `origin`: whose sound it is, for an
   * engine that cannot filter everybody's.
   */
  open(field: MicrophoneField, strength?: number, origin?: Origin): DenoiserStream;
}

// --- sound in files

export interface Decoder extends Engine {
  /**
   * The sound of a whole file, mixed down to mono, at `rateHz` (16 kHz unless told): Ogg or WebM with Opus in it, or WAVE. Rejects with
   * EngineError: `rejected` when the file is none of these, broken, too large or too long, `rate_limited` when too many wait.
   */
  decode(bytes: Uint8Array, rateHz?: 16_000 | 24_000): Promise<Pcm>;
}

// --- end of turn

/** What in the words so far says that more will come. */
export type Unfinished =
  /** They end in a word that no sentence ends in: `the`, `because`, `I would`. */
  | 'function_word'
  /** They end in `um`, `you know`, or whatever else a speaker fills a pause with. */
  | 'filler'
  /** They end in some digits or letters of what may be a longer row. */
  | 'digits'
  /** They begin with a clause (`if`, `when`) that another must follow. */
  | 'open_clause';

export interface PausedTurn {
  /** The words so far. They may come while the judge listens to the sound already; never rejects. */
  readonly transcript: string | Promise<string>;
  /** How long nothing has been said for now. */
  readonly silenceMs: number;
  /** How the turn sounded: mono 16 kHz, its last eight seconds at the most, up to 200 ms into the pause. It does not change any more. */
  readonly audio: Int16Array;
  /** ISO 639-1, where it is known. */
  readonly language?: string;
}

export interface TurnJudgement {
  /** How likely it is (0 to 1) that the speaker has finished. */
  readonly complete: number;
  /** `words`: nothing but the words was judged, and `complete` is no more than what they suggest. */
  readonly basis: 'sound' | 'words';
  readonly unfinished?: Unfinished;
  /** How long it took to judge, without what had to be waited for. */
  readonly inferenceMs: number;
}

export interface TurnDetector extends Engine {
  /** Asked once in each pause, when it has lasted 200 ms. Rejects with EngineError; nothing waits when the signal fires. */
  score(turn: PausedTurn, signal: AbortSignal): Promise<TurnJudgement>;
}

// --- failure

export type EngineFailure =
  /** Not installed, not configured, or shut down. */
  | 'unavailable'
  | 'timeout'
  /** A worker or child died. */
  | 'crashed'
  /** The far side refused the request itself: unknown model, bad parameter. */
  | 'rejected'
  | 'unauthorized'
  | 'rate_limited'
  /** The far side answered with something that is not its protocol, or broke off. */
  | 'broken';

export interface EngineErrorOptions {
  readonly retryable?: boolean;
  /** How long whoever refused wants to be left alone, where it says so. */
  readonly retryAfterMs?: number | undefined;
  /** The same in our own words for the end user, where the reason alone would tell too little: what is wrong with what they sent. */
  readonly forClient?: string;
  readonly cause?: unknown;
}

/** The only error an engine throws. An abort is not an error. Its message is the operator's: it may quote a service or name a file. */
export class EngineError extends Error {
  readonly engine: string;
  readonly reason: EngineFailure;
  /** Whether the same request may work on another engine, or a moment later: `routing/fallback-llm.ts` reads it. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly forClient: string | undefined;

  constructor(engine: string, reason: EngineFailure, message: string, options: EngineErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'EngineError';
    this.engine = engine;
    this.reason = reason;
    this.retryable = options.retryable ?? (reason === 'timeout' || reason === 'crashed' || reason === 'rate_limited');
    this.retryAfterMs = options.retryAfterMs;
    this.forClient = options.forClient;
  }
}

/** Of a server without models. */
export const noModels: Models = {
  folder: (model) => Promise.reject(new EngineError(model, 'unavailable', `This server has no model '${model}'.`)),
  distrust() {},
};

// --- the choice among engines

/**
 * Which engine serves what a client asked for. Each throws EngineError `unavailable` when none does. `fallback`: ids of those to be asked in its place
 * when it fails, in that order; those nobody serves are passed over. Undefined: as the operator has it.
 */
export interface Engines {
  readonly vad: Vad;
  readonly turn: TurnDetector;
  readonly denoiser: Denoiser;
  readonly decoder: Decoder;
  stt(id: string, fallback?: readonly string[]): { engine: Stt; model: string };
  llm(id: string, fallback?: readonly string[]): { engine: Llm; model: string };
  tts(id: string, voice: string, fallback?: readonly string[]): { engine: Tts; model: string; voice: string };
}
