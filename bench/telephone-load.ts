// The callers of the telephone benchmark as it sees them: a process on a core of its own that calls, speaks and notes what comes.
import { CommandedProcess } from './commanded.ts';
import type { Clip } from './speech.ts';
import type { Heard } from './telephone-caller.ts';
import type { TransportName } from './telephone-line.ts';

/** So many calls, begun at that pace, which talk for so long each. */
export interface TrafficHow {
  readonly calls: number;
  readonly perSecond: number;
  readonly talkMs: number;
}

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
  | ({ readonly kind: 'come-and-go' } & TrafficHow)
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

export class TelephoneLoad {
  readonly #process = new CommandedProcess<TelephoneOrder>('telephone-callers.ts');

  static async start(
    transport: TransportName,
    { http, sipAt }: { readonly http: string; readonly sipAt: string },
    clips: readonly Clip[],
  ): Promise<TelephoneLoad> {
    const load = new TelephoneLoad();
    await load.#process.order({ kind: 'open', transport, http, sipAt, clips: clips.map(({ samples }) => samples) });
    return load;
  }

  /** Processor time spent so far. */
  get cpuSeconds(): number {
    return this.#process.cpuSeconds;
  }

  async add(count: number): Promise<void> {
    await this.#process.order({ kind: 'add', count });
  }

  async tell(): Promise<readonly Heard[]> {
    return (await this.#process.order({ kind: 'tell' })) as readonly Heard[];
  }

  async hangUp(): Promise<void> {
    await this.#process.order({ kind: 'hang-up' });
  }

  async comeAndGo(how: TrafficHow): Promise<ComeAndGone> {
    return (await this.#process.order({ kind: 'come-and-go', ...how })) as ComeAndGone;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
