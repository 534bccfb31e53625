// One utterance: a decoder can only finish what it began, so that every pause at which the words are asked for ends a stretch. The next sound
// begins another one, and the words of all are joined.
import { joinStretches } from '../../../lib/join-stretches.ts';
import type { Clock } from '../../../lib/clock.ts';
import { Recorder } from '../../../media/recorder.ts';
import { EngineError, type Origin, type Recognition, type Transcript } from '../../engine.ts';
import { Admission } from '../admission.ts';
import { closedError } from './pocketsphinx-pool.ts';
import { type Decoders, Stretch } from './pocketsphinx-stretch.ts';

const samplesPerMs = 16;
/** Sound before a word that a decoder needs to hear it whole, as far as there is silence before it. */
const LEAD_IN_SAMPLES = 300 * samplesPerMs;
const FRAME_SAMPLES = 10 * samplesPerMs;

interface Placed {
  readonly stretch: Stretch;
  /** Where it begins on the timeline of all that was heard. */
  readonly beganMs: number;
}

export interface RecognitionPorts {
  /** Whose speech it is. */
  readonly origin?: Origin | undefined;
  readonly clock: Clock;
  /** Whether there is a decoder, for whomever. */
  readonly ready: () => boolean;
  readonly pool: () => Promise<Decoders>;
  readonly onPartial: (guess: Transcript) => void;
  readonly onClosed: () => void;
}

export class PocketsphinxRecognition implements Recognition {
  readonly #vocabulary: readonly string[];
  readonly #ports: RecognitionPorts;
  readonly #stretches: Placed[] = [];
  readonly #heard = new Recorder(LEAD_IN_SAMPLES);
  #open: Stretch | undefined;
  #told = '';
  #answer: Promise<Transcript> | undefined;
  #failure: EngineError | undefined;
  /** Whether somebody waits for the words. */
  #awaited = false;
  readonly #admission: Admission;

  constructor(vocabulary: readonly string[], ports: RecognitionPorts) {
    this.#vocabulary = vocabulary;
    this.#ports = ports;
    this.#admission = new Admission(ports.clock, () => this.fail(notAdmitted(ports.ready())));
  }

  hear(samples: Int16Array): void {
    if (this.#failure || samples.length === 0) return;
    this.#answer = undefined;
    this.#awaited = false;
    this.#open ??= this.#begin();
    this.#open.hear(samples);
    this.#heard.append(samples);
    this.#heard.forgetBefore(this.#heard.end - LEAD_IN_SAMPLES);
  }

  /** A stretch that has ended is decoded to its end in any case, and as soon as there is a decoder: only that is urgent. */
  words(urgency: 'speculative' | 'final'): Promise<Transcript> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#answer ??= this.#finish();
    this.#awaited ||= urgency === 'final';
    this.#admit();
    return this.#answer;
  }

  close(): void {
    this.fail(new EngineError('pocketsphinx', 'unavailable', 'the recognition was closed'));
  }

  /** The engine is shut down. */
  shutDown(): void {
    this.fail(closedError());
  }

  fail(error: EngineError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#admission.set(false);
    this.#open = undefined;
    for (const { stretch } of this.#stretches) stretch.fail(error);
    this.#ports.onClosed();
  }

  /** Stretches get their decoders one after the other: as long as one is decoded the others are not forgotten. */
  #admit(): void {
    const phases = this.#stretches.map(({ stretch }) => stretch.phase);
    this.#admission.set(this.#awaited && !this.#failure && phases.includes('waiting') && !phases.includes('decoded'));
  }

  #begin(): Stretch {
    const { end } = this.#heard;
    const leadIn = quietEnd(this.#heard.slice(end - LEAD_IN_SAMPLES, end));
    const stretch = new Stretch(this.#vocabulary, this.#ports.origin, { onGuess: () => this.#tell(), onPhase: () => this.#admit() });
    this.#stretches.push({ stretch, beganMs: (end - leadIn.length) / samplesPerMs });
    if (leadIn.length > 0) stretch.hear(leadIn);
    void stretch.lease(this.#ports.pool());
    stretch.done.then(
      // With speech going on, the words of the pause before it are one more guess; without, they are what was asked for.
      () => this.#open && this.#tell(),
      (error: EngineError) => this.fail(error),
    );
    return stretch;
  }

  async #finish(): Promise<Transcript> {
    // Without any sound too it is a decoder that says so: when there is none, nothing is known of the silence.
    if (this.#stretches.length === 0) this.#open = this.#begin();
    this.#open?.end();
    this.#open = undefined;
    const stretches = [...this.#stretches];
    await Promise.all(stretches.map(({ stretch }) => stretch.done));
    const transcript = transcriptOf(stretches);
    return transcript.words.length > 0 ? { ...transcript, languages: ['en'] } : transcript;
  }

  #tell(): void {
    const guess = transcriptOf(this.#stretches);
    if (this.#failure || guess.text === this.#told) return;
    this.#told = guess.text;
    this.#ports.onPartial(guess);
  }
}

function notAdmitted(ready: boolean): EngineError {
  if (!ready) return new EngineError('pocketsphinx', 'unavailable', 'no speech decoder got ready in time for these words');
  const message = 'no speech decoder was free in time for these words; raise PARLEY_STT_PROCESSES or add cores';
  return new EngineError('pocketsphinx', 'rate_limited', message);
}

function transcriptOf(stretches: readonly Placed[]): Transcript {
  return {
    text: joinStretches(stretches.map(({ stretch }) => stretch.text)),
    words: stretches.flatMap(({ stretch, beganMs }) =>
      stretch.words.map((word) => ({ ...word, startMs: beganMs + word.startMs, endMs: beganMs + word.endMs })),
    ),
  };
}

/** What there is of silence at the end of the sound: behind the last that stands out of the noise, and within 30 dB of the loudest. */
function quietEnd(samples: Int16Array): Int16Array {
  const energies: number[] = [];
  for (let end = samples.length; end >= FRAME_SAMPLES; end -= FRAME_SAMPLES) {
    const frame = samples.subarray(end - FRAME_SAMPLES, end);
    energies.push(frame.reduce((sum, sample) => sum + sample * sample, 0) / FRAME_SAMPLES);
  }
  const threshold = Math.max(Math.min(...energies) * 8, Math.max(...energies) / 1000, 100);
  const loud = energies.findIndex((energy) => energy > threshold);
  return samples.slice(samples.length - (loud < 0 ? energies.length : loud) * FRAME_SAMPLES);
}
