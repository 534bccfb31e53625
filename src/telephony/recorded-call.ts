// A telephone call and its events with a recording that listens in: everything goes on to whom it is for.
import { type CallEvents, relayed } from '../transports/calls/call.ts';
import type { PhoneCall, Replaceable, TransferOutcome } from '../transports/calls/phone-call.ts';

/** What a recording is told. */
export interface Listener {
  heard(sound: Uint8Array): void;
  given(sound: Uint8Array): void;
  played(sentMs: number, clears: number): void;
  end(): Promise<void>;
}

export function recordedEvents(events: CallEvents, listener: Listener): CallEvents {
  return relayed(events, {
    onSound(sound) {
      listener.heard(sound);
      events.onSound(sound);
    },
    onPlayed(sentMs, clears, atMs) {
      listener.played(sentMs, clears);
      events.onPlayed(sentMs, clears, atMs);
    },
    onEnd(end) {
      void listener.end();
      events.onEnd(end);
    },
  });
}

export class RecordedCall implements PhoneCall {
  readonly #call: PhoneCall;
  readonly #listener: Listener;

  constructor(call: PhoneCall, listener: Listener) {
    this.#call = call;
    this.#listener = listener;
  }

  get mostMessageBytes(): number {
    return this.#call.mostMessageBytes;
  }

  get takenBytes(): number {
    return this.#call.takenBytes;
  }

  get waitingBytes(): number {
    return this.#call.waitingBytes;
  }

  get silentMs(): number {
    return this.#call.silentMs ?? 0;
  }

  send(text: string): boolean {
    return this.#call.send(text);
  }

  play(sound: Uint8Array): void {
    this.#listener.given(sound);
    this.#call.play(sound);
  }

  clear(): void {
    this.#call.clear();
  }

  /** Nothing is told after this, not even the end. */
  close(): void {
    void this.#listener.end();
    this.#call.close();
  }

  get replaceable(): Replaceable | undefined {
    return this.#call.replaceable;
  }

  transfer(target: string, signal: AbortSignal, replaces?: string): Promise<TransferOutcome> {
    return this.#call.transfer(target, signal, replaces);
  }

  sendDigits(digits: string): Promise<void> {
    return this.#call.sendDigits(digits);
  }
}
