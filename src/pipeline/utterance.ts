// One utterance on its way to words: stretches of speech between pauses, each recognised while it is spoken, joined in the end.
import { EngineError, type Stt, type SttOptions, type Transcript, VAD_RATE_HZ } from '../engines/engine.ts';
import { Channel } from '../lib/channel.ts';
import type { Recognised } from './speakers.ts';

/** Chunks of sound that may wait for a recogniser: two minutes of 20 ms frames. */
const mostWaiting = 6000;

/** Where an utterance's recogniser comes from; asked when speech begins. */
export type Recogniser = () => { engine: Stt; options: SttOptions };

type Outcome = { kind: 'text'; text: string } | { kind: 'failed'; error: EngineError };

class Stretch implements Recognised {
  readonly #sound = new Channel<Int16Array>(mostWaiting);
  readonly #abort = new AbortController();
  #samples = 0;
  readonly outcome: Promise<Outcome>;
  readonly beganMs: number;
  transcript: Transcript | undefined;
  text = '';

  constructor(beganMs: number, recogniser: Recogniser, onText: () => void) {
    this.beganMs = beganMs;
    this.outcome = this.#recognise(recogniser, this.#abort.signal, onText);
  }

  /** Where the sound it was fed ends on the input's timeline. */
  get endMs(): number {
    return this.beganMs + (this.#samples * 1000) / VAD_RATE_HZ;
  }

  feed(samples: Int16Array): void {
    this.#samples += samples.length;
    if (!this.#sound.push(samples) && !this.#sound.closed) {
      this.#sound.fail(new EngineError('stt', 'timeout', 'The recogniser fell two minutes behind the speaker.'));
    }
  }

  end(): void {
    this.#sound.close();
  }

  cancel(): void {
    this.end();
    this.#abort.abort();
  }

  async #recognise(recogniser: Recogniser, signal: AbortSignal, onText: () => void): Promise<Outcome> {
    try {
      const { engine, options } = recogniser();
      for await (const transcript of engine.transcribe(this.#sound, options, signal)) {
        this.transcript = transcript;
        if (transcript.text === this.text) continue;
        this.text = transcript.text;
        onText();
      }
      return { kind: 'text', text: this.transcript?.text ?? '' };
    } catch (error) {
      if (error instanceof EngineError) return { kind: 'failed', error };
      return { kind: 'failed', error: new EngineError('stt', 'broken', 'The recogniser failed.', { cause: error }) };
    } finally {
      this.#sound.close();
    }
  }
}

export class Utterance {
  readonly #recogniser: Recogniser;
  readonly #onText: (text: string) => void;
  #stretches: Stretch[] = [];
  #open: Stretch | undefined;
  /** The item it is or will be, once the session has named it. */
  item: string | undefined;

  constructor(recogniser: Recogniser, onText: (text: string) => void) {
    this.#recogniser = recogniser;
    this.#onText = onText;
  }

  get listening(): boolean {
    return this.#open !== undefined;
  }

  get empty(): boolean {
    return this.#stretches.length === 0;
  }

  /** All that has been recognised by now. */
  get text(): string {
    return joinStretches(this.#stretches.map((stretch) => stretch.text));
  }

  /** How likely each word of `words()` is, after those have come: undefined when any of it is not known. */
  get logprobs(): readonly number[] | undefined {
    const known = this.#stretches.flatMap(({ text, transcript }) => (text.trim() === '' ? [] : [transcript && logprobsOf(transcript)]));
    return known.every((logprobs) => logprobs !== undefined) ? known.flat() : undefined;
  }

  /** All there is beside the words, when these are there. */
  get stretches(): readonly Recognised[] {
    return this.#stretches;
  }

  /** Speech begins, or goes on after a pause; `atMs` is where the sound that is fed from now on begins on the input's timeline. */
  begin(atMs: number): void {
    this.#open = new Stretch(atMs, this.#recogniser, () => this.#onText(this.text));
    this.#stretches.push(this.#open);
  }

  feed(samples: Int16Array): void {
    this.#open?.feed(samples);
  }

  /** Speech pauses: the recogniser may finish what it has, so that its work hides in the silence. */
  settle(): void {
    this.#open?.end();
    this.#open = undefined;
  }

  /** All the words. Rejects with EngineError when any stretch failed. */
  async words(): Promise<string> {
    this.settle();
    const outcomes = await Promise.all(this.#stretches.map((stretch) => stretch.outcome));
    for (const outcome of outcomes) if (outcome.kind === 'failed') throw outcome.error;
    return joinStretches(outcomes.map((outcome) => (outcome.kind === 'text' ? outcome.text : '')));
  }

  /** Forgets the speech that had ended by then, and its words. */
  forgetBefore(ms: number): void {
    this.#stretches = this.#stretches.filter((stretch) => {
      const over = stretch !== this.#open && stretch.endMs <= ms;
      if (over) stretch.cancel();
      return !over;
    });
  }

  cancel(): void {
    this.#open = undefined;
    for (const stretch of this.#stretches) stretch.cancel();
  }
}

/** A probability for every word of the text, or none at all: some recognisers write numbers or marks that no word of theirs stands for. */
function logprobsOf({ text, words }: Transcript): number[] | undefined {
  const known = words.flatMap(({ logprob }) => (logprob === undefined ? [] : [logprob]));
  return known.length === words.length && known.length === wordCount(text) ? known : undefined;
}

function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

/** Recognisers end each stretch like a sentence; a pause in mid-sentence is none. */
export function joinStretches(texts: readonly string[]): string {
  const spoken = texts.map((text) => text.trim()).filter((text) => text !== '');
  return spoken.reduce((whole, text) => {
    if (whole === '') return text;
    if (/[?!]$/.test(whole)) return `${whole} ${text}`;
    const goesOn = /^(I\b|I'|[A-Z]{2}|[A-Z]\.)/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
    return `${whole.replace(/[.,]$/, '')} ${goesOn}`;
  }, '');
}
