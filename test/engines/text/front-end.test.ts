import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrontEnd, type FrontEndOptions } from '../../../src/engines/text/front-end.ts';
import { smallLists } from './small-lists.ts';

let folder: string;

beforeAll(async () => {
  folder = await smallLists();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function say(text: string, options?: FrontEndOptions): Promise<string> {
  const frontEnd = await FrontEnd.load(folder, options);
  return (await frontEnd.clauses(text)).map(({ phonemes }) => phonemes).join(' | ');
}

describe('words', () => {
  test.each([
    ['the apple', 'ði ˈæpəl', 'a vowel follows'],
    ['the dog', 'ðə dˈɔɡ', 'none does'],
    ['to apple', 'tʊ ˈæpəl', 'a vowel follows'],
    ['to dog', 'tə dˈɔɡ', 'none does'],
    ['well, to.', 'wˈɛl, tu.', 'nothing follows'],
    ['dogs cats buses', 'dˈɔɡz kˈæts bˈʌsᵻz', 'plurals sound after their stems'],
    ['walked wanted hoped', 'wˈɔkt wˈɑntᵻd hˈOpt', 'so does the past'],
    ['hoping stopping writing', 'hˈOpɪŋ stˈɑpɪŋ ɹˈITɪŋ', 'stems are found without a doubled letter or with an e, and a t is flapped'],
    ['city', 'sˈɪTi', 'the flap has a sign of its own in the alphabet'],
    ['NASA', 'nˈæsə', 'it is in the lists so'],
    ['GPT', 'ʤˌipˌitˈi', 'capitals that are no word are spelled'],
    ['HELLO Boston parrot', 'həlˈO bˈɔstən pˈɛɹət', 'capitals that are one are read'],
    ['boston', 'bˈɔstən', 'small letters find the name'],
    ['That.', 'ðˈæt.', 'before a pause there is another form'],
    ['he read', 'hi ɹˈɛd', 'the tagger says it is the past'],
    ['he used to', 'hi jˈust tu', 'to follows'],
    ['eighth Nguyễn’s', 'ˈAtθ wˈɪnz', 'own words come first, with and without accents and endings'],
    ['$5, $1.05 and 1st', 'fˈIv dˈɑləɹz, wˈʌn dˈɑləɹ ænd fˈIv sˈɛnts ænd fˈɜɹst', 'numbers are read'],
    ['B2B', 'bˈitəbˈi', '2 between letters'],
    ['{hello} «dog»', 'həlˈO dˈɔɡ', 'marks around a word do not make it another'],
  ])('%s is %s: %s', async (text, phonemes) => {
    expect(await say(text)).toBe(phonemes);
  });

  test('a sentence keeps its end behind an abbreviation', async () => {
    expect(await say('He is at 6 p.m.')).toMatch(/\.$/);
    expect(await say('He is at 6 p.m. The dog is there')).toMatch(/\. \| ðə/);
  });
});

describe('unknown words', () => {
  test('are spelled without a net', async () => {
    expect(await say('zxq')).toBe('zˌiˌɛkskjˈu');
  });

  test('are read by the net once, and then known; what sounds after them is right the first time', async () => {
    const asked: number[][] = [];
    const net = (letters: readonly number[]) => {
      asked.push([...letters]);
      // Each letter's own number, twice, with silence between.
      return Promise.resolve(letters.flatMap((letter) => [letter, letter, 0]));
    };
    const frontEnd = await FrontEnd.load(folder, { net });
    for (let i = 0; i < 2; i++) {
      const [clause] = await frontEnd.clauses('the oops');
      expect(clause?.phonemes).toBe('ði ɑɑps');
    }
    expect(asked).toEqual([[15, 15, 16, 19]]);
  });

  test('of which the net knows no letter are silent', async () => {
    expect(await say('hello łł', { net: () => Promise.reject(new Error('never asked')) })).toBe('həlˈO');
  });

  test('a net that fails is not hidden', async () => {
    await expect(say('oops', { net: () => Promise.reject(new Error('the net broke')) })).rejects.toThrow('the net broke');
  });
});

describe('given pronunciations', () => {
  test('stand in the text', async () => {
    expect(await say('hello [Parley](/pˈɑɹli/), the [oak](/ˈOk/).')).toBe('həlˈO pˈɑɹli, ði ˈOk.');
  });

  test('come from an operator, as sounds and as respellings, and are met in any case', async () => {
    const pronunciations = '# ours\nXochitl = /sˈOʧil/\nAcme Corp\t/ˈækmi/\ngnu = dog\nIT = /ˌItˈi/\n';
    expect(await say("xochitl, Xochitl's acme corp, GNU", { pronunciations })).toBe('sˈOʧil, sˈOʧilz ˈækmi, dˈɔɡ');
    expect(await say('IT is it', { pronunciations })).toBe('ˌItˈi ɪz ɪt');
    expect(await say('hello', { pronunciations: '{"hello": "/hˈI/"}' })).toBe('hˈI');
  });

  test('of characters the voice has not are left out, and a list that says nothing is refused', async () => {
    expect(await say('[dog](/dˈ☃ɔɡ/) [cat](/☃/)')).toBe('dˈɔɡ kˈæt');
    await expect(FrontEnd.load(folder, { pronunciations: '{"hello": 5}' })).rejects.toThrow("how 'hello' is said");
  });
});

describe('clauses', () => {
  test('end with sentences and, where they are long enough, at other marks, each with its pause', async () => {
    const frontEnd = await FrontEnd.load(folder);
    const text =
      'Hello there. Is it a good day? Well, maybe the good dog and the good cat, and hello there to the apple; it is the good day';
    const clauses = await frontEnd.clauses(text);
    expect(clauses.map((clause) => [clause.text, clause.pauseMs])).toEqual([
      ['Hello there. ', 350],
      ['Is it a good day? ', 350],
      ['Well, maybe the good dog and the good cat, ', 120],
      ['and hello there to the apple; ', 200],
      ['it is the good day', 0],
    ]);
    expect(clauses.map((clause) => clause.text).join('')).toBe(text);
  });

  test('do not end at points within sentences', async () => {
    expect((await say('Mr. Dog is there. it is 3.5.')).split(' | ')).toHaveLength(1);
  });

  test('are never longer than the voice can take', async () => {
    const frontEnd = await FrontEnd.load(folder);
    const clauses = await frontEnd.clauses(`${'good day '.repeat(300)}${'8'.repeat(300)}`);
    expect(clauses.length).toBeGreaterThan(5);
    for (const { phonemes } of clauses) expect(phonemes.length).toBeLessThanOrEqual(400);
  });

  test('have each word of the text with its stretch of sounds', async () => {
    const frontEnd = await FrontEnd.load(folder);
    const [clause] = await frontEnd.clauses('"Hello," he is — at 18:00 - there :) 😀.');
    expect(clause?.words.map(({ text, from, to }) => [text, clause.phonemes.slice(from, to)])).toEqual([
      ['"Hello,"', 'həlˈO'],
      ['he', 'hi'],
      ['is', 'ɪz'],
      ['at', 'æt'],
      ['18:00', 'ˌAtˈin hˈʌndɹəd'],
      ['there', 'ðˈɛɹ'],
    ]);
  });

  test('are none where nothing can be said, which is told in one line without a word of it', async () => {
    const lines: string[] = [];
    for (const text of ['', ' \n', '...', '😀', 'Привет', '你好。', '—'])
      expect(await say(text, { onSkipped: (line) => lines.push(line) })).toBe('');
    expect(lines).toEqual([
      'Left out of what is spoken: emoji.',
      'Left out of what is spoken: letters of another script.',
      'Left out of what is spoken: letters of another script.',
    ]);
  });

  test('have an id for every character', async () => {
    const frontEnd = await FrontEnd.load(folder);
    const [clause] = await frontEnd.clauses('Hello, dogs!');
    const ids = frontEnd.ids(clause?.phonemes ?? '');
    expect(ids).toHaveLength(clause?.phonemes.length ?? 0);
    expect(ids).not.toContain(0);
  });
});

test('lists that are not there or not whole are refused', async () => {
  await expect(FrontEnd.load(join(folder, 'nowhere'))).rejects.toThrow('ENOENT');
  const broken = await smallLists();
  writeFileSync(join(broken, 'words.bin'), 'nothing');
  await expect(FrontEnd.load(broken)).rejects.toThrow('no word lists');
  rmSync(broken, { recursive: true });
});

test('no text breaks it: whatever comes, clauses are whole and words lie within them', async () => {
  const frontEnd = await FrontEnd.load(folder, { net: (letters) => Promise.resolve(letters) });
  const bits = [
    ...[
      'Hello ',
      'the ',
      '18:00 ',
      '. ',
      '? ',
      'dog',
      'U.S.',
      ' 3/4 ',
      '$3.2 billion ',
      "can't ",
      'Mr. ',
      '\t',
      '"',
      '5 km ',
      'p.m. ',
      '\n- ',
    ],
    ...[
      'https://x.org/a?b ',
      'a@x.com',
      '[w](/dˈɔɡ/)',
      '2nd ',
      'Henry VIII ',
      '1-',
      'a-b-',
      '1,',
      '(',
      'A1',
      '://',
      '[a](',
      '№',
      '*a*',
      "a'",
    ],
    ...['€1', '𝒜', '👨‍👩', 'e\u0301', '\uE000', '—', '-1', '+1 415 555 0199 ', 'fe80:', 'order no. 12345 ', '_', '#', '\0', '\uD800'],
  ];
  let seed = 11;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return (seed >> 8) % below;
  };
  const faults: string[] = [];
  for (let round = 0; round < 300; round++) {
    const text = Array.from({ length: 1 + random(30) }, () => bits[random(bits.length)]).join('');
    const clauses = await frontEnd.clauses(text);
    const sound = clauses.every(({ phonemes, words, text: own }) => {
      const ends = [0, ...words.map(({ to }) => to)];
      return (
        phonemes.length <= 400 &&
        !frontEnd.ids(phonemes).includes(0) &&
        words.every(({ from, to }, i) => from >= (ends[i] as number) && to > from && to <= phonemes.length) &&
        words.every((word) => own.includes(word.text))
      );
    });
    if (!sound || (clauses.length > 0 && clauses.map((clause) => clause.text).join('') !== text)) faults.push(JSON.stringify(text));
  }
  expect(faults).toEqual([]);
});
