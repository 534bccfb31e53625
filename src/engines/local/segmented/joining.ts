// The texts of an utterance's segments as one.
import type { Transcript, Word } from '../../engine.ts';
import type { SegmentText } from './transcribe.ts';

export interface PlacedText extends Pick<SegmentText, 'text' | 'words' | 'language'> {
  /** Where the segment begins in the utterance. */
  readonly startMs: number;
}

export function joinSegments(segments: readonly PlacedText[]): Transcript {
  let text = '';
  const words: Word[] = [];
  const languages = new Set<string>();
  for (const segment of segments) {
    if (segment.text === '') continue;
    if (segment.language !== undefined) languages.add(segment.language);
    text = text === '' ? segment.text : `${text} ${segment.language === 'de' ? segment.text : continued(text, segment.text)}`;
    for (const word of segment.words) {
      words.push({ ...word, startMs: word.startMs + segment.startMs, endMs: word.endMs + segment.startMs });
    }
  }
  return { text, words, ...(languages.size === 0 ? {} : { languages: [...languages] }) };
}

/**
 * The model begins every segment with a capital. After one that did not end a sentence there is none, but for `I` and abbreviations; German
 * writes too many words with one to tell.
 */
function continued(before: string, text: string): string {
  if (/[.?!…]["”’]?$/.test(before) || /^(I\b|\p{Lu}{2}|\p{Lu}\.)/u.test(text)) return text;
  return text.charAt(0).toLowerCase() + text.slice(1);
}
