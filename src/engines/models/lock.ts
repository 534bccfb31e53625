// One process at a time: a lock that the system takes back when its holder dies, however it dies. SQLite has such locks for files, portably;
// nothing is ever written into this one.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, sleep } from '../../lib/clock.ts';
import { diskFault } from './disk.ts';

const RETRY_MS = 150;
const SQLITE_BUSY = 5;

export interface Lock {
  release(): void;
}

/** Waits until nobody else holds it. `onWait` is called once if it must. @throws when the signal fires, or the file cannot be made. */
export async function takeLock(path: string, clock: Clock, signal: AbortSignal, onWait: () => void): Promise<Lock> {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw diskFault(error);
  }
  const database = new DatabaseSync(path, { timeout: 0 });
  let waited = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      try {
        database.exec('BEGIN EXCLUSIVE');
        return { release: () => database.close() };
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      }
      if (!waited) onWait();
      waited = true;
      await sleep(clock, RETRY_MS, signal);
    }
  } catch (error) {
    database.close();
    throw error;
  }
}
