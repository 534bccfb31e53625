// One caller: says its script over a line on the beat of an absolute timeline, whatever the server does, and notes when what comes.
import { systemClock } from '../src/lib/clock.ts';
import type { Line, LineEvents, Lines } from './telephone-line.ts';
import { type Said, Timeline } from './timeline.ts';

/** Quiet of so long ends an answer; shorter, the sound had run out. */
const answerGapMs = 300;

/** Sound of the agent without a long pause in it. */
export interface Run {
  readonly firstMs: number;
  lastMs: number;
  /** How often it had run out meanwhile. */
  starved: number;
}

/** What a caller has said and heard. Instants are of the clock that all processes of the machine share. */
export interface Heard {
  readonly name: string;
  readonly said: Said[];
  /** When each frame of its sound left, the first of the call first. */
  readonly sentMs: number[];
  readonly runs: Run[];
  readonly clears: number[];
  /** Of each packet when it came, and by how much later than its timestamp says, beyond some constant of the call. */
  readonly packets: { readonly atMs: number[]; readonly transitMs: number[] };
  /** How many packets have been sent by their numbers. */
  packetsSent: number;
  /** How late its frames left. */
  readonly lags: number[];
  readonly faults: string[];
}

/** What is to be added to an instant of this process's clock to have one of the clock that all processes of the machine share. */
const clockOffsetMs = Number(process.hrtime.bigint()) / 1e6 - systemClock.now();
const shared = (ms: number) => ms + clockOffsetMs;

export class TelephoneCaller implements LineEvents {
  readonly #name: string;
  readonly #timeline: Timeline;
  readonly #said: Said[] = [];
  readonly #sentMs: number[] = [];
  readonly #runs: Run[] = [];
  readonly #clears: number[] = [];
  readonly #packets: Heard['packets'] = { atMs: [], transitMs: [] };
  readonly #faults: string[] = [];
  #packetsSent = 0;
  #line: Line | undefined;
  /** Where the last loud sound ends on the line's timeline. */
  #loudUntilMs = Number.NEGATIVE_INFINITY;

  constructor(lines: Lines, number: number) {
    this.#name = `caller-${number}`;
    this.#timeline = new Timeline(lines.material, number, Number.POSITIVE_INFINITY, (said) => this.#said.push(said));
  }

  /** Resolves when it is answered, with how long that took. */
  async call(lines: Lines): Promise<number> {
    this.#line = await lines.call(this.#name, this);
    return this.#line.setUpMs;
  }

  begin(startMs: number, quietMs: number): void {
    this.#timeline.begin(startMs, quietMs);
  }

  /** Sends what is due. */
  beat(nowMs: number): void {
    while (this.#timeline.dueMs <= nowMs) {
      const frame = this.#timeline.next(nowMs);
      this.#sentMs.push(systemClock.now());
      this.#line?.send(frame);
    }
  }

  hangUp(): void {
    this.#line?.hangUp();
  }

  heard(): Heard {
    const all = (list: readonly number[]) => list.map(shared);
    return {
      name: this.#name,
      said: this.#said.map((said) => ({ ...said, onsetMs: shared(said.onsetMs), endMs: shared(said.endMs) })),
      sentMs: all(this.#sentMs),
      runs: this.#runs.map((run) => ({ ...run, firstMs: shared(run.firstMs), lastMs: shared(run.lastMs) })),
      clears: all(this.#clears),
      packets: { atMs: all(this.#packets.atMs), transitMs: this.#packets.transitMs },
      packetsSent: this.#packetsSent,
      lags: this.#timeline.lags,
      faults: this.#faults,
    };
  }

  onSound({ isLoud, atMs, lengthMs, place }: Parameters<LineEvents['onSound']>[0], nowMs: number): void {
    if (place !== undefined) {
      this.#packetsSent = Math.max(this.#packetsSent, place + 1);
      this.#packets.atMs.push(nowMs);
      this.#packets.transitMs.push(nowMs - atMs);
    }
    if (!isLoud) return;
    const quietMs = atMs - this.#loudUntilMs;
    const run = this.#runs.at(-1);
    if (!run || quietMs > answerGapMs) this.#runs.push({ firstMs: nowMs, lastMs: nowMs, starved: 0 });
    else {
      run.lastMs = nowMs;
      if (quietMs > 1) run.starved++;
    }
    this.#loudUntilMs = atMs + lengthMs;
  }

  onClear(nowMs: number): void {
    this.#clears.push(nowMs);
    this.#loudUntilMs = Number.NEGATIVE_INFINITY;
  }

  onFault(what: string): void {
    this.#faults.push(what);
  }
}
