// Which hints of a caller become terms.
import { expect, test } from 'vitest';
import { KeyTerms, keyTerms } from '../../../src/engines/local/segmented/key-terms.ts';
import { idOf, vocabulary } from '../moonshine/vocabulary.ts';

const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];
/** Words that the model knows as one piece; every other is spelled. */
const known = ['fetch', 'report', 'the', 'customer', 'asks', 'about', 'a', 'in', 'room', 'red', 'living', 'for', 'today', 'is', 'we'];
const merges = known.flatMap((word) => Array.from({ length: word.length }, (_, i) => `▁${word.slice(0, i + 1)}`));
const pieces = [...new Set([...merges, '▁', ...letters, "'"])];
const tokens = vocabulary(pieces);
const terms = (prompt: string, vocabulary: string[] = []) => keyTerms({ prompt, vocabulary }, tokens);

test('takes the entries of a list as they are', () => {
  expect(terms('Anna Krüger, DialFins, red')).toEqual(['Anna Krüger', 'DialFins', 'red']);
  expect(terms('Pelimont')).toEqual(['Pelimont']);
});

test('takes the names of a sentence, and leaves its ordinary words', () => {
  expect(terms('The customer asks about Pelimont in the living room.')).toEqual(['Pelimont']);
});

test('takes each line for what it is', () => {
  expect(terms('The customer asks about the living room today.\nQuibble, red room')).toEqual(['Quibble', 'red room']);
});

test('takes the rare words out of names of tools and values, and not the ordinary ones', () => {
  expect(terms('', ['fetchPelimont_report', 'red', 'the-living-room'])).toEqual(['Pelimont']);
});

test('takes no more than two hundred, none of them endless or without a letter', () => {
  expect(terms(Array.from({ length: 300 }, (_, i) => `Qu${i}`).join(', '))).toHaveLength(200);
  expect(terms(`${'x'.repeat(100)}, –, Zu`)).toEqual(['Zu']);
  expect(terms('')).toEqual([]);
});

test('knows a term within a sentence and at its beginning', () => {
  const raised = KeyTerms.of(['dolphin'], tokens).raise(new Float32Array(1000));
  expect(raised.size).toBeGreaterThan(0);
  const chosen = (spelling: string) => {
    const following = KeyTerms.of(['zebra'], tokens);
    let sum = 0;
    for (const token of tokens.encode(spelling)) {
      sum += following.raise(new Float32Array(1000)).get(token) ?? 0;
      following.take(token);
    }
    return sum;
  };
  const length = tokens.encode('zebra').length;
  expect(chosen('zebra')).toBe(3 + 4.5 * (length - 1));
  expect(chosen('Zebra')).toBe(3 + 4.5 * (length - 1));
});

test('forgets a term begun that went on differently', () => {
  const following = KeyTerms.of(['zebra'], tokens);
  following.take(idOf(pieces, '▁'));
  following.take(idOf(pieces, 'x'));
  expect(following.raise(new Float32Array(1000)).has(idOf(pieces, 'e'))).toBe(false);
});
