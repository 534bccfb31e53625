// One store for all tests of a file that make their own keys: it has a thread, which takes longer to start than most of those tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { EmbeddedStore, type StoreBounds, storeFile } from '../../src/store/embedded.ts';

/** Other tests may keep its thread from starting for longer than whoever asks would wait. */
const answerMs = 20_000;

interface OwnStore {
  readonly dataDir: string;
  readonly store: EmbeddedStore;
  close(): Promise<void>;
}

let shared: OwnStore | undefined;

afterAll(() => shared?.close());

/** The file's, which is closed after its last test; with bounds of its own a store is made, and `close` closes it. */
export function storeFor(bounds?: Partial<StoreBounds>): OwnStore {
  if (bounds) return newStore(bounds);
  shared ??= newStore();
  return { ...shared, close: async () => {} };
}

function newStore(bounds: Partial<StoreBounds> = {}): OwnStore {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-store-'));
  const store = new EmbeddedStore(storeFile(dataDir), { clock: systemClock, bounds, answerMs });
  return {
    dataDir,
    store,
    async close() {
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
