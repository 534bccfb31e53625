// The fields beside the file of a request for a transcription: what a model of a server takes, and what it is asked to answer with.
import type { SttOptions } from '../../engine.ts';
import { keyTerms } from './wire.ts';

const MOST_TERMS = 100;
/** Whisper looks at the last 224 tokens of a prompt. */
const MOST_PROMPT_CHARACTERS = 800;

export interface TranscriptionForm {
  /** `verbose_json` with the times of words; `diarized_json` with who said what. */
  readonly format: 'json' | 'verbose_json' | 'diarized_json';
  /** Answers with server-sent events when it is asked to. */
  readonly streams?: true;
  /** Where the words worth knowing go: into a field of their own, into the prompt, or nowhere. */
  readonly terms: 'keywords' | 'context_bias' | 'prompt' | 'none';
  /** Takes free text as well. */
  readonly prompt: boolean;
  /** Takes several languages. */
  readonly languages?: true;
}

/** `before`: what was said before this sound. */
export function transcriptionForm(form: TranscriptionForm, options: SttOptions, before: string): [string, string][] {
  const { model, language, languages = [], vocabulary } = options;
  const terms = keyTerms(vocabulary, MOST_TERMS, MOST_PROMPT_CHARACTERS);
  const fields: [string, string][] = [['model', model]];
  if (form.format !== 'json') fields.push(['response_format', form.format]);
  if (form.format === 'verbose_json') fields.push(['timestamp_granularities[]', 'word']);
  // Required for more than half a minute of sound.
  if (form.format === 'diarized_json') fields.push(['chunking_strategy', 'auto']);
  if (form.streams) fields.push(['stream', 'true']);
  if (language !== undefined) fields.push(['language', language]);
  else if (form.languages) for (const each of languages) fields.push(['languages[]', each]);
  if (form.terms === 'keywords') for (const term of terms) fields.push(['keywords[]', term]);
  // Its items have neither spaces nor commas.
  if (form.terms === 'context_bias') for (const term of terms) fields.push(['context_bias', term.replace(/[\s,]+/g, '_')]);
  const prompt = promptOf(form, options, terms, before);
  if (prompt !== '') fields.push(['prompt', prompt]);
  return fields;
}

/** The end of a prompt counts most: it is what was said last. */
function promptOf(form: TranscriptionForm, { prompt = '' }: SttOptions, terms: readonly string[], before: string): string {
  if (!form.prompt) return '';
  const hints = [prompt, form.terms === 'prompt' ? terms.join(', ') : ''].filter((text) => text !== '').join(' ');
  const room = Math.max(0, MOST_PROMPT_CHARACTERS - hints.length);
  const said = before.length > room ? before.slice(before.length - room).replace(/^\S*\s/, '') : before;
  return [hints.slice(0, MOST_PROMPT_CHARACTERS), said].filter((text) => text !== '').join(' ');
}
