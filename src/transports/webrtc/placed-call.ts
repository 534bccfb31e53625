// The main thread's end of a call that lives in a media worker: passes on what is said either way, and keeps the promises of the plug.
import type { Call, CallEnd, CallEvents } from './media.ts';
import { type FromWorker, TAKEN_STEP, type ToWorker } from './media-messages.ts';

/** With so many bytes of messages waiting no more are kept: some dozens of the longest. */
const MOST_UNREAD = 16 * 1024 * 1024;
/** What browsers but Firefox take at most. A longer one, cut into packets, would keep the thread from the sound of its other calls. */
const MOST_MESSAGE_BYTES = 262_144;

type Told = Exclude<FromWorker, { kind: 'warm' | 'pong' | 'answered' | 'refused' | 'fault' }>;

type Answered = Extract<FromWorker, { kind: 'answered' }>;

export interface CallOwner {
  readonly events: CallEvents;
  readonly tell: (message: ToWorker, handOver?: ArrayBuffer[]) => void;
  readonly nowMs: () => number;
  /** Called once, when the call is over, by itself or by `close`. */
  readonly left: () => void;
}

export class PlacedCall implements Call {
  readonly sdp: string;
  readonly mostMessageBytes: number;
  readonly #id: number;
  readonly #events: CallEvents;
  readonly #tell: CallOwner['tell'];
  readonly #left: () => void;
  readonly #nowMs: () => number;
  #over = false;
  #open = false;
  /** Bytes of messages given away, and how many of them have left this machine as far as is known: the worker says so now and then. */
  #givenBytes = 0;
  #sentBytes = 0;
  #taken = 0;
  #silentMs = 0;
  #heardAtMs: number | undefined;

  constructor({ call, sdp, mostMessageBytes }: Answered, { events, tell, left, nowMs }: CallOwner) {
    this.#nowMs = nowMs;
    this.#id = call;
    this.sdp = sdp;
    this.mostMessageBytes = Math.min(mostMessageBytes, MOST_MESSAGE_BYTES);
    this.#events = events;
    this.#tell = tell;
    this.#left = left;
  }

  get takenBytes(): number {
    return this.#sentBytes;
  }

  get waitingBytes(): number {
    return this.#givenBytes - this.#sentBytes;
  }

  get silentMs(): number {
    return this.#silentMs;
  }

  /** What the worker has told and is not read yet makes it longer: too much is said again then, rather than too little. */
  get unheardMs(): number | undefined {
    return this.#heardAtMs === undefined ? undefined : Math.max(0, this.#nowMs() - this.#heardAtMs);
  }

  send(text: string): boolean {
    if (this.#over || !this.#open) return false;
    const bytes = Buffer.byteLength(text);
    if (bytes > this.mostMessageBytes || this.waitingBytes > MOST_UNREAD) return false;
    this.#givenBytes += bytes;
    this.#tell({ kind: 'send', call: this.#id, text });
    return true;
  }

  play(samples: Int16Array): void {
    if (this.#over || samples.length === 0) return;
    // Memory that others look at as well cannot be handed over.
    const own = samples.byteLength === samples.buffer.byteLength && samples.buffer instanceof ArrayBuffer;
    const handed = (own ? samples : samples.slice()) as Int16Array<ArrayBuffer>;
    this.#tell({ kind: 'play', call: this.#id, samples: handed }, [handed.buffer]);
  }

  clear(): void {
    if (!this.#over) this.#tell({ kind: 'clear', call: this.#id });
  }

  close(): void {
    if (this.#over) return;
    this.#tell({ kind: 'close', call: this.#id });
    this.#leave();
  }

  hear(told: Told): void {
    if (this.#over) return;
    switch (told.kind) {
      case 'sound':
        this.#heardAtMs = told.heardAtMs;
        return this.#events.onSound(told.samples);
      case 'digit':
        return this.#events.onDigit(told.digit);
      case 'open':
        this.#open = true;
        return this.#events.onOpen();
      case 'message':
        this.#taken++;
        if (this.#taken % TAKEN_STEP === 0) this.#tell({ kind: 'taken', call: this.#id, messages: TAKEN_STEP });
        return this.#events.onMessage(told.text);
      case 'played':
        return this.#events.onPlayed(told.sentMs, told.clears, told.atMs);
      case 'sent':
        this.#sentBytes = told.bytes;
        return this.#events.onTaken();
      case 'silent':
        this.#silentMs = told.ms;
        return;
      case 'ended':
        return this.end(told.end);
    }
  }

  end(end: CallEnd): void {
    if (this.#over) return;
    this.#leave();
    this.#events.onEnd(end);
  }

  /** Ends it without telling anybody. */
  abandon(): void {
    if (!this.#over) this.#leave();
  }

  #leave(): void {
    this.#over = true;
    this.#left();
  }
}
