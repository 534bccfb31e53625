// What of an answer was heard: words as they are written, laid along the words that were spoken, and never more than those.
import { describe, expect, test, vi } from 'vitest';
import type { SpokenWord } from '../../src/session/facts.ts';
import { heardText } from '../../src/session/conversation/heard-text.ts';
import { heardAnswer, newSpeech } from '../../src/session/conversation/spoken.ts';

/** Each takes 100 ms. */
function said(spoken: string): SpokenWord[] {
  return spoken.split('|').map((text, index) => ({ text, startMs: index * 100, endMs: index * 100 + 100 }));
}

/** What was heard after each of the words, nothing first. */
function growth(text: string, spoken: string): string[] {
  const words = said(spoken);
  return [0, ...words.map(({ endMs }) => endMs)].map((heardMs) => heardText(text, words, heardMs, words.length * 100));
}

const heardAfter = (text: string, spoken: string, count: number) => growth(text, spoken)[count];

describe('words as they are written', () => {
  test('are heard one after the other, each when it is over, with what closes it', () => {
    expect(growth('Well, "yes" (of course).', 'Well|yes|of|course')).toEqual([
      '',
      'Well,',
      'Well, "yes"',
      'Well, "yes" (of',
      'Well, "yes" (of course).',
    ]);
    const words = said('One|two');
    expect(heardText('One two', words, 199, 200)).toBe('One');
    expect(heardText('One two', words, undefined, 200)).toBe('One two');
  });

  test('are not found within other words', () => {
    expect(growth('The $100 is your money, one way or another.', 'The|one|hundred|dollars|is|your|money|one|way|or|another')).toEqual([
      '',
      'The',
      'The',
      'The',
      'The $100',
      'The $100 is',
      'The $100 is your',
      'The $100 is your money,',
      'The $100 is your money, one',
      'The $100 is your money, one way',
      'The $100 is your money, one way or',
      'The $100 is your money, one way or another.',
    ]);
    expect(heardAfter('other the end', 'the|end', 1)).toBe('');
    expect(heardAfter('Émile mil', 'mil', 1)).toBe('');
  });

  test('may be the same again and again', () => {
    expect(growth('no no no, no', 'no|no|no|no')).toEqual(['', 'no', 'no no', 'no no no,', 'no no no, no']);
    expect(heardAfter('the cat and the dog and the bird', 'the|cat|and|the|dog|and|the|bird', 4)).toBe('the cat and the');
  });

  test('are the same with other apostrophes, accents, cases and signs', () => {
    expect(heardAfter('I don’t KNOW cafe\u0301s', "i|Don't|know|cafés", 4)).toBe('I don’t KNOW cafe\u0301s');
    expect(heardAfter('**Bold**, _really_ so', 'Bold,|really|so', 2)).toBe('**Bold**, _really_');
    expect(growth('a well-known fact', 'a|well-known|fact')).toEqual(['', 'a', 'a well-known', 'a well-known fact']);
  });
});

describe('words that are spoken otherwise', () => {
  test('are heard when all of them are over, and what follows shows that', () => {
    expect(growth('It costs $1,250.50 today.', 'It|costs|one|thousand|two|hundred|fifty|dollars|and|fifty|cents|today').slice(2)).toEqual([
      ...Array.from({ length: 9 }, () => 'It costs'),
      'It costs $1,250.50',
      'It costs $1,250.50 today.',
    ]);
    // More of it may be coming, as far as anybody knows.
    expect(heardAfter('It costs $100.', 'It|costs|one|hundred', 4)).toBe('It costs');
  });

  test('are no other place where the same words are written', () => {
    expect(growth('$100 is one hundred percent', 'one|hundred|dollars|is|one|hundred|percent')).toEqual([
      '',
      '',
      '',
      '$100',
      '$100 is',
      '$100 is one',
      '$100 is one hundred',
      '$100 is one hundred percent',
    ]);
    // Nor while no more than these has been made.
    expect(heardAfter('$100 means one hundred dollars exactly', 'one|hundred|dollars', 3)).toBe('');
    expect(heardAfter('In 2021, twenty one people came', 'In|twenty|twenty|one|twenty|one|people|came', 4)).toBe('In');
    expect(heardAfter('In 2021, twenty one people came', 'In|twenty|twenty|one|twenty|one|people|came', 7)).toBe(
      'In 2021, twenty one people',
    );
  });

  test('do not have their sign before it was spoken', () => {
    expect(growth('50% off now', '50|percent|off|now')).toEqual(['', '50', '50', '50% off', '50% off now']);
  });

  test.each([
    ["I don't know", 'I|do|not|know', ['I', 'I', "I don't", "I don't know"]],
    [
      'You do not know, so wait',
      "You|don't|know|so|wait",
      ['You', 'You', 'You do not know,', 'You do not know, so', 'You do not know, so wait'],
    ],
    ['Dr. Smith waits', 'doctor|Smith|waits', ['Dr.', 'Dr. Smith', 'Dr. Smith waits']],
    ['Fruit, e.g. apples', 'fruit|for|example|apples', ['Fruit,', 'Fruit,', 'Fruit, e.g.', 'Fruit, e.g. apples']],
    ['The U.S. team', 'The|US|team', ['The', 'The U.S.', 'The U.S. team']],
    ['At 10:30 then', 'At|ten|thirty|then', ['At', 'At', 'At 10:30', 'At 10:30 then']],
    ['Am 3. März dann', 'Am|dritten|März|dann', ['Am', 'Am 3.', 'Am 3. März', 'Am 3. März dann']],
  ])('%j as %j', (text, spoken, expected) => {
    expect(growth(text, spoken).slice(1)).toEqual(expected);
  });

  test('or not at all are passed by, when what follows is plainly the same', () => {
    expect(growth('[happy] Hello there friend, bye.', 'Hello|there|friend|bye')[1]).toBe('[happy] Hello');
    expect(growth('So 🎉👩‍👩‍👧 great!', 'So|great')).toEqual(['', 'So', 'So 🎉👩‍👩‍👧 great!']);
    expect(heardAfter('See https://a.example/b for all of the rest.', 'See|for|all|of|the|rest', 2)).toBe('See https://a.example/b for');
    expect(heardAfter('1. Apples and pears are good', 'Apples|and|pears|are|good', 1)).toBe('1. Apples');
  });

  test('are nothing when they have nothing to do with what is written', () => {
    expect(growth('Guten Tag', 'beep|boop').join('')).toBe('');
  });
});

describe('languages without spaces', () => {
  test('are heard by characters, whatever the voice takes for a word', () => {
    expect(growth('こんにちは、世界。元気ですか？', 'こんにちは|世界|元気|です|か')).toEqual([
      '',
      'こんにちは、',
      'こんにちは、世界。',
      'こんにちは、世界。元気',
      'こんにちは、世界。元気です',
      'こんにちは、世界。元気ですか？',
    ]);
    expect(growth('สวัสดีครับ', 'สวัสดี|ครับ')).toEqual(['', 'สวัสดี', 'สวัสดีครับ']);
    expect(heardAfter('你好，世界', '你好|世界', 1)).toBe('你好，');
  });

  test('may have readings instead of their characters', () => {
    expect(heardAfter('世界は広いです', 'せかい|は|ひろい|です', 1)).toBe('');
    expect(heardAfter('世界は広いです', 'せかい|は|ひろい|です', 4)).toBe('世界は広いです');
  });
});

describe('where no word has a time', () => {
  const heard = (text: string, heardMs: number, madeMs: number) => heardText(text, [], heardMs, madeMs);

  test('it is the share of the sound, cut after a whole word', () => {
    expect(heard('one two three four', 500, 1000)).toBe('one two');
    expect(heard('one, two, three', 190, 1000)).toBe('');
    expect(heard('one, two, three', 300, 1000)).toBe('one,');
    expect(heard('one two', 0, 1000)).toBe('');
    expect(heard('one two', 0, 0)).toBe('');
    expect(heard('one two', 1000, 1000)).toBe('one two');
    expect(heard('Donaudampfschifffahrt', 900, 1000)).toBe('');
  });

  test('it is no more than anybody can say in that time, for the text runs ahead of its sound', () => {
    expect(heard('one two three four five six', 400, 400)).toBe('one two');
  });

  test('it is cut between characters where words have no spaces, and never within one', () => {
    expect(heard('こんにちは世界。', 500, 1000)).toBe('こんにち');
    expect(heard('𠮷𠮷𠮷𠮷', 400, 1000)).toBe('𠮷');
    expect(heard('กี่กี่กี่', 500, 1000)).toBe('กี่');
  });
});

describe('of an answer with fillers before it', () => {
  const words = said('Let|me|see|It|is|ten');
  const text = 'Let me see. It is ten.';
  const speech = { ...newSpeech(), text, words, filler: 'Let me see. ', madeMs: 600 };

  test('the fillers are no part, and nothing was heard before they were over', () => {
    const heard = words.map(({ endMs }) => heardAnswer({ ...speech, heardMs: endMs }));
    expect(heard).toEqual(['', '', '', 'It', 'It is', 'It is ten.']);
    expect(heardAnswer(speech)).toBe('It is ten.');
  });
});

describe('the work', () => {
  const everyWord = (unit: string, count: number) => said(Array.from({ length: count }, () => unit).join('|'));
  const kinds: [string, string, string][] = [
    ['as it is written', 'word ', 'word'],
    ['otherwise throughout', 'word ', 'other'],
    ['with a number throughout', '100 ', 'hundred'],
    ['so that it nearly agrees, again and again', 'a b ', 'a'],
    ['in characters', '世', '界'],
    ['of letters and full stops', 'a.', 'a'],
    ['of signs', '.,', 'a'],
  ];

  test.each(kinds)('grows no faster than the text: %s', (_, unit, spoken) => {
    const work = (kilobytes: number) => {
      const text = unit.repeat(Math.ceil((kilobytes * 1024) / unit.length));
      const words = everyWord(spoken, kilobytes * 200);
      const effort = { steps: 0 };
      const read = vi.spyOn(RegExp.prototype, 'exec');
      heardText(text, words, words.length * 100, words.length * 100, effort);
      const reads = read.mock.calls.length;
      read.mockRestore();
      return effort.steps + reads;
    };
    const [small, large] = [work(5), work(100)];
    expect(large).toBeLessThan(small * 22 + 100);
    expect(large).toBeLessThan(100 * 200 * 200);
  });

  test('is done for what was heard, not for all that is written', () => {
    const text = 'one two three '.repeat(8000);
    const words = said('one|two|three').concat(everyWord('one', 20_000).map((word) => ({ ...word, startMs: 1e6, endMs: 1e6 })));
    const effort = { steps: 0 };
    const read = vi.spyOn(RegExp.prototype, 'exec');
    expect(heardText(text, words, 300, 300, effort)).toBe('one two three');
    const reads = read.mock.calls.length;
    read.mockRestore();
    expect(effort.steps + reads).toBeLessThan(400);
  });
});
