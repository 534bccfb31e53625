// A telephone whose SIP and sound are of our own make: what its caller hears and is told.
import { concat, fromBytes } from '../../../src/media/pcm.ts';
import type { CallEnd, CallEvents } from '../../../src/transports/calls/call.ts';

export class Telephone implements CallEvents {
  readonly #heard: Int16Array[] = [];
  readonly digits: string[] = [];
  readonly ends: CallEnd[] = [];
  onSound(sound: Uint8Array): void {
    this.#heard.push(fromBytes(sound).slice());
  }
  onDigit(digit: string): void {
    this.digits.push(digit);
  }
  onEnd(end: CallEnd): void {
    this.ends.push(end);
  }
  onOpen(): void {}
  onMessage(): void {}
  onPlayed(): void {}
  onTaken(): void {}
  /** At 24 kHz. */
  get heard(): Int16Array {
    return concat(this.#heard);
  }
}
