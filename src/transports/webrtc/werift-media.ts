// The WebRTC stack: werift in worker threads, so that no call costs the main thread more than a message for each frame of its sound. A call
// never moves; it is placed in the worker with the fewest, and one worker is always kept ahead of need, since the first call of a new one
// would wait for it to start.
import { availableParallelism } from 'node:os';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Restarts } from '../../lib/restarts.ts';
import { CallError, type CallEvents } from '../calls/call.ts';
import type { AnsweredCall, CallMedia, CallMediaOptions } from './media.ts';
import type { MediaWorkerData } from './media-messages.ts';
import { MediaThread } from './media-thread.ts';

export interface CallMediaDependencies {
  readonly log: Log;
  readonly clock: Clock;
}

/** A place for one worker, with ports of its own. After a loss it rests for a while, if there is not to be a successor at once. */
interface Seat {
  readonly portRange: MediaWorkerData['portRange'];
  readonly restarts: Restarts;
  thread: MediaThread | undefined;
  resting: Timer | undefined;
  /** Its worker was lost, and no other is ready yet. */
  lost: boolean;
}

/** The sound and data of all WebRTC calls. Starts nothing before it is needed. */
export function openWeriftMedia(options: CallMediaOptions, deps: CallMediaDependencies): CallMedia {
  return new WeriftMedia(options, deps);
}

export class WeriftMedia implements CallMedia {
  readonly #options: CallMediaOptions;
  readonly #deps: CallMediaDependencies;
  readonly #script: URL;
  readonly #seats: readonly Seat[];
  #losses = 0;
  #closed = false;

  /** `script` is what the worker threads run. */
  constructor(options: CallMediaOptions, deps: CallMediaDependencies, script = new URL('./media-worker.ts', import.meta.url)) {
    this.#options = options;
    this.#deps = deps;
    this.#script = script;
    const workers = options.workers > 0 ? options.workers : Math.max(1, availableParallelism() - 1);
    this.#seats = portShares(options.portRange, workers).map((portRange) => ({
      portRange,
      restarts: new Restarts(),
      thread: undefined,
      resting: undefined,
      lost: false,
    }));
  }

  get size(): number {
    return this.#seats.reduce((sum, { thread }) => sum + (thread?.size ?? 0), 0);
  }

  get losses(): number {
    return this.#losses;
  }

  get problem(): string | undefined {
    const lost = this.#seats.filter(({ lost }) => lost).length;
    return lost === 0 ? undefined : `${lost} of the ${this.#seats.length} workers that carry calls were lost and are being started again`;
  }

  async answer(offer: string, events: CallEvents): Promise<AnsweredCall> {
    if (this.#closed) throw new CallError('unavailable', 'The server is shutting down.');
    if (this.size >= this.#options.mostCalls) {
      throw new CallError('full', `The server has ${this.#options.mostCalls} calls already, and takes no more.`);
    }
    const thread = this.#leastLoaded();
    if (!thread) throw new CallError('unavailable', 'The call cannot be answered: what carries calls is just being started again.');
    const answered = thread.answer(withLineEnds(offer), events);
    if (!this.#seats.some(({ thread }) => thread?.size === 0)) void this.#spare()?.warmUp();
    return answered;
  }

  async warmUp(): Promise<void> {
    if (!this.#closed) await this.#leastLoaded()?.warmUp();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const seat of this.#seats) seat.resting?.cancel();
    await Promise.all(this.#seats.flatMap(({ thread }) => thread?.stop() ?? []));
  }

  /** Undefined where all workers were lost again and again, and rest. */
  #leastLoaded(): MediaThread | undefined {
    const threads = this.#seats.flatMap(({ thread }) => thread ?? []).sort((a, b) => a.size - b.size);
    const [best] = threads;
    return best?.size === 0 ? best : (this.#spare() ?? best);
  }

  /** A new worker, if there may be one more. */
  #spare(): MediaThread | undefined {
    const seat = this.#seats.find(({ thread, resting }) => !thread && !resting);
    return seat && this.#fill(seat);
  }

  #fill(seat: Seat): MediaThread {
    const { publicAddress, interfaces, tcp, candidates, iceServers } = this.#options;
    seat.thread = new MediaThread({
      ...this.#deps,
      script: this.#script,
      data: { portRange: seat.portRange, publicAddress, interfaces, tcp, candidates, iceServers },
      worked: () => seat.restarts.worked(),
      gone: () => this.#replace(seat),
    });
    return seat.thread;
  }

  /** What was there is there again before anybody calls: the next caller waits for no start. */
  #replace(seat: Seat): void {
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

/** SDP as its standard has it: people and shells lose the carriage returns and the last line's end. */
function withLineEnds(sdp: string): string {
  return `${sdp.trim().replace(/\r?\n/g, '\r\n')}\r\n`;
}

/** The ports cut into one share for each worker; fewer workers where there are fewer than two ports for each. */
function portShares(range: CallMediaOptions['portRange'], workers: number): MediaWorkerData['portRange'][] {
  if (!range) return Array.from({ length: workers }, () => undefined);
  const [first, last] = range;
  const shares = Math.max(1, Math.min(workers, Math.floor((last - first + 1) / 2)));
  const step = Math.floor((last - first + 1) / shares);
  return Array.from({ length: shares }, (_, i) => [first + i * step, i === shares - 1 ? last : first + (i + 1) * step - 1]);
}
