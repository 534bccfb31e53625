import { expect, test } from 'vitest';
import { readTape, TapeError } from '../../../src/pipeline/tape/reader.ts';

const header = JSON.stringify({ tape: 2, parley: '0.1.0', startedAt: '2026-01-01T00:00:00.000Z', startUs: 5, birth: {}, sound: false });

function tapeOf(...lines: readonly string[]): string {
  return [header, ...lines].map((line) => `${line}\n`).join('');
}

function faultOf(text: string): TapeError {
  try {
    void [...readTape(text).lines()];
  } catch (error) {
    if (error instanceof TapeError) return error;
    throw error;
  }
  throw new Error('It can be read.');
}

test('a tape says how it ended', () => {
  expect(readTape(tapeOf('{"us":0,"opened":[]}', '{"us":9,"end":"over"}')).end).toBe('over');
  expect(readTape(tapeOf('{"us":0,"opened":[]}', '{"us":9,"end":"cut"}')).end).toBe('cut');
  expect(readTape(tapeOf('{"us":0,"opened":[]}')).end).toBe('broken');
  expect(readTape(tapeOf()).end).toBe('broken');
});

test('a last line that is not whole is left out', () => {
  const tape = readTape(`${tapeOf('{"us":0,"opened":[]}')}{"us":1,"fa`);
  expect([...tape.lines()].map(({ number }) => number)).toEqual([2]);
  expect(tape.end).toBe('broken');
});

test.each([1, 99])('of a tape of format %i it is said who plays it', (format) => {
  const { line, message } = faultOf(`${header.replace('"tape":2', `"tape":${format}`)}\n`);
  expect([line, message]).toEqual([
    1,
    `Line 1 of the tape says that the tape is of format ${format}; this version plays format 2 only, and the version that wrote it (Parley 0.1.0) plays it.`,
  ]);
});

test.each([
  ['', 1, 'is no JSON object'],
  ['[]\n', 1, 'is no JSON object'],
  ['{"a":1}\n', 1, 'is no header of a tape'],
  [tapeOf('{"us":0,"opened":[]}', 'nonsense', '{"us":1,"end":"over"}'), 3, 'is no JSON object'],
  [tapeOf('{"us":0,"opened":[]}', '{"us":1,"what":1}'), 3, 'is of no kind that is known'],
  [tapeOf('{"us":0,"opened":[]}', '{"us":1,"fact":{}}'), 3, 'is of no kind that is known'],
  [tapeOf('{"us":0,"opened":[]}', '{"heard":[1,2]}'), 3, 'is of no kind that is known'],
  [tapeOf('{"us":0,"opened":[]}', '{"fact":{"kind":"tick"}}'), 3, 'is of no kind that is known'],
])('%j: the line that cannot be read is named', (text, line, why) => {
  const fault = faultOf(text);
  expect([fault.line, fault.message]).toEqual([line, `Line ${line} of the tape ${why}.`]);
});
