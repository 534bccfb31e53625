// A bounded queue between one writer and one reader. Full is the writer's business to know: `push` says no.

/** A single-consumer async queue. `push` returns false, and drops the value, when `capacity` values wait or it is closed. */
export class Channel<T> implements AsyncIterable<T> {
  readonly #capacity: number;
  #values: T[] = [];
  #closed = false;
  #failure: { error: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#values.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  push(value: T): boolean {
    if (this.#closed || this.#values.length >= this.#capacity) return false;
    this.#values.push(value);
    this.#wakeReader?.();
    return true;
  }

  /** Resolves when there is room (or the channel is closed): await it, then push. */
  room(): Promise<void> {
    if (this.#closed || this.#values.length < this.#capacity) return Promise.resolve();
    return new Promise((resolve) => this.#wakeWriters.push(resolve));
  }

  /** No more values; those that wait are still delivered. */
  close(): void {
    this.#closed = true;
    this.#wakeReader?.();
    this.#releaseWriters();
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
      this.#values = [];
      this.close();
    }
  }

  #releaseWriters(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }
}
