// One segment ordered from the decoder, which may turn out to be wanted sooner than it was thought, or not at all.
import type { Origin } from '../../engine.ts';
import type { SegmentDecoder, Urgency } from './decoder.ts';
import type { SegmentTask, SegmentText } from './transcribe.ts';

export class DecodeJob {
  /** Undefined when it was aborted, or was a guess that had to give way. Rejects with EngineError. */
  readonly result: Promise<SegmentText | undefined>;
  readonly #onChange: () => void;
  #urgency: Urgency;
  #state: 'waiting' | 'begun' | 'over' | 'aborted' = 'waiting';
  /** Of the place it has in the queue now. */
  #place = new AbortController();

  /** `onChange` is told when work on it begins, stops and ends. */
  constructor(decoder: SegmentDecoder, task: SegmentTask, urgency: Urgency, origin: Origin | undefined, onChange: () => void) {
    this.#urgency = urgency;
    this.#onChange = onChange;
    this.result = this.#run(decoder, task, origin);
    const ended = () => this.#become('over');
    // Whoever waits for it hears of a failure.
    this.result.then(ended, ended);
  }

  /** Whether a worker is at it. */
  get isUnderWay(): boolean {
    return this.#state === 'begun';
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

  #become(state: 'waiting' | 'begun' | 'over'): void {
    if (this.#state === 'aborted' || this.#state === state) return;
    this.#state = state;
    this.#onChange();
  }

  async #run(decoder: SegmentDecoder, task: SegmentTask, origin: Origin | undefined): Promise<SegmentText | undefined> {
    for (;;) {
      const urgency = this.#urgency;
      const place = this.#place;
      const isHere = () => place === this.#place;
      const text = await decoder.decode(task, {
        urgency,
        signal: place.signal,
        onBegin: () => {
          if (isHere() && this.#state === 'waiting') this.#become('begun');
        },
        onPutBack: () => {
          if (!isHere() || this.#state !== 'begun') return;
          this.#become('waiting');
          if (urgency !== this.#urgency) place.abort();
        },
        ...(origin === undefined ? {} : { origin }),
      });
      if (text !== undefined || urgency === this.#urgency || this.#isAborted) return text;
      this.#become('waiting');
      this.#place = new AbortController();
    }
  }

  get #isAborted(): boolean {
    return this.#state === 'aborted';
  }
}
