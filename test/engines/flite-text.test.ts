// What is said for what is written.
import { describe, expect, test } from 'vitest';
import { alignWords } from '../../src/engines/local/flite/flite-align.ts';
import { cutPieces, sayText } from '../../src/engines/local/flite/flite-text.ts';

const said = (text: string) =>
  sayText(text)
    .map(({ say }) => say)
    .join(' ');

describe('numbers are said as people say them', () => {
  test.each([
    ['1,234,567 people', 'one million two hundred thirty four thousand five hundred sixty seven people'],
    ['3.14', 'three point one four'],
    ['-5', 'minus five'],
    ['in 1999, 2005 and 2024.', 'in nineteen ninety nine, two thousand five and twenty twenty four.'],
    ["the 1990s or the '80s", 'the nineteen nineties or the eighties'],
    ['the 1st, 2nd and 31st', 'the first, second and thirty first'],
    ['1234567890', 'one two three four five six seven eight nine zero'],
    ['Call 555-123-4567.', 'Call five five five, one two three, four five six seven.'],
    ['3-4 days', 'three to four days'],
    ['1/2 or 3/4', 'one half or three quarters'],
    ['version v2.0.1', 'version version two point zero point one'],
  ])('%s', (text, spoken) => {
    expect(said(text)).toBe(spoken);
  });
});

describe('times, dates, money and measures', () => {
  test.each([
    ['at 3:45 p.m. today', 'at three forty five P M today'],
    ['at 9am or 10:05pm', 'at nine A M or ten oh five P M'],
    ['at 9:00 or 15:30', "at nine o'clock or fifteen thirty"],
    ['2025-01-05', 'January fifth, twenty twenty five'],
    ['on Jan. 5, 2025', 'on January fifth, twenty twenty five'],
    ['$5.99 and €1 and $0.50', 'five dollars and ninety nine cents and one euro and fifty cents'],
    ['$3 million or $1.5M', 'three million dollars or one point five million dollars'],
    ['20°C, 68 °F', 'twenty degrees Celsius, sixty eight degrees Fahrenheit'],
    ['50% of 1 km at 10 km/h', 'fifty percent of one kilometer at ten kilometers per hour'],
  ])('%s', (text, spoken) => {
    expect(said(text)).toBe(spoken);
  });
});

describe('writing that is not speech', () => {
  test.each([
    ['**Very** *nice* `code`, # yes', 'Very nice code, yes'],
    ['See [my site](https://a.b/c) now.', 'See my site now.'],
    ['Go to https://www.example.com/path?x=1.', 'Go to example dot com slash path.'],
    ['Mail me@example.com!', 'Mail me at example dot com!'],
    ['Dr. Smith, e.g. on St. James St.', 'doctor Smith, for example on Saint James Street.'],
    ['AT&T, the U.S. and AI', 'A T and T, the U S and A I'],
    ['C++ or C#', 'C plus plus or C sharp'],
    ['naïve café', 'naive cafe'],
    ['It’s “fine” — really…', "It's fine, really."],
    ['Wait — what?!', 'Wait, what?'],
  ])('%s', (text, spoken) => {
    expect(said(text)).toBe(spoken);
  });
});

test('what cannot be said stays with its neighbour in the text, and alone is nothing', () => {
  expect(sayText('👍 Great 👏 job! 🎉').map(({ text }) => text)).toEqual(['👍 Great 👏', 'job! 🎉']);
  expect(sayText('👍 … ** 你好')).toEqual([]);
});

test('only letters that flite knows ever reach it', () => {
  const odd = 'a\u0000b <b>x</b> \u202e "q" --o out.wav ﬁn ½ ∑ \\ $(x) ;rm ￿ x²';
  expect(said(odd)).toMatch(/^[a-zA-Z',.?! ]*$/);
});

test('words that every object in JavaScript has something for are words like any other', () => {
  expect(said('The constructor, toString or 5 valueOf of it: 3 hasOwnProperty.')).toBe(
    'The constructor, to String or five value Of of it, three has Own Property.',
  );
  expect(said('5constructor isPrototypeOf __proto__')).toBe('five constructor is Prototype Of proto');
});

test('nobody waits for a long text: it is cut at sentences, at commas when it is long, and otherwise after fourteen words', () => {
  const cut = (text: string) => cutPieces(sayText(text)).map(({ tokens, gapMs }) => [tokens.map((token) => token.text).join(' '), gapMs]);
  expect(cut('Yes. I will, my friend.')).toEqual([
    ['Yes.', 270],
    ['I will, my friend.', 270],
  ]);
  const first = 'When the long day is over and all is quiet,';
  const second = 'we will sit down by the fire together';
  expect(cut(`${first} ${second}`)).toEqual([
    [first, 130],
    [second, 20],
  ]);
  const words = Array.from({ length: 30 }, () => 'word').join(' ');
  expect(cutPieces(sayText(words)).map(({ tokens }) => tokens.length)).toEqual([14, 14, 2]);
});

test('the phones of a sentence are dealt out to its words', () => {
  const names = 'pau g uh d pau m ao r n ih ng m ih s t er s m ih th'.split(' ');
  const phones = names.map((name, i) => ({ name, endMs: (i + 1) * 100 }));
  expect(alignWords(sayText('Good, morning Mr. Smith'), phones, 2000)).toEqual([
    { text: 'Good,', startMs: 100, endMs: 400 },
    { text: 'morning', startMs: 500, endMs: 1100 },
    { text: 'Mr.', startMs: 1100, endMs: 1600 },
    { text: 'Smith', startMs: 1600, endMs: 2000 },
  ]);
});
