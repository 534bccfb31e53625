// A tape played back: the facts go into a session of today at their times, and what it wants done is held against what was wanted then. No engine, no
// clock, no chance.
import { isDeepStrictEqual } from 'node:util';
import type { Effect } from '../../session/effects.ts';
import { seededEnv } from '../../session/env.ts';
import type { Fact } from '../../session/facts.ts';
import { Session } from '../../session/session.ts';
import type { TapeHeader } from './format.ts';
import { effectJson, revived } from './plain.ts';
import { TapeError, type TapeText } from './reader.ts';

/** One step that was played again; the first has no fact: the session was opened. */
export interface Step {
  /** The line of the tape that it stands in. */
  readonly line: number;
  /** Milliseconds since the session was born. */
  readonly atMs: number;
  readonly fact: Fact | undefined;
  /** What the session wants today. */
  readonly effects: readonly Effect[];
  /** What stands on the tape: effects as `effectJson` writes them, read back. */
  readonly recorded: readonly unknown[];
  /** What the session threw, today and when it was recorded. */
  readonly threw: { readonly today: string | undefined; readonly recorded: string | undefined };
}

/** Sound that came in. */
export interface Heard {
  readonly atMs: number;
  readonly heard: Uint8Array;
}

/** Gives the next so many bytes of the tape's sound; fewer when there are no more. */
export type SoundSource = (bytes: number) => Uint8Array;

export const silence: SoundSource = (bytes) => new Uint8Array(bytes);

export function soundFrom(sound: Uint8Array): SoundSource {
  let at = 0;
  return (bytes) => {
    at += bytes;
    return sound.subarray(at - bytes, at);
  };
}

/** Plays it, step by step. @throws TapeError naming a line that cannot be read. */
export function* played(tape: TapeText, sound: SoundSource = silence): Generator<Step | Heard> {
  const { header } = tape;
  const at = (us: number) => ({ atMs: us / 1000, now: (header.startUs + us) / 1000 });
  let session: Session | undefined;
  for (const { number, line } of tape.lines()) {
    if ('opened' in line) {
      if (session) throw new TapeError(number, 'opens the session a second time');
      session = new Session(birthOf(header), seededEnv(header.birth.seed), at(0).now);
      yield { line: number, atMs: 0, fact: undefined, effects: session.open(), recorded: line.opened, threw: noFault };
    } else if ('heard' in line) {
      for (let index = 0; index < line.heard.length; index += 3) {
        const [us = 0, receivedMs = 0, decidedMs = 0] = line.heard.slice(index, index + 3);
        yield stepped(opened(session, number), number, at(us), { kind: 'audio.reached', receivedMs, decidedMs }, [], undefined);
      }
    } else if ('fact' in line) {
      const fact = revived(line.fact, whole(sound, number)) as Fact;
      yield stepped(opened(session, number), number, at(line.us), fact, line.effects ?? [], line.threw);
    } else if ('sound' in line) {
      yield { atMs: at(line.us).atMs, heard: whole(sound, number)(line.sound) };
    }
  }
}

function whole(sound: SoundSource, number: number): SoundSource {
  return (bytes) => {
    const piece = sound(bytes);
    if (piece.length < bytes) throw new TapeError(number, 'names more sound than lies beside it');
    return piece;
  };
}

export const noFault: Step['threw'] = { today: undefined, recorded: undefined };

function birthOf({ birth }: TapeHeader): TapeHeader['birth'] {
  return revived(birth, silence) as TapeHeader['birth'];
}

function opened(session: Session | undefined, number: number): Session {
  if (!session) throw new TapeError(number, 'tells of a session that was not opened');
  return session;
}

function stepped(
  session: Session,
  line: number,
  { atMs, now }: { atMs: number; now: number },
  fact: Fact,
  recorded: readonly unknown[],
  threw: string | undefined,
): Step {
  try {
    return { line, atMs, fact, effects: session.step(fact, now), recorded, threw: { today: undefined, recorded: threw } };
  } catch (error) {
    return { line, atMs, fact, effects: [], recorded, threw: { today: String(error), recorded: threw } };
  }
}

/** Where a session of today does something else than the tape says. */
export interface Difference {
  readonly step: Step;
  /** Which of its effects, from 0 on; undefined where one of the two failed. */
  readonly effect: number | undefined;
  readonly expected: unknown;
  readonly actual: unknown;
}

export function differenceIn(step: Step): Difference | undefined {
  const { effects, recorded, threw } = step;
  if (threw.today !== threw.recorded) return { step, effect: undefined, expected: threw.recorded, actual: threw.today };
  for (let index = 0; index < Math.max(effects.length, recorded.length); index += 1) {
    const effect = effects[index];
    const actual: unknown = effect && JSON.parse(effectJson(effect, undefined));
    const expected = recorded[index];
    if (!isDeepStrictEqual(actual, expected)) return { step, effect: index, expected, actual };
  }
  return undefined;
}

export type Verdict =
  | { readonly state: 'same'; readonly steps: number; readonly effects: number }
  | { readonly state: 'differs'; readonly difference: Difference; readonly number: number };

/** Plays it to its end, or to the first difference. @throws TapeError naming a line that cannot be read. */
export function replay(tape: TapeText): Verdict {
  let steps = 0;
  let effects = 0;
  for (const step of played(tape)) {
    if ('heard' in step) continue;
    steps += 1;
    effects += step.effects.length;
    const difference = differenceIn(step);
    if (difference) return { state: 'differs', difference, number: steps };
  }
  return { state: 'same', steps, effects };
}
