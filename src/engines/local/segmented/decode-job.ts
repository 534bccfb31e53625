// One segment ordered from the decoder, which may turn out to be wanted sooner than it was thought, or not at all.
import type { Origin } from '../../engine.ts';
import type { SegmentDecoder, Urgency } from './decoder.ts';
import type { SegmentTask, SegmentText } from './transcribe.ts';

export class DecodeJob {
  /** Undefined when it was aborted, or was a guess that had to give way. Rejects with EngineError. */
  readonly result: Promise<SegmentText | undefined>;
  readonly #onStir: () => void;
  #urgency: Urgency;
  #state: 'waiting' | 'begun' | 'over' | 'aborted' = 'waiting';
  /** Of the place it has in the queue now. */
  #place = new AbortController();

  /** `onStir` is told when work on it begins, stops and ends. */
  constructor(decoder: SegmentDecoder, task: SegmentTask, urgency: Urgency, origin: Origin | undefined, onStir: () => void) {
    this.#urgency = urgency;
    this.#onStir = onStir;
    this.result = this.#run(decoder, task, origin);
    const ended = () => this.#become('over');
    // Whoever waits for it hears of a failure.
    this.result.then(ended, ended);
  }

  /** Whether a worker is at it. */
  get isUnderWay(): boolean {
    return this.#state === 'begun';
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

  #become(state: 'waiting' | 'begun' | 'over'): void {
    if (this.#state === 'aborted') return;
    this.#state = state;
    this.#onStir();
  }

  async #run(decoder: SegmentDecoder, task: SegmentTask, origin: Origin | undefined): Promise<SegmentText | undefined> {
    for (;;) {
      const urgency = this.#urgency;
      const place = this.#place;
      const onBegin = () => {
        if (this.#state === 'waiting' && place === this.#place) this.#become('begun');
      };
      const onPutBack = () => {
        if (this.#state === 'begun') this.#become('waiting');
      };
      const options = { urgency, signal: place.signal, onBegin, onPutBack, ...(origin === undefined ? {} : { origin }) };
      const text = await decoder.decode(task, options);
      if (text !== undefined || urgency === this.#urgency) return text;
      if (this.#state === 'aborted') return undefined;
      this.#place = new AbortController();
    }
  }
}
