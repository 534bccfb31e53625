// Whatever happens in whatever order, the rules of watch.ts hold, every event of a client is answered, and every response ends. Now and then the
// session is written down as JSON and read back, and goes on alike.
import { describe, expect, test } from 'vitest';
import { live } from './life.ts';
import { met } from './met.ts';

const seeds = Array.from({ length: 80 }, (_, index) => 1000 + index);

describe('a session to which anything may happen', () => {
  test.each(seeds)('O11: keeps every rule, seed %i', (seed) => {
    expect(live(seed)).toBe('');
  });

  test('has met everything the rules are about', () => {
    expect(met.facts).toBeGreaterThanOrEqual(100_000);
    const { facts: _, ...rest } = met;
    expect(Object.entries(rest).filter(([, times]) => times < 20)).toEqual([]);
  });
});
