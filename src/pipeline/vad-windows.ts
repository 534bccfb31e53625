// The detector's windows on their way: what it was asked, and what it has to leave out when it cannot follow. A session may send more at once
// than was said in that time, and is heard in its own time; but it is never further behind than this, however slow the detector is.
import type { Vad, VadStream } from '../engines/engine.ts';

/** Windows it may have waiting of what was sent ahead of time. */
const mostAhead = 32;
/**
 * With more undecided than this (256 ms), and one of them asked so long ago, it is behind, and is asked no more than so many at a time: so
 * what it does look at is of now. Much that is undecided is no sign by itself: the loop that asks may have been late.
 */
const leastBehind = 8;
const mostAnswerMs = 100;
const mostBehind = 2;
/** What is longer undecided than this (480 ms) is decided without it. */
const mostUndecided = 15;

interface VadWindowPorts {
  now: () => number;
  /** The probability of the oldest window that is not decided. */
  decide: (probability: number) => void;
  /** A window counts as its neighbour. */
  onLeftOut: () => void;
}

export class VadWindows {
  readonly #stream: VadStream;
  readonly #ports: VadWindowPorts;
  /** What is not decided, the oldest first: whether the detector was asked. */
  #undecided: ('asked' | 'left out')[] = [];
  /** When it was asked what it has not answered, the oldest first. */
  #askedMs: number[] = [];
  /** Answers to come that are too late for their windows. */
  #late = 0;
  #probability = 0;
  /** By when all sound so far would have been said. */
  #saidUntilMs = Number.NEGATIVE_INFINITY;

  constructor(vad: Vad, ports: VadWindowPorts) {
    this.#ports = ports;
    this.#stream = vad.open((probability) => this.#answer(probability));
  }

  /** Sound has come: whoever sends it faster than it can be said is ahead by the rest. */
  came(ms: number): void {
    const nowMs = this.#ports.now();
    // Who has been heard to the end is not ahead any more, though its clock may run a little faster than ours.
    const fromMs = this.#undecided.length === 0 ? nowMs : Math.max(nowMs, this.#saidUntilMs);
    this.#saidUntilMs = fromMs + ms;
  }

  /** How much of the sound so far could not have been said yet. */
  get aheadMs(): number {
    return Math.max(0, this.#saidUntilMs - this.#ports.now());
  }

  /**
   * Whether the next window may be pushed. `said`: it has been said by now. `behind`: how many windows that have been said are undecided.
   * Who is behind leaves out what has been said; what has not can wait.
   */
  takes(said: boolean, behind: number): boolean {
    return this.leavesOut(behind) ? said : this.#askedMs.length < mostAhead;
  }

  push(window: Int16Array, behind: number): void {
    if (this.leavesOut(behind)) {
      this.#undecided.push('left out');
      return;
    }
    this.#askedMs.push(this.#ports.now());
    this.#undecided.push('asked');
    this.#stream.push(window);
  }

  /** Whether the next window would be left out. */
  leavesOut(behind: number): boolean {
    return this.#askedMs.length >= mostBehind && ((behind > leastBehind && this.#isSlow) || this.#late > 0);
  }

  get #isSlow(): boolean {
    const [oldest = Number.POSITIVE_INFINITY] = this.#askedMs;
    return this.#ports.now() - oldest > mostAnswerMs;
  }

  /** Decides the oldest without the detector, when so many that have been said are undecided that it would be too late otherwise. */
  keepUp(behind: number): void {
    if (!this.#isSlow) return;
    for (let left = behind - mostUndecided; left > 0 && this.#undecided.length > 0; left--) {
      if (this.#undecided.shift() === 'asked') this.#late += 1;
      this.#leaveOut();
    }
    this.#passLeftOut();
  }

  reset(): void {
    this.#stream.reset();
    this.#undecided = [];
    this.#askedMs = [];
    this.#late = 0;
    this.#probability = 0;
  }

  close(): void {
    this.#stream.close();
  }

  #answer(probability: number): void {
    this.#askedMs.shift();
    this.#probability = probability;
    if (this.#late > 0) {
      this.#late -= 1;
      return;
    }
    this.#undecided.shift();
    this.#ports.decide(probability);
    this.#passLeftOut();
  }

  /** What was left out right behind a window that is decided counts as that one. */
  #passLeftOut(): void {
    while (this.#undecided[0] === 'left out') {
      this.#undecided.shift();
      this.#leaveOut();
    }
  }

  #leaveOut(): void {
    this.#ports.onLeftOut();
    this.#ports.decide(this.#probability);
  }
}
