// The load generator as the benchmark sees it: a process on a core of its own that calls, waits and counts.
import { CommandedProcess } from './commanded.ts';
import type { ServerProcess } from './server.ts';
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
  readonly #process = new CommandedProcess<Order>('load-process.ts');

  static async start(server: ServerProcess, clips: readonly Clip[]): Promise<Load> {
    const load = new Load();
    const { port, key } = server;
    await load.#process.order({ kind: 'prepare', port, key, clips: clips.map(({ samples }) => samples) });
    return load;
  }

  /** Processor time spent so far. */
  get cpuSeconds(): number {
    return this.#process.cpuSeconds;
  }

  async add(count: number, rounds: number): Promise<void> {
    await this.#process.order({ kind: 'add', count, rounds });
  }

  async finish(): Promise<Figures> {
    return (await this.#process.order({ kind: 'finish' })) as Figures;
  }

  async measure(ms: number): Promise<Figures> {
    return (await this.#process.order({ kind: 'measure', ms })) as Figures;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
