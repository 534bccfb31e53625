// A folder of small JSON files that an operator edits and the server writes: `<name>.json`. It is looked at every two seconds, since what tells of changes
// is missing on network disks and in containers; a file is written whole or not at all.
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../lib/clock.ts';
import { randomToken } from '../lib/ids.ts';

const lookEveryMs = 2000;
/** Further files are not read. */
export const mostFiles = 1000;
const mostBytes = 256 * 1024;

/** Nothing that could lead out of the folder. */
const safe = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export type FileContent =
  | { readonly state: 'text'; readonly text: string }
  | { readonly state: 'unreadable'; readonly problem: string }
  | { readonly state: 'gone' };

export interface JsonFolderOptions {
  readonly clock: Clock;
  /** Told of every file when the folder is first looked at, and then of those that changed, by their names without `.json`. */
  readonly onChange: (changes: ReadonlyMap<string, FileContent>) => void;
  /** The folder is there and cannot be read: told once, until it can. */
  readonly onFault: (error: unknown) => void;
}

export class JsonFolder {
  readonly #folder: string;
  readonly #options: JsonFolderOptions;
  /** What each file looked like, by its name. */
  #seen = new Map<string, string>();
  #isFaulty = false;
  #isClosed = false;
  #timer: Timer | undefined;
  /** One thing at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(folder: string, options: JsonFolderOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Looks at the folder for the first time, and again and again from then on. Never rejects. */
  async open(): Promise<void> {
    await this.look();
    this.#again();
  }

  /** Looks now. Never rejects. */
  look(): Promise<void> {
    return this.#inTurn(() => this.#look());
  }

  /** Rejects when it cannot be written. `onChange` is not told. */
  write(name: string, text: string): Promise<void> {
    return this.#inTurn(async () => {
      const path = this.#path(name);
      await mkdir(this.#folder, { recursive: true });
      const draft = `${path}.${randomToken(12)}.draft`;
      try {
        const file = await open(draft, 'wx', 0o644);
        try {
          await file.writeFile(text);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(draft, path);
      } finally {
        await rm(draft, { force: true });
      }
      this.#seen.set(name, await this.#looks(name));
    });
  }

  /** Rejects when it cannot be removed. `onChange` is not told. */
  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      await rm(this.#path(name), { force: true });
      this.#seen.delete(name);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#queue.catch(() => {});
  }

  #again(): void {
    if (this.#isClosed) return;
    this.#timer = this.#options.clock.after(lookEveryMs, () => void this.look().then(() => this.#again()));
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(task);
    this.#queue = done.catch(() => {});
    return done;
  }

  async #look(): Promise<void> {
    const { onChange, onFault } = this.#options;
    let names: string[];
    try {
      names = await this.#names();
      this.#isFaulty = false;
    } catch (error) {
      if (!this.#isFaulty) onFault(error);
      this.#isFaulty = true;
      return;
    }
    const before = this.#seen;
    this.#seen = new Map(await Promise.all(names.map(async (name) => [name, await this.#looks(name)] as const)));
    const changed = names.filter((name) => this.#seen.get(name) !== before.get(name));
    const contents = await Promise.all(changed.map(async (name) => [name, await this.#content(name)] as const));
    const gone = [...before.keys()].filter((name) => !this.#seen.has(name)).map((name) => [name, { state: 'gone' }] as const);
    if (gone.length + contents.length > 0) onChange(new Map([...gone, ...contents]));
  }

  async #names(): Promise<string[]> {
    const entries = await ifThere(readdir(this.#folder));
    return (entries ?? [])
      .filter((entry) => entry.endsWith('.json'))
      .map((entry) => entry.slice(0, -'.json'.length))
      .filter((name) => safe.test(name))
      .sort()
      .slice(0, mostFiles);
  }

  /** Something that is another whenever the file is. */
  async #looks(name: string): Promise<string> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#path(name));
      return `${mtimeMs} ${size} ${ino}`;
    } catch (error) {
      return codeOf(error);
    }
  }

  async #content(name: string): Promise<FileContent> {
    try {
      const { size } = await stat(this.#path(name));
      if (size > mostBytes) return { state: 'unreadable', problem: `it is larger than ${mostBytes} bytes` };
      return { state: 'text', text: await readFile(this.#path(name), 'utf8') };
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? { state: 'gone' } : { state: 'unreadable', problem: `it cannot be read (${codeOf(error)})` };
    }
  }

  #path(name: string): string {
    if (!safe.test(name)) throw new Error(`'${name}' is no name of a file.`);
    return join(this.#folder, `${name}.json`);
  }
}

async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
