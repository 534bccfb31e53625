// `npm run replay`: what it says of a tape, with which code it ends, and what it makes of it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/cli/arguments.ts';
import { runReplay } from '../../src/cli/replay.ts';
import { TapeError } from '../../src/pipeline/tape/reader.ts';
import { checkTape } from '../tapes/golden-tape.ts';
import { Recording } from '../pipeline/tape/recording.ts';
import { birthOf, SessionOnTape } from '../pipeline/tape/session-on-tape.ts';

/** A tape of a question and an answer, and where it is. */
async function taped(sound = false): Promise<{ path: string; folder: string; text: string }> {
  const recording = new Recording({ sound });
  const session = new SessionOnTape(birthOf(), recording);
  session.utter(800);
  const item = session.effects.flatMap((effect) => (effect.kind === 'listen.commit' ? effect.item : []))[0] ?? '';
  session.fact({ kind: 'transcript.final', item, text: 'What time is it?', seconds: 0.8 });
  session.answer('It is late.', 1000);
  session.hear(200);
  const text = await session.ended();
  const [name = ''] = recording.files.filter((file) => file.endsWith('.jsonl'));
  return { path: join(recording.folder, name), folder: recording.folder, text };
}

function said(argv: readonly string[], repository?: string): { code: number; lines: string[] } {
  const lines: string[] = [];
  return { code: runReplay(argv, (line) => lines.push(line), repository), lines };
}

test('a tape that goes as it went is said to be the same, and the code is 0', async () => {
  const { path } = await taped();
  const { code, lines } = said([path]);
  expect(code).toBe(0);
  expect(lines).toEqual([expect.stringMatching(/^Same: \d+ steps, \d+ effects\.$/)]);
});

test('a difference is told with its step, its time, what happened, and both effects; the code is 1', async () => {
  const { path, text } = await taped();
  writeFileSync(path, text.replace('"audio_end_ms":', '"audio_end_ms":1'));
  const { code, lines } = said([path]);
  expect(code).toBe(1);
  expect(lines).toEqual([
    expect.stringMatching(/^Differs first in step \d+, effect \d+ \(line \d+\), after 1\.\d+ s: \d+ \* audio\.reached$/),
    expect.stringMatching(/^ {2}then: < input_audio_buffer\.speech_stopped item_1 at 11300\n\s+\{"kind":"send"/),
    expect.stringMatching(/^ {2}now: {2}< input_audio_buffer\.speech_stopped item_1 at 1300\n\s+\{"kind":"send"/),
  ]);
});

test('a tape that is cut or broken off says so', async () => {
  const { path, text } = await taped();
  writeFileSync(path, text.replace('"end":"over"', '"end":"cut"'));
  expect(said([path]).lines[0]).toContain('(the tape is cut)');
  writeFileSync(path, text.slice(0, -30));
  expect(said([path]).lines[0]).toContain('(the tape has no end: its server was killed)');
});

test('what cannot be read is an error that names the line; as a program it ends with 2', async () => {
  const { path, text } = await taped();
  writeFileSync(path, text.replace('{"us":0,"opened"', '{"us":0,"closed"'));
  expect(() => said([path])).toThrow(TapeError);
  expect(() => said([])).toThrow(UsageError);
  expect(() => said([path, 'another'])).toThrow(UsageError);
  const program = resolve(import.meta.dirname, '../../src/cli/replay.ts');
  const { status, stderr } = spawnSync(process.execPath, [program, path], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([2, 'Line 2 of the tape is of no kind that is known.\n']);
});

test('--speak writes both sides into a WAV, and says what is missing where there is no sound', async () => {
  const { path, folder } = await taped(true);
  const wav = join(folder, 'out.wav');
  const { code, lines } = said([path, '--speak', wav]);
  expect([code, lines[1]]).toEqual([0, `Wrote ${wav}.`]);
  const samples = new Int16Array(readFileSync(wav).buffer.slice(44));
  const side = (at: 0 | 1) => samples.filter((_, index) => index % 2 === at);
  // The microphone was on all the time; the answer begins after the question and lasts a second.
  const heard = side(1);
  const from = heard.findIndex((sample) => sample !== 0) / 24_000;
  expect(side(0).filter((sample) => sample !== 0).length / 24_000).toBeCloseTo(1.6, 1);
  expect(from).toBeGreaterThan(1.4);
  expect(heard.length / 24_000 - from).toBeCloseTo(1, 1);

  const mute = await taped();
  expect(() => said([mute.path, '--speak', wav])).toThrow('This tape has no sound');
});

test('--to-test makes a golden transcript and a test that plays the tape, once', async () => {
  const { path, folder } = await taped();
  const repository = join(folder, 'repository');
  mkdirSync(repository);
  const { code, lines } = said([path, '--to-test', 'a-question'], repository);
  expect(code).toBe(0);
  expect(lines.slice(1)).toEqual(
    ['test/tapes/a-question.tape.jsonl', 'test/golden/a-question.txt', 'test/tapes/a-question.test.ts'].map((file) => `Wrote ${file}.`),
  );
  expect(readFileSync(join(repository, 'test/golden/a-question.txt'), 'utf8')).toMatch(
    /^\d+ \* transcript\.final item_1 "What time is it\?"$/m,
  );
  const program = readFileSync(join(repository, 'test/tapes/a-question.test.ts'), 'utf8');
  const [, imported = ''] = /from '\.\/(.*)';\n\ntest/.exec(program) ?? [];
  expect(existsSync(resolve(import.meta.dirname, '../tapes', imported))).toBe(true);
  checkTape('a-question', `${repository}/test/`);
  const golden = join(repository, 'test/golden/a-question.txt');
  writeFileSync(golden, readFileSync(golden, 'utf8').replace('What time', 'What crime'));
  expect(() => checkTape('a-question', `${repository}/test/`)).toThrow('Object.is equality');

  expect(() => said([path, '--to-test', 'a-question'], repository)).toThrow('EEXIST');
  expect(() => said([path, '--to-test', '../elsewhere'], repository)).toThrow(UsageError);
});
