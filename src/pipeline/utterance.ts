// One utterance on its way to words: a recogniser hears its stretches of speech, without the pauses between them. A change of recogniser or of what
// it is told takes effect at the next stretch: from there on another one hears, and their words are joined.
import { isDeepStrictEqual } from 'node:util';
import { EngineError, type Recognition, type Stt, type SttOptions, type Transcript } from '../engines/engine.ts';
import { joinStretches } from '../lib/join-stretches.ts';
import type { RealtimeError } from '../protocol/errors.ts';
import { isDeclared } from './failure.ts';
import type { Recognised } from './speakers.ts';

interface Chosen {
  engine: Stt;
  options: SttOptions;
  /** So many samples are given to it. */
  onHeard: (samples: number) => void;
}

/** Why there is none. */
type Unheard = EngineError | RealtimeError;

/** Where an utterance's recogniser comes from; asked whenever speech begins or goes on. */
export type Recogniser = () => Chosen;

/** The input's sound between two positions, which are samples since its start. */
export type Sound = (from: number, to: number) => Int16Array;

/** Speech without a pause: the positions between which it was heard. */
interface Stretch {
  from: number;
  to: number;
  /** Where its sound would begin if nothing were heard before it. */
  readonly alone: number;
}

/** All the words, and what else the recognisers know of them. */
export interface Words {
  readonly text: string;
  /** How likely each word is: undefined when any of it is not known. */
  readonly logprobs: readonly number[] | undefined;
  readonly recognised: readonly Recognised[];
}

/** What one recogniser hears under one set of options. */
class Part {
  /** The error when none was to be had. */
  readonly #chosen: Chosen | Unheard;
  readonly #onText: () => void;
  #recognition: Recognition | undefined;
  /** Samples heard, and how many had been when `text` was told. */
  #heard = 0;
  #toldAt = 0;
  stretches: Stretch[] = [];
  text = '';

  constructor(chosen: Chosen | Unheard, onText: () => void) {
    this.#chosen = chosen;
    this.#onText = onText;
    this.#open();
  }

  /** Where its last stretch has ended so far. */
  get end(): number {
    return this.stretches.at(-1)?.to ?? 0;
  }

  /** Whether another one, of this choice, would hear what follows just as this one does. */
  serves(chosen: Chosen | Unheard): boolean {
    const own = this.#chosen;
    if (own instanceof Error || chosen instanceof Error) return false;
    return own.engine === chosen.engine && isDeepStrictEqual(own.options, chosen.options);
  }

  hear(until: number, sound: Sound): void {
    const stretch = this.stretches.at(-1);
    if (!stretch || until <= stretch.to) return;
    this.#take(sound(stretch.to, until));
    stretch.to = until;
  }

  /** Begins anew with these stretches only. */
  hearAgain(stretches: Stretch[], sound: Sound): void {
    this.close();
    this.#heard = 0;
    this.#toldAt = 0;
    this.text = '';
    this.stretches = stretches;
    const [first] = stretches;
    if (first) first.from = first.alone;
    this.#open();
    for (const { from, to } of stretches) this.#take(sound(from, to));
  }

  async words(urgency: 'speculative' | 'final'): Promise<Recognised> {
    const recognition = this.#recognition;
    if (this.#chosen instanceof Error) throw this.#chosen;
    if (!recognition) throw new EngineError(this.#chosen.engine.info.id, 'unavailable', 'The recognition was called off.');
    const heard = this.#heard;
    const stretches = this.stretches.map(({ from, to }) => ({ from, to }));
    try {
      const transcript = await recognition.words(urgency);
      // A guess at more than that is newer, though it came first.
      if (this.#recognition === recognition && this.#toldAt <= heard) this.#tell(transcript.text, heard);
      return { transcript, stretches };
    } catch (error) {
      throw declared(error);
    }
  }

  close(): void {
    const recognition = this.#recognition;
    this.#recognition = undefined;
    recognition?.close();
  }

  #open(): void {
    if (this.#chosen instanceof Error) return;
    const { engine, options } = this.#chosen;
    const recognition: Recognition = engine.open(options, ({ text }) => {
      if (this.#recognition === recognition) this.#tell(text, this.#heard);
    });
    this.#recognition = recognition;
  }

  #take(samples: Int16Array): void {
    this.#heard += samples.length;
    if (this.#chosen instanceof Error || !this.#recognition) return;
    this.#chosen.onHeard(samples.length);
    this.#recognition.hear(samples);
  }

  #tell(text: string, heard: number): void {
    this.#toldAt = heard;
    if (text === this.text) return;
    this.text = text;
    this.#onText();
  }
}

export class Utterance {
  readonly #recogniser: Recogniser;
  readonly #sound: Sound;
  readonly #onText: (text: string) => void;
  #parts: Part[] = [];
  #listening = false;
  /** The item it is or will be, once the session has named it. */
  item: string | undefined;

  constructor(recogniser: Recogniser, sound: Sound, onText: (text: string) => void) {
    this.#recogniser = recogniser;
    this.#sound = sound;
    this.#onText = onText;
  }

  get listening(): boolean {
    return this.#listening;
  }

  get empty(): boolean {
    return this.#parts.length === 0;
  }

  /** All that has been recognised by now. */
  get text(): string {
    return joinStretches(this.#parts.map((part) => part.text));
  }

  /** Speech begins, or goes on after a pause, and is to be heard from that position on; what was heard before is not heard twice. */
  begin(position: number): void {
    this.#listening = true;
    const chosen = this.#choose();
    const last = this.#parts.at(-1);
    if (last?.serves(chosen)) {
      const from = Math.max(last.end, position);
      last.stretches.push({ from, to: from, alone: position });
    } else {
      const part = new Part(chosen, () => this.#onText(this.text));
      part.stretches.push({ from: position, to: position, alone: position });
      this.#parts.push(part);
    }
  }

  /** Hears the sound up to the position, while it is listening. */
  hear(until: number): void {
    if (this.#listening) this.#parts.at(-1)?.hear(until, this.#sound);
  }

  /** Speech pauses: the recogniser is asked for the words already, so that its work hides in the silence. */
  settle(): void {
    if (!this.#listening) return;
    this.#listening = false;
    // Whatever goes wrong is told to whoever asks for all the words.
    this.#parts
      .at(-1)
      ?.words('speculative')
      .catch(() => {});
  }

  /** All the words. Rejects with EngineError when any of them could not be had, with RealtimeError when a limit is reached. */
  async words(urgency: 'speculative' | 'final'): Promise<Words> {
    this.#listening = false;
    const outcomes = await Promise.allSettled(this.#parts.map((part) => part.words(urgency)));
    const recognised = outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
    return { text: joinStretches(recognised.map(({ transcript }) => transcript.text)), logprobs: logprobsOf(recognised), recognised };
  }

  /** Forgets the speech that had ended by that position, and its words. */
  forgetBefore(position: number): void {
    const open = this.#listening ? this.#parts.at(-1)?.stretches.at(-1) : undefined;
    this.#parts = this.#parts.filter((part) => {
      const kept = part.stretches.filter((stretch) => stretch === open || stretch.to > position);
      if (kept.length === 0) part.close();
      else if (kept.length < part.stretches.length) part.hearAgain(kept, this.#sound);
      return kept.length > 0;
    });
  }

  cancel(): void {
    this.#listening = false;
    for (const part of this.#parts) part.close();
    this.#parts = [];
  }

  #choose(): Chosen | Unheard {
    try {
      return this.#recogniser();
    } catch (error) {
      return declared(error);
    }
  }
}

function declared(error: unknown): Unheard {
  return isDeclared(error) ? error : new EngineError('stt', 'broken', 'The recogniser failed.', { cause: error });
}

function logprobsOf(recognised: readonly Recognised[]): number[] | undefined {
  const known = recognised.flatMap(({ transcript }) => (transcript.text.trim() === '' ? [] : [probabilities(transcript)]));
  return known.every((logprobs) => logprobs !== undefined) ? known.flat() : undefined;
}

/** A probability for every word of the text, or none at all: some recognisers write numbers or marks that no word of theirs stands for. */
function probabilities({ text, words }: Transcript): number[] | undefined {
  const known = words.flatMap(({ logprob }) => (logprob === undefined ? [] : [logprob]));
  return known.length === words.length && known.length === wordCount(text) ? known : undefined;
}

function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}
