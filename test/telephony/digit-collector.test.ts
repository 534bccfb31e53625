import { describe, expect, test } from 'vitest';
import { parseClientEvent } from '../../src/protocol/client-events.ts';
import { DigitCollector, type DigitCollecting, pressedItem, pressedText } from '../../src/telephony/digit-collector.ts';

/** What comes of keys pressed half a second apart; a space is a second more. Each entry as `1234 key@1500`. */
function entries(keys: string, options?: DigitCollecting): string[] {
  const collector = new DigitCollector(options);
  const found: string[] = [];
  let now = 0;
  const note = (entry: ReturnType<DigitCollector['tick']>) => entry && found.push(`${entry.digits} ${entry.ended}@${now}`);
  const until = (ms: number) => {
    for (let due = collector.wakeAtMs; due !== undefined && due <= ms; due = collector.wakeAtMs) {
      now = due;
      note(collector.tick(now));
    }
    now = ms;
  };
  for (const key of keys) {
    until(now + (key === ' ' ? 1000 : 500));
    if (key !== ' ') note(collector.press(key, now));
  }
  until(now + 60_000);
  return found;
}

describe('an entry ends', () => {
  test.each<[string, string, DigitCollecting | undefined, string[]]>([
    ['with #, which is no part of it', '1234#', undefined, ['1234 key@2500']],
    ['with another key, where that is wanted', '12#*', { endKey: '*' }, ['12# key@2000']],
    ['with no key, where none is wanted', '1#', { endKey: null }, ['1# pause@4000']],
    ['with as many keys as are wanted', '123456', { most: 4 }, ['1234 count@2000', '56 pause@6000']],
    ['when no more come for three seconds', '12', undefined, ['12 pause@4000']],
    ['when no more come for as long as is wanted', '12', { pauseMs: 1500 }, ['12 pause@2500']],
    ['not in a shorter pause', '12  34#', undefined, ['1234 key@4500']],
    ['with 64 keys in any case', '1'.repeat(65), { most: 1000 }, [`${'1'.repeat(64)} count@32000`, '1 pause@35500']],
  ])('%s', (_how, keys, options, expected) => {
    expect(entries(keys, options)).toEqual(expected);
  });

  test('and another begins', () => {
    expect(entries('12#34#    5')).toEqual(['12 key@1500', '34 key@3000', '5 pause@10500']);
  });

  test('and nothing is told of one in which there is nothing', () => {
    expect(entries('##')).toEqual([]);
  });

  test('by its pause though nobody came to see, and the late key begins the next', () => {
    const collector = new DigitCollector();
    collector.press('1', 0);
    expect(collector.press('2', 3000)).toEqual({ digits: '1', ended: 'pause' });
    expect(collector.wakeAtMs).toBe(6000);
    expect(collector.tick(6000)).toEqual({ digits: '2', ended: 'pause' });
  });
});

test('the model is told of it in words, as an item that any client might write', () => {
  expect(pressedText('12*#')).toBe('The caller pressed 1 2 * #.');
  const event = parseClientEvent({ type: 'conversation.item.create', item: pressedItem('1234') });
  expect(event).toMatchObject({ item: { role: 'user', content: [{ type: 'input_text', text: 'The caller pressed 1 2 3 4.' }] } });
});
