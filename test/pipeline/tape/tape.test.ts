import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTape } from '../../../src/pipeline/tape/reader.ts';
import { onTape, type Tape } from '../../../src/pipeline/tape/tape.ts';
import type { Birth } from '../../../src/session/birth.ts';
import type { Effect } from '../../../src/session/effects.ts';
import type { Fact } from '../../../src/session/facts.ts';
import { Recording } from './recording.ts';

const birth = { sessionId: 'sess_1', seed: 'seed', config: { tools: [] } } as unknown as Birth;
const cleared: Effect = { kind: 'listen.clear', untilMs: 5 };

function begun(recording: Recording, nowMs = 1000): Tape {
  const tape = recording.open();
  tape.begin(birth, nowMs);
  tape.opened([cleared]);
  return tape;
}

function step(tape: Tape, nowMs: number, fact: Fact, effects: Effect[]): void {
  tape.fact(nowMs, fact);
  tape.wanted(effects);
}

function reached(receivedMs: number): Fact {
  return { kind: 'audio.reached', receivedMs, decidedMs: receivedMs - 32 };
}

test('each line is a step: when, the fact, and the effects if there are any', async () => {
  const recording = new Recording();
  const tape = begun(recording);
  step(tape, 1000.0005, { kind: 'tick' }, []);
  step(tape, 1001.25, { kind: 'speech.began', atMs: 12.5 }, [cleared]);
  tape.fact(1003, { kind: 'tick' });
  tape.threw(new TypeError('no'));
  const rows = (await recording.ended(tape)).split('\n');
  expect(JSON.parse(rows[0] ?? '')).toEqual({
    tape: 2,
    parley: '0.1.0',
    startedAt: '2023-11-14T22:13:20.000Z',
    startUs: 1_000_000,
    sound: false,
    birth,
  });
  expect(rows.slice(1)).toEqual([
    '{"us":0,"opened":[{"kind":"listen.clear","untilMs":5}]}',
    '{"us":1,"fact":{"kind":"tick"}}',
    '{"us":1250,"fact":{"kind":"speech.began","atMs":12.5},"effects":[{"kind":"listen.clear","untilMs":5}]}',
    '{"us":3000,"fact":{"kind":"tick"},"threw":"TypeError: no"}',
    '{"us":3000,"end":"over"}',
    '',
  ]);
  expect(recording.files).toEqual(['2023-11-14T22-13-20.000Z-sess_1.tape.jsonl']);
  expect(recording.modes).toEqual([0o600]);
});

test('sound that only arrives is three numbers, each exact, in its place among the others', async () => {
  const recording = new Recording();
  const tape = begun(recording);
  step(tape, 1020, reached(20), []);
  step(tape, 1040.0125, reached(128 / 3), []);
  step(tape, 1050, reached(60), [cleared]);
  step(tape, 1060, reached(80), []);
  const rows = (await recording.ended(tape)).split('\n').slice(2);
  expect(rows.slice(0, -1)).toEqual([
    `{"heard":[20000,20,-12,40013,${128 / 3},${128 / 3 - 32}]}`,
    '{"us":50000,"fact":{"kind":"audio.reached","receivedMs":60,"decidedMs":28},"effects":[{"kind":"listen.clear","untilMs":5}]}',
    '{"heard":[60000,80,48]}',
    '{"us":60000,"end":"over"}',
  ]);
});

test('a line of them is bounded', async () => {
  const recording = new Recording();
  const tape = begun(recording);
  for (let at = 1; at <= 450; at += 1) step(tape, 1000 + at, reached(at), []);
  const heard = [...readTape(await recording.ended(tape)).lines()].flatMap(({ line }) => ('heard' in line ? line.heard.length / 3 : []));
  expect(heard).toEqual([200, 200, 50]);
});

test('a time that a session is told is exact on the tape', () => {
  for (const nowMs of [0.1, 1 / 3, 123_456_789.123_456_7]) {
    const told = onTape(nowMs);
    expect(Math.abs(told - nowMs)).toBeLessThanOrEqual(0.000_501);
    expect(Math.round(told * 1000) / 1000).toBe(told);
  }
});

test('sound lies beside it, only when it is wanted: what came in, and what the facts bring', async () => {
  const quiet = new Recording();
  const without = begun(quiet);
  without.sound(1010, new Uint8Array([1, 2]));
  expect(await quiet.ended(without)).not.toContain('"sound":2');
  expect(quiet.files).toHaveLength(1);
  const recording = new Recording({ sound: true });
  const tape = begun(recording);
  tape.sound(1010, new Uint8Array([1, 2]));
  step(tape, 1020, { kind: 'run.audio', run: 'run_1', bytes: new Uint8Array([3, 4, 5]), ms: 1, words: undefined }, [
    { kind: 'send.audio', bytes: new Uint8Array([3, 4, 5]) } as Effect,
  ]);
  tape.sound(1030, new Uint8Array([6]));
  const text = await recording.ended(tape);
  expect(text).toContain('{"us":10000,"sound":2}');
  expect(text).toContain('"sound":true');
  const [sound = '', main] = recording.files;
  expect([sound, main]).toEqual(['2023-11-14T22-13-20.000Z-sess_1.sound', '2023-11-14T22-13-20.000Z-sess_1.tape.jsonl']);
  expect([...readFileSync(join(recording.folder, sound))]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(recording.modes).toEqual([0o600, 0o600]);
});

test('more than the disk takes cuts the tape, and it says so; the session goes on', async () => {
  const recording = new Recording();
  const tape = begun(recording);
  // All in one turn of the loop: the disk has no chance.
  for (let at = 1; at <= 100; at += 1) step(tape, 1000 + at, { kind: 'transcript.partial', item: 'item_1', text: 'x'.repeat(100_000) }, []);
  const tapeText = readTape(await recording.ended(tape));
  const lines = [...tapeText.lines()];
  expect(tapeText.end).toBe('cut');
  // 4 MiB, and the line that went beyond.
  expect(lines.length).toBe(2 + Math.ceil((4 * 1024 * 1024) / 100_000));
  expect(recording.warnings).toEqual(['a session cannot be recorded: its tape is lost']);
});

test('a folder that cannot be written costs the tapes: the log says so once, and again when it has worked in between', async () => {
  const home = new Recording();
  const file = join(home.folder, 'file');
  writeFileSync(file, '');
  const recording = new Recording({ folder: join(file, 'tapes') });
  for (const session of ['sess_1', 'sess_2']) {
    const tape = recording.open(session);
    tape.begin(birth, 0);
    tape.opened([]);
    step(tape, 1, { kind: 'tick' }, []);
    recording.recorder.end(tape);
    await recording.recorder.close();
  }
  expect(recording.warnings).toEqual(['a session cannot be recorded: its tape is lost']);
});

test('what cannot be written as JSON costs the tape and nothing else', async () => {
  const recording = new Recording();
  const tape = begun(recording);
  step(tape, 1001, { kind: 'transcript.partial', item: 'item_1', text: 5n as unknown as string }, []);
  step(tape, 1002, { kind: 'tick' }, []);
  expect((await recording.ended(tape)).split('\n').slice(2)).toEqual(['{"us":1000,"end":"cut"}', '']);
  expect(recording.warnings).toHaveLength(1);
});
