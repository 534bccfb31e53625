// Directions in brackets, apart from what is to be said.
import { describe, expect, test } from 'vitest';
import { Directions, splitDirections } from '../../../../src/engines/cloud/voices/directions.ts';

describe('they are found', () => {
  test.each([
    ['[say excitedly] Hello!', 'Hello!', ['say excitedly']],
    ['Well. [whisper, very softly] Come here.', 'Well. Come here.', ['whisper, very softly']],
    ['“Well!” [in a low voice] Come.', '“Well!” Come.', ['in a low voice']],
    ['One.\n[sadly] Two.', 'One.\nTwo.', ['sadly']],
    ['Ha [laugh] ha [clear_throat] ha.', 'Ha ha ha.', []],
    ['[laugh] That is funny.', 'That is funny.', []],
  ])('%s', (text, said, directions) => {
    expect(splitDirections(text)).toEqual({ said, directions });
  });
});

describe('what only looks like one is said', () => {
  test.each(['see [the manual](https://example.org) for it', 'array[index] = 3', 'It is [sic] written.', '[1] First.', '[] empty', '[42]'])(
    '%s',
    (text) => {
      expect(splitDirections(text)).toEqual({ said: text, directions: [] });
    },
  );
});

test('the last direction goes on holding where it is to be repeated', () => {
  const directions = new Directions('repeat_each_chunk');
  expect(directions.holding(splitDirections('Hello.'))).toEqual([]);
  expect(directions.holding(splitDirections('[sadly] Hello. [gladly] Bye.'))).toEqual(['sadly', 'gladly']);
  expect(directions.holding(splitDirections('And on.'))).toEqual(['gladly']);
  expect(directions.holding(splitDirections('[calmly] Then.'))).toEqual(['calmly']);
});

test('elsewhere it holds where it stands', () => {
  const directions = new Directions(undefined);
  expect(directions.holding(splitDirections('[sadly] Hello.'))).toEqual(['sadly']);
  expect(directions.holding(splitDirections('And on.'))).toEqual([]);
});
