// The detector's windows on their way: what it was asked, and what is left out when it cannot follow. A session may send more at once than was
// said in that time, and is heard in its own time. A detector that is too slow looks at one of several windows, so that the session stays close
// to what is said; one that has stood still catches up in the same way, and nothing that was said meanwhile is lost.
import type { Vad, VadStream } from '../engines/engine.ts';

/** Windows it may have waiting. */
const mostAsked = 32;
/** One that does not keep up has fewer waiting, so that what it looks at is of now. */
const leastAsked = 2;
/**
 * With more undecided than this (256 ms), and one of them asked so long ago, it does not keep up. Much that is undecided is no sign by
 * itself: the loop that asks may have been late.
 */
const leastBehind = 8;
const mostAnswerMs = 100;
/** What answers within the time of a window keeps up, whatever it may have been before. */
const promptMs = 32;
/** One window in so many (256 ms) is looked at in any case: speech is longer than that. */
const mostStride = 8;

interface VadWindowPorts {
  now: () => number;
  /** The probability of the oldest window that is not decided. */
  decide: (probability: number) => void;
  /** A window counts as the one before it. */
  onLeftOut: () => void;
}

export class VadWindows {
  readonly #stream: VadStream;
  readonly #ports: VadWindowPorts;
  /** What is not decided, the oldest first: whether the detector was asked. The first was. */
  #undecided: ('asked' | 'left out')[] = [];
  /** When it was asked what it has not answered, the oldest first. */
  #askedMs: number[] = [];
  /** How many windows it may have waiting: the least while it does not keep up, then twice as many each time it is found to. */
  #most = mostAsked;
  /** How long it took over its last answer. */
  #answerMs = 0;
  /** Of the next windows, how many are left out. */
  #leavesOut = 0;
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

  /** Whether `assess` has to come before the next window: so many that have been said are undecided. */
  isInDoubt(behind: number): boolean {
    return behind > leastBehind && this.#leavesOut === 0;
  }

  /** Looks whether the detector keeps up. It shows by what it has answered: all answers that are there must have been heard. */
  assess(behind: number): void {
    const [oldestMs = Number.POSITIVE_INFINITY] = this.#askedMs;
    const isSlow = behind > leastBehind && this.#ports.now() - oldestMs > mostAnswerMs;
    if (isSlow) this.#most = leastAsked;
    else if (this.#askedMs.length === 0 || this.#answerMs < promptMs) this.#most = Math.min(mostAsked, this.#most * 2);
  }

  /** Whether the next window may be pushed. */
  get takes(): boolean {
    return this.#leavesOut > 0 || this.#askedMs.length < this.#most;
  }

  /** `behind`: how many windows that have been said are undecided. */
  push(window: Int16Array, behind: number): void {
    if (this.#leavesOut > 0) {
      this.#leavesOut -= 1;
      this.#undecided.push('left out');
      return;
    }
    this.#askedMs.push(this.#ports.now());
    this.#undecided.push('asked');
    this.#stream.push(window);
    if (this.#most === leastAsked) this.#leavesOut = Math.min(mostStride, Math.max(1, behind - leastBehind)) - 1;
  }

  reset(): void {
    this.#stream.reset();
    this.#undecided = [];
    this.#askedMs = [];
    this.#leavesOut = 0;
  }

  close(): void {
    this.#stream.close();
  }

  #answer(probability: number): void {
    const nowMs = this.#ports.now();
    this.#answerMs = nowMs - (this.#askedMs.shift() ?? nowMs);
    this.#undecided.shift();
    this.#ports.decide(probability);
    while (this.#undecided[0] === 'left out') {
      this.#undecided.shift();
      this.#ports.onLeftOut();
      this.#ports.decide(probability);
    }
  }
}
