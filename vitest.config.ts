import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores and real engines: files run two at a time, tests in a file one after the other.
    maxWorkers: 2,
    // Real speech is not recognised the same twice (docs/decisions/0003). What fails twice has failed.
    retry: 1,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: ['default'],
  },
});
