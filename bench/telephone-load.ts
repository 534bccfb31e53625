// The callers of the telephone benchmark as it sees them: a process on a core of its own that calls, speaks and notes what comes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { systemClock } from '../src/lib/clock.ts';
import { cpuSecondsOf, pinned } from './server.ts';
import type { Clip } from './speech.ts';
import type { Heard } from './telephone-caller.ts';
import type { TransportName } from './telephone-line.ts';

export type TelephoneOrder =
  | {
      readonly kind: 'open';
      readonly transport: TransportName;
      readonly http: string;
      readonly sipAt: string;
      readonly clips: readonly Int16Array[];
    }
  /** More callers, who talk until they are told to hang up. */
  | { readonly kind: 'add'; readonly count: number }
  /** What all of them have said and heard until now. */
  | { readonly kind: 'tell' }
  | { readonly kind: 'hang-up' }
  /** So many calls, begun at that pace, which talk for so long each. */
  | { readonly kind: 'come-and-go'; readonly calls: number; readonly perSecond: number; readonly talkMs: number }
  | { readonly kind: 'close' };

export interface ComeAndGone {
  /** From the call to its answer. */
  readonly setUpMs: readonly number[];
  /** How many were not answered, and what went wrong with others. */
  readonly failed: number;
  readonly faults: readonly string[];
  /** How late calls were begun. */
  readonly lateMs: readonly number[];
}

interface Answers {
  readonly tell: readonly Heard[];
  readonly 'come-and-go': ComeAndGone;
}

export class TelephoneLoad {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(
    transport: TransportName,
    { http, sipAt }: { http: string; sipAt: string },
    clips: readonly Clip[],
  ): Promise<TelephoneLoad> {
    const [program = '', ...args] = pinned(1, [process.execPath, join(import.meta.dirname, 'telephone-callers.ts')]);
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
    child.setMaxListeners(0);
    const load = new TelephoneLoad(child);
    await load.order({ kind: 'open', transport, http, sipAt, clips: clips.map(({ samples }) => samples) });
    return load;
  }

  /** Processor time spent so far. */
  get cpuSeconds(): number {
    return cpuSecondsOf(this.#child.pid);
  }

  /** Resolves when it is done, with what is to be told of it. */
  async order<O extends TelephoneOrder>(order: O): Promise<O['kind'] extends keyof Answers ? Answers[O['kind']] : undefined> {
    const answered = once(this.#child, 'message') as Promise<[{ result?: unknown; error?: string }]>;
    const lost = once(this.#child, 'exit').then(() => Promise.reject(new Error('The callers ended.')));
    lost.catch(() => {});
    this.#child.send(order);
    const [{ result, error }] = await Promise.race([answered, lost]);
    if (error !== undefined) throw new Error(error);
    return result as never;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.send({ kind: 'close' } satisfies TelephoneOrder);
    const timer = systemClock.after(5000, () => this.#child.kill('SIGKILL'));
    await gone;
    timer.cancel();
  }
}
