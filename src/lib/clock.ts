// Time as a value that is handed in. Nothing outside this file asks the machine what time it is, so a test can be the clock.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds, fractions allowed; the origin means nothing. */
  now(): number;
  /** Milliseconds since the Unix epoch, for what people and protocols read. */
  wallMs(): number;
  /** Runs `task` once after `delayMs`; never keeps the process alive by itself. */
  after(delayMs: number, task: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, Math.max(0, delayMs));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs` of the clock, or at once (without error) when the signal fires. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.after(delayMs, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** A clock that stands still until told otherwise. `advance` runs due timers in order of their time. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { at: number; task: () => void }[] = [];
  #epochMs: number;

  constructor(epochMs = 1_700_000_000_000) {
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#now;
  }

  wallMs(): number {
    return this.#epochMs + this.#now;
  }

  after(delayMs: number, task: () => void): Timer {
    const entry = { at: this.#now + Math.max(0, delayMs), task };
    this.#timers.push(entry);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((timer) => timer !== entry);
      },
    };
  }

  /** Somebody sets the clock on the wall, by so many milliseconds either way: no time has passed, and nothing is due. */
  setWall(byMs: number): void {
    this.#epochMs += byMs;
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = next.at;
      next.task();
    }
    this.#now = until;
  }
}
