// One utterance: keeps its sound, closes what is too long to be decoded again and again, and knows for how long an answer stays good.
import { EngineError, type Origin, type Recognition, type Transcript } from '../../engine.ts';
import type { Clock } from '../../../lib/clock.ts';
import { Admission } from '../admission.ts';
import { DecodeJob } from './decode-job.ts';
import type { SegmentDecoder, Urgency } from './decoder.ts';
import type { Hints } from './key-terms.ts';
import { joinSegments, type PlacedText } from './joining.ts';
import { bestPause, FRAME, soundSpan, soundThresholdDb } from './levels.ts';
import { Partials } from './partials.ts';
import { Samples } from './samples.ts';
import type { SegmentText } from './transcribe.ts';

const FRAMES_PER_SECOND = 100;
const SAMPLES_PER_MS = 16;
/** Samples that may wait for a decoder: an item may hold five minutes, and all of them come at once. */
const MOST_WAITING = 360 * FRAMES_PER_SECOND * FRAME;
/** So many frames of sound after what was decoded may be a word; fewer are a click. */
const LEAST_LOUD_FRAMES = 5;

/** A part of the utterance that nothing will be added to; decoded once. */
interface Closed {
  readonly startMs: number;
  samples: Int16Array;
  readonly draft: readonly number[];
  job: DecodeJob | undefined;
  text: SegmentText | undefined;
}

/** What `words` answers: good for as long as nothing more is heard. */
interface Answer {
  /** How many frames of the open segment it knows, and above which level they are sound. */
  readonly frames: number;
  readonly thresholdDb: number;
  readonly transcript: PromiseWithResolvers<Transcript>;
  readonly jobs: readonly DecodeJob[];
  /** The job of the open segment, which nothing else is for. */
  readonly own: DecodeJob | undefined;
  urgency: 'speculative' | 'final';
  state: 'working' | 'done' | 'failed';
  /** Whether the segment it knew is another by now. */
  outdated: boolean;
}

/** What suits a model. */
export interface SegmentLimits {
  /** A segment is closed at a pause when it is longer. */
  readonly longestMs: number;
  /** It is not closed before this: short ones lack context. */
  readonly shortestMs: number;
  /** A guess for every so much sound, but the second of a segment after half of it: only what two agree on is shown. */
  readonly partialEveryMs: number;
}

export interface UtteranceOptions {
  /** The engine's id. */
  readonly engine: string;
  readonly limits: SegmentLimits;
  readonly clock: Clock;
  readonly hints: Hints;
  /** Whose speech it is. */
  readonly origin?: Origin | undefined;
  readonly onPartial: (guess: Transcript) => void;
  readonly onClose?: () => void;
}

export class SegmentedUtterance implements Recognition {
  readonly #decoder: SegmentDecoder;
  readonly #options: UtteranceOptions;
  readonly #open = new Samples();
  #openStartMs = 0;
  #closed: Closed[] = [];
  /** The newest. */
  #answer: Answer | undefined;
  readonly #working = new Set<Answer>();
  readonly #partials = new Partials();
  #guess: DecodeJob | undefined;
  /** Guesses made at the open segment. */
  #guesses = 0;
  /** The tokens of the newest decode of the open segment. */
  #draft: readonly number[] = [];
  /** How many samples of the open segment the newest guess or answer knew. */
  #known = 0;
  #shown = '';
  readonly #admission: Admission;
  /** Why there will be no more words. */
  #over: EngineError | undefined;

  constructor(decoder: SegmentDecoder, options: UtteranceOptions) {
    this.#decoder = decoder;
    this.#options = options;
    this.#admission = new Admission(options.clock, () => this.end(this.#notAdmitted()));
  }

  hear(samples: Int16Array): void {
    if (this.#over) return;
    this.#open.append(samples);
    while (!this.#over && this.#open.levels().length > framesOf(this.#options.limits.longestMs)) this.#closeSegment();
    this.#startGuess();
  }

  words(urgency: 'speculative' | 'final'): Promise<Transcript> {
    const words = this.#wordsFor(urgency);
    // Whoever asked may have lost interest by the time it fails.
    words.catch(() => {});
    return words;
  }

  close(): void {
    this.end(new EngineError(this.#options.engine, 'unavailable', 'the recognition was closed'));
    this.#options.onClose?.();
  }

  /** There will be no more words, for this reason. */
  end(error: EngineError): void {
    if (this.#over) return;
    this.#over = error;
    this.#admission.set(false);
    this.#dropGuess();
    for (const { job } of this.#closed) job?.abort();
    for (const answer of this.#working) {
      for (const job of answer.jobs) job.abort();
      this.#fail(answer, error);
    }
    this.#closed = [];
  }

  #wordsFor(urgency: 'speculative' | 'final'): Promise<Transcript> {
    if (this.#over) return Promise.reject(this.#over);
    const last = this.#answer;
    if (last && this.#isGood(last)) {
      if (urgency === 'speculative' || last.state === 'done') return last.transcript.promise;
      last.urgency = 'final';
      for (const job of last.jobs) job.hurry();
      this.#admit();
      return last.transcript.promise.catch(() => this.#ask('final').transcript.promise);
    }
    return this.#ask(urgency).transcript.promise;
  }

  #ask(urgency: 'speculative' | 'final'): Answer {
    if (this.#over) return failed(this.#over);
    this.#dropGuess();
    const before = this.#answer;
    if (before?.state === 'working' && before.urgency === 'speculative') {
      // Speech went on, so that nobody needs it any more.
      before.own?.abort();
      this.#fail(before, new EngineError(this.#options.engine, 'rate_limited', 'speech went on before these words were there'));
    }
    this.#answer = this.#newAnswer(urgency);
    this.#admit();
    return this.#answer;
  }

  /** Somebody may wait for words that nobody works on: neither on this part of them nor on another. */
  #admit(): void {
    if (this.#over) return;
    const answer = this.#answer;
    const isWaitedFor = answer?.state === 'working' && answer.urgency === 'final';
    this.#admission.set(isWaitedFor && !answer.jobs.some((job) => job.isUnderWay));
  }

  #notAdmitted(): EngineError {
    const { engine } = this.#options;
    if (!this.#decoder.ready) return new EngineError(engine, 'unavailable', `no worker of ${engine} got ready in time for these words`);
    return new EngineError(
      engine,
      'rate_limited',
      `no worker of ${engine} was free in time for these words; raise PARLEY_STT_PROCESSES or add cores`,
    );
  }

  #newAnswer(urgency: 'speculative' | 'final'): Answer {
    const levels = this.#open.levels();
    const thresholdDb = soundThresholdDb(levels);
    this.#known = this.#open.length;
    const own = soundSpan(levels, thresholdDb) ? this.#orderOpen(urgency) : undefined;
    const parts = this.#closed.map((closed) => this.#closedText(closed, urgency));
    const jobs = this.#closed.flatMap(({ job }) => job ?? []);
    const transcript = Promise.withResolvers<Transcript>();
    // Whoever asked hears of a failure.
    transcript.promise.catch(() => {});
    const answer: Answer = {
      frames: levels.length,
      thresholdDb,
      transcript,
      jobs: own ? [...jobs, own] : jobs,
      own,
      urgency,
      state: 'working',
      outdated: false,
    };
    this.#working.add(answer);
    if (own) parts.push(placed(this.#openStartMs, own.result));
    Promise.all(parts).then(
      (texts) => {
        // An aborted job was overtaken, or all is over: either settles the answer by itself.
        if (!texts.every((text) => text !== undefined)) return;
        answer.state = 'done';
        this.#working.delete(answer);
        this.#admit();
        transcript.resolve(joinSegments(texts));
      },
      (error: unknown) => this.#fail(answer, error),
    );
    return answer;
  }

  #fail(answer: Answer, error: unknown): void {
    answer.state = 'failed';
    this.#working.delete(answer);
    this.#admit();
    answer.transcript.reject(error);
  }

  /** Whether nothing was heard since that may be a word. */
  #isGood({ frames, thresholdDb, state, outdated }: Answer): boolean {
    if (state === 'failed' || outdated) return false;
    let loud = 0;
    for (const level of this.#open.levels(frames)) if (level > thresholdDb) loud++;
    return loud < LEAST_LOUD_FRAMES;
  }

  /** Cuts the first of the open segment off at a pause. Its words will not be asked of the model again. */
  #closeSegment(): void {
    const { longestMs, shortestMs } = this.#options.limits;
    const longest = framesOf(longestMs);
    const frames = bestPause(this.#open.levels().subarray(0, longest + FRAMES_PER_SECOND), framesOf(shortestMs), longest);
    const samples = this.#open.take(frames);
    const closed: Closed = { startMs: this.#openStartMs, samples, draft: this.#draft, job: undefined, text: undefined };
    this.#draft = [];
    this.#openStartMs += closed.samples.length / SAMPLES_PER_MS;
    this.#closed.push(closed);
    this.#dropGuess();
    this.#partials.reset();
    this.#guesses = 0;
    this.#known = 0;
    if (this.#answer) this.#answer.outdated = true;
    void this.#closedText(closed, 'speculative').catch(() => {});
    const waiting = this.#closed.reduce((sum, { samples }) => sum + samples.length, 0);
    if (waiting > MOST_WAITING)
      this.end(new EngineError(this.#options.engine, 'timeout', 'the recogniser fell six minutes behind the speaker'));
  }

  async #closedText(closed: Closed, urgency: Urgency): Promise<PlacedText | undefined> {
    if (closed.text) return { startMs: closed.startMs, ...closed.text };
    closed.job ??= this.#order(closed.samples, urgency, closed.draft);
    const { job } = closed;
    if (urgency === 'final') job.hurry();
    try {
      const text = await job.result;
      if (!text) return undefined;
      closed.text = text;
      closed.samples = new Int16Array(0);
      return { startMs: closed.startMs, ...text };
    } catch (error) {
      // The next who asks tries again.
      if (closed.job === job) closed.job = undefined;
      throw error;
    }
  }

  #orderOpen(urgency: Urgency): DecodeJob {
    const job = this.#order(this.#open.copy(), urgency, this.#draft);
    const startMs = this.#openStartMs;
    const learn = (text: SegmentText | undefined) => {
      if (text && startMs === this.#openStartMs) this.#draft = text.tokens;
    };
    job.result.then(learn, () => {});
    return job;
  }

  /** `draft`: of an earlier decode that began with the same sound. */
  #order(samples: Int16Array, urgency: Urgency, draft: readonly number[]): DecodeJob {
    const { hints, origin } = this.#options;
    return new DecodeJob(this.#decoder, { samples, hints, retry: urgency !== 'partial', draft }, urgency, origin, () => this.#admit());
  }

  #startGuess(): void {
    if (this.#over || this.#guess || this.#answer?.state === 'working' || this.#decoder.busy) return;
    const { partialEveryMs } = this.#options.limits;
    const waitMs = this.#guesses === 1 ? partialEveryMs / 2 : partialEveryMs;
    if (this.#open.length - this.#known < waitMs * SAMPLES_PER_MS) return;
    const from = Math.floor(this.#known / FRAME);
    this.#known = this.#open.length;
    const levels = this.#open.levels();
    const span = soundSpan(levels);
    if (!span || span.to <= from) return;
    this.#guesses++;
    const guess = this.#orderOpen('partial');
    this.#guess = guess;
    // A guess that fails is no loss: `words` tells what is wrong.
    guess.result.then(
      (text) => this.#guessed(guess, text),
      () => this.#guessed(guess, undefined),
    );
  }

  #guessed(guess: DecodeJob, text: SegmentText | undefined): void {
    if (this.#guess !== guess) return;
    this.#guess = undefined;
    if (text) this.#show(text);
    this.#startGuess();
  }

  #dropGuess(): void {
    this.#guess?.abort();
    this.#guess = undefined;
  }

  #show(guess: SegmentText): void {
    const stable = this.#partials.agree(guess);
    const before = this.#closed.map(({ startMs, text }) => text && { startMs, text: text.text, words: text.words });
    if (!before.every((text) => text !== undefined)) return;
    const transcript = joinSegments([...before, { startMs: this.#openStartMs, ...stable }]);
    if (transcript.text === this.#shown || transcript.text === '') return;
    this.#shown = transcript.text;
    this.#options.onPartial(transcript);
  }
}

function framesOf(ms: number): number {
  return (ms * FRAMES_PER_SECOND) / 1000;
}

async function placed(startMs: number, result: Promise<SegmentText | undefined>): Promise<PlacedText | undefined> {
  const text = await result;
  return text && { startMs, ...text };
}

/** Of an utterance that is over. */
function failed(over: EngineError): Answer {
  const transcript = Promise.withResolvers<Transcript>();
  transcript.promise.catch(() => {});
  transcript.reject(over);
  return { frames: 0, thresholdDb: 0, transcript, jobs: [], own: undefined, urgency: 'final', state: 'failed', outdated: true };
}
