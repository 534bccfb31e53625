// Where the tests find models that were fetched and converted: what needs one that is not there is left out, and said so.
import { resolve } from 'node:path';
import type { Models } from '../../src/engines/engine.ts';
import { ModelStore } from '../../src/engines/models/store.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

const dataDir = resolve(import.meta.dirname, '../..', process.env['PARLEY_DATA_DIR'] ?? '.parley');
const store = new ModelStore({ dataDir, settings: {}, log: silentLog, clock: systemClock });
const ready = new Set<string>();
for (const row of store.rows) if ((await store.state(row)).kind === 'ready') ready.add(row.id);

export function hasModel(model: string): boolean {
  return ready.has(model);
}

export const fetchedModels: Models = store;
