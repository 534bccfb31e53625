// Directions in square brackets, as a model writes them into its text: `[say excitedly] Hello!`. Some models of a service follow them, others would
// read them out.

/** At the beginning, or behind the end of a sentence; not the text of a link. */
const direction = /(^|[.!?…。！？]["'”’»)]*\s+|\n\s*)\[(\p{L}[\p{L}\p{N} ,.'’_-]{0,200})\](?!\()\s?/gu;
/** Sounds that stand where they are to be made. */
const sound = /\[(?:breathe|clear[_ ]throat|cough|laugh|sigh|yawn)\]\s?/gi;

export interface Directed {
  /** The text without any of it. */
  readonly said: string;
  /** In their order, without sounds. */
  readonly directions: readonly string[];
}

export function splitDirections(text: string): Directed {
  const directions: string[] = [];
  const said = text.replaceAll(sound, '').replaceAll(direction, (_, before: string, words: string) => {
    directions.push(words.trim());
    return before;
  });
  return { said, directions };
}

/** Which directions hold for a piece of text, piece by piece: the last one goes on holding, or each only where it stands. */
export class Directions {
  readonly #isRepeated: boolean;
  #last: string | undefined;

  constructor(steering: 'repeat_each_chunk' | 'emit_once' | undefined) {
    this.#isRepeated = steering === 'repeat_each_chunk';
  }

  holding({ directions }: Directed): readonly string[] {
    const held = this.#isRepeated && this.#last !== undefined && directions.length === 0 ? [this.#last] : directions;
    this.#last = directions.at(-1) ?? this.#last;
    return held;
  }
}
