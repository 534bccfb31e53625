// How far a voice got in a text before it failed, in whole clauses. Where it is not sure, a clause is rather spoken twice than left out.
import type { Word } from '../engine.ts';

/** A slow speaker at the voice's own pace, with pauses: hardly anybody says fewer, so that such an estimate is on the safe side. */
const charactersPerSecond = 8;

/** The number of clauses that were spoken to their ends. `words`: those that had begun, timed as the sound is; empty when the voice times nothing. */
export function spokenClauses(
  clauses: readonly string[],
  { spokenMs, words, speed }: { readonly spokenMs: number; readonly words: readonly Word[]; readonly speed: number },
): number {
  // The last word may have been cut.
  const whole = words.filter(({ endMs }) => endMs <= spokenMs);
  const isTimed = words.length > 0;
  const spoken = isTimed ? letters(whole.map(({ text }) => text).join(' ')) : (spokenMs / 1000) * charactersPerSecond * Math.min(speed, 1);
  let sum = 0;
  for (const [index, clause] of clauses.entries()) {
    sum += isTimed ? letters(clause) : clause.trim().length;
    if (sum > spoken) return index;
  }
  return clauses.length;
}

/** How many letters and digits there are; marks are not spoken. */
function letters(text: string): number {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, '').length;
}
