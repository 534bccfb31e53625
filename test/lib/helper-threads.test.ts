// That the threads which collect garbage give way to the main loop, and nothing else does.
import { getPriority } from 'node:os';
import { expect, test } from 'vitest';
import { helperThreads, lowerHelperThreads } from '../../src/lib/helper-threads.ts';

test.skipIf(process.platform !== 'linux')('the threads that V8 keeps have a lower priority than the main loop afterwards', () => {
  const own = getPriority();
  expect(helperThreads().length).toBeGreaterThan(0);
  lowerHelperThreads();
  for (const id of helperThreads()) expect(getPriority(id)).toBe(5);
  expect(getPriority()).toBe(own);
});
