// The workers of one kind of calls. A call never moves; it is placed in the worker with the fewest, and one worker is always kept ahead of
// need, since the first call of a new one would wait for it to start. One that is lost is replaced.
import { availableParallelism } from 'node:os';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Restarts } from '../../lib/restarts.ts';
import { CallError } from '../calls/call.ts';
import { type CallListener, MediaThread } from './media-thread.ts';
import type { PlacedCall } from './placed-call.ts';

/** UDP ports, both ends included. */
export type PortRange = readonly [number, number];

export interface SeatOptions {
  /** What the calls are, for the log. */
  readonly name: string;
  /** What the worker threads run, and what each is given; its ports are its own, so that two workers seldom want the same one. */
  readonly script: URL;
  readonly dataOf: (portRange: PortRange | undefined) => unknown;
  /** Worker threads; 0 means one for each core but one, at least one. They start when first needed. */
  readonly workers: number;
  /** Calls at once; further ones are refused as `full`. */
  readonly mostCalls: number;
  readonly portRange: PortRange | undefined;
}

export interface SeatDependencies {
  readonly log: Log;
  readonly clock: Clock;
}

/** A place for one worker, with ports of its own. After a loss it rests for a while, if there is not to be a successor at once. */
interface Seat<Thread> {
  readonly portRange: PortRange | undefined;
  readonly restarts: Restarts;
  thread: Thread | undefined;
  resting: Timer | undefined;
  /** Its worker was lost, and no other is ready yet. */
  lost: boolean;
}

export class MediaSeats<Wish, Question = never, News = never> {
  readonly #options: SeatOptions;
  readonly #deps: SeatDependencies;
  readonly #seats: readonly Seat<MediaThread<Wish, Question, News>>[];
  #losses = 0;
  #closed = false;

  constructor(options: SeatOptions, deps: SeatDependencies) {
    this.#options = options;
    this.#deps = deps;
    const workers = options.workers > 0 ? options.workers : Math.max(1, availableParallelism() - 1);
    this.#seats = portShares(options.portRange, workers).map((portRange) => ({
      portRange,
      restarts: new Restarts(),
      thread: undefined,
      resting: undefined,
      lost: false,
    }));
  }

  /** Calls there are, and those that begin. */
  get size(): number {
    return this.#seats.reduce((sum, { thread }) => sum + (thread?.size ?? 0), 0);
  }

  /** Workers that died or were given up, since the start. */
  get losses(): number {
    return this.#losses;
  }

  /** What is wrong, as long as it is. */
  get problem(): string | undefined {
    const lost = this.#seats.filter(({ lost }) => lost).length;
    return lost === 0 ? undefined : `${lost} of the ${this.#seats.length} workers that carry calls were lost and are being started again`;
  }

  /** @throws CallError. */
  async begin(wish: Wish, listener: CallListener<News>): Promise<PlacedCall<Question, News>> {
    if (this.#closed) throw new CallError('unavailable', 'The server is shutting down.');
    if (this.size >= this.#options.mostCalls) {
      throw new CallError('full', `The server has ${this.#options.mostCalls} calls already, and takes no more.`);
    }
    const thread = this.#leastLoaded();
    if (!thread) throw new CallError('unavailable', 'The call cannot be answered: what carries calls is just being started again.');
    const begun = thread.begin(wish, listener);
    if (!this.#seats.some(({ thread }) => thread?.size === 0)) void this.#spare()?.warmUp();
    return begun;
  }

  /** Makes the first call as quick as the others. */
  async warmUp(): Promise<void> {
    if (!this.#closed) await this.#leastLoaded()?.warmUp();
  }

  /** Ends all calls, without telling them. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const seat of this.#seats) seat.resting?.cancel();
    await Promise.all(this.#seats.flatMap(({ thread }) => thread?.stop() ?? []));
  }

  /** Undefined where all workers were lost again and again, and rest. */
  #leastLoaded(): MediaThread<Wish, Question, News> | undefined {
    const threads = this.#seats.flatMap(({ thread }) => thread ?? []).sort((a, b) => a.size - b.size);
    const [best] = threads;
    return best?.size === 0 ? best : (this.#spare() ?? best);
  }

  /** A new worker, if there may be one more. */
  #spare(): MediaThread<Wish, Question, News> | undefined {
    const seat = this.#seats.find(({ thread, resting }) => !thread && !resting);
    return seat && this.#fill(seat);
  }

  #fill(seat: Seat<MediaThread<Wish, Question, News>>): MediaThread<Wish, Question, News> {
    const { name, script, dataOf } = this.#options;
    seat.thread = new MediaThread<Wish, Question, News>({
      ...this.#deps,
      name,
      script,
      data: dataOf(seat.portRange),
      worked: () => seat.restarts.worked(),
      gone: () => this.#replace(seat),
    });
    return seat.thread;
  }

  /** What was there is there again before anybody calls: the next caller waits for no start. */
  #replace(seat: Seat<MediaThread<Wish, Question, News>>): void {
    seat.thread = undefined;
    seat.lost = true;
    this.#losses += 1;
    const restMs = seat.restarts.lost();
    const begin = () => {
      seat.resting = undefined;
      const thread = this.#fill(seat);
      // Should it be lost, too, another sits there.
      void thread.warmUp().then(() => (seat.lost &&= seat.thread !== thread));
    };
    if (restMs === 0) begin();
    else seat.resting = this.#deps.clock.after(restMs, begin);
  }
}

/** The ports cut into one share for each worker; fewer workers where there are fewer than two ports for each. */
function portShares(range: PortRange | undefined, workers: number): (PortRange | undefined)[] {
  if (!range) return Array.from({ length: workers }, () => undefined);
  const [first, last] = range;
  const shares = Math.max(1, Math.min(workers, Math.floor((last - first + 1) / 2)));
  const step = Math.floor((last - first + 1) / shares);
  return Array.from({ length: shares }, (_, i) => [first + i * step, i === shares - 1 ? last : first + (i + 1) * step - 1]);
}
