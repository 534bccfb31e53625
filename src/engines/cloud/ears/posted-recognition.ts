// One utterance for a service that is sent sound as a file and answers with all its words. Every pause at which the words are asked for is worth a
// request: what lies before a pause that was long ago is not sent again.
import { EngineError, type Recognition, type Transcript } from '../../engine.ts';
import { joinStretches } from '../../../lib/join-stretches.ts';
import { Recorder } from '../../../media/recorder.ts';
import { levelsOf, soundSpan, soundThresholdDb } from '../../local/segmented/levels.ts';
import { RATE_HZ } from './wire.ts';

const SAMPLES_PER_MS = RATE_HZ / 1000;
/** So much sound before a pause, once its words are known, is left as it is: what follows is sent alone. */
const SETTLED_MS = 8000;
/** Nobody speaks for so long, and services take no larger files (25 MB). */
const LONGEST_MS = 10 * 60_000;
/** So many frames of 10 ms with sound in them may be a word; fewer are a click. */
const LEAST_LOUD_FRAMES = 5;

/** Asks for the words of this sound; `before` is what was said before it. Rejects with EngineError, also when the signal fires. */
export type Post = (samples: Int16Array, before: string, signal: AbortSignal) => Promise<Transcript>;

interface Answer {
  /** Up to which sample it knows, and above which level it takes sound for speech. */
  readonly to: number;
  readonly thresholdDb: number;
  readonly words: PromiseWithResolvers<Transcript>;
  readonly request: AbortController;
  urgency: 'speculative' | 'final';
  /** Of what was sent, once it is there. */
  own: Transcript | undefined;
  state: 'working' | 'done' | 'failed';
}

interface Settled {
  readonly atMs: number;
  readonly transcript: Transcript;
}

export class PostedRecognition implements Recognition {
  readonly #engine: string;
  readonly #post: Post;
  readonly #onOver: () => void;
  readonly #heard = new Recorder();
  readonly #settled: Settled[] = [];
  /** Where what is not settled begins. */
  #from = 0;
  #answer: Answer | undefined;
  #over: EngineError | undefined;

  /** `engine`: its id. */
  constructor(engine: string, post: Post, onOver: () => void) {
    this.#engine = engine;
    this.#post = post;
    this.#onOver = onOver;
  }

  hear(samples: Int16Array): void {
    if (this.#over) return;
    this.#heard.append(samples);
    if (this.#heard.end - this.#from <= LONGEST_MS * SAMPLES_PER_MS) return;
    const minutes = LONGEST_MS / 60_000;
    this.end(
      new EngineError(this.#engine, 'timeout', `nobody asked for the words of ${minutes} minutes of speech`, {
        retryable: false,
        forClient: `More than ${minutes} minutes of speech cannot be recognised at once.`,
      }),
    );
  }

  words(urgency: 'speculative' | 'final'): Promise<Transcript> {
    const words = this.#wordsFor(urgency);
    // Whoever asked may have lost interest by the time it fails.
    words.catch(() => {});
    return words;
  }

  close(): void {
    this.end(new EngineError(this.#engine, 'unavailable', 'the recognition was closed'));
  }

  /** There will be no more words, for this reason. */
  end(reason: EngineError): void {
    if (this.#over) return;
    this.#over = reason;
    this.#drop(reason);
    this.#onOver();
  }

  #wordsFor(urgency: 'speculative' | 'final'): Promise<Transcript> {
    if (this.#over) return Promise.reject(this.#over);
    const last = this.#answer;
    if (!last || last.state === 'failed' || this.#hasSpeechSince(last)) return this.#ask(urgency);
    if (urgency === 'speculative' || last.state === 'done' || last.urgency === 'final') return last.words.promise;
    last.urgency = 'final';
    // What went wrong when nobody waited may go well now.
    return last.words.promise.catch(() => this.#wordsFor('final'));
  }

  #ask(urgency: 'speculative' | 'final'): Promise<Transcript> {
    this.#drop(new EngineError(this.#engine, 'rate_limited', 'speech went on before these words were there'));
    const before = this.#answer;
    if (before?.own && before.to - this.#from >= SETTLED_MS * SAMPLES_PER_MS) {
      this.#settled.push({ atMs: this.#from / SAMPLES_PER_MS, transcript: before.own });
      this.#from = before.to;
      this.#heard.forgetBefore(before.to);
    }
    const to = this.#heard.end;
    const samples = this.#heard.slice(this.#from, to);
    const levels = levelsOf(samples);
    const thresholdDb = soundThresholdDb(levels);
    const answer: Answer = {
      to,
      thresholdDb,
      words: Promise.withResolvers<Transcript>(),
      request: new AbortController(),
      urgency,
      own: undefined,
      state: 'working',
    };
    answer.words.promise.catch(() => {});
    this.#answer = answer;
    // Models make words up where there is nothing to hear.
    const isSilent = soundSpan(levels, thresholdDb) === undefined;
    if (isSilent) this.#answered(answer, { text: '', words: [] });
    else {
      this.#post(samples, this.#textSoFar(), answer.request.signal).then(
        (transcript) => this.#answered(answer, transcript),
        (error: unknown) => this.#failed(answer, error),
      );
    }
    return answer.words.promise;
  }

  #answered(answer: Answer, own: Transcript): void {
    if (answer.state !== 'working') return;
    answer.own = own;
    answer.state = 'done';
    answer.words.resolve(joined([...this.#settled, { atMs: this.#from / SAMPLES_PER_MS, transcript: own }]));
  }

  #failed(answer: Answer, error: unknown): void {
    if (answer.state !== 'working') return;
    answer.state = 'failed';
    answer.words.reject(error);
  }

  /** Nobody needs what is under way any more. */
  #drop(reason: EngineError): void {
    if (this.#answer?.state !== 'working') return;
    this.#failed(this.#answer, reason);
    this.#answer.request.abort();
  }

  #hasSpeechSince({ to, thresholdDb }: Answer): boolean {
    let loud = 0;
    for (const level of levelsOf(this.#heard.slice(to, this.#heard.end))) if (level > thresholdDb) loud++;
    return loud >= LEAST_LOUD_FRAMES;
  }

  #textSoFar(): string {
    return joinStretches(this.#settled.map(({ transcript }) => transcript.text));
  }
}

function joined(parts: readonly Settled[]): Transcript {
  const moved = <T extends { startMs: number; endMs: number }>(words: readonly T[], byMs: number) =>
    words.map((word) => ({ ...word, startMs: word.startMs + byMs, endMs: word.endMs + byMs }));
  const segments = parts.flatMap(({ atMs, transcript }) => moved(transcript.segments ?? [], atMs));
  const languages = [...new Set(parts.flatMap(({ transcript }) => transcript.languages ?? []))];
  return {
    text: joinStretches(parts.map(({ transcript }) => transcript.text)),
    words: parts.flatMap(({ atMs, transcript }) => moved(transcript.words, atMs)),
    ...(segments.length === 0 ? {} : { segments }),
    ...(languages.length === 0 ? {} : { languages }),
  };
}
