// One worker for everybody: started when it is needed, replaced when it is lost. What is said to it is its owner's
// affair; an engine whose work comes as tasks has a crew instead.
import type { Clock, Timer } from '../../lib/clock.ts';
import { EngineError, type EngineHealth } from '../engine.ts';
import type { MemberEvents } from './member.ts';
import { Restarts } from '../../lib/restarts.ts';

/** A life of the worker: a Member, or what an engine has built around one. */
interface Life {
  readonly ready: boolean;
  stop(): Promise<void>;
}

export interface LoneMemberOptions<L extends Life> {
  readonly engine: string;
  readonly clock: Clock;
  hire(events: Pick<MemberEvents, 'ready' | 'lost'>): L;
  /** Whether there is anybody to work for: without, one that never got ready is not tried again. */
  wanted(): boolean;
  ready(): void;
  /** `losses`: in a row, without anything having been done. */
  lost(error: EngineError, losses: number): void;
}

/** Lost in a row without getting ready, after which it counts as failed. */
const MOST_UNREADY = 3;

export class LoneMember<L extends Life> {
  readonly #options: LoneMemberOptions<L>;
  readonly #restarts = new Restarts();
  readonly #leaving = new Set<Promise<void>>();
  #life: L | undefined;
  #resting: Timer | undefined;
  #starting = Promise.withResolvers<void>();
  #losses = 0;
  #unready = 0;
  #wasReady = false;
  #problem: string | undefined;
  #closed = false;

  constructor(options: LoneMemberOptions<L>) {
    this.#options = options;
  }

  /** The one that is there, ready or not. */
  get life(): L | undefined {
    return this.#life;
  }

  /** Whether it starts for the first time, or for the first time since all was well: whoever needs it may wait for it. */
  get isFirstStart(): boolean {
    return this.#restarts.losses === 0;
  }

  get health(): EngineHealth {
    if (this.#closed) return { state: 'closed', losses: this.#losses };
    if (this.#life?.ready) return { state: 'ready', losses: this.#losses };
    if (this.#problem === undefined) return { state: 'starting', losses: this.#losses };
    const state = this.#wasReady && this.#unready < MOST_UNREADY ? 'recovering' : 'failed';
    return { state, problem: this.#problem, losses: this.#losses };
  }

  /** Resolves when it is ready and when the signal fires; rejects with EngineError `unavailable` when this start fails. */
  async start(signal: AbortSignal): Promise<void> {
    this.#resting?.cancel();
    this.#resting = undefined;
    this.begin();
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      await Promise.race([this.#starting.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Starts it unless it lives, or rests after a loss. */
  begin(): void {
    if (this.#life || this.#resting || this.#closed) return;
    const starting = Promise.withResolvers<void>();
    // Whoever starts it hears of the failure; when nobody does the owner has heard of the loss.
    starting.promise.catch(() => {});
    this.#starting = starting;
    const life = this.#options.hire({
      ready: () => {
        this.#unready = 0;
        this.#wasReady = true;
        starting.resolve();
        this.#options.ready();
      },
      lost: (error, how) => this.#lose(life, error, how),
    });
    this.#life = life;
  }

  /** It has done something: the next loss is the first again. */
  worked(): void {
    this.#restarts.worked();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#resting?.cancel();
    if (this.#life) this.#seeOff(this.#life);
    this.#life = undefined;
    this.#starting.promise.catch(() => {});
    this.#starting.reject(new EngineError(this.#options.engine, 'unavailable', `${this.#options.engine} was shut down`));
    await Promise.all(this.#leaving);
  }

  #lose(life: L, error: EngineError, how: string): void {
    const { engine, clock } = this.#options;
    this.#life = undefined;
    this.#seeOff(life);
    this.#losses++;
    this.#unready++;
    this.#problem = how;
    const delayMs = this.#restarts.lost();
    this.#starting.reject(new EngineError(engine, 'unavailable', `${engine} does not start: ${how}`, { cause: error }));
    // What was ready once is to be ready again before anybody asks.
    if (this.#wasReady || this.#options.wanted()) {
      this.#resting = clock.after(delayMs, () => {
        this.#resting = undefined;
        this.begin();
      });
    }
    this.#options.lost(error, this.#restarts.losses);
  }

  #seeOff(life: L): void {
    const leaving: Promise<void> = life.stop().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}
