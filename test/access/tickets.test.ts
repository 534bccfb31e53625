// Tickets of our own page: each opens one door, once and soon.
import { expect, test } from 'vitest';
import { Tickets } from '../../src/access/tickets.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { randomToken } from '../../src/lib/ids.ts';

test('a ticket holds once, and for half a minute', () => {
  const clock = new ManualClock();
  const tickets = new Tickets<string>(clock, randomToken);
  const [first, second, third] = [tickets.issue('key-1'), tickets.issue('key-2'), tickets.issue('key-3')];
  expect(first).toMatch(/^[0-9A-Za-z]{32}$/);
  expect([tickets.take(first), tickets.take(first)]).toEqual(['key-1', undefined]);
  clock.advance(29_999);
  expect(tickets.take(second)).toBe('key-2');
  clock.advance(1);
  expect(tickets.take(third)).toBeUndefined();
  for (const other of ['', 'x'.repeat(32), '__proto__']) expect(tickets.take(other)).toBeUndefined();
});

test('with more than a thousand out, the oldest is void', () => {
  const tickets = new Tickets<number>(new ManualClock(), randomToken);
  const issued = Array.from({ length: 1001 }, (_, number) => tickets.issue(number));
  expect(tickets.take(issued[0] ?? '')).toBeUndefined();
  expect(tickets.take(issued[1] ?? '')).toBe(1);
  expect(tickets.take(issued[1000] ?? '')).toBe(1000);
});
