// The keys that a caller presses, joined to entries on the clock of the call, and given to the session as what the user says.
import type { Clock, Timer } from '../lib/clock.ts';
import { type CollectedDigits, type DigitCollecting, DigitCollector, pressedItem } from './digit-collector.ts';

export class DigitEntry {
  readonly #clock: Clock;
  readonly #say: (event: object) => void;
  readonly #collector: DigitCollector;
  #timer: Timer | undefined;

  /** @param say has a client's event said in the session. */
  constructor(collecting: DigitCollecting, clock: Clock, say: (event: object) => void) {
    this.#clock = clock;
    this.#say = say;
    this.#collector = new DigitCollector(collecting);
  }

  press(digit: string): void {
    this.#tell(this.#collector.press(digit, this.#clock.now()));
    this.#wait();
  }

  end(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer?.cancel();
    const { wakeAtMs } = this.#collector;
    if (wakeAtMs === undefined) return;
    this.#timer = this.#clock.after(wakeAtMs - this.#clock.now(), () => {
      this.#tell(this.#collector.tick(this.#clock.now()));
      this.#wait();
    });
  }

  #tell(entry: CollectedDigits | undefined): void {
    if (!entry) return;
    this.#say({ type: 'conversation.item.create', item: pressedItem(entry.digits) });
    this.#say({ type: 'response.create' });
  }
}
