// Several voices as one: where one of them fails, the next goes on with the first clause that has not been spoken.
import { type Attempt, EngineError, type EngineFailure, type Speech, type Tts, type TtsOptions, type Word } from '../engine.ts';
import { withDeadline } from './deadline.ts';
import type { FallbackSpeechOptions } from './fallback-stt.ts';
import { spokenClauses } from './spoken-clauses.ts';
import type { SpeechRoute } from './service.ts';

/** One that may speak, and in which of its voices. */
export interface VoiceCandidate extends SpeechRoute<Tts> {
  readonly voice: string;
}

/** The first of the candidates that works, at least two of them; the last is never cut off and never left alone. */
export function fallbackTts(candidates: readonly VoiceCandidate[], options: FallbackSpeechOptions): Tts {
  const [first] = candidates;
  if (!first) throw new Error('There is no voice.');
  const { engine } = first;
  const steers = candidates.some((each) => each.engine.steers);
  return {
    get info() {
      return engine.info;
    },
    // Whoever goes on needs whole clauses to know where.
    takes: 'clauses',
    ...(steers ? { steers } : {}),
    voices: () => engine.voices(),
    warmUp: (signal) => engine.warmUp(signal),
    ...(engine.health ? { health: () => engine.health?.() ?? { state: 'ready' } } : {}),
    // Each is closed by whoever made it.
    close: async () => {},
    speak: (text, wish, signal) => speak(candidates, options, steers, text, wish, signal),
  };
}

async function* speak(
  candidates: readonly VoiceCandidate[],
  options: FallbackSpeechOptions,
  steers: boolean,
  text: AsyncIterable<string>,
  wish: TtsOptions,
  signal: AbortSignal,
): AsyncGenerator<Speech> {
  const { clock, cooldown } = options;
  const script = new Script(text);
  /** How much was spoken by those before, and the first clause that was not. */
  let beforeMs = 0;
  let from = 0;
  let hasFailed = false;
  for (const [place, candidate] of candidates.entries()) {
    const isLast = place === candidates.length - 1;
    if (!isLast && !cooldown.mayAsk(candidate.id)) continue;
    const { engine, model, voice, id } = candidate;
    const startedMs = clock.now();
    const tell = (outcome: { outcome: 'answered' } | { outcome: 'failed'; reason: EngineFailure }) => {
      const attempt: Attempt = { stage: 'tts', model: id, ms: clock.now() - startedMs, ...outcome };
      options.onAttempt(attempt);
      // That the first one did what it was asked for is no news.
      hasFailed ||= outcome.outcome === 'failed';
      if (hasFailed) wish.onAttempt?.(attempt);
    };
    const words: Word[] = [];
    let spokenMs = 0;
    const own = new AbortController();
    const both = AbortSignal.any([signal, own.signal]);
    const clauses = script.from(from, both, steers && !engine.steers);
    try {
      const sound = engine.speak(clauses, { ...wish, model, voice }, both);
      for await (const speech of isLast ? sound : inTime(sound, script, options, engine.info.id)) {
        if (spokenMs === 0) cooldown.worked(id);
        if (speech.words) words.push(...speech.words);
        spokenMs += (speech.pcm.samples.length * 1000) / speech.pcm.rateHz;
        yield beforeMs === 0 || !speech.words ? speech : { ...speech, words: speech.words.map((word) => later(word, beforeMs)) };
      }
      if (!signal.aborted) tell({ outcome: 'answered' });
      return;
    } catch (error) {
      if (!(error instanceof EngineError) || signal.aborted) throw error;
      tell({ outcome: 'failed', reason: error.reason });
      cooldown.failed(id, error);
      if (isLast) throw error;
      beforeMs += spokenMs;
      from += spokenClauses(script.clauses.slice(from), { spokenMs, words, speed: wish.speed });
    } finally {
      own.abort();
    }
  }
}

function later(word: Word, ms: number): Word {
  return { ...word, startMs: word.startMs + ms, endMs: word.endMs + ms };
}

/**
 * The same sound; fails with `timeout` where its beginning is long in coming once there is a clause, or what follows once all of the text is there. Before
 * that a pause may be the model's.
 */
async function* inTime(
  sound: AsyncIterable<Speech>,
  script: Script,
  { clock, patienceMs }: FallbackSpeechOptions,
  engine: string,
): AsyncGenerator<Speech> {
  const iterator = sound[Symbol.asyncIterator]();
  let due = script.begun;
  try {
    for (;;) {
      const next = iterator.next();
      await Promise.race([next.then(nothing, nothing), due]);
      const result = await withDeadline(next, patienceMs, clock, engine);
      if (result.done) return;
      yield result.value;
      due = script.ended;
    }
  } finally {
    // A voice that hangs is not waited for: its signal has fired.
    void iterator.return?.()?.then(nothing, nothing);
  }
}

function nothing(): void {}

/** The clauses as they come, each read once and given as often as somebody begins anew. */
class Script {
  readonly clauses: string[] = [];
  #complete = false;
  #failure: unknown;
  #came = Promise.withResolvers<void>();
  readonly #first = Promise.withResolvers<void>();
  readonly #last = Promise.withResolvers<void>();

  constructor(text: AsyncIterable<string>) {
    void this.#read(text);
  }

  /** Resolves when there is something to speak, or nothing more to come. */
  get begun(): Promise<void> {
    return this.#first.promise;
  }

  /** Resolves when all of the text is there. */
  get ended(): Promise<void> {
    return this.#last.promise;
  }

  async *from(position: number, signal: AbortSignal, withoutDirections: boolean): AsyncGenerator<string> {
    const stopped = Promise.withResolvers<void>();
    const stop = () => stopped.resolve();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (let place = position; !signal.aborted; ) {
        const clause = this.clauses[place];
        if (clause !== undefined) {
          place += 1;
          yield withoutDirections ? clause.replaceAll(direction, '') : clause;
        } else if (this.#complete) {
          if (this.#failure !== undefined) throw this.#failure;
          return;
        } else await Promise.race([this.#came.promise, stopped.promise]);
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #read(text: AsyncIterable<string>): Promise<void> {
    try {
      for await (const clause of text) {
        this.clauses.push(clause);
        if (clause.trim() !== '') this.#first.resolve();
        this.#tell();
      }
    } catch (error) {
      this.#failure = error;
    }
    this.#complete = true;
    this.#first.resolve();
    this.#last.resolve();
    this.#tell();
  }

  #tell(): void {
    const { resolve } = this.#came;
    this.#came = Promise.withResolvers<void>();
    resolve();
  }
}

/** A direction in square brackets, which a voice that does not follow directions would read out; what a bracket follows is a link. */
const direction = /\[\p{L}[\p{L} ,'_-]{0,38}\](?!\()\s?/gu;
