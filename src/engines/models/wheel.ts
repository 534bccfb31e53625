// Reads entries out of a wheel (a zip file): stored or deflated, one after the other, without holding any of them in memory. Entries are
// asked for by name, and nothing is written anywhere: a name in the archive never becomes a path.
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInflateRaw } from 'node:zlib';

interface Entry {
  readonly method: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerAt: number;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const MOST_COMMENT = 65_535;
/** The largest directory there is among the packages has 100 kB. */
const MOST_DIRECTORY = 16_000_000;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const CHUNK_BYTES = 128 * 1024;

export class Wheel {
  readonly #path: string;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(path: string, entries: ReadonlyMap<string, Entry>) {
    this.#path = path;
    this.#entries = entries;
  }

  /** @throws when the file is no zip file that this reads. */
  static async open(path: string): Promise<Wheel> {
    const handle = await open(path, 'r');
    try {
      return new Wheel(path, await readDirectory(handle));
    } finally {
      await handle.close();
    }
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** The bytes of an entry. @throws when it is not there, cannot be unpacked, or is longer than its directory says. */
  async *read(name: string): AsyncGenerator<Uint8Array> {
    const entry = this.#entries.get(name);
    if (!entry) throw new Error(`the package has no ${name}`);
    if (entry.bytes === 0) return;
    const start = await dataStart(this.#path, entry);
    const packed = createReadStream(this.#path, { start, end: start + Math.max(1, entry.packedBytes) - 1 });
    let bytes = 0;
    const unpacked = entry.method === STORED ? packed : packed.pipe(createInflateRaw({ chunkSize: CHUNK_BYTES }));
    // A pipe does not carry a failure to read on.
    packed.on('error', (error) => unpacked.destroy(error));
    try {
      for await (const chunk of unpacked) {
        bytes += (chunk as Buffer).byteLength;
        if (bytes > entry.bytes) break;
        yield chunk as Buffer;
      }
    } finally {
      packed.destroy();
    }
    if (bytes !== entry.bytes) throw new Error(`${name} in the package has not the length that its directory says`);
  }
}

async function readDirectory(handle: FileHandle): Promise<Map<string, Entry>> {
  const { size } = await handle.stat();
  const tailBytes = Math.min(size, END_BYTES + MOST_COMMENT);
  const tail = await readAt(handle, size - tailBytes, tailBytes);
  let at = tail.length - END_BYTES;
  // A comment may follow, and hold anything.
  while (at >= 0 && (tail.readUInt32LE(at) !== END || at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length)) at--;
  if (at < 0) throw new Error('the package is no zip file, or its end is missing');
  const count = tail.readUInt16LE(at + 10);
  const bytes = tail.readUInt32LE(at + 12);
  const start = tail.readUInt32LE(at + 16);
  if (count === 0xffff || start === 0xffffffff) throw new Error('the package is a zip file of more than four gigabytes');
  if (bytes > MOST_DIRECTORY || start + bytes > size) throw new Error('the directory of the package is broken');
  return parseDirectory(await readAt(handle, start, bytes), count, size);
}

function parseDirectory(directory: Buffer, count: number, size: number): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + CENTRAL_BYTES > directory.length || directory.readUInt32LE(at) !== CENTRAL)
      throw new Error('the directory of the package is broken');
    const flags = directory.readUInt16LE(at + 8);
    const entry = {
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      headerAt: directory.readUInt32LE(at + 42),
    };
    const nameBytes = directory.readUInt16LE(at + 28);
    const further = directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    const nameAt = at + CENTRAL_BYTES;
    at = nameAt + nameBytes + further;
    if (at > directory.length || entry.headerAt + LOCAL_BYTES + entry.packedBytes > size)
      throw new Error('the directory of the package is broken');
    // What this does not read is as if it were not there.
    if ((flags & ENCRYPTED) !== 0 || (entry.method !== STORED && entry.method !== DEFLATED)) continue;
    entries.set(directory.toString('utf8', nameAt, nameAt + nameBytes), entry);
  }
  return entries;
}

/** The local header has a name and further fields of lengths of its own. */
async function dataStart(path: string, { headerAt }: Entry): Promise<number> {
  const handle = await open(path, 'r');
  try {
    const header = await readAt(handle, headerAt, LOCAL_BYTES);
    if (header.readUInt32LE(0) !== LOCAL) throw new Error('an entry of the package is broken');
    return headerAt + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead !== length) throw new Error('the package ends too early');
  return buffer;
}
