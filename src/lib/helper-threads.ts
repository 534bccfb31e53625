// The threads that V8 keeps in a process beside those that run JavaScript: they collect garbage while JavaScript runs. Where there is no core to
// spare they take the main loop's, for tens of milliseconds at a time; at a lower priority they take what it leaves.
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const threads = '/proc/self/task';
/** In steps of `nice`: a third of the weight of the others where both want the same core. */
const lower = 5;

/** Lets the helper threads of this process give way to the rest of it. Elsewhere than on Linux nothing happens. */
export function lowerHelperThreads(): void {
  if (process.platform !== 'linux') return;
  for (const id of helperThreads()) {
    try {
      // Linux counts threads as processes here.
      setPriority(id, lower);
    } catch {
      // It has ended meanwhile, or the system does not allow it: then all stays as it is.
    }
  }
}

/** The ids of V8's threads; none where the system does not tell. */
export function helperThreads(): number[] {
  return entriesOf(threads)
    .filter((id) => nameOf(id).startsWith('V8'))
    .map(Number);
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Nothing for one that has ended meanwhile. */
function nameOf(id: string): string {
  try {
    return readFileSync(`${threads}/${id}/comm`, 'utf8');
  } catch {
    return '';
  }
}
