// One life of a worker thread or child process: it starts within a limit, hears and says messages, and leaves when it is asked. It is ended by
// force only when it does not answer: a thread that is ended inside native code takes the whole process with it.
import { serialize } from 'node:v8';
import type { Transferable } from 'node:worker_threads';
import { type Clock, systemClock, type Timer } from '../../lib/clock.ts';
import { EngineError } from '../engine.ts';
import { ABORTED, ACTIVITY, BUSY, LEAVING, type MemberStart, memberFlags } from './crew-messages.ts';
import { type Body, type ChildSettings, childBody, threadBody } from './member-body.ts';

export interface MemberOptions {
  readonly engine: string;
  readonly script: URL;
  readonly kind?: 'thread' | 'child';
  /** What `memberData()` gives there; of a child it must be small. */
  readonly data?: unknown;
  /** Of a program that was not written for a crew: what it is started with instead. */
  readonly raw?: { readonly workerData: unknown } | ChildSettings;
  readonly clock: Clock;
  readonly startMs?: number;
  /**
   * How long it may take to leave before it is ended by force. 0: it is never asked, for native code is nowhere in it; then a process that
   * exits does not wait for it either.
   */
  readonly leaveMs?: number;
  /** How it is asked to leave, and waited for by a process that exits, when it does not listen for what a crew says. */
  readonly leaving?: Leaving;
}

export interface Leaving {
  ask(): void;
  /** Blocks until it is out of native code, `mostMs` at most. */
  hold(mostMs: number): void;
}

export interface MemberEvents {
  ready(): void;
  heard(message: unknown): void;
  /**
   * It was lost, `crashed` or `timeout`. `how` is for the operator: unlike the error's message it may hold paths. Never called once `stop`
   * was; the real end may come later, as `gone`.
   */
  lost(error: EngineError, how: string): void;
}

const START_MS = 60_000;
/** Much longer than any one run of a model: a thread ended too early ends every session of the process. */
const LEAVE_MS = 10_000;
/** How long a process that exits waits for all of them together: longer than one loads, much longer than most infer. */
const EXIT_WAIT_MS = 1000;

export class Member {
  /** Resolves when nothing of it is left. */
  readonly gone: Promise<void>;
  readonly #engine: string;
  readonly #clock: Clock;
  readonly #events: MemberEvents;
  readonly #leaveMs: number;
  readonly #leaving: Leaving;
  readonly #flags: Int32Array<SharedArrayBuffer> = memberFlags();
  readonly #body: Body;
  #phase: 'starting' | 'ready' | 'over' | 'gone' = 'starting';
  #timer: Timer | undefined;

  constructor(options: MemberOptions, events: MemberEvents) {
    const { engine, clock, startMs = START_MS, leaveMs = LEAVE_MS } = options;
    this.#engine = engine;
    this.#clock = clock;
    this.#events = events;
    this.#leaveMs = leaveMs;
    this.#leaving = options.leaving ?? this.#ownLeaving(options.kind === 'child');
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    this.#body = embody(options, this.#flags, {
      heard: (message) => this.#hear(message),
      exited: (how, cause) => {
        this.#lose('crashed', how, cause);
        this.#phase = 'gone';
        this.#timer?.cancel();
        living.delete(this);
        if (living.size === 0) process.off('exit', leaveAll);
        resolve();
      },
    });
    if (living.size === 0) process.on('exit', leaveAll);
    living.add(this);
    this.#timer = clock.after(startMs, () => this.giveUp(`it was not ready after ${startMs / 1000} s`));
  }

  get ready(): boolean {
    return this.#phase === 'ready';
  }

  /** Lost or told to leave. */
  get over(): boolean {
    return this.#phase === 'over' || this.#phase === 'gone';
  }

  get pid(): number | undefined {
    return this.#body.pid;
  }

  post(message: unknown, transfer: readonly Transferable[] = []): void {
    this.#body.post(message, transfer);
  }

  /** Nobody waits for the result of this task any more. */
  abort(task: number): void {
    Atomics.store(this.#flags, ABORTED, task);
    this.#body.post({ kind: 'abort', id: task }, []);
  }

  /** Whether the process stays alive for it; so it is from the start. */
  hold(held: boolean): void {
    this.#body.hold(held);
  }

  /** It hangs: the owner hears at once that it is lost. */
  giveUp(why: string): void {
    this.#lose('timeout', why);
  }

  /** Resolves when it has left. */
  async stop(): Promise<void> {
    if (!this.over) this.#end();
    await this.gone;
  }

  /** Asks it to be out of native code when the process ends. */
  leaveAtExit(): void {
    if (this.#leaveMs > 0 && this.#phase !== 'gone') this.#leaving.ask();
  }

  holdExit(mostMs: number): void {
    if (this.#leaveMs > 0 && this.#phase !== 'gone') this.#leaving.hold(mostMs);
  }

  #hear(message: unknown): void {
    if (this.over) return;
    const isReady = message === 'ready' || (message as { kind?: unknown } | null)?.kind === 'ready';
    if (!isReady) return this.#events.heard(message);
    if (this.#phase !== 'starting') return;
    this.#phase = 'ready';
    this.#timer?.cancel();
    this.#events.ready();
  }

  #lose(reason: 'crashed' | 'timeout', how: string, cause?: unknown): void {
    if (this.over) return;
    if (reason === 'timeout') this.#end();
    else this.#phase = 'over';
    const message = `a worker of ${this.#engine} ${reason === 'timeout' ? 'hung' : 'died'}`;
    this.#events.lost(new EngineError(this.#engine, reason, message, { cause: cause ?? new Error(how) }), how);
  }

  #end(): void {
    this.#phase = 'over';
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#body.hold(true);
    if (this.#leaveMs === 0) return this.#body.kill();
    this.#leaving.ask();
    this.#timer = this.#clock.after(this.#leaveMs, () => this.#body.kill());
  }

  #ownLeaving(isChild: boolean): Leaving {
    return {
      ask: () => {
        Atomics.store(this.#flags, LEAVING, 1);
        this.#body.post({ kind: 'leave' }, []);
      },
      // A child is a process of its own, and leaves by itself when the channel breaks.
      hold: (mostMs) => {
        if (!isChild) Atomics.wait(this.#flags, ACTIVITY, BUSY, mostMs);
      },
    };
  }
}

function embody(options: MemberOptions, flags: Int32Array<SharedArrayBuffer>, events: Parameters<typeof threadBody>[3]): Body {
  const { engine, script, kind = 'thread', data, raw } = options;
  if (kind === 'child') {
    const argv = [Buffer.from(serialize(data)).toString('base64')];
    return childBody(script, raw && 'argv' in raw ? raw : { argv }, events);
  }
  const start: MemberStart = { flags: flags.buffer, data };
  return threadBody(script, engine, raw && 'workerData' in raw ? raw.workerData : start, events);
}

/** Of the whole process: when it exits, its threads are ended wherever they are. */
const living = new Set<Member>();

function leaveAll(): void {
  const untilMs = systemClock.now() + EXIT_WAIT_MS;
  for (const member of living) member.leaveAtExit();
  for (const member of living) member.holdExit(Math.max(0, untilMs - systemClock.now()));
}
