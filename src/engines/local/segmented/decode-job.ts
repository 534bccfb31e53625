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

  /** Somebody waits now: when its turn has not come, it queues again among the finals. */
  hurry(): void {
    if (this.#state !== 'waiting' || this.#urgency === 'final') return;
    this.#urgency = 'final';
    this.#place.abort();
  }

  abort(): void {
    this.#state = 'aborted';
    this.#place.abort();
  }

  async #run(decoder: SegmentDecoder, task: SegmentTask, origin: Origin | undefined): Promise<SegmentText | undefined> {
    for (;;) {
      const urgency = this.#urgency;
      const place = this.#place;
      const onBegin = () => {
        if (this.#state === 'waiting' && place === this.#place) this.#state = 'begun';
      };
      const text = await decoder.decode(task, { urgency, signal: place.signal, onBegin, ...(origin === undefined ? {} : { origin }) });
      if (text !== undefined || urgency === this.#urgency) return text;
      if (this.#state === 'aborted') return undefined;
      this.#place = new AbortController();
    }
  }
}
