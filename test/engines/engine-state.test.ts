// What is told of an engine is how it is now, not how it was at the start.
import { expect, test } from 'vitest';
import type { Engine, EngineHealth } from '../../src/engines/engine.ts';
import { engineState, missing } from '../../src/engines/engine-state.ts';

function engine(kind: 'stt' | 'turn', health?: EngineHealth): Engine {
  return {
    info: { id: 'ear', kind, name: 'The ear', licence: 'Apache-2.0', languages: ['en'] },
    warmUp: async () => {},
    close: async () => {},
    ...(health === undefined ? {} : { health: () => health }),
  };
}

test('an engine that was lost after the start does not work, and nobody is ready to talk', () => {
  const state = engineState(engine('stt', { state: 'recovering', problem: 'its workers died' }), undefined, 5);
  expect(state).toMatchObject({ works: false, problem: 'its workers died' });
  expect(missing([state])).toEqual(['The ear: its workers died']);
});

test('an engine that could not be had at the start and is there by now works', () => {
  const state = engineState(engine('stt', { state: 'ready' }), 'no model', 5);
  expect(state).toMatchObject({ works: true, problem: undefined });
  expect(missing([state])).toEqual([]);
});

test('one that cannot say how it is is taken for what it was at the start', () => {
  expect(engineState(engine('stt'), 'no model', 5)).toMatchObject({ works: false, problem: 'no model' });
  expect(engineState(engine('stt'), undefined, 5)).toMatchObject({ works: true, problem: undefined });
  expect(engineState(engine('stt', { state: 'starting' }), undefined, 5)).toMatchObject({ works: false, problem: 'It is starting.' });
});

test('a stand-in that serves is ready, and says what it stands in for; without the judge of turns people can talk', () => {
  const state = engineState(engine('stt', { state: 'ready', problem: 'Another cannot be had' }), undefined, 5);
  expect(state).toMatchObject({ works: true, problem: 'Another cannot be had' });
  expect(missing([state, engineState(engine('turn', { state: 'failed', problem: 'gone' }), undefined, 5)])).toEqual([]);
});
