// What a condensed conversation is read from: a model's answer, or the user's own words where there is no model that could write one.
import { isRecord } from '../protocol/json.ts';
import type { Remembered } from '../session/effects.ts';

/** What is undefined stays as it was. */
export interface Condensed {
  summary: string | undefined;
  facts: readonly string[] | undefined;
}

/** Reads JSON, bare or among other words; words without any are the summary. Undefined: there is nothing to read, or broken JSON. */
export function readAnswer(text: string): Condensed | undefined {
  const start = text.indexOf('{');
  if (start < 0) return text.trim() === '' ? undefined : { summary: text.trim(), facts: undefined };
  const answer = parsed(text.slice(start, text.lastIndexOf('}') + 1));
  if (!isRecord(answer)) return undefined;
  const { summary, facts } = answer;
  const lines = Array.isArray(facts) ? facts.filter((fact) => typeof fact === 'string') : undefined;
  const told = typeof summary === 'string' ? summary : undefined;
  return told === undefined && lines === undefined ? undefined : { summary: told, facts: lines };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Somebody speaks of himself, and tells instead of asking. */
const aboutSelf = /\b(?:my|mine|i am|i'm|i live|i work|i like|i love|i hate|i prefer|i have|call me|remember)\b/i;
const asks = /\?$|^(?:what|who|where|when|why|which|how|do|does|did|is|are|can|could|would|will)\b/i;
const quoted = 5;
const quotedCharacters = 200;

/** The user's own words, for an engine that cannot write any: what was said of oneself, and what was said last. Nothing is made up. */
export function excerpt(known: Remembered, said: readonly string[], mostFacts: number): Condensed {
  const sentences = said.flatMap((text) => text.split(/(?<=[.!?])\s+/)).map((sentence) => sentence.trim());
  const fresh = sentences.filter((sentence) => aboutSelf.test(sentence) && !asks.test(sentence));
  const facts = [...new Set([...known.facts, ...fresh])];
  const last = said.slice(-quoted).map((text) => `"${text.slice(0, quotedCharacters).trim()}"`);
  return {
    summary: last.length === 0 ? undefined : `The last things the user said: ${last.join(' ')}`,
    // The newest stay.
    facts: facts.slice(Math.max(0, facts.length - mostFacts)),
  };
}
