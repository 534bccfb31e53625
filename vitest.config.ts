import { defineConfig } from 'vitest/config';

/** Files in which the embedded recogniser hears real speech. They wait for speech more than they reckon. */
const speech = ['test/e2e/**/*.test.ts', 'test/clients/**/*.test.ts', 'test/contract/pocketsphinx.test.ts'];
/** Those of them that hold a page's calls, or the patience of a turn's end, against the clock: they need the machine more to themselves. */
const calls = ['test/e2e/webrtc*.test.ts', 'test/clients/agents-webrtc.test.ts', 'test/e2e/neural.test.ts'];
/** Those that need all of it: for two tabs of a browser, or to see whether the main loop ever stands still. */
const alone = ['test/e2e/webrtc-worker-death.test.ts', 'test/e2e/store-locked.test.ts'];

export default defineConfig({
  test: {
    // Two cores and real engines: files run three at a time, calls two at a time, and tests in a file one after the other.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/left-out.ts'],
    globalSetup: ['test/decoders/forget.ts', 'test/tapes/recorded.ts'],
    projects: [
      { extends: true, test: { name: 'rules', include: ['test/**/*.test.ts'], exclude: speech } },
      // The recogniser does not hear the same speech the same twice at its borders. What fails twice has failed.
      { extends: true, test: { name: 'speech', include: speech, exclude: [...calls, ...alone], retry: 1 } },
      { extends: true, test: { name: 'calls', include: calls, exclude: alone, retry: 1, maxWorkers: 2, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'alone', include: alone, retry: 1, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
