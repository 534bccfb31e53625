// A tape as lines that a person can read aloud: those of the golden transcripts, with ids that count up.
import type { TapeHeader } from './format.ts';
import type { TapeText } from './reader.ts';
import { played, type Step } from './replay.ts';
import { clientLine, effectLines, factLine } from './transcript.ts';

/** Gives ids their numbers in place of the seed. */
export type Renamer = (line: string) => string;

export function renamer({ birth }: Pick<TapeHeader, 'birth'>): Renamer {
  const id = new RegExp(`(?<=_)${escaped(birth.seed)}([0-9a-z]+)`, 'g');
  return (line) => line.replace(id, (_, count: string) => String(Number.parseInt(count, 36))).replaceAll(birth.sessionId, 'sess_1');
}

/** What happened in one step: `1400 < response.created resp_1`. */
export function storyOf({ fact, effects, atMs, threw }: Step, rename: Renamer): string[] {
  const told = fact?.kind === 'client' ? clientLine(fact.event) : fact && factLine(fact);
  const lines = [...(told === undefined ? [] : [told]), ...effectLines(effects)];
  if (threw.today !== undefined) lines.push(`! failed ${threw.today}`);
  return lines.map((line) => `${Math.round(atMs)} ${rename(line)}`);
}

/** The golden transcript of a tape: what a session of today does about what happened. @throws TapeError naming a line that cannot be read. */
export function transcriptOf(tape: TapeText): string {
  const rename = renamer(tape.header);
  const lines = [...played(tape)].flatMap((step) => ('heard' in step ? [] : storyOf(step, rename)));
  return `${lines.join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replaceAll(/[^\w]/g, '\\$&');
}
