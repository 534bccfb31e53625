import { describe, expect, it } from 'vitest';
import { EngineError, type EngineFailure } from '../../../src/engines/engine.ts';
import { Cooldown } from '../../../src/engines/routing/cooldown.ts';
import { ManualClock } from '../../../src/lib/clock.ts';

function start(reason: EngineFailure = 'broken', retryAfterMs?: number) {
  const clock = new ManualClock();
  const cooldown = new Cooldown(clock);
  cooldown.failed('a/b', new EngineError('a', reason, 'It failed.', { retryAfterMs }));
  return { clock, cooldown };
}

describe('an engine that failed', () => {
  it('is left alone for half a minute; then one call finds out, and the others wait for what it says', () => {
    const { clock, cooldown } = start();
    expect(cooldown.mayAsk('a/b')).toBe(false);
    expect(cooldown.mayAsk('a/other')).toBe(true);
    expect(cooldown.resting).toEqual(['a/b']);
    clock.advance(29_999);
    expect(cooldown.mayAsk('a/b')).toBe(false);
    clock.advance(1);
    expect([cooldown.mayAsk('a/b'), cooldown.mayAsk('a/b')]).toEqual([true, false]);
    cooldown.worked('a/b');
    expect([cooldown.mayAsk('a/b'), cooldown.mayAsk('a/b')]).toEqual([true, true]);
    expect(cooldown.resting).toEqual([]);
  });

  it('is asked again after a while even if whoever was to find out says nothing', () => {
    const { clock, cooldown } = start();
    clock.advance(30_000);
    expect(cooldown.mayAsk('a/b')).toBe(true);
    clock.advance(30_000);
    expect(cooldown.mayAsk('a/b')).toBe(true);
  });

  it('is left alone for as long as it wants, between a second and ten minutes', () => {
    for (const [wantsMs, restsMs] of [
      [2000, 2000],
      [0, 1000],
      [3_600_000, 600_000],
    ] as const) {
      const { clock, cooldown } = start('rate_limited', wantsMs);
      clock.advance(restsMs - 1);
      expect(cooldown.mayAsk('a/b')).toBe(false);
      clock.advance(1);
      expect(cooldown.mayAsk('a/b')).toBe(true);
    }
  });

  it('at a request that it refuses says nothing about other requests', () => {
    expect(start('rejected').cooldown.mayAsk('a/b')).toBe(true);
  });
});
