// How the server's process goes: SIGTERM lets answers finish, SIGINT and a second signal close at once, a fault that nobody caught closes at once
// and says so. However it goes, it goes within its time: no socket and no engine can hold it.
import type { ParleyServer } from '../assemble.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { broken, type Parting } from '../pipeline/parting.ts';
import { exitCodes } from './exit-codes.ts';

/** What closing everything may take: goodbyes over sockets, engines' workers. */
const closingMs = 1500;
/** What telling the sessions may take after a fault: the state of the process is not to be trusted for longer. */
const tellingMs = 800;

interface LeavingParts {
  readonly server: Pick<ParleyServer, 'drain' | 'close'>;
  readonly drainMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly say: (line: string) => void;
  readonly exit: (code: number) => void;
}

export class Leaving {
  readonly #parts: LeavingParts;
  #phase: 'staying' | 'draining' | 'closing' = 'staying';

  constructor(parts: LeavingParts) {
    this.#parts = parts;
  }

  signal(name: 'SIGINT' | 'SIGTERM'): void {
    const { drainMs, say, exit } = this.#parts;
    if (this.#phase === 'closing') return exit(exitCodes.failed);
    if (name === 'SIGINT' || this.#phase === 'draining' || drainMs <= closingMs) {
      say('\nClosing.');
      this.#close(exitCodes.left, closingMs);
      return;
    }
    this.#phase = 'draining';
    say(`\nLetting answers finish, for ${drainMs / 1000} s at most. Another signal closes at once.`);
    void this.#within(drainMs - closingMs, this.#parts.server.drain()).then(() => {
      if (this.#phase === 'draining') this.#close(exitCodes.left, closingMs);
    });
  }

  /** Nobody caught it: who knows what else is wrong by now. */
  fault(error: unknown): void {
    this.#parts.log.error({ err: error }, 'a fault that nobody caught: the server ends');
    if (this.#phase === 'closing') return this.#parts.exit(exitCodes.fault);
    this.#close(exitCodes.fault, tellingMs, broken);
  }

  #close(code: number, mostMs: number, parting?: Parting): void {
    const { server, exit } = this.#parts;
    this.#phase = 'closing';
    void this.#within(mostMs, server.close(parting)).then(() => exit(code));
  }

  async #within(ms: number, task: Promise<void>): Promise<void> {
    const done = task.catch((error: unknown) => this.#parts.log.error({ err: error }, 'the server could not close in order'));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#parts.clock.after(ms, resolve);
    await Promise.race([done, late]);
    timer.cancel();
  }
}
