// The supervisor of an engine's worker threads or child processes: gives each one task at a time, in a fair order, gives up what hangs, and
// replaces what is lost, ever more seldom but always at some time.
import type { Transferable } from 'node:worker_threads';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { EngineError, type EngineHealth, type OnWaited, type Origin } from '../engine.ts';
import type { FromMember } from './crew-messages.ts';
import { FairQueue } from './fair-queue.ts';
import { Member } from './member.ts';
import { Reliability } from './reliability.ts';
import { Shares } from './shares.ts';
import { Restarts } from '../../lib/restarts.ts';

export interface CrewOptions {
  /** Its id, for errors and the log. */
  readonly engine: string;
  /** Calls `serve` of crew-member.ts. */
  readonly script: URL;
  /** What `memberData()` gives there: cloned for each member, and small when they are children. */
  readonly workerData?: unknown;
  /** Members at most. One is kept once there was one; the others start when tasks wait. */
  readonly size: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly onWaited?: OnWaited | undefined;
  /** How long a member may take to be ready; a minute unless told. */
  readonly startMs?: number;
  /** A member at a task that says nothing for so long is given up: neither a part nor the result. */
  readonly answerMs: number;
  /** Tasks that may wait. Beyond, who has the most of them loses one as `rate_limited`. */
  readonly mostWaiting: number;
  readonly kind?: 'thread' | 'child';
  /** How long a member may take to leave before it is ended by force; 0 for one without native code. Ten seconds unless told. */
  readonly leaveMs?: number;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  /** Whose task it is. */
  readonly origin?: Origin;
  /** 0 first. */
  readonly priority?: number;
  /** What of the task is handed over instead of copied, once its turn comes. */
  readonly transfer?: readonly Transferable[];
  /** Gets what the task hands out before its result. */
  readonly onPart?: (part: unknown) => void;
  /** It was broken off for others, and waits again. */
  readonly onPutBack?: () => void;
  /**
   * The task may be broken off and done again later, so as to make way for tasks of keys that had less of the members' time. It must give
   * undefined when it is broken off, and nothing else.
   */
  readonly repeatable?: boolean;
}

/** Members lost in a row without one getting ready, after which tasks are refused at once. */
const MOST_UNREADY = 3;

/** So often a task is broken off for others; then it is done. */
const MOST_REPEATS = 2;

interface Job<Task, Result> {
  /** A new one each time that it is given to a member. */
  id: number;
  readonly origin: Origin | undefined;
  readonly priority: number;
  readonly task: Task;
  /** Since when it waits. */
  sinceMs: number;
  /** How often it may still be broken off. */
  repeats: number;
  readonly transfer: readonly Transferable[];
  /** Whether somebody still waits for it. */
  readonly wanted: () => boolean;
  readonly part: (value: unknown) => void;
  readonly putBack: () => void;
  readonly resolve: (result: Result | undefined) => void;
  readonly reject: (error: EngineError) => void;
}

interface Seat<Task, Result> {
  readonly member: Member;
  readonly hiredMs: number;
  job: Job<Task, Result> | undefined;
  /** When it was given its task. */
  begunMs: number;
  /** Its member was told to break the task off, for one of another key. */
  yielding: boolean;
  hanging: Timer | undefined;
}

export class Crew<Task, Result> {
  readonly #options: CrewOptions;
  readonly #queue: FairQueue<Job<Task, Result>>;
  readonly #shares: Shares;
  readonly #seats = new Set<Seat<Task, Result>>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #restarts = new Restarts();
  readonly #reliability = new Reliability();
  /** Until it rings no member is started. */
  #resting: Timer | undefined;
  #starters: PromiseWithResolvers<void>[] = [];
  #lastId = 0;
  #losses = 0;
  /** Lost since one was ready last. */
  #unready = 0;
  #wasReady = false;
  #problem: string | undefined;
  #closed = false;

  constructor(options: CrewOptions) {
    this.#options = options;
    const shares = new Shares(options.size);
    this.#shares = shares;
    this.#queue = new FairQueue(options.mostWaiting, (key) => shares.weightOf(key, options.clock.now()));
  }

  get health(): Required<Pick<EngineHealth, 'waiting' | 'losses'>> & EngineHealth {
    const counts = { waiting: this.#queue.size, losses: this.#losses };
    if (this.#closed) return { state: 'closed', ...counts };
    const isReliable = this.#reliability.isReliable(this.#options.clock.now());
    if (this.#isReady() && isReliable) return { state: 'ready', ...counts };
    if (this.#unready === 0 && !this.#wasReady) return { state: 'starting', ...counts };
    const state = this.#unready >= MOST_UNREADY || !this.#wasReady || !isReliable ? 'failed' : 'recovering';
    return { state, ...(this.#problem === undefined ? {} : { problem: this.#problem }), ...counts };
  }

  /**
   * Resolves when a member is ready, and when the signal fires. Rejects with EngineError `unavailable` when the one that is started now does
   * not get ready. Without it, the first task starts the first member.
   */
  start(signal: AbortSignal): Promise<void> {
    if (this.#closed) return Promise.reject(this.#unavailable('it was shut down'));
    if (signal.aborted || this.#isReady()) return Promise.resolve();
    const starter = Promise.withResolvers<void>();
    this.#starters.push(starter);
    signal.addEventListener('abort', () => starter.resolve(), { once: true });
    this.#resting?.cancel();
    this.#resting = undefined;
    if (this.#seats.size === 0) this.#hire();
    return starter.promise;
  }

  /**
   * Does the task when its turn comes. Resolves with undefined as soon as the signal fires: a task that waits is never begun, the result of
   * one under way is dropped, and its member told. Rejects with EngineError: what the task threw, `crashed` or `timeout` when its member was
   * lost, `rate_limited` when too many wait, `unavailable` when the crew is closed or no member gets ready.
   */
  run(
    task: Task,
    { signal, origin, priority = 0, transfer = [], onPart, onPutBack, repeatable = false }: RunOptions,
  ): Promise<Result | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.#closed) return Promise.reject(this.#unavailable('it was shut down'));
    if (this.#isHopeless()) {
      // Nobody waits for it, but the next who asks may be luckier.
      if (this.#seats.size === 0 && !this.#resting) this.#hire();
      return Promise.reject(this.#unavailable('its workers do not get ready'));
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        if (!this.#queue.remove(job)) this.#seatOf(job)?.member.abort(job.id);
        resolve(undefined);
      };
      const settled = () => signal.removeEventListener('abort', abort);
      const job: Job<Task, Result> = {
        id: 0,
        origin,
        priority,
        task,
        sinceMs: 0,
        repeats: repeatable ? MOST_REPEATS : 0,
        transfer,
        wanted: () => !signal.aborted,
        part: (value) => {
          if (!signal.aborted) onPart?.(value);
        },
        putBack: () => onPutBack?.(),
        resolve: (result) => {
          settled();
          resolve(result);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#queueUp(job);
      this.#dispatch();
      if (!this.#seatOf(job)) this.#makeWay(job);
    });
  }

  /** Ends every member; what waits or is under way is rejected as `unavailable`. Resolves when they have left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#resting?.cancel();
    const error = this.#unavailable('it was shut down');
    for (const starter of this.#starters.splice(0)) starter.reject(error);
    for (const job of this.#queue.drain()) job.reject(error);
    for (const seat of this.#seats) {
      this.#vacate(seat)?.reject(error);
      this.#seeOff(seat.member);
    }
    this.#seats.clear();
    await Promise.all(this.#leaving);
  }

  #isReady(): boolean {
    return [...this.#seats].some(({ member }) => member.ready);
  }

  #isHopeless(): boolean {
    return this.#unready >= MOST_UNREADY && !this.#isReady();
  }

  #seatOf(job: Job<Task, Result>): Seat<Task, Result> | undefined {
    return [...this.#seats].find((seat) => seat.job === job);
  }

  #queueUp(job: Job<Task, Result>): void {
    const { engine, mostWaiting, clock } = this.#options;
    job.sinceMs = clock.now();
    this.#queue.push(job, job.origin, job.priority)?.reject(this.#error('rate_limited', `${mostWaiting} tasks wait for ${engine} already`));
  }

  /** Breaks off the youngest task of a key that is heavier than this one's, so that it does not wait until that is done. */
  #makeWay(job: Job<Task, Result>): void {
    const weight = this.#weightOf(job);
    const younger = (a: Seat<Task, Result>, b: Seat<Task, Result>) => b.begunMs - a.begunMs;
    const heavier = [...this.#seats].filter(
      (seat) => seat.job && !seat.yielding && seat.job.repeats > 0 && this.#weightOf(seat.job) > weight,
    );
    const [seat] = heavier.sort(younger);
    if (!seat?.job) return;
    seat.yielding = true;
    seat.member.abort(seat.job.id);
  }

  #weightOf({ origin }: Job<Task, Result>): number {
    return this.#shares.weightOf(origin?.key ?? '', this.#options.clock.now());
  }

  /** Gives waiting tasks to free members, and starts as many more members as tasks still wait. */
  #dispatch(): void {
    for (const seat of this.#seats) {
      while (seat.member.ready && !seat.job) {
        const job = this.#queue.shift();
        if (!job) return;
        this.#give(seat, job);
      }
    }
    if (this.#closed || this.#resting) return;
    const starting = [...this.#seats].filter(({ member }) => !member.ready).length;
    const free = this.#options.size - this.#seats.size;
    for (let missing = Math.min(free, this.#queue.size - starting); missing > 0; missing--) this.#hire();
  }

  #hire(): void {
    const { engine, script, workerData, clock, startMs, kind, leaveMs } = this.#options;
    const optional = {
      ...(startMs === undefined ? {} : { startMs }),
      ...(leaveMs === undefined ? {} : { leaveMs }),
      ...(kind ? { kind } : {}),
    };
    const member = new Member(
      { engine, script, data: workerData, clock, ...optional },
      {
        ready: () => this.#welcome(seat),
        heard: (message) => this.#hear(seat, message as Exclude<FromMember, { kind: 'ready' }>),
        lost: (error, how) => this.#lose(seat, error, how),
      },
    );
    const seat: Seat<Task, Result> = { member, hiredMs: clock.now(), job: undefined, begunMs: 0, yielding: false, hanging: undefined };
    this.#seats.add(seat);
  }

  #welcome(seat: Seat<Task, Result>): void {
    const { engine, clock, log } = this.#options;
    const { pid } = seat.member;
    log.debug({ engine, ms: Math.round(clock.now() - seat.hiredMs), ...(pid === undefined ? {} : { pid }) }, 'a worker is ready');
    this.#unready = 0;
    this.#wasReady = true;
    // One that waits for work does not keep the process alive.
    seat.member.hold(false);
    for (const starter of this.#starters.splice(0)) starter.resolve();
    this.#dispatch();
  }

  #give(seat: Seat<Task, Result>, job: Job<Task, Result>): void {
    this.#lastId = (this.#lastId % 0x7f_ff_ff_ff) + 1;
    job.id = this.#lastId;
    try {
      seat.member.post({ kind: 'task', id: job.id, task: job.task }, job.transfer);
    } catch (cause) {
      job.reject(this.#error('rejected', `the task cannot be handed to a worker: ${String(cause)}`, cause));
      return;
    }
    seat.job = job;
    seat.begunMs = this.#options.clock.now();
    this.#options.onWaited?.(this.#options.engine, seat.begunMs - job.sinceMs);
    seat.member.hold(true);
    this.#watch(seat);
  }

  #watch(seat: Seat<Task, Result>): void {
    const { clock, answerMs } = this.#options;
    seat.hanging?.cancel();
    seat.hanging = clock.after(answerMs, () => seat.member.giveUp(`it said nothing for ${answerMs / 1000} s`));
  }

  #hear(seat: Seat<Task, Result>, message: Exclude<FromMember, { kind: 'ready' }>): void {
    if (message.id !== seat.job?.id) return;
    if (message.kind === 'part') {
      this.#watch(seat);
      this.#tellPart(seat.job, message.value);
      return;
    }
    this.#restarts.worked();
    this.#reliability.worked();
    const brokenOff = seat.yielding && message.kind === 'result' && message.value === undefined;
    const job = this.#vacate(seat);
    seat.member.hold(false);
    if (brokenOff && job?.wanted()) {
      job.repeats--;
      this.#queueUp(job);
      job.putBack();
    } else if (message.kind === 'result') job?.resolve(message.value as Result);
    else job?.reject(new EngineError(this.#options.engine, message.reason, message.message, { retryable: message.retryable }));
    this.#dispatch();
  }

  #tellPart(job: Job<Task, Result>, value: unknown): void {
    try {
      job.part(value);
    } catch (err) {
      this.#options.log.error({ err, engine: this.#options.engine }, 'a listener to parts of a result threw');
    }
  }

  #lose(seat: Seat<Task, Result>, error: EngineError, how: string): void {
    const { engine, clock, log } = this.#options;
    this.#seats.delete(seat);
    this.#seeOff(seat.member);
    this.#losses++;
    this.#unready++;
    this.#problem = how;
    if (seat.job) this.#reliability.lost(clock.now());
    const delayMs = this.#restarts.lost();
    log.warn({ engine, reason: error.reason, losses: this.#losses, nextMs: delayMs, how }, 'a worker was lost');
    this.#vacate(seat)?.reject(error);
    if (this.#seats.size === 0) for (const starter of this.#starters.splice(0)) starter.reject(this.#unavailable(how, error));
    if (this.#isHopeless()) for (const job of this.#queue.drain()) job.reject(this.#unavailable('its workers do not get ready', error));
    if (delayMs === 0) return this.#replace();
    this.#resting?.cancel();
    this.#resting = clock.after(delayMs, () => {
      this.#resting = undefined;
      this.#replace();
    });
  }

  /** What was ready once is to be ready again, though nobody asks; what never was is tried again only when somebody does. */
  #replace(): void {
    if (this.#closed || this.#resting) return;
    if (this.#seats.size === 0 && this.#wasReady) this.#hire();
    this.#dispatch();
  }

  #vacate(seat: Seat<Task, Result>): Job<Task, Result> | undefined {
    const { job } = seat;
    const nowMs = this.#options.clock.now();
    if (job) this.#shares.add(job.origin?.key ?? '', nowMs - seat.begunMs, nowMs);
    seat.hanging?.cancel();
    seat.hanging = undefined;
    seat.job = undefined;
    seat.yielding = false;
    return job;
  }

  #seeOff(member: Member): void {
    const leaving: Promise<void> = member.stop().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  #unavailable(why: string, cause?: unknown): EngineError {
    return this.#error('unavailable', `${this.#options.engine} is not available: ${why}`, cause);
  }

  #error(reason: 'unavailable' | 'rate_limited' | 'rejected', message: string, cause?: unknown): EngineError {
    return new EngineError(this.#options.engine, reason, message, { cause });
  }
}
