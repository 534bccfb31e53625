// The folder a program keeps its things in, and small files in it that are made once: whole or not at all, whenever the program is ended, and
// for its owner only.
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { randomToken } from './ids.ts';

/** What the operator has to put right before a start can succeed. The message is for people: it names the file or setting, and says why. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

const whys: Readonly<Record<string, string>> = {
  EACCES: 'the user that runs this has no right to',
  EPERM: 'the user that runs this has no right to',
  EROFS: 'its disk is read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: 'its quota is used up',
  ENOTDIR: 'a part of its path is no folder',
  EEXIST: 'it is no folder',
  ENOENT: 'it is not there',
};

function setupError(what: string, cause: unknown): SetupError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  return new SetupError(`${what}: ${whys[code] ?? String(cause)} (${code}).`, { cause });
}

/**
 * Makes the folder unless it is there.
 * @param setting where it is named.
 * @throws SetupError when nothing can be written in it.
 */
export function openFolder(path: string, setting: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw setupError(`The folder ${path}, which ${setting} can change, cannot be written`, cause);
  }
}

/**
 * What the file says, without the white space around it. Where it is not there it is made: of two programs that start together one makes it, and
 * both read the same.
 * @throws SetupError when it can be neither read nor made.
 */
export function keepFile(path: string, make: () => string): { text: string; made: boolean } {
  try {
    const made = !existsSync(path) && write(path, make());
    if ((statSync(path).mode & 0o777) !== 0o600) chmodSync(path, 0o600);
    return { text: readFileSync(path, 'utf8').trim(), made };
  } catch (cause) {
    throw setupError(`The file ${path} cannot be read or made`, cause);
  }
}

/** False when somebody else was quicker. */
function write(path: string, text: string): boolean {
  // Not by the process's number: in two containers upon one folder both have the same.
  const draft = `${path}.${randomToken(12)}`;
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, `${text}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return place(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

function place(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // A disk that knows no links, where the last of two who come at the same moment is the one: both read the file afterwards.
    if (existsSync(path)) return false;
    renameSync(draft, path);
  }
  return true;
}
