// Which words of an answer were heard: the server keeps those, the rest is shown struck through.

export interface Heard {
  readonly heard: string;
  /** What was written but never played; empty when all of it was. */
  readonly unheard: string;
}

/**
 * Divides `full` after the words of `kept`, which is a beginning of it but for spaces and punctuation at its end.
 * Where the two differ earlier, the words in common count.
 */
export function divide(full: string, kept: string): Heard {
  const wanted = words(kept);
  let end = 0;
  let matched = 0;
  for (const match of full.matchAll(/\S+/g)) {
    if (matched === wanted.length || plain(match[0]) !== wanted[matched]) break;
    matched += 1;
    end = match.index + match[0].length;
  }
  const unheard = full.slice(end);
  return unheard.trim() === '' ? { heard: full, unheard: '' } : { heard: full.slice(0, end), unheard };
}

function words(text: string): string[] {
  return [...text.matchAll(/\S+/g)].map(([word]) => plain(word));
}

function plain(word: string): string {
  return word.replace(/[^\p{L}\p{N}]+$/u, '').toLowerCase();
}

/** So much of a text, by proportion and in whole words. */
export function wordsUntil(text: string, share: number): string {
  const end = Math.max(0, Math.min(1, share)) * text.length;
  let kept = '';
  for (const match of text.matchAll(/\S+/g)) {
    if (match.index + match[0].length > end + 0.5) break;
    kept = text.slice(0, match.index + match[0].length);
  }
  return kept;
}
