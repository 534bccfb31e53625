// Directions in square brackets are for the voice: one that cannot follow them must not read them out, and nothing else may be lost.
import { describe, expect, test } from 'vitest';
import { SpeechText } from '../../src/pipeline/speech-text.ts';
import { SteeringFilter } from '../../src/pipeline/steering.ts';

function said(...pieces: string[]): string {
  const filter = new SteeringFilter();
  return pieces.map((piece) => filter.push(piece)).join('') + filter.flush();
}

describe('F39 steering: a voice that cannot steer', () => {
  test.each([
    ['at the beginning', '[happy] Hello there.', 'Hello there.'],
    ['several of them', '[happy] [very excited]Hello.', 'Hello.'],
    ['with a description', "[whispering, as if it's a secret] Hello.", 'Hello.'],
    ['at the beginning of a later sentence', 'Hello. [sad] Goodbye! [happy]\n[calm] Well.', 'Hello. Goodbye! Well.'],
    ['after Chinese', '你好。[happy]再见。', '你好。再见。'],
    ['at the very end', 'Hello. [happy]', 'Hello. '],
    ['a sound in the middle', 'And then [laugh] he fell.', 'And then he fell.'],
  ])('does not read a direction out: %s', (_where, text, expected) => {
    expect(said(text)).toBe(expected);
    expect(said(...text), 'letter by letter').toBe(expected);
  });

  test.each([
    'Press [enter] to go on.',
    '[1] is the first.',
    '[link](https://example.com) is a link.',
    'See [here.',
    '[never closed, and so long that nobody can mean it as a direction',
    '[]',
    '[[happy',
    'It is 5 [five].',
    'x = [a, b]',
  ])('reads everything else: %s', (text) => {
    expect(said(text)).toBe(text);
    expect(said(...text), 'letter by letter').toBe(text);
  });
});

describe('F39 what a voice is given', () => {
  function given(engine: ConstructorParameters<typeof SpeechText>[0], strategy: ConstructorParameters<typeof SpeechText>[1]): string[] {
    const script = new SpeechText(engine, strategy);
    return [...['[happy] ', 'Well, ', 'hello. ', 'Bye.'].flatMap((piece) => script.push(piece)), ...script.flush()];
  }

  test('one that steers gets its directions', () => {
    expect(given({ takes: 'clauses', steers: true }, 'auto')).toEqual(['[happy] Well, ', 'hello. ', 'Bye.']);
    expect(given({ takes: 'clauses' }, 'auto')).toEqual(['Well, ', 'hello. ', 'Bye.']);
  });

  test('one that takes pieces gets them as they come, unless the client wants whole sentences or more', () => {
    expect(given({ takes: 'pieces' }, 'auto')).toEqual(['Well, ', 'hello. ', 'Bye.']);
    expect(given({ takes: 'pieces' }, 'fast_start')).toEqual(['Well, ', 'hello. ', 'Bye.']);
    expect(given({ takes: 'pieces' }, 'sentence')).toEqual(['Well, hello. ', 'Bye.']);
    expect(given({ takes: 'pieces' }, 'full_turn')).toEqual(['Well, hello. Bye.']);
  });
});
