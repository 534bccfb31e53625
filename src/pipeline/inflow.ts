// What a session's client says over one connection after another, read as one stream: a message when it is asked for, and between them what happened
// to the line. It counts what was taken, so that a client that comes back knows what it must say again.
import type { Inbound, Transport } from '../transports/transport.ts';

interface Source {
  readonly transport: Transport;
  readonly messages: AsyncIterator<Inbound>;
  /** The next has been asked for and has not come. */
  isAsked: boolean;
}

export interface InflowOwner {
  /** The connection that is read has ended. */
  ended(transport: Transport): void;
  /** Whoever read has left. */
  left(): void;
}

/** An iterator and no generator: whatever comes in passes here, and each of a generator's turns costs. One reader. */
export class Inflow implements AsyncIterable<Inbound> {
  readonly #owner: InflowOwner;
  #source: Source | undefined;
  /** What has come and was not taken yet. */
  #came: Inbound | undefined;
  /** What happened to the line and has not been told yet: at most that it was lost, and is back. */
  #news: Inbound[] = [];
  #failure: { readonly error: unknown } | undefined;
  #reader: PromiseWithResolvers<IteratorResult<Inbound, undefined>> | undefined;
  #isUnread = false;
  #isOver = false;
  readonly #received = { events: 0, audio_bytes: 0 };

  constructor(owner: InflowOwner) {
    this.#owner = owner;
  }

  [Symbol.asyncIterator](): AsyncIterator<Inbound, undefined> {
    return { next: () => this.#read(), return: () => this.#leave() };
  }

  /** Nobody reads any more what comes in. */
  get isUnread(): boolean {
    return this.#isUnread;
  }

  /** Reading it has failed: its reader was told. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** What a client that comes back need not send again. */
  get received(): { events: number; audio_bytes: number } {
    return { ...this.#received };
  }

  /** What comes over this connection is read from now on. */
  follow(transport: Transport): void {
    this.#source = { transport, messages: transport.inbound[Symbol.asyncIterator](), isAsked: false };
    this.#serve();
  }

  /** The connection is no more. What came over it and was not taken was never counted: its client knows that it must say it again. */
  lose(silentMs: number, atMs: number): void {
    void this.#source?.messages.return?.();
    this.#source = undefined;
    this.#came = undefined;
    // A return that nobody has heard of yet need not be told.
    if (this.#news.at(-1)?.kind === 'back') this.#news.pop();
    else this.tell({ kind: 'lost', silentMs, atMs });
  }

  tell(news: Inbound): void {
    this.#news.push(news);
    this.#serve();
  }

  /** Nothing comes any more. */
  end(): void {
    this.#isOver = true;
    this.#source = undefined;
    this.#serve();
  }

  #read(): Promise<IteratorResult<Inbound, undefined>> {
    this.#reader = Promise.withResolvers();
    const { promise } = this.#reader;
    this.#serve();
    return promise;
  }

  /** Gives whoever reads what there is, or asks for more. */
  #serve(): void {
    const reader = this.#reader;
    if (!reader) return;
    const value = this.#news.shift() ?? this.#takeCame();
    if (!value && !this.#failure && !this.#isOver) return this.#ask();
    this.#reader = undefined;
    if (value) reader.resolve({ done: false, value });
    else if (this.#failure) reader.reject(this.#failure.error);
    else reader.resolve({ done: true, value: undefined });
  }

  #takeCame(): Inbound | undefined {
    const came = this.#came;
    this.#came = undefined;
    if (came) this.#count(came);
    return came;
  }

  #count(inbound: Inbound): void {
    if (inbound.kind === 'audio' && !inbound.beside && !inbound.live) this.#received.audio_bytes += inbound.bytes.length;
    else if (inbound.kind === 'fault' || (inbound.kind === 'event' && !inbound.beside)) this.#received.events += 1;
  }

  /** One message at a time: what waits behind it is the transport's to bound. */
  #ask(): void {
    const source = this.#source;
    if (!source || source.isAsked) return;
    source.isAsked = true;
    source.messages.next().then(
      (result) => this.#hear(source, result),
      (error: unknown) => this.#fail(source, error),
    );
  }

  #hear(source: Source, result: IteratorResult<Inbound>): void {
    source.isAsked = false;
    // What still comes over a connection that another has taken the place of is not looked at.
    if (source !== this.#source) return;
    if (result.done) this.#owner.ended(source.transport);
    else if (this.#isUnread) this.#ask();
    else {
      this.#came = result.value;
      this.#serve();
    }
  }

  #fail(source: Source, error: unknown): void {
    if (source !== this.#source) return;
    this.#failure = { error };
    this.#isUnread = true;
    this.#serve();
  }

  /** What comes in from now on is dropped; that the connection ends still counts. */
  #leave(): Promise<IteratorResult<Inbound, undefined>> {
    this.#isUnread = true;
    this.#came = undefined;
    this.#ask();
    this.#owner.left();
    return Promise.resolve({ done: true, value: undefined });
  }
}
