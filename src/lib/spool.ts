// A file that is written behind its writer's back: nobody waits for the disk. What waits is bounded in bytes; a disk that cannot take it, or that
// fails, costs the file and nothing else.
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Clock, Timer } from './clock.ts';

/** Small pieces go to the disk together: each write costs the main loop more than the bytes do. */
const mostGathered = 64 * 1024;
const gatherMs = 1000;

/** What may wait in all spools that share it. */
export interface SpoolPool {
  waiting: number;
  readonly mostBytes: number;
}

export interface SpoolOptions {
  readonly clock: Clock;
  readonly mostBytes: number;
  readonly pool: SpoolPool;
  /** Told once; from then on nothing is kept. */
  onFailure(error: Error): void;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #stream: WriteStream;
  #state: 'open' | 'failed' | 'ended' = 'open';
  /** What is gathered: pieces, and the text that follows them. */
  #pieces: Buffer[] = [];
  #text = '';
  #gathered = 0;
  /** Bytes given to the stream that are not on the disk. */
  #waiting = 0;
  #timer: Timer | undefined;

  /** The file is made for its owner only. One that is there already is no place for this one. */
  constructor(path: string, options: SpoolOptions) {
    this.#options = options;
    this.#stream = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    this.#stream.on('error', (error) => this.#fail(error));
  }

  /** Whether no more is taken for now. The last that was let in may have gone beyond the bound. */
  get full(): boolean {
    const { mostBytes, pool } = this.#options;
    return this.#waiting >= mostBytes || pool.waiting >= pool.mostBytes;
  }

  get failed(): boolean {
    return this.#state === 'failed';
  }

  /** Text is gathered; bytes are copied, and their owner may use them again. It takes whatever it is given: who asks `full` first keeps the bound. */
  write(piece: string | Uint8Array): void {
    if (this.#state !== 'open') return;
    if (typeof piece === 'string') this.#text += piece;
    else {
      this.#cutText();
      this.#pieces.push(Buffer.from(piece));
    }
    this.#gathered += piece.length;
    if (this.#gathered >= mostGathered) this.#flush();
    else this.#timer ??= this.#options.clock.after(gatherMs, () => this.#flush());
  }

  /** Resolves when all of it is on the disk, or lost. Never rejects. */
  async end(): Promise<void> {
    if (this.#state === 'open') {
      this.#flush();
      this.#state = 'ended';
      this.#stream.end();
    }
    this.#timer?.cancel();
    await finished(this.#stream).catch(() => {});
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#state !== 'open') return;
    this.#cutText();
    const [first, ...more] = this.#pieces;
    if (first) this.#push(more.length === 0 ? first : Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#gathered = 0;
  }

  #cutText(): void {
    if (this.#text !== '') this.#pieces.push(Buffer.from(this.#text));
    this.#text = '';
  }

  #push(bytes: Buffer): void {
    const { pool } = this.#options;
    this.#waiting += bytes.length;
    pool.waiting += bytes.length;
    this.#stream.write(bytes, () => {
      this.#waiting -= bytes.length;
      pool.waiting -= bytes.length;
    });
  }

  #fail(error: Error): void {
    if (this.#state === 'failed') return;
    this.#state = 'failed';
    this.#pieces = [];
    this.#text = '';
    this.#timer?.cancel();
    this.#options.onFailure(error);
  }
}
