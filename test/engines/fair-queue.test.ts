// Who is next, and who has to give way.
import { expect, test } from 'vitest';
import { FairQueue } from '../../src/engines/local/fair-queue.ts';

function filled(most: number, ...pushes: (readonly [item: string, key?: string, priority?: number])[]): FairQueue<string> {
  const queue = new FairQueue<string>(most);
  for (const push of pushes) expect(queue.push(...push)).toBeUndefined();
  return queue;
}

test('keys take turns, each in its own order, and a key that comes late waits one round only', () => {
  const queue = filled(9, ['a1', 'a'], ['a2', 'a'], ['a3', 'a'], ['b1', 'b'], ['b2', 'b']);
  expect([queue.shift(), queue.shift()]).toEqual(['a1', 'b1']);
  queue.push('c1', 'c');
  expect(queue.drain()).toEqual(['a2', 'b2', 'c1', 'a3']);
  expect(queue.shift()).toBeUndefined();
});

test('what is urgent comes first, whoever waits longer', () => {
  const queue = filled(9, ['later', 'a', 2], ['soon', 'a', 1], ['now', 'b'], ['now too', 'a', 0]);
  expect(queue.drain()).toEqual(['now', 'now too', 'soon', 'later']);
});

test('what was removed is not given out, and can be removed once', () => {
  const queue = filled(9, ['a1', 'a'], ['a2', 'a'], ['b1', 'b']);
  expect([queue.remove('a1'), queue.remove('a1'), queue.size]).toEqual([true, false, 2]);
  expect(queue.drain()).toEqual(['a2', 'b1']);
});

test('a key that fills the queue is refused itself, and loses its youngest to a key that has less', () => {
  const queue = filled(3, ['a1', 'a'], ['a2', 'a'], ['a3', 'a']);
  expect(queue.push('a4', 'a')).toBe('a4');
  expect(queue.push('b1', 'b')).toBe('a3');
  // Both would have the same afterwards.
  expect(queue.push('b2', 'b')).toBe('b2');
  expect(queue.size).toBe(3);
  expect(queue.drain()).toEqual(['a1', 'b1', 'a2']);
});

test('what is urgent takes the place of what is not, and never the other way round', () => {
  const queue = filled(3, ['now', 'a', 0], ['guess', 'b', 1], ['other guess', 'a', 1]);
  expect(queue.push('final', 'c', 0)).toBe('guess');
  expect(queue.push('late guess', 'd', 1)).toBe('late guess');
  expect(queue.push('last', 'a', 0)).toBe('other guess');
  expect(queue.push('too much', 'd', 1)).toBe('too much');
  expect(queue.drain()).toEqual(['now', 'final', 'last']);
});

test('a queue without room refuses everything', () => {
  expect(filled(0).push('a')).toBe('a');
});
