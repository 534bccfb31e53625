// Text from bare words, words from names, sounds from letters.
import { describe, expect, it } from 'vitest';
import { pronounce } from '../../src/engines/local/pocketsphinx/pocketsphinx-pronounce.ts';
import { finalText, partialText, vocabularyOf, wordsOf } from '../../src/engines/local/pocketsphinx/pocketsphinx-wording.ts';

function segments(...words: string[]) {
  return words.map((word, index) => ({ word, startMs: index * 100, endMs: index * 100 + 100 }));
}

function written(text: string): string {
  return finalText(wordsOf(segments(...text.split(' '))));
}

describe('the wording of what PocketSphinx hears', () => {
  it('leaves out silence and noises, folds variants and keeps the times of the words', () => {
    const words = wordsOf(segments('<s>', '<sil>', 'read(2)', '[NOISE]', '++UM++', 'it', '</s>'));
    expect(words).toEqual([
      { text: 'Read', startMs: 200, endMs: 300 },
      { text: 'it', startMs: 500, endMs: 600 },
    ]);
  });

  it('begins with a capital, and writes I and names of days so', () => {
    expect(written("and i think i'm free on monday")).toBe("And I think I'm free on Monday.");
  });

  it('puts no mark behind a partial', () => {
    expect(partialText(wordsOf(segments('what', 'time')))).toBe('What time');
  });

  it('is empty when only silence was heard', () => {
    expect(finalText(wordsOf(segments('<s>', '<sil>', '</s>')))).toBe('');
  });

  it.each([
    'what time is it',
    'can you help me',
    'is there a doctor',
    'and how much is that',
    'do you know him',
    "isn't it late",
    'where is my order',
    'when does it leave',
  ])('asks: %s', (text) => {
    expect(written(text)).toMatch(/\?$/);
  });

  it.each(['what a nice day', 'do the dishes', 'have a nice day', 'when i was young', 'can do', 'please call me', 'will is here'])(
    'tells: %s',
    (text) => {
      expect(written(text)).toMatch(/\.$/);
    },
  );
});

describe('the vocabulary a caller brings', () => {
  it('parts names of tools into words, each once, sorted', () => {
    expect(vocabularyOf(['bookTable_v2', 'get_HTTPStatus', 'book'], 10)).toEqual(['book', 'get', 'http', 'status', 'table']);
  });

  it('takes no more words than the limit', () => {
    expect(vocabularyOf(['one two three four'], 2)).toHaveLength(2);
  });
});

describe('the guess at a pronunciation', () => {
  it.each([
    ['zorvex', 'Z AO R V EH K S'],
    ['grafana', 'G R AE F AE N AH'],
    ['pelimont', 'P EH L IH M AA N T'],
    ['bike', 'B AY K'],
    ['quick', 'K W IH K'],
    ['xml', 'EH K S EH M EH L'],
    ['cipher', 'S IH F ER'],
    ['letter', 'L EH T ER'],
  ])('says %s', (word, phones) => {
    expect(pronounce(word)).toBe(phones);
  });

  it('has nothing to say without letters', () => {
    expect(pronounce('42')).toBe('');
  });
});
