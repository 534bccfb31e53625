// Who serves while the best engine of a kind cannot be had, and from when on the best serves again.
import { describe, expect, it } from 'vitest';
import { type Engine, EngineError, type EngineHealth } from '../../src/engines/engine.ts';
import { Preferred } from '../../src/engines/routing/preferred.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { settled } from '../rig.ts';

class FakeEngine implements Engine {
  readonly info;
  failure: Error | undefined;
  state: EngineHealth = { state: 'ready' };
  warmed = 0;
  closed = false;

  constructor(id: string) {
    this.info = { id, kind: 'stt', name: `The ${id}`, licence: 'Apache-2.0', languages: ['en'] } as const;
  }

  async warmUp(): Promise<void> {
    this.warmed++;
    if (this.failure) throw this.failure;
  }

  health(): EngineHealth {
    return this.state;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function rig() {
  const clock = new ManualClock();
  const best = new FakeEngine('best');
  const standIn = new FakeEngine('old');
  return {
    clock,
    best,
    standIn,
    engine: new Preferred<FakeEngine>(best, standIn, { clock, log: silentLog }),
    signal: new AbortController().signal,
  };
}

const missing = new EngineError('best', 'unavailable', 'its model could not be fetched', { retryable: true });

describe('the best engine of a kind', () => {
  it('serves when it is there, and the stand-in is not even warmed up', async () => {
    const { best, standIn, engine, signal } = rig();
    await engine.warmUp(signal);
    expect(engine.current).toBe(best);
    expect(standIn.warmed).toBe(0);
    expect(engine.health).toEqual({ state: 'ready' });
  });

  it('is stood in for while its model is missing, and serves as soon as that has come', async () => {
    const { clock, best, standIn, engine, signal } = rig();
    best.failure = missing;
    await engine.warmUp(signal);
    expect(engine.current).toBe(standIn);
    expect(standIn.warmed).toBe(1);
    expect(engine.health.problem).toBe('The best cannot be had: its model could not be fetched');
    clock.advance(15_000);
    await settled();
    expect(engine.current).toBe(standIn);
    best.failure = undefined;
    clock.advance(29_000);
    await settled();
    expect(engine.current).toBe(standIn);
    clock.advance(1_000);
    await settled();
    expect(engine.current).toBe(best);
    expect(engine.health.problem).toBeUndefined();
    expect(best.warmed).toBe(3);
  });

  it('is not tried again where it can only fail again', async () => {
    const { clock, best, standIn, engine, signal } = rig();
    best.failure = new EngineError('best', 'unavailable', 'models are switched off');
    await engine.warmUp(signal);
    clock.advance(3_600_000);
    await settled();
    expect(best.warmed).toBe(1);
    expect(engine.current).toBe(standIn);
  });

  it('is stood in for while its workers keep dying, and comes back by itself', async () => {
    const { best, standIn, engine, signal } = rig();
    await engine.warmUp(signal);
    best.state = { state: 'recovering', losses: 2 };
    expect(engine.current).toBe(best);
    best.state = { state: 'failed', problem: 'five workers in a row died' };
    expect(engine.current).toBe(standIn);
    expect(engine.health).toEqual({ state: 'ready', problem: 'The best cannot be had: five workers in a row died' });
    best.state = { state: 'ready' };
    expect(engine.current).toBe(best);
  });

  it('and the stand-in both missing is the failure of the stand-in', async () => {
    const { best, standIn, engine, signal } = rig();
    best.failure = missing;
    standIn.failure = new EngineError('old', 'unavailable', 'it is not installed');
    await expect(engine.warmUp(signal)).rejects.toThrow('it is not installed');
  });

  it('fails with a bug of its own as it is', async () => {
    const { best, engine, signal } = rig();
    best.failure = new TypeError('a bug');
    await expect(engine.warmUp(signal)).rejects.toThrow('a bug');
  });

  it('is not tried again once all is closed', async () => {
    const { clock, best, standIn, engine, signal } = rig();
    best.failure = missing;
    await engine.warmUp(signal);
    await engine.close();
    clock.advance(60_000);
    await settled();
    expect(best.warmed).toBe(1);
    expect([best.closed, standIn.closed]).toEqual([true, true]);
  });
});
