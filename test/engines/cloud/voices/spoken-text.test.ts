// The text of a speech on its way to a service: joined while it waits, cut to what a message may have, bounded, left at once.
import { expect, test } from 'vitest';
import { SpokenText } from '../../../../src/engines/cloud/voices/spoken-text.ts';
import { clauses } from '../../../contract/tts.ts';

const never = new AbortController().signal;

async function all(text: SpokenText, most = 1000): Promise<string[]> {
  const pieces: string[] = [];
  for (let piece = await text.next(most); piece !== undefined; piece = await text.next(most)) pieces.push(piece);
  return pieces;
}

/** Lets everything happen that is about to. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('what waits is given in one piece', async () => {
  const text = new SpokenText(clauses('One, ', 'two. ', 'Three.'), never);
  await settle();
  expect(await all(text)).toEqual(['One, two. Three.']);
});

test('what is waited for is given as it comes', async () => {
  let goOn: () => void = () => {};
  async function* source(): AsyncGenerator<string> {
    yield 'One. ';
    await new Promise<void>((resolve) => (goOn = resolve));
    yield 'Two. ';
  }
  const text = new SpokenText(source(), never);
  expect(await text.next(100)).toBe('One. ');
  const next = text.next(100);
  await settle();
  goOn();
  expect(await next).toBe('Two. ');
  expect(await text.next(100)).toBeUndefined();
});

test('clauses without a space between them do not become one word, but for scripts that have none', async () => {
  const text = new SpokenText(clauses('Hello.', 'World.'), never);
  await settle();
  expect(await all(text)).toEqual(['Hello. World.']);
  const japanese = new SpokenText(clauses('こんにちは。', '元気ですか。'), never);
  await settle();
  expect(await all(japanese)).toEqual(['こんにちは。元気ですか。']);
});

test('what has no word in it waits for a word, and is dropped at the end', async () => {
  const text = new SpokenText(clauses('“ ', '… ', 'Well, ', '👍 '), never);
  await settle();
  expect((await all(text)).map((piece) => piece.trim())).toEqual(['“ … Well, 👍']);
  const wordless = new SpokenText(clauses('…', ' '), never);
  expect(await all(wordless)).toEqual([]);
});

test('a text that is longer than a message is cut at spaces, and nothing of it is lost', async () => {
  const long = 'A sentence that is longer than any message of that service may be, by far. ';
  const text = new SpokenText(clauses(long, long), never);
  await settle();
  const pieces = await all(text, 30);
  expect(pieces.join('')).toBe(long + long);
  for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(30);
  for (const piece of pieces) expect(piece).toMatch(/\s$/);
});

test('a word that is longer than a message is cut, but no character is', async () => {
  const text = new SpokenText(clauses(`${'a'.repeat(9)}𝒳𝒴𝒵`), never);
  const pieces = await all(text, 10);
  expect(pieces.join('')).toBe(`${'a'.repeat(9)}𝒳𝒴𝒵`);
  for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
});

test('a source that is far ahead waits', async () => {
  let given = 0;
  async function* source(): AsyncGenerator<string> {
    for (; given < 100; given += 1) yield 'word '.repeat(1000);
  }
  const text = new SpokenText(source(), never);
  for (let i = 0; i < 200; i += 1) await settle();
  expect(given).toBeLessThan(20);
  expect((await all(text)).join('')).toHaveLength(100 * 5000);
});

test('a source that fails is told when what came before has been given', async () => {
  async function* source(): AsyncGenerator<string> {
    yield 'One. ';
    throw new Error('broken off');
  }
  const text = new SpokenText(source(), never);
  await settle();
  expect(await text.next(100)).toBe('One. ');
  await expect(text.next(100)).rejects.toThrow('broken off');
});

test('whoever leaves is done at once, though the source hangs, and the source is told', async () => {
  let returned = false;
  const source: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: () => {
        returned = true;
        return new Promise(() => {});
      },
    }),
  };
  const leave = new AbortController();
  const text = new SpokenText(source, leave.signal);
  const next = text.next(100);
  leave.abort();
  expect(await next).toBeUndefined();
  expect(returned).toBe(true);
});
