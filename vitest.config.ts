import { defineConfig } from 'vitest/config';

/** Files in which the embedded recogniser hears real speech. */
const speech = ['test/e2e/**/*.test.ts', 'test/clients/**/*.test.ts', 'test/contract/pocketsphinx.test.ts'];

export default defineConfig({
  test: {
    // Two cores and real engines: files run two at a time, tests in a file one after the other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/left-out.ts'],
    globalSetup: ['test/decoders/forget.ts'],
    projects: [
      { extends: true, test: { name: 'rules', include: ['test/**/*.test.ts'], exclude: speech } },
      // The recogniser does not hear the same speech the same twice at its borders. What fails twice has failed.
      { extends: true, test: { name: 'speech', include: speech, retry: 1 } },
    ],
  },
});
