// Where the tapes of a server go: a folder, a file for each session. A folder or disk that cannot be written costs the tapes; the log says so once,
// and again when it has worked in between.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Spool, type SpoolPool } from '../../lib/spool.ts';
import { soundSuffix, tapeSuffix } from './format.ts';
import { Tape } from './tape.ts';

/** What may wait for the disk: of one file, and of all. */
const mostBytes = 4 * 1024 * 1024;
const mostBytesInAll = 64 * 1024 * 1024;
/** The server's end waits for the disk no longer than that. */
const closingMs = 500;

export interface RecorderOptions {
  readonly folder: string;
  readonly sound: boolean;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #pool: SpoolPool = { waiting: 0, mostBytes: mostBytesInAll };
  readonly #ending = new Set<Promise<void>>();
  #failing = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    try {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 });
      options.log.info({ folder: options.folder, sound: options.sound }, 'sessions are recorded');
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A tape for a session, which its `end` gives back. */
  open(sessionId: string): Tape {
    const { folder, sound, version, clock } = this.#options;
    const wallMs = clock.wallMs();
    const name = join(folder, `${new Date(wallMs).toISOString().replaceAll(':', '-')}-${fileName(sessionId)}`);
    const onFailure = (error: unknown) => this.#failed(error);
    const spool = (path: string) => new Spool(path, { clock, mostBytes, pool: this.#pool, onFailure });
    return new Tape({
      spool: spool(name + tapeSuffix),
      soundSpool: sound ? spool(name + soundSuffix) : undefined,
      version,
      wallMs,
      onFault: onFailure,
    });
  }

  /** The session is over. Nobody needs to wait for the rest of its tape: `close` does. */
  end(tape: Tape): void {
    const ending = tape.end().then(() => {
      this.#ending.delete(ending);
      if (tape.whole) this.#failing = false;
    });
    this.#ending.add(ending);
  }

  /** Resolves when the tapes that have ended are on the disk, or soon. */
  async close(): Promise<void> {
    await Promise.race([Promise.all(this.#ending), sleep(this.#options.clock, closingMs)]);
  }

  #failed(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#options.log.warn({ err: error, folder: this.#options.folder }, 'a session cannot be recorded: its tape is lost');
  }
}

function fileName(sessionId: string): string {
  return sessionId.replaceAll(/[^\w-]/g, '_');
}
