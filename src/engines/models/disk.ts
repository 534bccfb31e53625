// Files that are whole or not there: written aside, counted and hashed on the way, synced, and only then given their name.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open as openFile, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What the models' folder lies on; tests have one that is full. */
export interface Disk {
  open(path: string, flags: string): Promise<FileHandle>;
  /** Bytes that can still be written below a folder. */
  freeBytes(folder: string): Promise<number>;
}

export const systemDisk: Disk = {
  open: (path, flags) => openFile(path, flags),
  freeBytes: async (folder) => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

export interface Expected {
  readonly bytes: number;
  readonly sha256: string;
}

/** A file by its name from the folder it lies in. */
export interface NamedFile extends Expected {
  readonly name: string;
}

/** The machine's disk is at fault: no other source would do better. */
export class DiskError extends Error {
  override readonly name = 'DiskError';
}

const diskFaults: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk can only be read',
  EACCES: 'the data directory may not be written',
  EPERM: 'the data directory may not be written',
  EIO: 'the disk has a fault',
};

/** A failure to write as a sentence, or the error as it was. */
export function diskFault(error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  const fault = diskFaults[code ?? ''];
  return fault === undefined ? error : new DiskError(path === undefined ? fault : `${fault} (${path})`, { cause: error });
}

/** Whether what another program says means a full disk. */
export function isDiskFull(output: string): boolean {
  return /No space left on device|ENOSPC|EDQUOT|Disk quota exceeded/.test(output);
}

/** A file on its way. What was written before an interruption is kept beside the place, and hashed again when it is taken up. */
export class IncomingFile {
  /** Bytes that are there. */
  bytes: number;
  readonly #place: string;
  readonly #expected: Expected;
  readonly #handle: FileHandle;
  #hash: Hash;

  private constructor(place: string, expected: Expected, handle: FileHandle, hash: Hash, bytes: number) {
    this.#place = place;
    this.#expected = expected;
    this.#handle = handle;
    this.#hash = hash;
    this.bytes = bytes;
  }

  static async open(place: string, expected: Expected, disk: Disk, resume: boolean): Promise<IncomingFile> {
    const part = `${place}.part`;
    try {
      await mkdir(dirname(place), { recursive: true });
      const before = resume ? await sizeOf(part) : undefined;
      const going = before !== undefined && before <= expected.bytes;
      const hash = going ? await hashOf(part) : createHash('sha256');
      if (!going) await rm(part, { force: true });
      return new IncomingFile(place, expected, await disk.open(part, 'a'), hash, going ? before : 0);
    } catch (error) {
      throw diskFault(error);
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.bytes += chunk.byteLength;
    if (this.bytes > this.#expected.bytes) throw new Error(`it is longer than the ${this.#expected.bytes} bytes it should have`);
    this.#hash.update(chunk);
    try {
      await this.#handle.writeFile(chunk);
    } catch (error) {
      throw diskFault(error);
    }
  }

  /** Begins anew: what came so far was of another file. */
  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.bytes = 0;
    this.#hash = createHash('sha256');
  }

  /** Gives the file its name. @throws when it is not the one that was expected; nothing of it stays then. */
  async finish(): Promise<void> {
    const { bytes, sha256 } = this.#expected;
    if (this.bytes !== bytes || this.#hash.digest('hex') !== sha256) {
      await this.discard();
      throw new Error(this.bytes === bytes ? 'its checksum is wrong' : `it has ${this.bytes} bytes in place of ${bytes}`);
    }
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(`${this.#place}.part`, this.#place);
    } catch (error) {
      throw diskFault(error);
    }
  }

  /** Leaves what is there for the next attempt. */
  async keep(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }

  async discard(): Promise<void> {
    await this.keep();
    await rm(`${this.#place}.part`, { force: true });
  }
}

/** Writes a file that is expected from chunks. Nothing of it stays when it is not the one, or when the signal fires. */
export async function writeWhole(
  place: string,
  expected: Expected,
  chunks: AsyncIterable<Uint8Array>,
  { disk, signal }: { readonly disk: Disk; readonly signal: AbortSignal },
): Promise<void> {
  const file = await IncomingFile.open(place, expected, disk, false);
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      await file.write(chunk);
    }
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.finish();
}

/** Whether a file has its size: what is asked at every start. */
export async function hasSize(path: string, { bytes }: Expected): Promise<boolean> {
  return (await sizeOf(path)) === bytes;
}

/** Whether it is the file that was expected, to the bit. */
export async function isWhole(path: string, expected: Expected): Promise<boolean> {
  return (await hasSize(path, expected)) && (await hashOf(path)).digest('hex') === expected.sha256;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (entry) => (entry.isFile() ? entry.size : undefined),
    () => undefined,
  );
}

async function hashOf(path: string): Promise<Hash> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash;
}

/** Every file below a folder, by its name from there, with size and checksum. */
export async function describeFolder(folder: string): Promise<NamedFile[]> {
  const files: NamedFile[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    files.push({ name, bytes: (await stat(path)).size, sha256: (await hashOf(path)).digest('hex') });
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The size of all files below a folder, while it may change. */
export async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
    if (entry.isFile()) bytes += (await sizeOf(join(entry.parentPath, entry.name))) ?? 0;
  return bytes;
}

/** Gives a folder its place, whole: it and all that is in it outlive a loss of power. */
export async function moveFolder(from: string, to: string, disk: Disk): Promise<void> {
  try {
    for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) await sync(join(entry.parentPath, entry.name), disk);
    await sync(from, disk);
    await rename(from, to);
    await sync(dirname(to), disk);
  } catch (error) {
    throw diskFault(error);
  }
}

async function sync(path: string, disk: Disk): Promise<void> {
  const handle = await disk.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes a file or a folder with all that is in it, if it is there. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}
