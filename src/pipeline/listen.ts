// The ear of one session: wire bytes become samples, samples become onsets, pauses and words. It reports; the session decides.
import { EngineError, type Engines, type Origin, type TurnJudgement, VAD_RATE_HZ, VAD_WINDOW } from '../engines/engine.ts';
import { Recorder } from '../media/recorder.ts';
import type { AudioFormat } from '../protocol/audio-format.ts';
import { errors } from '../protocol/errors.ts';
import type { SessionConfig } from '../protocol/session-config.ts';
import type { Allowance } from './allowance.ts';
import { failureOf, isDeclared } from './failure.ts';
import { readProviderData } from '../protocol/provider-data/provider-data.ts';
import { spokenLanguages, sttOptions } from './hints.ts';
import { Intake } from './intake.ts';
import { ItemSounds } from './item-sounds.ts';
import { speakersOf } from './speakers.ts';
import { acousticEnd, SpeechDetector } from './speech-detector.ts';
import { type Sound, Utterance } from './utterance.ts';
import { VadWindows } from './vad-windows.ts';
import type { Fact } from '../session/facts.ts';
import { patienceMs, speechThreshold } from '../session/floor/patience.ts';

const samplesPerMs = VAD_RATE_HZ / 1000;
/** Sound before the onset that a recogniser needs to hear the first word whole. */
const leadInMs = 300;
/** How long after the acoustic end a recogniser is told to finish, and the judge asked: their work hides in the rest of the silence. */
const settleMs = 200;
/** What of a turn the judge hears. */
const mostJudgedMs = 8000;
/** Sound that no item holds yet: while nobody speaks, and at the most. Older sound is forgotten. */
const mostQuietMs = 10_000;
const mostBufferedMs = 300_000;

export interface EarPorts {
  feed: (fact: Fact) => void;
  /** The sound of an item, for whoever asks for it later. */
  keep: (item: string, samples: Int16Array) => void;
  /** Whose speech it is, for the recognisers. */
  origin: Origin;
  allowance: Pick<Allowance, 'recognition' | 'recognised'>;
  now: () => number;
  /** The detector cannot follow: from here on it looks at one of several windows. Told once. */
  onBehind: () => void;
  /** Something failed, to be logged: a recogniser (an EngineError, of which a fact tells too), a limit that is reached, or what is a fault of ours. */
  onFault: (error: unknown) => void;
}

export class Ear {
  readonly #engines: Engines;
  readonly #feed: (fact: Fact) => void;
  readonly #keep: (item: string, samples: Int16Array) => void;
  readonly #origin: Origin;
  readonly #allowance: EarPorts['allowance'];
  readonly #onFault: (error: unknown) => void;
  readonly #windows: VadWindows;
  #wasBehind = false;
  /** Whether the detector keeps up is about to be assessed. */
  #assessing: NodeJS.Immediate | undefined;
  readonly #recorder = new Recorder();
  /** The same sound as the detector hears it, at the same positions: only the last of it. */
  readonly #clean = new Recorder();
  #config: SessionConfig;
  readonly #intake: Intake;
  readonly #items: ItemSounds;
  #detector: SpeechDetector;
  #receivedMs = 0;
  /** Positions: where the detector's window 0 began, and where the next window for it begins. */
  #windowBase = 0;
  #nextWindow = 0;
  /** Windows decided since the base. */
  #decided = 0;
  /** The utterance not yet committed. */
  #utterance: Utterance | undefined;
  /** Position where input that no item holds begins. */
  #bufferStart = 0;
  /** Position where the open utterance begins, once the session has named it. */
  #turnStart = 0;
  /** A position that the judge waits for the detector to have looked at. */
  #awaited: { position: number; reached: () => void } | undefined;
  /** Position where the utterance's speech paused, until it is settled. */
  #pausedAt: number | undefined;
  /** Position where the last stretch of speech ended: the next one's lead-in does not reach back into it. */
  #spokenUntil = 0;
  readonly #committed = new Set<Utterance>();
  #closed = false;

  constructor(engines: Engines, config: SessionConfig, { feed, keep, origin, allowance, now, onBehind, onFault }: EarPorts) {
    this.#engines = engines;
    this.#config = config;
    this.#feed = feed;
    this.#keep = keep;
    this.#origin = origin;
    this.#allowance = allowance;
    this.#onFault = onFault;
    this.#detector = new SpeechDetector(speechThreshold(config));
    this.#windows = new VadWindows(engines.vad, {
      now,
      decide: (probability) => this.#onProbability(probability),
      onLeftOut: () => {
        if (!this.#wasBehind) onBehind();
        this.#wasBehind = true;
      },
    });
    this.#items = new ItemSounds({
      decoder: engines.decoder,
      recognise: (item, samples) => this.#recognise(item, samples),
      onFailure: (item, error) => {
        this.#onFault(error);
        this.#feed({ kind: 'transcript.failed', item, failure: failureOf(error, 'The decoder of sound files') });
      },
    });
    this.#intake = new Intake(engines, config.audio.input, {
      origin,
      onSound: (samples, clean, ms) => this.#hear(samples, clean, ms),
      onFault,
    });
  }

  /** How to listen from here on. The utterance being heard goes on; what else becomes of it, the session says. */
  configure(config: SessionConfig): void {
    this.#config = config;
    this.#intake.configure(config.audio.input);
    this.#detector.threshold = speechThreshold(config);
  }

  /** Bytes in the session's input format. */
  append(bytes: Uint8Array): void {
    this.#intake.take(bytes);
  }

  /** Resolves when all that was appended has been heard; undefined when it has. Events wait for it: they come after that sound. */
  get settled(): Promise<void> | undefined {
    return this.#intake.settled;
  }

  /** Hears what noise reduction holds back of the sound so far, which is all that the client's next word is about. */
  catchUp(): void {
    this.#intake.flush();
  }

  /** How much appended sound has not been heard yet. */
  get behindMs(): number {
    return this.#intake.behindMs;
  }

  #hear(samples: Int16Array, clean: Int16Array, ms: number): void {
    this.#receivedMs += ms;
    this.#windows.came(ms);
    this.#recorder.append(samples);
    this.#clean.append(clean);
    this.#pump();
    this.#report();
  }

  /** From here on the open utterance is this item. */
  begin(item: string, fromMs: number): void {
    if (!this.#utterance) return;
    this.#utterance.item = item;
    this.#turnStart = Math.round(fromMs * samplesPerMs);
    this.#utterance.forgetBefore(this.#turnStart);
  }

  /** The input between the two becomes the item: a `transcript.final` or `transcript.failed` follows. */
  commit(item: string, fromMs: number, toMs: number): void {
    const from = Math.round(fromMs * samplesPerMs);
    const to = Math.min(Math.round(toMs * samplesPerMs), this.#recorder.end);
    const sound = this.#recorder.slice(from, to);
    this.#keep(item, sound);
    const utterance = this.#utterance ?? this.#newUtterance();
    utterance.item = item;
    utterance.forgetBefore(from);
    // The detector heard nobody (yet), but the client says there is something: all of it is listened to.
    if (utterance.empty) utterance.begin(from);
    // Sound the detector has not looked at, sent faster than it looks: it may hold more words.
    else if (!utterance.listening && to - this.#decidedUntil > VAD_WINDOW * 2)
      utterance.begin(Math.max(this.#spokenUntil, this.#decidedUntil - leadInMs * samplesPerMs));
    utterance.hear(to);
    const straddles = this.#detector.speaking || to - this.#decidedUntil > VAD_WINDOW * 2;
    this.#leaveUtterance(to);
    if (straddles) this.#restartDetection(to);
    void this.#finish(utterance, item, fromMs, sound.length / VAD_RATE_HZ);
    // What came after `to` may be all that comes: it is not to wait for more sound.
    this.#pump();
  }

  clear(untilMs: number): void {
    const until = Math.max(this.#recorder.end, Math.round(untilMs * samplesPerMs));
    this.#utterance?.cancel();
    this.#leaveUtterance(until);
    this.#restartDetection(until);
  }

  /** Recognises sound a client sent inside an item. Resolves when the next event may be taken. */
  transcribe(item: string, audio: string | Uint8Array, format: AudioFormat): Promise<void> {
    return this.#items.take(item, audio, format);
  }

  /** The item is gone: nobody wants its words any more. */
  forget(item: string): void {
    this.#items.forget(item);
    for (const utterance of this.#committed) {
      if (utterance.item !== item) continue;
      this.#committed.delete(utterance);
      utterance.cancel();
    }
  }

  #recognise(item: string, samples: Int16Array): Promise<void> {
    this.#keep(item, samples);
    const utterance = this.#newUtterance((from, to) => samples.subarray(from, to));
    utterance.item = item;
    utterance.begin(0);
    utterance.hear(samples.length);
    return this.#finish(utterance, item, 0, samples.length / VAD_RATE_HZ);
  }

  /**
   * Asks the judge about the open utterance once its pause has lasted long enough to be judged: with its sound, and with the recogniser's
   * last word on it.
   */
  async judge(item: string, silenceMs: number, signal: AbortSignal): Promise<void> {
    const utterance = this.#utterance;
    if (!utterance || utterance.item !== item) return;
    const pause = this.#spokenUntil;
    const end = Math.round(pause + settleMs * samplesPerMs);
    await this.#lookedAt(end);
    // Speech may have gone on meanwhile: then there will be another pause to judge.
    if (this.#utterance !== utterance || this.#spokenUntil !== pause || this.#detector.speaking || signal.aborted) return;
    this.#pausedAt = undefined;
    const { language } = spokenLanguages(this.#config);
    const turn = {
      transcript: this.#wordsOf(utterance),
      silenceMs: Math.max(silenceMs, settleMs),
      audio: this.#recorder.slice(Math.max(this.#turnStart, end - mostJudgedMs * samplesPerMs), end),
      ...(language === undefined ? {} : { language }),
    };
    let judgement: Omit<TurnJudgement, 'inferenceMs'> & { inferenceMs?: number } = { complete: 0.5, basis: 'words' };
    try {
      judgement = await this.#engines.turn.score(turn, signal);
    } catch (error) {
      // Without a judge the turn is as likely over as not.
      if (!(error instanceof EngineError)) this.#onFault(error);
    }
    // And it may even have paused again: what was judged is no longer what was said.
    const stands = this.#utterance === utterance && !utterance.listening && this.#spokenUntil === pause;
    if (stands && !signal.aborted) this.#feed({ kind: 'turn.judged', item, ...judgement });
  }

  /** All the words so far, as far as there are any: a recogniser's failure is told when the turn is committed. */
  async #wordsOf(utterance: Utterance): Promise<string> {
    try {
      return (await utterance.words('speculative')).text;
    } catch (error) {
      if (!isDeclared(error)) this.#onFault(error);
      return utterance.text;
    }
  }

  /** Resolves when the detector has looked that far, and when it is of no interest any more. */
  #lookedAt(position: number): Promise<void> | undefined {
    this.#awaited?.reached();
    this.#awaited = undefined;
    if (this.#decidedUntil >= position) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited = { position, reached: resolve };
    return promise;
  }

  close(): void {
    this.#closed = true;
    clearImmediate(this.#assessing);
    this.#awaited?.reached();
    this.#intake.close();
    this.#items.close();
    this.#windows.close();
    this.#utterance?.cancel();
    for (const utterance of this.#committed) utterance.cancel();
  }

  get #decidedUntil(): number {
    return this.#windowBase + this.#decided * VAD_WINDOW;
  }

  /** Position up to which the sound has been said by now, if it was said in its own time. */
  get #saidUntil(): number {
    return this.#recorder.end - this.#windows.aheadMs * samplesPerMs;
  }

  /** Windows that have been said and are not decided. */
  get #behind(): number {
    return Math.floor((this.#saidUntil - this.#decidedUntil) / VAD_WINDOW);
  }

  /**
   * Gives the detector its next windows, never more than it may have waiting: a client that sends a minute at once is heard like one
   * that took a minute. Whether it keeps up is assessed once all answers that are there have been heard: when the loop was late, they are.
   */
  #pump(): void {
    while (this.#hasWindow) {
      if (this.#windows.isInDoubt(this.#behind)) {
        this.#assessing ??= setImmediate(() => this.#assess());
        return;
      }
      if (!this.#windows.takes) break;
      this.#push();
    }
    this.#forget();
  }

  #assess(): void {
    this.#assessing = undefined;
    if (this.#closed) return;
    this.#windows.assess(this.#behind);
    while (this.#hasWindow && this.#windows.takes) this.#push();
    this.#forget();
  }

  get #hasWindow(): boolean {
    return this.#recorder.end - this.#nextWindow >= VAD_WINDOW;
  }

  #push(): void {
    const from = this.#nextWindow;
    this.#nextWindow += VAD_WINDOW;
    this.#windows.push(this.#clean.slice(from, from + VAD_WINDOW), this.#behind);
  }

  #forget(): void {
    const decided = this.#decidedUntil;
    const most = (this.#utterance || !this.#config.audio.input.turn_detection ? mostBufferedMs : mostQuietMs) * samplesPerMs;
    const needed = Math.min(this.#bufferStart, decided - leadInMs * samplesPerMs);
    const bounded = Math.max(needed, decided - most, this.#recorder.end - mostBufferedMs * samplesPerMs);
    this.#recorder.forgetBefore(bounded);
    this.#clean.forgetBefore(Math.max(bounded, decided - leadInMs * samplesPerMs));
    // Only a client that sends five minutes at once gets here: what nobody can look at any more is passed by.
    if (bounded > decided + VAD_WINDOW) this.#restartDetection(bounded);
  }

  #report(): void {
    this.#feed({ kind: 'audio.reached', receivedMs: this.#receivedMs, decidedMs: this.#decidedUntil / samplesPerMs });
  }

  #onProbability(probability: number): void {
    if (this.#closed) return;
    const detected = this.#detector.feed(probability, this.#decided);
    this.#decided += 1;
    if (detected?.kind === 'began') this.#onBegan(this.#windowBase + detected.window * VAD_WINDOW);
    else if (detected?.kind === 'paused') this.#onPaused(this.#windowBase + detected.window * VAD_WINDOW);
    // The recogniser hears what the detector has heard, and in speech a little more: it must not run ahead into speech that another one hears.
    const ahead = this.#detector.speaking ? VAD_WINDOW : 0;
    this.#utterance?.hear(Math.min(this.#decidedUntil + ahead, this.#recorder.end));
    if (this.#awaited && this.#decidedUntil >= this.#awaited.position) this.#awaited.reached();
    if (this.#pausedAt !== undefined && this.#decidedUntil - this.#pausedAt >= this.#settleSamples) {
      this.#pausedAt = undefined;
      this.#utterance?.settle();
    }
    this.#pump();
    this.#report();
  }

  get #settleSamples(): number {
    const detection = this.#config.audio.input.turn_detection;
    const ms = detection?.type === 'server_vad' ? Math.min(settleMs, patienceMs(this.#config, detection, undefined) / 2) : settleMs;
    return ms * samplesPerMs;
  }

  #onBegan(position: number): void {
    this.#utterance ??= this.#newUtterance();
    if (!this.#utterance.listening)
      this.#utterance.begin(Math.max(position - leadInMs * samplesPerMs, this.#bufferStart, this.#spokenUntil));
    this.#pausedAt = undefined;
    this.#feed({ kind: 'speech.began', atMs: position / samplesPerMs });
  }

  #onPaused(position: number): void {
    const from = Math.max(0, position - 3 * VAD_WINDOW);
    const end = from + acousticEnd(this.#clean.slice(from, this.#decidedUntil), position - from);
    this.#pausedAt = end;
    this.#spokenUntil = end;
    this.#feed({ kind: 'speech.paused', atMs: end / samplesPerMs });
  }

  #leaveUtterance(bufferStart: number): void {
    this.#utterance = undefined;
    this.#awaited?.reached();
    this.#pausedAt = undefined;
    this.#bufferStart = bufferStart;
  }

  #restartDetection(from: number): void {
    this.#windows.reset();
    this.#detector = new SpeechDetector(speechThreshold(this.#config));
    this.#windowBase = from;
    this.#nextWindow = from;
    this.#decided = 0;
  }

  /** Of the input, unless its sound comes from elsewhere. */
  #newUtterance(sound: Sound = (from, to) => this.#recorder.slice(from, to)): Utterance {
    const utterance: Utterance = new Utterance(
      () => {
        // Who has begun is heard to the end.
        const excess = utterance.empty ? this.#allowance.recognition() : undefined;
        if (excess) throw errors.limited(excess);
        const { fallback } = readProviderData(this.#config.providerData);
        const { engine, model } = this.#engines.stt(this.#config.audio.input.transcription?.model ?? '', fallback?.stt);
        const onHeard = (samples: number) => this.#allowance.recognised(samples / VAD_RATE_HZ);
        return { engine, options: sttOptions(this.#config, model, this.#origin), onHeard };
      },
      sound,
      (text) => {
        const { item } = utterance;
        if (item !== undefined && !this.#closed) this.#feed({ kind: 'transcript.partial', item, text });
      },
    );
    return utterance;
  }

  /** The words of an item that begins at `fromMs` of the input and lasts so many seconds. */
  #finish(utterance: Utterance, item: string, fromMs: number, seconds: number): Promise<void> {
    this.#committed.add(utterance);
    return utterance.words('final').then(
      ({ text, logprobs, recognised }) => {
        const speakers = speakersOf(recognised, fromMs, seconds * 1000);
        this.#tell(utterance, { kind: 'transcript.final', item, text, logprobs, seconds, ...speakers });
      },
      (error: unknown) => {
        if (!this.#closed && this.#committed.has(utterance)) this.#onFault(error);
        this.#tell(utterance, { kind: 'transcript.failed', item, failure: failureOf(error, 'The speech recognition') });
      },
    );
  }

  #tell(utterance: Utterance, fact: Fact): void {
    // Its item has gone.
    if (!this.#committed.delete(utterance)) return;
    utterance.cancel();
    if (!this.#closed) this.#feed(fact);
  }
}
