// One segment ordered from the decoder, which may turn out to be wanted sooner than it was thought, or not at all.
import type { Origin } from '../../engine.ts';
import type { SegmentDecoder, Urgency } from './decoder.ts';
import type { SegmentTask, SegmentText } from './transcribe.ts';

export class DecodeJob {
  /** Undefined when it was aborted, or was a guess that had to give way. Rejects with EngineError. */
  readonly result: Promise<SegmentText | undefined>;
  #urgency: Urgency;
  #state: 'waiting' | 'begun' | 'aborted' = 'waiting';
  /** Of the place it has in the queue now. */
  #place = new AbortController();

  constructor(decoder: SegmentDecoder, task: SegmentTask, urgency: Urgency, origin: Origin | undefined) {
    this.#urgency = urgency;
    this.result = this.#run(decoder, task, origin);
    // Whoever waits for it hears of a failure.
    this.result.catch(() => {});
  }

  /** Somebody waits now: when its turn has not come, or it is broken off, it queues again among the finals. */
  hurry(): void {
    if (this.#urgency === 'final') return;
    this.#urgency = 'final';
    if (this.#state === 'waiting') this.#place.abort();
  }

  abort(): void {
    this.#state = 'aborted';
    this.#place.abort();
  }

  async #run(decoder: SegmentDecoder, task: SegmentTask, origin: Origin | undefined): Promise<SegmentText | undefined> {
    for (;;) {
      const urgency = this.#urgency;
      const place = this.#place;
      const isHere = () => place === this.#place && !this.#isAborted;
      const text = await decoder.decode(task, {
        urgency,
        signal: place.signal,
        onBegin: () => {
          if (isHere()) this.#state = 'begun';
        },
        onBrokenOff: () => {
          if (!isHere()) return;
          this.#state = 'waiting';
          if (urgency !== this.#urgency) place.abort();
        },
        ...(origin === undefined ? {} : { origin }),
      });
      if (text !== undefined || urgency === this.#urgency || this.#isAborted) return text;
      this.#state = 'waiting';
      this.#place = new AbortController();
    }
  }

  get #isAborted(): boolean {
    return this.#state === 'aborted';
  }
}
