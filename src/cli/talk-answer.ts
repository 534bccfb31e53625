// Words that come in pieces: the answer of one response, and the user's transcript while it grows.
import { numberOf, textOf, type Fields } from './talk-events.ts';

/** The text of a response. Some servers send the spoken words and the same again as text; then the spoken ones count. */
export class AnswerText {
  readonly #parts = new Map<string, { spoken: string; written: string }>();

  /** Adds a text or audio-transcript delta. @returns everything so far. */
  add(event: Fields): string {
    const itemId = textOf(event, 'item_id') ?? '';
    const part = this.#parts.get(itemId) ?? { spoken: '', written: '' };
    this.#parts.set(itemId, part);
    const delta = textOf(event, 'delta') ?? '';
    // Content parts of one item follow one another, so a plain sum is their text.
    if (textOf(event, 'type') === 'response.output_text.delta') part.written += delta;
    else part.spoken += delta;
    return this.#text();
  }

  /** Everything so far, which then counts as said. */
  take(): string {
    const text = this.#text();
    this.#parts.clear();
    return text;
  }

  #text(): string {
    return [...this.#parts.values()]
      .map(({ spoken, written }) => (spoken || written).trim())
      .filter((text) => text !== '')
      .join(' ');
  }
}

/** Most servers send what is new; some send the whole transcript again each time, longer. */
export function growTranscript(known: string, delta: string): string {
  return known.length >= 4 && delta.startsWith(known) ? delta : known + delta;
}

/** Which content an audio delta belongs to, for truncating it. */
export function contentOf(event: Fields): { itemId: string; contentIndex: number } {
  return { itemId: textOf(event, 'item_id') ?? '', contentIndex: numberOf(event, 'content_index') ?? 0 };
}
