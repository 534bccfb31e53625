// The files that keep what the store has not taken in yet. An entry is one write: what was written outlives the process, however that ends. A file is named after
// who writes it, and its name is the name of the batch that it becomes.
import { closeSync, createReadStream, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { randomToken } from '../lib/ids.ts';

/** A file that is written is closed and another begun much sooner than this. */
const closedAfterMs = 30_000;
const suffix = '.jsonl';
/** `host,process,chance,number` */
const named = /^([\w.-]+),(\d+),(\w+),\d+\.jsonl$/;

export class Journal {
  readonly #folder: string;
  readonly #host = hostname().replaceAll(/[^\w.-]/g, '') || 'host';
  readonly #own = randomToken(12);
  #number = 0;
  #file: { readonly batch: string; readonly descriptor: number; bytes: number; isTorn: boolean } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What is written is of this batch. */
  get batch(): string {
    return this.#file?.batch ?? this.#nameOf(this.#number);
  }

  /** What the file of the batch has. */
  get bytes(): number {
    return this.#file?.bytes ?? 0;
  }

  /** @throws whatever the file system throws, also when only a part of the line could be written. */
  append(line: string): void {
    this.#file ??= this.#begin();
    const bytes = Buffer.from(this.#file.isTorn ? `\n${line}` : line);
    const written = writeSync(this.#file.descriptor, bytes);
    this.#file.bytes += written;
    this.#file.isTorn = written < bytes.length;
    if (this.#file.isTorn) throw new Error(`only ${written} of ${bytes.length} bytes were written`);
  }

  /** The batch is complete: what follows is of another. */
  next(): void {
    if (this.#file) closeSync(this.#file.descriptor);
    this.#file = undefined;
    this.#number += 1;
  }

  /** @throws whatever the file system throws. */
  remove(batch: string): void {
    rmSync(join(this.#folder, `${batch}${suffix}`), { force: true });
  }

  /** Batches that nobody writes any more and that are not of this journal: their writers are dead, or have begun others. */
  left(wallMs: number): string[] {
    return this.#names().flatMap((name) => {
      const [, host, pid, chance] = named.exec(name) ?? [];
      if (chance === undefined || chance === this.#own) return [];
      const isComplete = (host === this.#host && isDead(Number(pid))) || this.#changedMs(name) < wallMs - closedAfterMs;
      return isComplete ? [name.slice(0, -suffix.length)] : [];
    });
  }

  /** Its lines. Rejects with whatever the file system throws. */
  async *read(batch: string): AsyncGenerator<string> {
    let rest = '';
    for await (const chunk of createReadStream(join(this.#folder, `${batch}${suffix}`), { encoding: 'utf8' })) {
      const lines = `${rest}${String(chunk)}`.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** Of one that is gone meanwhile: now. */
  #changedMs(name: string): number {
    return statSync(join(this.#folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  }

  #begin() {
    mkdirSync(this.#folder, { recursive: true });
    const batch = this.#nameOf(this.#number);
    return { batch, descriptor: openSync(join(this.#folder, `${batch}${suffix}`), 'a', 0o600), bytes: 0, isTorn: false };
  }

  #nameOf(number: number): string {
    return `${this.#host},${process.pid},${this.#own},${number}`;
  }
}

/** Whether no process of that number runs but this one. In containers every server has the same number. */
function isDead(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
