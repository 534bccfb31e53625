// A decoder that a test answers by hand: it says what was asked of it and hears what it is told to hear.
import type { DecodeOptions, SegmentDecoder } from '../../../src/engines/local/segmented/decoder.ts';
import type { SegmentTask, SegmentText } from '../../../src/engines/local/segmented/transcribe.ts';

export interface Order {
  readonly task: SegmentTask;
  readonly options: DecodeOptions;
  /** Its turn has come. */
  begin(): void;
  /** It waits again. */
  putBack(): void;
  answer(text: string): Promise<void>;
  fail(error: Error): Promise<void>;
}

export function segmentText(text: string): SegmentText {
  const words = text.split(' ').filter((word) => word !== '');
  return {
    text,
    words: words.map((word, i) => ({ text: word.replace(/[.,]/g, ''), startMs: i * 100, endMs: i * 100 + 80, logprob: -0.1 })),
    meanLogprob: -0.1,
    tokens: words.map((_, i) => 300 + i),
  };
}

export class FakeDecoder implements SegmentDecoder {
  busy = false;
  ready = true;
  /** Orders that nobody took back, the oldest first. */
  readonly orders: Order[] = [];

  decode(task: SegmentTask, options: DecodeOptions): Promise<SegmentText | undefined> {
    return new Promise((resolve, reject) => {
      const remove = () => void this.orders.splice(this.orders.indexOf(order), this.orders.includes(order) ? 1 : 0);
      const order: Order = {
        task,
        options,
        begin: () => options.onBegin?.(),
        putBack: () => options.onPutBack?.(),
        answer: async (text) => {
          remove();
          resolve(segmentText(text));
          await settled();
        },
        fail: async (error) => {
          remove();
          reject(error);
          await settled();
        },
      };
      options.signal.addEventListener('abort', () => {
        remove();
        resolve(undefined);
      });
      this.orders.push(order);
    });
  }

  /** The only order there is. */
  get only(): Order {
    if (this.orders.length !== 1) throw new Error(`there are ${this.orders.length} orders`);
    return this.orders[0] as Order;
  }
}

/** All promises that could have been settled by now have been. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
