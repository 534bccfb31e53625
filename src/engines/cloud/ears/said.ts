// The words of one utterance as a service tells them: pieces that stay, a guess at what follows, and the borders at which it was asked to finish.
import { EngineError, type Segment, type Transcript, type VoiceProfile, type Word } from '../../engine.ts';
import { joinStretches } from '../../../lib/join-stretches.ts';

/** More than anybody says in one utterance. */
const MOST_CHARACTERS = 200_000;

export interface Piece {
  /** With the space that stands before it. */
  readonly text: string;
  /** On the utterance's timeline. */
  readonly words?: readonly Word[];
  readonly segments?: readonly Segment[];
  /** Tags of BCP 47 or ISO 639-1. */
  readonly languages?: readonly string[];
  readonly voiceProfile?: VoiceProfile | undefined;
}

export class Said {
  readonly #engine: string;
  /** Texts of the stretches that were finished because somebody asked for the words. */
  readonly #stretches: string[] = [];
  /** What stays of the stretch that goes on. */
  #open = '';
  #guess: Piece | undefined;
  readonly #words: Word[] = [];
  readonly #segments: Segment[] = [];
  readonly #languages = new Set<string>();
  #voiceProfile: VoiceProfile | undefined;
  #characters = 0;

  /** `engine`: whose words they are. */
  constructor(engine: string) {
    this.#engine = engine;
  }

  /** Whether there is something that may still change. */
  get guesses(): boolean {
    return this.#guess !== undefined;
  }

  /** Will not change any more. The guess so far was at this. */
  add({ text, words = [], segments = [], languages = [], voiceProfile }: Piece): void {
    this.#guess = undefined;
    this.#characters += text.length;
    if (this.#characters > MOST_CHARACTERS) throw new EngineError(this.#engine, 'broken', 'the transcript is longer than any speech');
    this.#open += text;
    this.#words.push(...words);
    this.#segments.push(...segments);
    for (const language of languages) this.#languages.add(language.split('-', 1)[0]?.toLowerCase() as string);
    if (voiceProfile) this.#voiceProfile = voiceProfile;
  }

  /** At what follows the pieces; one with no text takes back the one before. */
  guess(piece: Piece): void {
    if (this.#characters + piece.text.length > MOST_CHARACTERS)
      throw new EngineError(this.#engine, 'broken', 'the transcript is longer than any speech');
    this.#guess = piece.text.trim() === '' ? undefined : piece;
  }

  /** A finalisation was answered. */
  endStretch(): void {
    this.#guess = undefined;
    if (this.#open.trim() !== '') this.#stretches.push(this.#open);
    this.#open = '';
  }

  /** All that stays, with what else is known of it. */
  get transcript(): Transcript {
    return {
      text: joinStretches([...this.#stretches, this.#open]),
      words: inOrder(this.#words),
      ...(this.#segments.length === 0 ? {} : { segments: [...this.#segments] }),
      ...(this.#languages.size === 0 ? {} : { languages: [...this.#languages] }),
      ...(this.#voiceProfile ? { voiceProfile: this.#voiceProfile } : {}),
    };
  }

  /** All that is known, and the guess. */
  get partial(): Transcript {
    return {
      text: joinStretches([...this.#stretches, this.#open + (this.#guess?.text ?? '')]),
      words: inOrder([...this.#words, ...(this.#guess?.words ?? [])]),
    };
  }
}

/** Services give a word no length, or let two overlap by some milliseconds. */
function inOrder(words: readonly Word[]): Word[] {
  let last = 0;
  return words.map((word) => {
    const startMs = Math.max(last, word.startMs);
    last = startMs;
    return { ...word, startMs, endMs: Math.max(word.endMs, startMs + 1) };
  });
}
