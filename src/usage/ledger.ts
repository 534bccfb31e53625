// Keeps account of what is used: each entry is in the journal before anything else happens to it, and in the store some seconds later, once and only once.
// Whatever fails here is told in the log once, and no session notices.
import type { Clock, Timer } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Store } from '../store/store.ts';
import { dayOf, readEntry, type UsageEntry, UsageSums, written } from './entry.ts';
import type { Journal } from './journal.ts';

/** How long an entry waits in the journal, and how long until it is tried again when the store fails. */
const flushMs = 2000;
const retryMs = 10_000;
/** How often sessions are looked for that are to be folded, and batches that another server left. */
const foldMs = 3_600_000;
const lookMs = 60_000;
/** Rows that one batch may have, and bytes of its file: what comes on top is summed without its session, and kept in memory only. */
const mostRows = 20_000;
const mostBytes = 64 * 1024 * 1024;
/** Rows of sessions in the store: a sum over all of them keeps its other readers waiting for about half a second. */
const mostSessionRows = 200_000;
/** While the store fails a batch is completed at each try, up to so many. */
const mostUnsent = 100;
const dayMs = 86_400_000;
/** How long the store remembers which batches it has: whoever gives one again does so within seconds. */
const rememberedMs = 7 * dayMs;
/** How long the end of the server waits for the store: what is not taken in by then, the next start takes in. */
const closeMs = 500;

export interface LedgerOptions {
  readonly store: Pick<Store, 'addUsage' | 'foldUsage'>;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** For how many days sessions are told apart. */
  readonly sessionDays: number;
}

interface Batch {
  readonly id: string;
  readonly sums: UsageSums;
}

export class Ledger {
  readonly #options: LedgerOptions;
  #open = new UsageSums(mostRows);
  /** They were not taken in yet, as far as is known. */
  readonly #unsent: Batch[] = [];
  #timer: Timer | undefined;
  #looking: Timer | undefined;
  #foldedAtMs = -Infinity;
  #queue: Promise<void> = Promise.resolve();
  /** Of what the operator has been told, until it works again. */
  readonly #told = new Set<string>();
  #closed = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Takes in what others left, and goes on looking for it. Never rejects. */
  async start(): Promise<void> {
    await this.#inTurn(() => this.#takeLeft()).catch((error: unknown) => this.#failed('left', error));
    if (this.#options.clock.now() - this.#foldedAtMs >= foldMs) {
      await this.#inTurn(() => this.#fold()).catch((error: unknown) => this.#failed('fold', error));
    }
    if (!this.#closed) this.#looking = this.#options.clock.after(lookMs, () => void this.start());
  }

  /** Never throws. What it takes is some microseconds. */
  note(entry: UsageEntry): void {
    this.#open.add(entry);
    const { journal } = this.#options;
    try {
      if (journal.bytes < mostBytes) {
        journal.append(written(entry));
        this.#works('journal');
      }
    } catch (error) {
      this.#failed('journal', error);
    }
    this.#later(flushMs);
  }

  /** Resolves when all that was told is in the store. Rejects with StoreError. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#send());
  }

  /** Waits a little for the store. Never rejects. */
  async close(): Promise<void> {
    this.#looking?.cancel();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(closeMs, resolve);
    await Promise.race([this.flush().catch((error: unknown) => this.#failed('store', error)), promise]);
    timer.cancel();
    this.#closed = true;
    this.#timer?.cancel();
  }

  #later(ms: number): void {
    if (this.#timer || this.#closed) return;
    this.#timer = this.#options.clock.after(ms, () => {
      this.#timer = undefined;
      this.flush().catch(() => this.#later(retryMs));
    });
  }

  async #send(): Promise<void> {
    // A batch that stays open for long would be taken for one that was left behind.
    this.#complete();
    for (let first = this.#unsent[0]; first; first = this.#unsent[0]) {
      await this.#give(first);
      this.#unsent.shift();
    }
  }

  #complete(): void {
    if (this.#open.size === 0 || this.#unsent.length >= mostUnsent) return;
    const { journal } = this.#options;
    this.#unsent.push({ id: journal.batch, sums: this.#open });
    this.#open = new UsageSums(mostRows);
    try {
      journal.next();
    } catch (error) {
      this.#failed('journal', error);
    }
  }

  /** To the store, and out of the journal. The store takes a batch in once, however often it is given. */
  async #give({ id, sums }: Batch): Promise<void> {
    const { store, journal, clock } = this.#options;
    try {
      await store.addUsage(id, sums.rows, clock.wallMs());
      this.#works('store');
    } catch (error) {
      this.#failed('store', error);
      throw error;
    }
    try {
      journal.remove(id);
    } catch (error) {
      this.#failed('journal', error);
    }
  }

  async #takeLeft(): Promise<void> {
    const { journal, clock, log } = this.#options;
    for (const id of journal.left(clock.wallMs())) {
      const sums = new UsageSums(mostRows);
      let torn = 0;
      try {
        for await (const line of journal.read(id)) {
          const entry = readEntry(line);
          if (entry) sums.add(entry);
          else torn += 1;
        }
      } catch (error) {
        // Whoever it is of has seen to it meanwhile.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        throw error;
      }
      await this.#give({ id, sums });
      log.info({ rows: sums.size, ...(torn === 0 ? {} : { torn }) }, 'usage that a server left behind was taken in');
    }
    this.#works('left');
  }

  async #fold(): Promise<void> {
    const { store, clock, sessionDays } = this.#options;
    const before = dayOf(clock.wallMs() - sessionDays * dayMs);
    while (!this.#closed && (await store.foldUsage(before, mostSessionRows, clock.wallMs() - rememberedMs)));
    this.#foldedAtMs = clock.now();
    this.#works('fold');
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(task);
    this.#queue = done.catch(() => {});
    return done;
  }

  #failed(what: string, error: unknown): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#options.log.error({ err: error, what }, 'usage cannot be kept as it should; it is tried again');
  }

  #works(what: string): void {
    this.#told.delete(what);
  }
}
