// `npm run replay -- <tape>`: plays a recorded session again, without engines and without a clock, and says whether it does today what it did then.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeStereoWav } from '../media/wav.ts';
import { BothSides, sidesRateHz } from '../pipeline/tape/both-sides.ts';
import { readTape, type TapeText } from '../pipeline/tape/reader.ts';
import { revived } from '../pipeline/tape/plain.ts';
import { soundSuffix, tapeSuffix } from '../pipeline/tape/format.ts';
import { type Difference, noFault, played, replay, silence, soundFrom } from '../pipeline/tape/replay.ts';
import { renamer, storyOf } from '../pipeline/tape/story.ts';
import type { Effect } from '../session/effects.ts';
import { effectLine } from '../pipeline/tape/transcript.ts';
import { describeOptions, parseArguments, UsageError } from './arguments.ts';
import { exitCodes } from './exit-codes.ts';
import { writeTapeTest } from './tape-test.ts';

const options = {
  speak: { kind: 'text', value: 'FILE', help: 'also write what was said (left) and heard (right) to a WAV; needs PARLEY_RECORD_SOUND=on' },
  'to-test': { kind: 'text', value: 'NAME', help: 'also make a golden transcript of it, and a test that plays it' },
  help: { kind: 'flag', help: 'this text' },
} as const;

const usage = `npm run replay -- TAPE [options]\n\n${describeOptions(options)}`;

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs the command; what is to be read goes to `say`. Resolves with the exit code: 0 all the same, 1 a difference.
 * @throws UsageError, TapeError, or an Error whose message is for people.
 */
export function runReplay(argv: readonly string[], say: (line: string) => void, repository: string = root): number {
  const { values, order } = parseArguments(argv, options);
  const [path, surplus] = order.map(({ value }) => value);
  if (values.help) {
    say(usage);
    return exitCodes.left;
  }
  if (path === undefined || surplus !== undefined) throw new UsageError(usage);
  const text = readFileSync(path, 'utf8');
  const tape = readTape(text);
  const verdict = replay(tape);
  const broken = tape.end === 'over' ? '' : tape.end === 'cut' ? ' (the tape is cut)' : ' (the tape has no end: its server was killed)';
  if (verdict.state === 'same') say(`Same: ${verdict.steps} steps, ${verdict.effects} effects${broken}.`);
  else for (const line of differenceLines(tape, verdict.difference, verdict.number)) say(line);
  if (values.speak !== undefined) {
    writeFileSync(values.speak, bothSides(tape, path));
    say(`Wrote ${values.speak}.`);
  }
  const name = values['to-test'];
  if (name !== undefined) for (const file of writeTapeTest(repository, name, text, tape)) say(`Wrote ${file}.`);
  return verdict.state === 'same' ? exitCodes.left : exitCodes.failed;
}

function differenceLines(tape: TapeText, { step, effect, expected, actual }: Difference, number: number): string[] {
  const rename = renamer(tape.header);
  const what = effect === undefined ? '' : `, effect ${effect + 1}`;
  const [happened = 'the session was opened'] = step.fact ? storyOf({ ...step, effects: [], threw: noFault }, rename) : [];
  const fact = step.fact && happened === 'the session was opened' ? `${Math.round(step.atMs)} * ${step.fact.kind}` : happened;
  return [
    `Differs first in step ${number}${what} (line ${step.line}), after ${(step.atMs / 1000).toFixed(3)} s: ${fact}`,
    `  then: ${rename(described(expected))}`,
    `  now:  ${rename(described(actual))}`,
  ];
}

/** An effect by its line; with all that is in it where the line does not show a difference. */
function described(effect: unknown): string {
  if (effect === undefined) return 'nothing';
  if (typeof effect === 'string') return `failed with ${effect}`;
  return `${lineOf(effect)}\n        ${JSON.stringify(effect)}`;
}

/** What an older version wrote may be none of the effects that there are today. */
function lineOf(effect: unknown): string {
  try {
    return effectLine(revived(effect, silence) as Effect);
  } catch {
    return '(no effect of this version)';
  }
}

function bothSides(tape: TapeText, path: string): Uint8Array {
  const file = path.endsWith(tapeSuffix) ? path.slice(0, -tapeSuffix.length) + soundSuffix : undefined;
  if (!tape.header.sound) throw new Error('This tape has no sound: it is recorded with PARLEY_RECORD_SOUND=on only.');
  if (file === undefined || !existsSync(file)) throw new Error(`The sound of this tape is not beside it (${file ?? `*${soundSuffix}`}).`);
  const sides = new BothSides();
  for (const step of played(tape, soundFrom(readFileSync(file)))) sides.take(step);
  const { said, heard } = sides.read();
  return writeStereoWav(said, heard, sidesRateHz);
}

if (import.meta.main) {
  try {
    process.exitCode = runReplay(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    // A tape that cannot be read is no difference.
    process.exitCode = exitCodes.configuration;
  }
}
