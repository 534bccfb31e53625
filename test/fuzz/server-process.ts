// The parent's side of served.ts: starts the server, hears what it says, and notices when it dies.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Account, Told } from './served.ts';

/**
 * What an allocator keeps for itself after a peak is not growth, and how much it keeps is chance: glibc is to give back what is large, and
 * V8 not to widen its nursery for the storm.
 */
const plainMemory = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };
/** What it must do with, whatever is sent: much less than a machine has. */
const heapMebibytes = 600;
const execArgv = ['--expose-gc', '--max-semi-space-size=8', `--max-old-space-size=${heapMebibytes}`];

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  /** ws://127.0.0.1:40123 */
  ws = '';
  /** What it logged as errors. */
  readonly logged: string[] = [];
  /** The last of what it wrote. */
  #written = '';
  #account = Promise.withResolvers<Account>();

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit').then(([code, signal]) => `The server ended with ${String(code ?? signal)}:\n${this.#written}`);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#written = (this.#written + text).slice(-4000);
      });
    }
  }

  /** Starts one and waits until it listens. Throws Error with what it wrote when it does not. */
  static async start(): Promise<ServerProcess> {
    const child = fork(join(import.meta.dirname, 'served.ts'), {
      execArgv,
      env: { ...process.env, ...plainMemory },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const server = new ServerProcess(child);
    const ready = Promise.withResolvers<undefined>();
    child.on('message', (told) => server.#hear(told as Told, () => ready.resolve(undefined)));
    const end = await Promise.race([ready.promise, server.#exited]);
    if (end !== undefined) throw new Error(end);
    return server;
  }

  /** How it ended; undefined while it runs. Who has lost a connection asks a moment before the news of the end is here. */
  async end(): Promise<string | undefined> {
    const timer = Promise.withResolvers<undefined>();
    setTimeout(() => timer.resolve(undefined), 500);
    return Promise.race([this.#exited, timer.promise]);
  }

  /** What its memory holds now. */
  async account(): Promise<Account> {
    this.#account = Promise.withResolvers();
    this.#child.send('account');
    return this.#account.promise;
  }

  /** How many connections it has. */
  async sessions(): Promise<number> {
    const health = (await (await fetch(`${this.ws.replace(/^ws/, 'http')}/health`)).json()) as { sessions: number };
    return health.sessions;
  }

  async stop(): Promise<void> {
    if (!this.#child.connected) return;
    this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#exited;
    clearTimeout(timer);
  }

  #hear(told: Told, ready: () => void): void {
    if ('address' in told) {
      this.ws = told.address;
      ready();
    } else if ('logged' in told) this.logged.push(told.logged);
    else this.#account.resolve(told.account);
  }
}
