// One speech over a streaming connection: sends the text as it comes, no further ahead than need be, and gives the sound and the times of the words
// as the service tells them. Whoever leaves early cancels it at the service, too.
import { Channel } from '../../../lib/channel.ts';
import type { Clock, Timer } from '../../../lib/clock.ts';
import { SampleStream } from '../../../media/pcm.ts';
import { EngineError, type Speech, type Word } from '../../engine.ts';
import type { FarSide } from '../openai-failure.ts';
import type { Context, ContextListener } from './contexts.ts';
import type { SpokenText } from './spoken-text.ts';

/** Text waits while so much sound waits for its listener: what is interrupted was then not made, nor paid for. */
const MOST_AHEAD_MS = 30_000;
/** Ten minutes of sound: far more than the text that is sent ahead can become. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_STRETCHES = 100_000;
/** Words whose times come after the last sound are told with so much silence. */
const LAST_MS = 10;

export type ContextEvent =
  | { readonly type: 'sound'; readonly bytes: Uint8Array }
  /** Times of words that follow count from the end of the sound so far. */
  | { readonly type: 'origin' }
  | { readonly type: 'words'; readonly words: readonly Word[] }
  /** Nothing more comes for this context. */
  | { readonly type: 'over' }
  | { readonly type: 'failed'; readonly failure: EngineError };

/** The service's messages for one context, in both directions. */
export interface ContextDialect {
  /** Sent before the first text. */
  open(): readonly string[];
  /** Nothing when there is no word in it. */
  text(clause: string): readonly string[];
  /** There is no more text. */
  end(): readonly string[];
  /** Nobody listens any more. */
  cancel(): readonly string[];
  read(message: unknown): readonly ContextEvent[];
}

/** A context at the service, and its language. */
export interface Place {
  readonly context: Context;
  readonly dialect: ContextDialect;
}

export interface ContextSpeechOptions {
  readonly side: FarSide;
  readonly clock: Clock;
  readonly rateHz: number;
  readonly mostCharacters: number;
  readonly firstSoundMs: number;
  readonly nextSoundMs: number;
  /** How long a cancelled context's place is kept for the service to say that it is over; 0 where it does not. */
  readonly lingerMs: number;
  /** Whether messages name their context, so that late ones harm nobody; a connection is not used again where they do not. */
  readonly isTagged: boolean;
  readonly text: SpokenText;
  /** A place on a connection, and the messages for it. May throw EngineError. */
  readonly open: (listener: ContextListener) => Place;
}

export class ContextSpeech {
  readonly stretches = new Channel<Speech>(MOST_STRETCHES, { bytes: MOST_BYTES, of: ({ pcm }) => pcm.samples.byteLength });
  readonly #options: ContextSpeechOptions;
  #samples = new SampleStream();
  #state: 'speaking' | 'ending' | 'over' = 'speaking';
  #place: Place | undefined;
  /** Text to be sent again if the connection turns out to have been lost before. */
  #unheard: string[] = [];
  #retried = false;
  #madeSamples = 0;
  #originSamples = 0;
  #takenSamples = 0;
  #words: Word[] = [];
  #lastWordMs = 0;
  #timer: Timer | undefined;
  #wake: (() => void) | undefined;

  constructor(options: ContextSpeechOptions) {
    this.#options = options;
    this.#sendText().catch((error: unknown) => this.fail(error));
  }

  /** The listener has this much of it. */
  taken({ pcm }: Speech): void {
    this.#takenSamples += pcm.samples.length;
    this.#wake?.();
  }

  /** Nobody wants the rest. */
  leave(): void {
    if (this.#state === 'over') return;
    this.#finish();
    this.stretches.drop();
    this.#cancel();
  }

  /** What has come is given, and then this is told. */
  fail(error: unknown): void {
    if (this.#state === 'over') return;
    this.#finish();
    this.stretches.fail(error);
    this.#cancel();
  }

  async #sendText(): Promise<void> {
    const { text, mostCharacters } = this.#options;
    for (let clause = await text.next(mostCharacters); clause !== undefined; clause = await text.next(mostCharacters)) {
      while (this.#isFarAhead && this.#state === 'speaking') await new Promise<void>((resolve) => (this.#wake = resolve));
      if (this.#state !== 'speaking') return;
      this.#say(clause);
    }
    if (this.#state !== 'speaking') return;
    this.#state = 'ending';
    this.#end();
  }

  #end(): void {
    if (!this.#place) {
      this.#complete();
      return;
    }
    this.#place.context.send(this.#place.dialect.end());
    if (!this.#timer) this.#wait();
  }

  #say(clause: string): void {
    this.#place ??= this.#open();
    const messages = this.#place.dialect.text(clause);
    if (messages.length === 0) return;
    if (this.#madeSamples === 0) this.#unheard.push(clause);
    this.#place.context.send(messages);
    if (!this.#timer) this.#wait();
  }

  #open(): Place {
    const place = this.#options.open({
      message: (message) => this.#read(message, place),
      failed: (failure) => this.#lost(failure, place),
    });
    this.#originSamples = this.#madeSamples;
    place.context.send(place.dialect.open());
    return place;
  }

  #read(message: unknown, place: Place): void {
    let events: readonly ContextEvent[];
    try {
      events = place.dialect.read(message);
    } catch (cause) {
      events = [{ type: 'failed', failure: this.#error('broken', `sent a message that cannot be read: ${String(cause)}`, true) }];
    }
    for (const event of events) this.#event(event, place);
  }

  #event(event: ContextEvent, place: Place): void {
    if (this.#state === 'over') {
      // It was cancelled: all that matters is when its place is free.
      if (event.type !== 'over' && event.type !== 'failed') return;
      this.#timer?.cancel();
      place.context.release(false);
      return;
    }
    if (event.type === 'sound') this.#sound(event.bytes);
    else if (event.type === 'origin') this.#originSamples = this.#madeSamples;
    else if (event.type === 'words') this.#addWords(event.words);
    else {
      place.context.release(event.type === 'failed' && !this.#options.isTagged);
      this.#place = undefined;
      if (event.type === 'failed') this.fail(event.failure);
      else if (this.#state === 'ending') this.#complete();
      else this.#satisfy();
    }
  }

  #sound(bytes: Uint8Array): void {
    const samples = this.#samples.push(bytes);
    if (samples.length === 0) return;
    this.#unheard = [];
    this.#madeSamples += samples.length;
    this.#satisfy();
    if (this.#state === 'ending') this.#wait();
    if (!this.#give(samples)) this.fail(this.#error('broken', 'sent far more sound than there was text'));
  }

  #give(samples: Int16Array): boolean {
    const words = this.#words;
    this.#words = [];
    return this.stretches.push({ pcm: { samples, rateHz: this.#options.rateHz }, ...(words.length > 0 && { words }) });
  }

  /** The times of services may overlap a little; ours do not go back. */
  #addWords(words: readonly Word[]): void {
    const originMs = this.#inMs(this.#originSamples);
    for (const { text, startMs, endMs } of words) {
      const from = Math.max(this.#lastWordMs, originMs + startMs);
      this.#lastWordMs = Math.max(from, originMs + endMs);
      this.#words.push({ text, startMs: from, endMs: this.#lastWordMs });
    }
  }

  #complete(): void {
    if (this.#madeSamples === 0 && this.#unheard.length > 0) {
      this.fail(this.#error('broken', 'ended without any sound', true));
      return;
    }
    this.#finish();
    if (this.#words.length > 0) this.#give(new Int16Array((LAST_MS * this.#options.rateHz) / 1000));
    this.stretches.close();
  }

  /** The connection is gone. One that was kept may have been lost before: the first try on it is repeated once on another. */
  #lost(failure: EngineError, place: Place): void {
    const isOver = this.#state === 'over';
    if (isOver) this.#timer?.cancel();
    this.#place = undefined;
    if (isOver) return;
    if (this.#retried || !place.context.isReused || this.#madeSamples > 0 || !failure.retryable) {
      this.fail(failure);
      return;
    }
    this.#retried = true;
    this.#satisfy();
    const unheard = this.#unheard;
    this.#unheard = [];
    try {
      for (const clause of unheard) this.#say(clause);
      if (this.#state === 'ending') this.#end();
    } catch (error) {
      this.fail(error);
    }
  }

  #cancel(): void {
    const place = this.#place;
    if (!place) return;
    const { clock, lingerMs, isTagged } = this.#options;
    place.context.send(place.dialect.cancel());
    const release = () => place.context.release(!isTagged);
    if (lingerMs === 0) release();
    else this.#timer = clock.after(lingerMs, release);
  }

  #finish(): void {
    this.#state = 'over';
    this.#satisfy();
    this.#wake?.();
  }

  #wait(): void {
    const { clock, firstSoundMs, nextSoundMs } = this.#options;
    const [limitMs, which] = this.#madeSamples === 0 ? [firstSoundMs, 'first'] : [nextSoundMs, 'further'];
    this.#timer = clock.after(limitMs, () => this.fail(this.#error('timeout', `sent no ${which} sound for ${limitMs} ms`)));
  }

  #satisfy(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  get #isFarAhead(): boolean {
    return this.#inMs(this.#madeSamples - this.#takenSamples) > MOST_AHEAD_MS;
  }

  #inMs(samples: number): number {
    return (samples * 1000) / this.#options.rateHz;
  }

  #error(reason: 'broken' | 'timeout', what: string, retryable = reason === 'timeout'): EngineError {
    const { id, name } = this.#options.side;
    return new EngineError(id, reason, `${name} ${what}`, { retryable });
  }
}
