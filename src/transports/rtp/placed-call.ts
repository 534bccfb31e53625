// The main thread's end of a call that lives in a media worker: passes on what is said either way, and keeps the promises of the plug.
import { fromBytes, toBytes } from '../../media/pcm.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import { type Call, type CallEnd, CallError, type CallEvents } from '../calls/call.ts';
import { type FromWorker, type Refusal, TAKEN_STEP, type ToWorker } from './media-messages.ts';

/** With so many bytes of messages waiting no more are kept: some dozens of the longest. */
const MOST_UNREAD = 16 * 1024 * 1024;
/** What browsers but Firefox take at most. A longer one, cut into packets, would keep the thread from the sound of its other calls. */
const MOST_MESSAGE_BYTES = 262_144;

/** Questions that wait for their answer. */
const MOST_ASKED = 16;

type Told<News> = Exclude<FromWorker<News>, { kind: 'warm' | 'pong' | 'begun' | 'refused' | 'fault' }>;

type Begun = Extract<FromWorker, { kind: 'begun' }>;

export interface CallOwner<Question, News> {
  readonly events: CallEvents;
  readonly onNews: (news: News) => void;
  readonly tell: (message: ToWorker<never, Question>, handOver?: ArrayBuffer[]) => void;
  /** Called once, when the call is over, by itself or by `close`. */
  readonly left: () => void;
  readonly clock: Clock;
}

interface Asked {
  readonly resolve: (text: string) => void;
  readonly reject: (error: CallError) => void;
  readonly late: Timer;
}

export class PlacedCall<Question = never, News = never> implements Call {
  /** The whole answer to its offer, or its own offer. */
  readonly sdp: string;
  readonly mostMessageBytes: number;
  readonly #id: number;
  readonly #owner: CallOwner<Question, News>;
  readonly #asked = new Map<number, Asked>();
  #lastAsk = 0;
  #over = false;
  #open = false;
  /** Bytes of messages given away, and how many of them have left this machine as far as is known: the worker says so now and then. */
  #givenBytes = 0;
  #sentBytes = 0;
  #taken = 0;
  #silentMs = 0;
  #heardAtMs: number | undefined;

  constructor({ call, sdp, mostMessageBytes }: Begun, owner: CallOwner<Question, News>) {
    this.#id = call;
    this.sdp = sdp;
    this.mostMessageBytes = Math.min(mostMessageBytes, MOST_MESSAGE_BYTES);
    this.#owner = owner;
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
    return this.#heardAtMs === undefined ? undefined : Math.max(0, this.#owner.clock.now() - this.#heardAtMs);
  }

  send(text: string): boolean {
    if (this.#over || !this.#open) return false;
    const bytes = Buffer.byteLength(text);
    if (bytes > this.mostMessageBytes || this.waitingBytes > MOST_UNREAD) return false;
    this.#givenBytes += bytes;
    this.#owner.tell({ kind: 'send', call: this.#id, text });
    return true;
  }

  play(sound: Uint8Array): void {
    if (this.#over || sound.length === 0) return;
    // Memory that others look at as well cannot be handed over.
    const samples = fromBytes(sound).slice();
    this.#owner.tell({ kind: 'play', call: this.#id, samples }, [samples.buffer]);
  }

  clear(): void {
    if (!this.#over) this.#owner.tell({ kind: 'clear', call: this.#id });
  }

  close(): void {
    if (this.#over) return;
    this.#owner.tell({ kind: 'close', call: this.#id });
    this.#leave();
  }

  /** Rejects with a CallError when it is refused, not answered within so long, or the call ends. */
  ask(question: Question, withinMs: number): Promise<string> {
    if (this.#over) return Promise.reject(new CallError('unavailable', 'The call is over.'));
    if (this.#asked.size >= MOST_ASKED) return Promise.reject(new CallError('full', 'Too much is asked of the call at once.'));
    const ask = ++this.#lastAsk;
    return new Promise((resolve, reject) => {
      const late = this.#owner.clock.after(withinMs, () =>
        this.#deny(ask, { reason: 'unavailable', message: 'The call did not answer in time.' }),
      );
      this.#asked.set(ask, { resolve, reject, late });
      this.#owner.tell({ kind: 'ask', call: this.#id, ask, question });
    });
  }

  hear(told: Told<News>): void {
    if (this.#over) return;
    switch (told.kind) {
      case 'sound':
        this.#heardAtMs = told.heardAtMs;
        return this.#owner.events.onSound(toBytes(told.samples));
      case 'digit':
        return this.#owner.events.onDigit(told.digit);
      case 'open':
        this.#open = true;
        return this.#owner.events.onOpen();
      case 'message':
        this.#taken++;
        if (this.#taken % TAKEN_STEP === 0) this.#owner.tell({ kind: 'taken', call: this.#id, messages: TAKEN_STEP });
        return this.#owner.events.onMessage(told.text);
      case 'played':
        return this.#owner.events.onPlayed(told.sentMs, told.clears, told.atMs);
      case 'sent':
        this.#sentBytes = told.bytes;
        return this.#owner.events.onTaken();
      case 'silent':
        this.#silentMs = told.ms;
        return;
      case 'replied':
        return this.#settle(told.ask)?.resolve(told.text);
      case 'denied':
        return this.#deny(told.ask, told);
      case 'news':
        return this.#owner.onNews(told.news);
      case 'ended':
        return this.end(told.end);
    }
  }

  end(end: CallEnd): void {
    if (this.#over) return;
    this.#leave();
    this.#owner.events.onEnd(end);
  }

  /** Ends it without telling anybody. */
  abandon(): void {
    if (!this.#over) this.#leave();
  }

  #settle(ask: number): Asked | undefined {
    const asked = this.#asked.get(ask);
    asked?.late.cancel();
    this.#asked.delete(ask);
    return asked;
  }

  #deny(ask: number, { reason, message, status }: Refusal): void {
    this.#settle(ask)?.reject(new CallError(reason, message, { status }));
  }

  #leave(): void {
    this.#over = true;
    for (const ask of this.#asked.keys()) this.#deny(ask, { reason: 'unavailable', message: 'The call has ended.' });
    this.#owner.left();
  }
}
