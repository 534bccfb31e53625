// Engines under a test's hand: they do nothing by themselves, keep what they were given, and say what they are told to say.
import type {
  Decoder,
  Denoiser,
  DenoiserStream,
  EngineInfo,
  Engines,
  Llm,
  LlmOptions,
  LlmPart,
  MicrophoneField,
  PausedTurn,
  Recognition,
  Speech,
  Stt,
  SttOptions,
  Transcript,
  Tts,
  TtsOptions,
  TurnDetector,
  TurnJudgement,
  Vad,
  VadStream,
  Voice,
  Word,
} from '../../src/engines/engine.ts';
import { DENOISE_RATE_HZ, EngineError, VAD_WINDOW } from '../../src/engines/engine.ts';
import { Channel } from '../../src/lib/channel.ts';
import { concat, type Pcm } from '../../src/media/pcm.ts';
import type { Prompt } from '../../src/protocol/prompt.ts';

function infoOf(kind: EngineInfo['kind']): EngineInfo {
  return { id: `fake-${kind}`, kind, name: `Fake ${kind}`, licence: 'Apache-2.0', languages: ['*'] };
}

const still = { warmUp: async () => {}, close: async () => {} };

/** Louder than this is speech to the fake detector. */
export const loud = 300;

class FakeVadStream implements VadStream {
  readonly #vad: FakeVad;
  readonly #onProbability: (probability: number) => void;
  #waiting: number[] = [];
  /** Windows pushed in all, and the most that ever waited for an answer. */
  pushed = 0;
  mostWaiting = 0;
  closed = false;

  constructor(vad: FakeVad, onProbability: (probability: number) => void) {
    this.#vad = vad;
    this.#onProbability = onProbability;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  push(window: Int16Array): void {
    if (window.length !== VAD_WINDOW) throw new RangeError(`a window of ${window.length} samples`);
    if (this.closed) throw new Error('pushed to a closed stream');
    this.#waiting.push(this.#vad.judge(window));
    this.pushed += 1;
    this.mostWaiting = Math.max(this.mostWaiting, this.#waiting.length);
    if (!this.#vad.held) queueMicrotask(() => this.answer());
  }

  /** Answers the oldest windows that wait. */
  answer(count = 1): void {
    for (let left = count; left > 0 && this.#waiting.length > 0; left--) this.#onProbability(this.#waiting.shift() as number);
  }

  reset(): void {
    this.#waiting = [];
  }

  close(): void {
    this.closed = true;
    this.#waiting = [];
  }
}

/** Sure of speech wherever a window holds one loud sample. */
export class FakeVad implements Vad {
  readonly info = infoOf('vad');
  readonly warmUp = still.warmUp;
  readonly close = still.close;
  readonly streams: FakeVadStream[] = [];
  /** Windows wait for `answer`, instead of being answered right after they came. */
  held = false;
  judge = (window: Int16Array): number => (window.some((sample) => Math.abs(sample) > loud) ? 0.95 : 0.02);

  get stream(): FakeVadStream {
    return this.streams.at(-1) as FakeVadStream;
  }

  open(onProbability: (probability: number) => void): VadStream {
    const stream = new FakeVadStream(this, onProbability);
    this.streams.push(stream);
    return stream;
  }
}

/** What an engine yields by and by, as a test pushes it; `taken` counts what was asked for. */
class Hand<T> {
  readonly signal: AbortSignal;
  readonly #values = new Channel<T>(10_000);
  taken = 0;
  /** Whether the test has ended it. */
  over = false;

  /** A deaf engine goes on when its signal has fired. */
  constructor(signal: AbortSignal, deaf: boolean) {
    this.signal = signal;
    if (!deaf) signal.addEventListener('abort', () => this.#values.close(), { once: true });
  }

  give(value: T): void {
    this.#values.push(value);
  }

  finish(): void {
    this.over = true;
    this.#values.close();
  }

  fail(error: unknown): void {
    this.over = true;
    this.#values.fail(error);
  }

  async *values(): AsyncGenerator<T, void> {
    for await (const value of this.#values) {
      this.taken += 1;
      yield value;
    }
  }
}

/** An utterance being recognised: it says what the test says, or makes it say whenever its words are asked for. */
export class Transcription implements Recognition {
  readonly options: SttOptions;
  readonly #onPartial: (guess: Transcript) => void;
  readonly #onAsked: (call: Transcription) => void;
  readonly #chunks: Int16Array[] = [];
  #answer = Promise.withResolvers<Transcript>();
  #answered = false;
  #failed = false;
  /** How the words were asked for, each time that sound had come since the last. */
  readonly asked: ('speculative' | 'final')[] = [];
  /** Whether the words of all the sound were asked for. */
  complete = false;
  closed = false;

  constructor(options: SttOptions, onPartial: (guess: Transcript) => void, onAsked: (call: Transcription) => void) {
    this.options = options;
    this.#onPartial = onPartial;
    this.#onAsked = onAsked;
    this.#answer.promise.catch(() => {});
  }

  get samples(): Int16Array {
    return concat(this.#chunks);
  }

  hear(samples: Int16Array): void {
    this.#chunks.push(samples.slice());
    this.complete = false;
    if (this.#answered && !this.#failed) this.#renew();
  }

  words(urgency: 'speculative' | 'final'): Promise<Transcript> {
    if (!this.complete) {
      this.complete = true;
      this.asked.push(urgency);
      this.#onAsked(this);
    }
    return this.#answer.promise;
  }

  close(): void {
    this.closed = true;
    if (!this.#answered) this.fail(new EngineError('fake-stt', 'unavailable', 'It was closed.'));
  }

  guess(text: string): void {
    if (!this.closed) this.#onPartial({ text, words: [] });
  }

  say(text: string, words: readonly Word[] = [], more: Partial<Transcript> = {}): void {
    this.#answered = true;
    this.#answer.resolve({ text, words, ...more });
  }

  fail(error: unknown): void {
    this.#answered = true;
    this.#failed = true;
    this.#answer.reject(error);
  }

  #renew(): void {
    this.#answered = false;
    this.#answer = Promise.withResolvers();
    this.#answer.promise.catch(() => {});
  }
}

export class FakeStt implements Stt {
  readonly info = infoOf('stt');
  readonly can = { partials: true, wordTimes: true, keyTerms: true, logprobs: true };
  readonly warmUp = still.warmUp;
  readonly close = still.close;
  readonly calls: Transcription[] = [];
  /** What is said of an utterance as soon as its words are asked for; without it the test says it by hand. */
  script: ((call: Transcription, index: number) => void) | undefined = (call, index) => call.say(`Words ${index + 1}.`);

  open(options: SttOptions, onPartial: (guess: Transcript) => void): Recognition {
    const index = this.calls.length;
    const call = new Transcription(options, onPartial, () => this.script?.(call, index));
    this.calls.push(call);
    return call;
  }
}

export class Answer extends Hand<LlmPart> {
  readonly prompt: Prompt;
  readonly options: LlmOptions;

  constructor(prompt: Prompt, options: LlmOptions, signal: AbortSignal, deaf: boolean) {
    super(signal, deaf);
    this.prompt = prompt;
    this.options = options;
  }

  text(...pieces: string[]): void {
    for (const text of pieces) this.give({ type: 'text', text });
  }

  end(reason: 'stop' | 'length' | 'tool_calls' | 'content_filter' = 'stop'): void {
    this.give({ type: 'usage', usage: { inputTokens: 7, outputTokens: 3, cachedTokens: 0 } });
    this.give({ type: 'end', reason });
    this.finish();
  }
}

export class FakeLlm implements Llm {
  readonly info = infoOf('llm');
  sees = true;
  readonly warmUp = still.warmUp;
  readonly close = still.close;
  readonly calls: Answer[] = [];
  deaf = false;

  get last(): Answer {
    return this.calls.at(-1) as Answer;
  }

  respond(prompt: Prompt, options: LlmOptions, signal: AbortSignal): AsyncIterable<LlmPart> {
    const call = new Answer(prompt, options, signal, this.deaf);
    this.calls.push(call);
    return call.values();
  }
}

export class Speaking extends Hand<Speech> {
  readonly options: TtsOptions;
  /** What there was to be spoken, piece by piece, and whether that is all. */
  readonly texts: string[] = [];
  complete = false;

  constructor(options: TtsOptions, signal: AbortSignal, deaf: boolean) {
    super(signal, deaf);
    this.options = options;
  }

  async read(text: AsyncIterable<string>): Promise<void> {
    for await (const piece of text) this.texts.push(piece);
    this.complete = true;
  }

  speak(samples: Int16Array, rateHz: number, words?: readonly Word[]): void {
    this.give({ pcm: { samples, rateHz }, ...(words ? { words } : {}) });
  }
}

export class FakeTts implements Tts {
  readonly info = infoOf('tts');
  readonly warmUp = still.warmUp;
  readonly close = still.close;
  readonly calls: Speaking[] = [];
  takes: Tts['takes'] = 'clauses';
  deaf = false;
  own: Voice[] = [];
  readonly voices = () => this.own;

  get last(): Speaking {
    return this.calls.at(-1) as Speaking;
  }

  speak(text: AsyncIterable<string>, options: TtsOptions, signal: AbortSignal): AsyncIterable<Speech> {
    const call = new Speaking(options, signal, this.deaf);
    this.calls.push(call);
    void call.read(text);
    return call.values();
  }
}

interface AskedTurn {
  /** Undefined until the words have come. */
  transcript: string | undefined;
  readonly silenceMs: number;
  readonly audio: Int16Array;
  readonly language: string | undefined;
  readonly answer: (judgement: number | TurnJudgement) => void;
  readonly fail: (error: unknown) => void;
}

/** Hears what it is set to, and flags nothing; while it is held, when the test resolves what it was asked. Waits for the words like the real one. */
export class FakeTurn implements TurnDetector {
  readonly info = infoOf('turn');
  readonly warmUp = still.warmUp;
  readonly close = still.close;
  value: number | TurnJudgement = 0.9;
  held = false;
  readonly asked: AskedTurn[] = [];

  async score({ transcript, silenceMs, audio, language }: PausedTurn): Promise<TurnJudgement> {
    const { promise, resolve, reject } = Promise.withResolvers<number | TurnJudgement>();
    const asked: AskedTurn = { transcript: undefined, silenceMs, audio, language, answer: resolve, fail: reject };
    this.asked.push(asked);
    asked.transcript = await transcript;
    const judged = this.held ? await promise : this.value;
    return typeof judged === 'number' ? { complete: judged, basis: 'sound', inferenceMs: 0 } : judged;
  }
}

/** Halves what it is given, so that a test can tell; while it is held, when the test lets go. */
export class FakeDenoiser implements Denoiser {
  readonly info = infoOf('denoise');
  readonly warmUp = still.warmUp;
  readonly close = still.close;
  readonly opened: string[] = [];
  openStreams = 0;
  held = false;
  readonly waiting: (() => void)[] = [];
  /** Of the streams that are opened from now on. */
  delayMs = 0;

  open(field: MicrophoneField, strength = 1): DenoiserStream {
    this.opened.push(strength === 1 ? field : `${field} ${strength}`);
    this.openStreams += 1;
    const { delayMs } = this;
    let heldBack: Int16Array = new Int16Array((delayMs * DENOISE_RATE_HZ) / 1000);
    return {
      delayMs,
      process: async (samples) => {
        const made = concat([heldBack, samples.map((sample) => sample / 2)]);
        const quiet = made.slice(0, samples.length);
        heldBack = made.slice(samples.length);
        if (this.held) await new Promise<void>((resolve) => this.waiting.push(resolve));
        return quiet;
      },
      close: () => {
        this.openStreams -= 1;
      },
    };
  }
}

/** Reads every file as what the test says. */
export class FakeDecoder implements Decoder {
  readonly info = infoOf('codec');
  readonly warmUp = still.warmUp;
  readonly close = still.close;
  result: Pcm | EngineError = new EngineError('fake', 'rejected', 'no file');

  /** Files it was given. */
  read = 0;

  async decode(): Promise<Pcm> {
    this.read += 1;
    if (this.result instanceof EngineError) throw this.result;
    return this.result;
  }
}

export class FakeEngines implements Engines {
  readonly vad = new FakeVad();
  readonly turn = new FakeTurn();
  readonly denoiser = new FakeDenoiser();
  readonly decoder = new FakeDecoder();
  readonly fakeStt = new FakeStt();
  readonly fakeLlm = new FakeLlm();
  readonly fakeTts = new FakeTts();

  stt(id: string): { engine: Stt; model: string } {
    return { engine: this.fakeStt, model: id };
  }

  llm(id: string): { engine: Llm; model: string } {
    return { engine: this.fakeLlm, model: id };
  }

  tts(id: string, voice: string): { engine: Tts; model: string; voice: string } {
    return { engine: this.fakeTts, model: id, voice };
  }
}
