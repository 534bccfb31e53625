// Several recognisers as one: an utterance that one of them fails at is said again, from its first sound, to the next.
import type { Clock } from '../../lib/clock.ts';
import { type Attempt, EngineError, type Recognition, type Stt, type SttOptions, type Transcript } from '../engine.ts';
import type { Cooldown } from './cooldown.ts';
import { withDeadline } from './deadline.ts';
import type { SpeechRoute } from './service.ts';

/** Of an utterance that lasts longer than this no sound is kept to say again: two minutes, 3.8 MB. */
const mostKept = 120 * 16_000;
/** How long whoever may be replaced is waited for, unless the operator says otherwise; a recogniser longer for each second of sound. */
export const usualPatienceMs = 3000;
const answerMsPerSecond = 50;

export interface FallbackSpeechOptions {
  readonly clock: Clock;
  readonly cooldown: Cooldown;
  /** How long a recogniser may take for all the words once it has the sound, and a voice for its next sound. */
  readonly patienceMs: number;
  /** Told of each engine that was tried. */
  readonly onAttempt: (attempt: Attempt) => void;
}

/** The first of the candidates that works, at least two of them; the last is never cut off and never left alone. */
export function fallbackStt(candidates: readonly SpeechRoute<Stt>[], options: FallbackSpeechOptions): Stt {
  const [first] = candidates;
  if (!first) throw new Error('There is no recogniser.');
  const { engine } = first;
  return {
    get info() {
      return engine.info;
    },
    get can() {
      return engine.can;
    },
    warmUp: (signal) => engine.warmUp(signal),
    ...(engine.health ? { health: () => engine.health?.() ?? { state: 'ready' } } : {}),
    // Each is closed by whoever made it.
    close: async () => {},
    open: (wish, onPartial) => new FallbackRecognition(candidates, options, wish, onPartial),
  };
}

class FallbackRecognition implements Recognition {
  readonly #candidates: readonly SpeechRoute<Stt>[];
  readonly #options: FallbackSpeechOptions;
  readonly #wish: SttOptions;
  readonly #onPartial: (guess: Transcript) => void;
  /** All that was heard, to be said again; undefined once it is too much. */
  #kept: Int16Array[] | undefined = [];
  #samples = 0;
  /** Which candidate hears. */
  #place: number;
  #recognition: Recognition;
  #closed = false;
  #guess = '';
  /** The call under way or the last one, and how much had been heard for it. */
  #asked: { samples: number; urgency: 'speculative' | 'final'; words: Promise<Transcript> } | undefined;

  constructor(
    candidates: readonly SpeechRoute<Stt>[],
    options: FallbackSpeechOptions,
    wish: SttOptions,
    onPartial: (guess: Transcript) => void,
  ) {
    this.#candidates = candidates;
    this.#options = options;
    this.#wish = wish;
    this.#onPartial = onPartial;
    this.#place = this.#nextFrom(0);
    this.#recognition = this.#open();
  }

  hear(samples: Int16Array): void {
    if (this.#closed) return;
    this.#samples += samples.length;
    if (this.#samples > mostKept || this.#isLast) this.#kept = undefined;
    this.#kept?.push(samples.slice());
    this.#recognition.hear(samples);
  }

  words(urgency: 'speculative' | 'final'): Promise<Transcript> {
    const asked = this.#asked;
    // A speculative answer that comes is as good as a final one; one that does not come is asked for again.
    if (asked && asked.samples === this.#samples && asked.urgency === urgency) return asked.words;
    const words = this.#words(urgency);
    this.#asked = { samples: this.#samples, urgency, words };
    words.catch(() => {
      if (this.#asked?.words === words) this.#asked = undefined;
    });
    return words;
  }

  close(): void {
    this.#closed = true;
    this.#kept = undefined;
    this.#recognition.close();
  }

  async #words(urgency: 'speculative' | 'final'): Promise<Transcript> {
    const { clock, cooldown, patienceMs, onAttempt } = this.#options;
    for (;;) {
      const place = this.#place;
      const { engine, id } = this.#candidateAt(place);
      const startedMs = clock.now();
      const tried = () => ({ stage: 'stt' as const, model: id, ms: clock.now() - startedMs });
      try {
        const words = this.#recognition.words(urgency);
        const deadlineMs = patienceMs + (answerMsPerSecond * this.#samples) / 16_000;
        const transcript = await (this.#isLast || urgency === 'speculative'
          ? words
          : withDeadline(words, deadlineMs, clock, engine.info.id));
        cooldown.worked(id);
        if (urgency === 'final') onAttempt({ ...tried(), outcome: 'answered' });
        return transcript;
      } catch (error) {
        if (this.#closed || !(error instanceof EngineError)) throw error;
        // A guess that was not worth its work says nothing of the engine, and whoever moved on meanwhile has seen to it.
        if (urgency === 'speculative' && (error.reason === 'rate_limited' || error.reason === 'unavailable')) throw error;
        if (place === this.#place) {
          onAttempt({ ...tried(), outcome: 'failed', reason: error.reason });
          cooldown.failed(id, error);
          if (!this.#moveOn()) throw error;
        }
      }
    }
  }

  /** The next candidate hears from the first sound on; false when there is none, or the sound is not there any more. */
  #moveOn(): boolean {
    const kept = this.#kept;
    if (this.#isLast || !kept) return false;
    this.#recognition.close();
    this.#place = this.#nextFrom(this.#place + 1);
    this.#recognition = this.#open();
    for (const samples of kept) this.#recognition.hear(samples);
    if (this.#isLast) this.#kept = undefined;
    return true;
  }

  #open(): Recognition {
    const { engine, model } = this.#candidateAt(this.#place);
    const place = this.#place;
    return engine.open({ ...this.#wish, model }, (guess) => {
      if (this.#closed || place !== this.#place || guess.text === this.#guess) return;
      this.#guess = guess.text;
      this.#onPartial(guess);
    });
  }

  /** The first from there on that has not just failed; the last in any case. */
  #nextFrom(from: number): number {
    const last = this.#candidates.length - 1;
    for (let place = from; place < last; place++) {
      if (this.#options.cooldown.mayAsk(this.#candidateAt(place).id)) return place;
    }
    return last;
  }

  get #isLast(): boolean {
    return this.#place === this.#candidates.length - 1;
  }

  #candidateAt(place: number): SpeechRoute<Stt> {
    const candidate = this.#candidates[place];
    if (!candidate) throw new Error('There is no such recogniser.');
    return candidate;
  }
}
