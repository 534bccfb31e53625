// Reads entries out of an npm package (a gzipped tar file) by name. It is unpacked once into a plain tar file beside it, in which every
// entry has a place; nothing else is written, and a name in the archive never becomes a path.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { type Disk, diskFault } from './disk.ts';

const BLOCK = 512;
/** The largest there is among the packages has 31 MB. */
const MOST_BYTES = 200_000_000;
const REGULAR = new Set(['0', '\0']);

export class Tarball {
  readonly #plain: string;
  readonly #entries: ReadonlyMap<string, { readonly start: number; readonly bytes: number }>;

  private constructor(plain: string, entries: ReadonlyMap<string, { start: number; bytes: number }>) {
    this.#plain = plain;
    this.#entries = entries;
  }

  /** `plain`: where the tar file may be put; whoever calls removes it. */
  static async open(path: string, plain: string, disk: Disk): Promise<Tarball> {
    await unzip(path, plain, disk);
    return new Tarball(plain, await index(plain));
  }

  async *read(name: string): AsyncGenerator<Uint8Array> {
    const entry = this.#entries.get(name);
    if (!entry) throw new Error(`the package has no ${name}`);
    if (entry.bytes === 0) return;
    for await (const chunk of createReadStream(this.#plain, { start: entry.start, end: entry.start + entry.bytes - 1 }))
      yield chunk as Buffer;
  }
}

async function unzip(path: string, plain: string, disk: Disk): Promise<void> {
  const packed = createReadStream(path);
  const unpacked = packed.pipe(createGunzip());
  packed.on('error', (error) => unpacked.destroy(error));
  const handle = await disk.open(plain, 'w').catch((error: unknown) => Promise.reject(diskFault(error)));
  let bytes = 0;
  try {
    for await (const chunk of unpacked) {
      bytes += (chunk as Buffer).byteLength;
      if (bytes > MOST_BYTES) throw new Error('the package is too large when it is unpacked');
      await handle.writeFile(chunk as Buffer).catch((error: unknown) => Promise.reject(diskFault(error)));
    }
  } finally {
    packed.destroy();
    await handle.close();
  }
}

async function index(plain: string): Promise<Map<string, { start: number; bytes: number }>> {
  const entries = new Map<string, { start: number; bytes: number }>();
  const handle = await open(plain, 'r');
  try {
    const { size } = await handle.stat();
    const header = Buffer.alloc(BLOCK);
    for (let at = 0; at + BLOCK <= size; ) {
      await handle.read(header, 0, BLOCK, at);
      if (header.every((byte) => byte === 0)) break;
      const bytes = Number.parseInt(text(header, 124, 12), 8);
      const start = at + BLOCK;
      if (!Number.isInteger(bytes) || bytes < 0 || start + bytes > size) throw new Error('the package is no tar file, or a broken one');
      if (REGULAR.has(String.fromCharCode(header[156] ?? 0))) {
        const prefix = text(header, 345, 155);
        entries.set(prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`, { start, bytes });
      }
      at = start + Math.ceil(bytes / BLOCK) * BLOCK;
    }
  } finally {
    await handle.close();
  }
  return entries;
}

function text(header: Buffer, start: number, length: number): string {
  const end = header.indexOf(0, start);
  return header.toString('utf8', start, end < 0 ? start + length : Math.min(end, start + length)).trim();
}
