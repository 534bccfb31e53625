// A process that wants the toy model, for tests with several: says where it is, or why it is not.
import { fileURLToPath } from 'node:url';
import { ModelStore } from '../../../src/engines/models/store.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { toy } from './rig.ts';

export const fetchingProgram = fileURLToPath(import.meta.url);

if (import.meta.main) {
  const [dataDir = ''] = process.argv.slice(2);
  // Clocks keep no process alive, and waiting for the other process is all there may be to do.
  setInterval(() => {}, 60_000);
  const store = new ModelStore({
    dataDir,
    settings: {},
    log: silentLog,
    clock: systemClock,
    rows: [toy],
    onProgress: ({ phase }) => process.send?.({ phase }),
  });
  const folder = await store.folder('toy', new AbortController().signal);
  process.send?.({ folder }, () => process.exit(0));
}
