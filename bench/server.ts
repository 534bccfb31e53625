// A Parley server in a process of its own, and what the machine says about that process. Pinned to the first core where that can be.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { randomToken } from '../src/lib/ids.ts';

const root = resolve(import.meta.dirname, '..');
const readyMs = 60_000;
const clockTicksPerSecond = 100;

/** Whether a process can be held to one core here, leaving another for the load. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** Puts a command on a core, where that can be. */
export function pinned(core: number | undefined, command: readonly string[]): string[] {
  return canPin && core !== undefined ? ['taskset', '-c', String(core), ...command] : [...command];
}

export interface ServerOptions {
  engines: 'scripted' | 'embedded';
  /** Undefined: wherever the system likes. */
  core?: number;
  settings?: Readonly<Record<string, string>>;
  /** A program of the benchmark that becomes the server, instead of the server's own. It may be asked things (`ask`). */
  script?: string | undefined;
}

export class ServerProcess {
  readonly port: number;
  readonly key: string;
  /** Of another client. */
  readonly otherKey: string;
  readonly #child: ChildProcess;
  readonly #tidy: () => Promise<void>;

  private constructor(child: ChildProcess, port: number, [key, otherKey]: readonly [string, string], tidy: () => Promise<void>) {
    this.#child = child;
    this.port = port;
    this.key = key;
    this.otherKey = otherKey;
    this.#tidy = tidy;
  }

  /** Starts one and waits until it is ready. Throws Error with what it wrote when it is not. */
  static async start({ engines, core, settings = {}, script: own }: ServerOptions): Promise<ServerProcess> {
    const port = await freePort();
    const keys = [`bench-${randomToken(32)}`, `bench-${randomToken(32)}`] as const;
    const ownDir = await mkdtemp(join(tmpdir(), 'parley-bench-'));
    // The embedded recogniser is installed in the data directory: fetching it anew for every run would be no kindness to anybody.
    const dataDir = engines === 'scripted' ? ownDir : resolve(root, process.env['PARLEY_DATA_DIR'] ?? '.parley');
    const script = own ?? join(root, engines === 'scripted' ? 'src/cli/scripted.ts' : 'src/main.ts');
    const [program = '', ...args] = pinned(core, [process.execPath, script]);
    const child = spawn(program, args, {
      // Away from the project, whose parley.json is the operator's.
      cwd: ownDir,
      // Nothing of the caller's settings: a provider's key would put a real model behind the answers.
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        NODE_OPTIONS: process.env['PARLEY_BENCH_NODE_OPTIONS'],
        PORT: String(port),
        PARLEY_API_KEY: keys.join(','),
        PARLEY_DATA_DIR: dataDir,
        PARLEY_LOG: 'warn',
        PARLEY_SELF_CHECK: 'off',
        PARLEY_LLM_PROBE: 'off',
        // What is measured is where it gets late, which the limits are there to prevent.
        PARLEY_MAX_SESSIONS: '100000',
        PARLEY_LIMITS: 'none',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe', ...(own === undefined ? [] : ['ipc' as const])],
    });
    let written = '';
    const keep = (data: Buffer) => {
      written = (written + data.toString('utf8')).slice(-4000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const server = new ServerProcess(child, port, keys, () => rm(ownDir, { recursive: true, force: true }));
    const untilMs = systemClock.now() + readyMs;
    const isUp = settings['PARLEY_TLS_CERT'] === undefined ? isReady : isReadyByTls;
    while (!(await isUp(port))) {
      if (child.exitCode === null && systemClock.now() < untilMs) await sleep(systemClock, 100);
      else {
        await server.stop();
        throw new Error(`The server did not start:\n${written}`);
      }
    }
    return server;
  }

  /** It has ended, whoever wanted that. */
  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Processor time spent so far, children's not included; NaN where the system does not tell. */
  get cpuSeconds(): number {
    return cpuSecondsOf(this.#child.pid);
  }

  /** Resident memory in bytes; NaN where the system does not tell. */
  get memoryBytes(): number {
    const line = proc(this.#child.pid, 'status')?.match(/^VmRSS:\s+(\d+) kB/m);
    return line ? Number(line[1]) * 1024 : Number.NaN;
  }

  /** What the program that has become the server answers. */
  async ask(question: string): Promise<unknown> {
    const answered = once(this.#child, 'message');
    this.#child.send(question);
    return (await answered)[0];
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const timer = systemClock.after(5000, () => this.#child.kill('SIGKILL'));
      await gone;
      timer.cancel();
    }
    await this.#tidy();
  }
}

function proc(pid: number | undefined, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** Processor time a process has spent so far; NaN where the system does not tell. */
export function cpuSecondsOf(pid: number | undefined): number {
  const stat = proc(pid, 'stat');
  // The second field is the program's name in brackets, which may hold spaces.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields ? (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond : Number.NaN;
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok;
  } catch {
    return false;
  }
}

/** Whoever vouches for its certificate. */
function isReadyByTls(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', path: '/health', rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}
