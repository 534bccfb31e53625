// What went wrong with the file of the store, in words that an operator can act on.
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError, type StoreFault } from './store.ts';

/** SQLite's primary result codes (https://sqlite.org/rescode.html). */
const reasons: Readonly<Record<number, StoreFault>> = {
  3: 'read_only', // PERM
  5: 'busy', // BUSY
  6: 'busy', // LOCKED
  8: 'read_only', // READONLY
  11: 'damaged', // CORRUPT
  13: 'full', // FULL
  14: 'unreachable', // CANTOPEN
  15: 'busy', // PROTOCOL: the race for the locks of the log was lost again and again
  10: 'unreachable', // IOERR
  26: 'damaged', // NOTADB
};

const codes: Readonly<Record<string, StoreFault>> = {
  EACCES: 'read_only',
  EPERM: 'read_only',
  EROFS: 'read_only',
  ENOSPC: 'full',
  EDQUOT: 'full',
};

/** What a file system with less than this has no room for. */
const leastFreeBytes = 64 * 1024;

/** @param error whatever SQLite or the file system threw. One that is neither's comes back as it is. */
export function faultOf(error: unknown, path: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const { errcode, code, errstr } = error as { errcode?: number; code?: string; errstr?: string };
  const reason = errcode === undefined ? codes[code ?? ''] : reasons[errcode & 0xff];
  if (reason === undefined && (code === undefined || !('syscall' in error))) return error;
  // Where no room is left SQLite cannot even make its side files, and says only that.
  const real = reason === 'unreachable' && isFull(path) ? 'full' : (reason ?? 'unreachable');
  return storeError(real, path, errstr ?? error.message);
}

export function storeError(reason: StoreFault, path: string, detail: string): StoreError {
  return new StoreError(reason, advice[reason](path, detail));
}

const advice: Readonly<Record<StoreFault, (path: string, detail: string) => string>> = {
  busy: (path, detail) => `The store ${path} is busy (${detail}): another program has it locked.`,
  full: (path, detail) =>
    `The store ${path} has no room (${detail}): the disk is full, or the store has reached the most it may take. What is in it can still be read.`,
  read_only: (path, detail) =>
    `The store ${path} cannot be written (${detail}): give the user that runs Parley the right to write the file and its folder. What is in it is still read where that is possible.`,
  damaged: (path, detail) =>
    `The store ${path} is damaged (${detail}). It is left as it is. Put a backup in its place; or stop the server, move the file away together with its -wal and -shm, and make its keys anew with "npm run keys -- make".`,
  newer: (path, detail) => `The store ${path} was made by a newer version of Parley (${detail}). It is left as it is.`,
  unreachable: (path, detail) => `The store ${path} cannot be opened or read (${detail}).`,
  overloaded: (path, detail) => `The store ${path} is asked for more than it can answer (${detail}).`,
  lost: (path, detail) => `The thread of the store ${path} died (${detail}). Another one is started.`,
  closed: (path) => `The store ${path} is closed.`,
};

function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < leastFreeBytes;
  } catch {
    return false;
  }
}
