// A bounded queue between one writer and one reader. Full is the writer's business to know: `push` says no.

/** What the values that wait may weigh together. The last that is let in may take them beyond it. */
interface Budget<T> {
  readonly bytes: number;
  readonly of: (value: T) => number;
}

/** A single-consumer async queue. `push` returns false, and drops the value, when it is full or closed. */
export class Channel<T> implements AsyncIterable<T> {
  readonly #capacity: number;
  readonly #budget: Budget<T> | undefined;
  #values: T[] = [];
  #bytes = 0;
  #closed = false;
  #failure: { error: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  /** Full is a channel in which `capacity` values wait, or as many bytes as its budget has. */
  constructor(capacity: number, budget?: Budget<T>) {
    this.#capacity = capacity;
    this.#budget = budget;
  }

  get size(): number {
    return this.#values.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  push(value: T): boolean {
    if (this.#closed || this.#full) return false;
    this.#values.push(value);
    this.#bytes += this.#budget?.of(value) ?? 0;
    this.#wakeReader?.();
    return true;
  }

  /** Resolves when there is room (or the channel is closed): await it, then push. */
  room(): Promise<void> {
    if (this.#closed || !this.#full) return Promise.resolve();
    return new Promise((resolve) => this.#wakeWriters.push(resolve));
  }

  /** No more values; those that wait are still delivered. */
  close(): void {
    this.#closed = true;
    this.#wakeReader?.();
    this.#releaseWriters();
  }

  /** No more values, and those that wait are gone: there is nobody any more for whom they would be read. */
  drop(): void {
    this.#values = [];
    this.#bytes = 0;
    this.close();
  }

  /** Like close, but the reader gets the error after the values that wait. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.close();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    try {
      for (;;) {
        while (this.#values.length > 0) {
          const value = this.#values.shift() as T;
          this.#bytes -= this.#budget?.of(value) ?? 0;
          this.#releaseWriters();
          yield value;
        }
        if (this.#closed) {
          if (this.#failure) throw this.#failure.error;
          return;
        }
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
        this.#wakeReader = undefined;
      }
    } finally {
      // The reader has left: nothing that waits can ever be read.
      this.drop();
    }
  }

  get #full(): boolean {
    return this.#values.length >= this.#capacity || (this.#budget !== undefined && this.#bytes >= this.#budget.bytes);
  }

  #releaseWriters(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }
}
