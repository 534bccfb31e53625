// Clauses are what the voice is given: each must make sense by itself, the first must come early, and nothing may be lost.
import { describe, expect, test } from 'vitest';
import { ClauseSplitter } from '../../src/pipeline/sentences.ts';
import type { SegmenterStrategy } from '../../src/protocol/provider-data/tts.ts';

/** All clauses of a text that comes in these pieces. */
function clauses(...pieces: string[]): string[] {
  return cutAs('auto', ...pieces);
}

function cutAs(strategy: SegmenterStrategy, ...pieces: string[]): string[] {
  const splitter = new ClauseSplitter(strategy);
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.flush()];
}

/** The pieces of a text as a model would send it, cut by chance, but the same each time. */
function cutByChance(text: string, seed: number, most: number): string[] {
  const pieces: string[] = [];
  let state = seed;
  for (let at = 0; at < text.length; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const length = 1 + ((state >>> 16) % most);
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

const texts = [
  'Hello there! How are you today? I am fine, thank you very much for asking.',
  'Pi is 3.14159, and the train leaves at 10:30 from platform 2. It costs 1,299.50 in all.',
  'Dr. Smith and Mrs. Jones met at 5 p.m. in the U.S. embassy, e.g. to talk. J. R. R. Tolkien was not there.',
  'You need:\n- two apples\n- a pear\n- sugar\nThen mix them.\n\nFirst:\n1. Peel the apples.\n2. Cut them.\n',
  'the quick brown fox jumps over the lazy dog and runs away into the deep dark forest where nobody has ever been seen again since the day '.repeat(
    4,
  ),
  'Well... I do not know… perhaps it is so; perhaps not: who knows — nobody. “Never,” she said. “Not at all.” (Really?) Yes.',
  'x'.repeat(400),
  '  \n Leading space. And trailing space.   \n ',
  '你好！今天天气很好。我们去公园走走，看看花，晒晒太阳，然后再去喝一杯茶吧。「真的吗？」她问。好。',
  'はい。今日は晴れです！「本当？」と聞いた。ええ、本当ですよ。OK。',
  'So, yes, no, but, well, if, then, and, or, a clause that has a great many commas, all of them close together, must not be chopped.',
];

describe('a text is cut into clauses', () => {
  test('at the ends of sentences, the space with the sentence before it', () => {
    expect(clauses('I see. Go on! Is that all? It is.')).toEqual(['I see. ', 'Go on! ', 'Is that all? ', 'It is.']);
  });

  test('and not within decimals, sums of money and times', () => {
    expect(clauses('Pi is 3.14159 or so. It is 10:30 now. It costs 1,299.50 in all.')).toEqual([
      'Pi is 3.14159 or so. ',
      'It is 10:30 now. ',
      'It costs 1,299.50 in all.',
    ]);
  });

  test('and not after abbreviations and initials', () => {
    expect(clauses('Dr. Smith met Mrs. Jones at 5 p.m. today. ', 'J. R. Hall saw the U.S. embassy. ', 'Ask e.g. Bob.')).toEqual([
      'Dr. Smith met Mrs. Jones at 5 p.m. today. ',
      'J. R. Hall saw the U.S. embassy. ',
      'Ask e.g. Bob.',
    ]);
  });

  test('at the lines of a list, and not after its numbers', () => {
    expect(clauses('You need:\n- apples\n- a pear\nThen:\n1. Peel them.\n2. Cut them.\n')).toEqual([
      'You need:\n',
      '- apples\n',
      '- a pear\n',
      'Then:\n',
      '1. Peel them.\n',
      '2. Cut them.\n',
    ]);
  });

  test('after an ellipsis, however it is written', () => {
    expect(clauses('Well... I see. Hm… so it is.')).toEqual(['Well... ', 'I see. ', 'Hm… ', 'so it is.']);
  });

  test('after the quotation mark that follows the end of a sentence, straight or curly', () => {
    expect(clauses('He said "Stop." Then he left.')).toEqual(['He said "Stop." ', 'Then he left.']);
    expect(clauses('He said “Stop.” Then he left.')).toEqual(['He said “Stop.” ', 'Then he left.']);
    expect(clauses('(He left.) Nobody saw it.')).toEqual(['(He left.) ', 'Nobody saw it.']);
  });

  test('at a comma only where the clause has some length, but the first clause at any', () => {
    expect(clauses('Sure, one, two, and three are numbers that everybody knows, as are four and five.')).toEqual([
      'Sure, ',
      'one, two, and three are numbers that everybody knows, ',
      'as are four and five.',
    ]);
  });

  test('at a space when there is no punctuation at all, early the first time', () => {
    const parts = clauses(texts[4] as string);
    expect(parts.length).toBeGreaterThan(3);
    expect(parts[0]?.length).toBeLessThanOrEqual(61);
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(181);
    for (const part of parts.slice(0, -1)) expect(part).toMatch(/ $/);
  });
});

describe('Chinese and Japanese are cut', () => {
  test('at their own marks, which no space follows', () => {
    expect(clauses('今天天气很好。我们去公园吧！你说呢？好。')).toEqual(['今天天气很好。', '我们去公园吧！', '你说呢？', '好。']);
    expect(clauses('はい。「本当ですか？」と聞いた。')).toEqual(['はい。', '「本当ですか？」', 'と聞いた。']);
  });

  test('as soon as the next character is there', () => {
    const splitter = new ClauseSplitter();
    expect(splitter.push('好。')).toEqual([]);
    expect(splitter.push('我')).toEqual(['好。']);
    expect(splitter.push('来了！！')).toEqual([]);
    expect(splitter.push('是')).toEqual(['我来了！！']);
  });

  test('at a comma soon for the first clause, and not too often afterwards', () => {
    expect(clauses('好的，我们去公园走走，看看花，晒晒太阳，然后再去喝一杯茶。')).toEqual([
      '好的，',
      '我们去公园走走，看看花，晒晒太阳，',
      '然后再去喝一杯茶。',
    ]);
  });
});

describe('segmenter_strategy', () => {
  const text = 'So, I was thinking that perhaps we might go there tomorrow, if you like, and if it does not rain. Shall we? Yes!';

  test.each<[SegmenterStrategy, string[]]>([
    [
      'balanced',
      ['So, I was thinking that perhaps we might go there tomorrow, ', 'if you like, and if it does not rain. ', 'Shall we? ', 'Yes!'],
    ],
    [
      'fast_start',
      ['So, ', 'I was thinking that perhaps we might go there tomorrow, ', 'if you like, and if it does not rain. ', 'Shall we? ', 'Yes!'],
    ],
    [
      'sentence',
      ['So, I was thinking that perhaps we might go there tomorrow, if you like, and if it does not rain. ', 'Shall we? ', 'Yes!'],
    ],
    ['full_turn', [text]],
  ])('F39 segmenter_strategy %s', (strategy, expected) => {
    expect(cutAs(strategy, text)).toEqual(expected);
    expect(cutAs(strategy, text).join('')).toBe(text);
  });

  test('auto is balanced, and per_segment_context cuts at sentences', () => {
    expect(cutAs('auto', text)).toEqual(cutAs('balanced', text));
    expect(cutAs('per_segment_context', text)).toEqual(cutAs('sentence', text));
  });

  test('fast_start does not wait for punctuation', () => {
    const splitter = new ClauseSplitter('fast_start');
    const early = ['I ', 'was ', 'thinking ', 'that ', 'perhaps ', 'we '].flatMap((word) => splitter.push(word));
    expect(early).toEqual(['I was thinking that ']);
  });

  test('a sentence without an end is not waited for for ever', () => {
    const endless = 'and on and on '.repeat(100);
    expect(cutAs('sentence', ...endless)[0]?.length).toBeGreaterThan(900);
    expect(cutAs('sentence', ...endless).length).toBe(2);
    expect(cutAs('full_turn', ...'x'.repeat(120_000)).map(({ length }) => length)).toEqual([50_001, 50_001, 19_998]);
  });
});

test('a clause is given as soon as the character after its end is there', () => {
  const splitter = new ClauseSplitter();
  expect(splitter.push('Sure')).toEqual([]);
  expect(splitter.push(',')).toEqual([]);
  expect(splitter.push(' ')).toEqual(['Sure, ']);
  expect(splitter.push('I can. A')).toEqual(['I can. ']);
  expect(splitter.flush()).toEqual(['A']);
});

test('nothing but space is no clause', () => {
  expect(clauses('  \n\n ')).toEqual([]);
  expect(clauses('Hello.\n\n\n', '  ')).toEqual(['Hello.\n']);
});

test('all clauses joined give the text back, but for space at the edges of clauses', () => {
  for (const text of texts) {
    const bare = (value: string) => value.replaceAll(/\s+/g, '');
    expect(bare(clauses(text).join(''))).toBe(bare(text));
    for (const clause of clauses(text)) expect(text).toContain(clause);
  }
  expect(clauses(texts[2] as string).join('')).toBe(texts[2]);
});

test('the clauses do not depend on the pieces the text came in', () => {
  for (const text of texts) {
    const whole = clauses(text);
    expect(clauses(...text), 'letter by letter').toEqual(whole);
    for (let seed = 1; seed <= 40; seed++) expect(clauses(...cutByChance(text, seed, 1 + (seed % 12))), `seed ${seed}`).toEqual(whole);
  }
});

test('a sentence too long for a clause is cut only while its end is not known: nobody waits for what is there', () => {
  const sentence = 'The first sentence of this answer goes on for somewhat longer than sixty letters without any mark. ';
  expect(clauses(sentence)).toEqual([sentence]);
  expect(clauses(...sentence)).toEqual([
    'The first sentence of this answer goes on for somewhat ',
    'longer than sixty letters without any mark. ',
  ]);
});
