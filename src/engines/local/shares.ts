// Which part of the workers' time each key has had lately: who has had much of it lets the others go first.

/** What was taken so long ago counts for a third of what is taken now. */
const MEMORY_MS = 10_000;
/** Up to this share nobody is heavier than another: urgency decides. Each further step of it makes a key heavier. */
const STEP = 0.25;
const NEGLIGIBLE_MS = 1;

interface Taken {
  ms: number;
  atMs: number;
}

export class Shares {
  readonly #workers: number;
  readonly #taken = new Map<string, Taken>();

  constructor(workers: number) {
    this.#workers = workers;
  }

  /** A task of this key has kept a worker busy for so long. */
  add(key: string, ms: number, nowMs: number): void {
    const { ms: before } = this.#current(key, nowMs);
    this.#taken.set(key, { ms: before + ms, atMs: nowMs });
    for (const other of this.#taken.keys()) if (this.#current(other, nowMs).ms < NEGLIGIBLE_MS) this.#taken.delete(other);
  }

  /** 0 to 4: a key with a small share weighs nothing. */
  weightOf(key: string, nowMs: number): number {
    return Math.floor(this.#current(key, nowMs).ms / (MEMORY_MS * this.#workers) / STEP);
  }

  #current(key: string, nowMs: number): Taken {
    const { ms, atMs } = this.#taken.get(key) ?? { ms: 0, atMs: nowMs };
    return { ms: ms * Math.exp((atMs - nowMs) / MEMORY_MS), atMs: nowMs };
  }
}
