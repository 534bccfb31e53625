import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores and real engines: files run two at a time, tests in a file one after the other.
    maxWorkers: 2,
    // The recogniser does not hear real speech the same twice at its borders. What fails twice has failed.
    retry: 1,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: ['default'],
  },
});
