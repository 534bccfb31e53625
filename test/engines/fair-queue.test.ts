// Who is next, and who has to give way.
import { expect, test } from 'vitest';
import { FairQueue } from '../../src/engines/local/fair-queue.ts';

type Push = readonly [item: string, key?: string, priority?: number, session?: string];

class Queue extends FairQueue<string> {
  put(...[item, key = '', priority = 0, session = '']: Push): string | undefined {
    return this.push(item, { key, session }, priority);
  }
}

function filled(most: number, ...pushes: Push[]): Queue {
  return weighted(most, {}, ...pushes);
}

function weighted(most: number, weights: Readonly<Record<string, number>>, ...pushes: Push[]): Queue {
  const queue = new Queue(most, (key) => weights[key] ?? 0);
  for (const push of pushes) expect(queue.put(...push)).toBeUndefined();
  return queue;
}

test('keys take turns, each in its own order, and a key that comes late does not wait for those that have had a turn', () => {
  const queue = filled(9, ['a1', 'a'], ['a2', 'a'], ['a3', 'a'], ['b1', 'b'], ['b2', 'b']);
  expect([queue.shift(), queue.shift()]).toEqual(['a1', 'b1']);
  queue.put('c1', 'c');
  expect(queue.drain()).toEqual(['c1', 'a2', 'b2', 'a3']);
  expect(queue.shift()).toBeUndefined();
});

test('a key that has just had a turn comes after one that has not, though it was there again before', () => {
  const queue = filled(9, ['a1', 'a']);
  expect(queue.shift()).toBe('a1');
  queue.put('a2', 'a');
  queue.put('a3', 'a');
  queue.put('b1', 'b');
  queue.put('c1', 'c');
  expect(queue.drain()).toEqual(['b1', 'c1', 'a2', 'a3']);
});

test('of keys that come and go only so many are remembered', () => {
  const queue = filled(9, ['first', 'key 0']);
  queue.shift();
  for (let count = 1; count <= 1000; count++) {
    queue.put('one', `key ${count}`);
    queue.shift();
  }
  queue.put('again', 'key 1');
  queue.put('as new', 'key 0');
  expect(queue.drain()).toEqual(['as new', 'again']);
});

test('a key with many sessions has no more turns than a key with one, and its sessions take turns among themselves', () => {
  const queue = filled(9, ['a1', 'a', 0, 'x'], ['a2', 'a', 0, 'x'], ['a3', 'a', 0, 'y'], ['a4', 'a', 0, 'z'], ['b1', 'b'], ['b2', 'b']);
  expect(queue.drain()).toEqual(['a1', 'b1', 'a3', 'b2', 'a4', 'a2']);
});

test('a heavier key comes after a lighter one, however urgent it is, and makes room for it', () => {
  const queue = weighted(4, { heavy: 1 }, ['h1', 'heavy', 0], ['l1', 'light', 2], ['h2', 'heavy', 0], ['l2', 'light', 1]);
  expect(queue.put('l3', 'light', 2)).toBe('h2');
  expect(queue.put('h3', 'heavy', 0)).toBe('h3');
  expect(queue.drain()).toEqual(['l2', 'l1', 'l3', 'h1']);
});

test('what is urgent comes first, whoever waits longer', () => {
  const queue = filled(9, ['later', 'a', 2], ['soon', 'a', 1], ['now', 'b'], ['now too', 'a', 0]);
  expect(queue.drain()).toEqual(['now too', 'now', 'soon', 'later']);
});

test('what was removed is not given out, and can be removed once', () => {
  const queue = filled(9, ['a1', 'a'], ['a2', 'a'], ['b1', 'b']);
  expect([queue.remove('a1'), queue.remove('a1'), queue.size]).toEqual([true, false, 2]);
  expect(queue.drain()).toEqual(['a2', 'b1']);
});

test('a key that fills the queue is refused itself, and loses its youngest to a key that has less', () => {
  const queue = filled(3, ['a1', 'a'], ['a2', 'a'], ['a3', 'a']);
  expect(queue.put('a4', 'a')).toBe('a4');
  expect(queue.put('b1', 'b')).toBe('a3');
  // Both would have the same afterwards.
  expect(queue.put('b2', 'b')).toBe('b2');
  expect(queue.size).toBe(3);
  expect(queue.drain()).toEqual(['a1', 'b1', 'a2']);
});

test('what is urgent takes the place of what is not, and never the other way round', () => {
  const queue = filled(3, ['now', 'a', 0], ['guess', 'b', 1], ['other guess', 'a', 1]);
  expect(queue.put('final', 'c', 0)).toBe('other guess');
  expect(queue.put('late guess', 'd', 1)).toBe('late guess');
  expect(queue.put('last', 'a', 0)).toBe('guess');
  expect(queue.put('too much', 'd', 1)).toBe('too much');
  expect(queue.drain()).toEqual(['now', 'final', 'last']);
});

test('of a key that fills the queue it is the session with the most waiting that gives way', () => {
  const queue = filled(3, ['x1', 'a', 0, 'x'], ['x2', 'a', 0, 'x'], ['x3', 'a', 0, 'x']);
  expect(queue.put('y1', 'a', 0, 'y')).toBe('x3');
  expect(queue.put('y2', 'a', 0, 'y')).toBe('y2');
  expect(queue.drain()).toEqual(['x1', 'y1', 'x2']);
});

test('a queue without room refuses everything', () => {
  expect(filled(0).put('a')).toBe('a');
});
