// A process of the benchmark's own on the second core, where that can be: it is given orders and answers each when it is done.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { systemClock } from '../src/lib/clock.ts';
import { cpuSecondsOf, pinned } from './server.ts';

const farewellMs = 5000;
/** Whoever started a process is gone: nobody wants its figures. */
const orphanMs = 1200;

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/** `Order` has among its kinds `close`, upon which the process ends. */
export class CommandedProcess<Order extends { readonly kind: string }> {
  readonly #child: ChildProcess;

  /** @param script a file of this folder, which calls `obeyOrders`. */
  constructor(script: string) {
    const [program = '', ...args] = pinned(1, [process.execPath, join(import.meta.dirname, script)]);
    this.#child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
    this.#child.setMaxListeners(0);
  }

  /** Processor time spent so far. */
  get cpuSeconds(): number {
    return cpuSecondsOf(this.#child.pid);
  }

  /** Resolves when it is done, with what is told of it. @throws Error when it is not, or the process has ended. */
  async order(order: Order): Promise<unknown> {
    const answered = once(this.#child, 'message') as Promise<[Answer]>;
    const lost = once(this.#child, 'exit').then(() => Promise.reject(new Error('The load generator ended.')));
    lost.catch(() => {});
    this.#child.send(order);
    const [{ result, error }] = await Promise.race([answered, lost]);
    if (error !== undefined) throw new Error(error);
    return result;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.send({ kind: 'close' });
    const timer = systemClock.after(farewellMs, () => this.#child.kill('SIGKILL'));
    await gone;
    timer.cancel();
  }
}

/** What such a process does. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the sender's own type of order
export function obeyOrders<Order>(obey: (order: Order) => Promise<unknown>): void {
  process.on('message', (order: Order) => {
    const answer = (said: Answer) => process.connected && process.send?.(said);
    void obey(order).then(
      (result) => answer({ result: result ?? null }),
      (error: unknown) => answer({ error: String(error) }),
    );
  });
  process.on('disconnect', () => setTimeout(() => process.exit(), orphanMs));
}
