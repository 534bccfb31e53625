// The load generator as the benchmark sees it: a process on a core of its own that calls, waits and counts.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { systemClock } from '../src/lib/clock.ts';
import { cpuSecondsOf, pinned, type ServerProcess } from './server.ts';
import type { Clip } from './speech.ts';

export type Order =
  | { kind: 'prepare'; port: number; key: string; clips: Int16Array[] }
  /** More callers, who play the script so many times. */
  | { kind: 'add'; count: number; rounds: number }
  /** Figures of everything, once every caller has played its script. */
  | { kind: 'finish' }
  /** Figures of the next `ms` only. */
  | { kind: 'measure'; ms: number }
  | { kind: 'close' };

/** All in milliseconds, one value for each time it happened. */
export interface Figures {
  /** First sound of the answer, less end of speech, silence and engines' delays; 1e6 where no answer came. */
  added: number[];
  unanswered: number;
  /** How late stretches of sound came, by the pace of the voice. */
  gaps: number[];
  /** Stretches that came after what was before them had been played. */
  starved: number;
  /** First sound of a barge-in to the last sound that came of the answer. */
  bargeIns: number[];
  /** Answers that were not cut, or had no sound yet. */
  missedBargeIns: number;
  faults: string[];
  /** How late frames left: what of the figures may be the load generator's own. */
  lagP99Ms: number;
}

export class Load {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(server: ServerProcess, clips: readonly Clip[]): Promise<Load> {
    const [program = '', ...args] = pinned(1, [process.execPath, join(import.meta.dirname, 'load-process.ts')]);
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
    child.setMaxListeners(0);
    const load = new Load(child);
    await load.#order({ kind: 'prepare', port: server.port, key: server.key, clips: clips.map(({ samples }) => samples) });
    return load;
  }

  /** Processor time spent so far. */
  get cpuSeconds(): number {
    return cpuSecondsOf(this.#child.pid);
  }

  async add(count: number, rounds: number): Promise<void> {
    await this.#order({ kind: 'add', count, rounds });
  }

  async finish(): Promise<Figures> {
    return (await this.#order({ kind: 'finish' })) as Figures;
  }

  async measure(ms: number): Promise<Figures> {
    return (await this.#order({ kind: 'measure', ms })) as Figures;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.send({ kind: 'close' } satisfies Order);
    const timer = systemClock.after(5000, () => this.#child.kill('SIGKILL'));
    await gone;
    timer.cancel();
  }

  async #order(order: Order): Promise<unknown> {
    const answered = once(this.#child, 'message') as Promise<[{ result?: unknown; error?: string }]>;
    const lost = once(this.#child, 'exit').then(() => Promise.reject(new Error('The load generator ended.')));
    lost.catch(() => {});
    this.#child.send(order);
    const [{ result, error }] = await Promise.race([answered, lost]);
    if (error !== undefined) throw new Error(error);
    return result;
  }
}
