// One call as a transport: sound on the line, events on its data channel, and whoever has come in beside it (`?call_id=`).
import { Channel } from '../../lib/channel.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { errorBody, RealtimeError } from '../../protocol/errors.ts';
import type { Dialect } from '../../protocol/dialects/dialect.ts';
import type { SessionObject } from '../../protocol/session-config.ts';
import type { EventText } from '../event-text.ts';
import { Reader } from '../reader.ts';
import type { AudioPlace, Ending, Inbound, OutgoingEvent, Transport } from '../transport.ts';
import { withoutLargeFields } from './large-fields.ts';
import { bytesPerSample, sampleRateHz, type Speaker } from '../../protocol/audio-format.ts';
import type { Call, CallEnd, CallEvents } from './call.ts';
import { CallMonitor } from './call-monitor.ts';
import type { HistoryPool } from './call-history.ts';

/** Frames of sound and events, and their bytes, that may wait for the session. */
const mostInbound = 1024;
const mostInboundBytes = 16 * 1024 * 1024;
/** Characters of events that wait for the data channel to open. */
const mostWaiting = 4 * 1024 * 1024;
/** Bytes of events that may wait for their reader before what it asks for waits as well. */
const fullBytes = 4 * 1024 * 1024;
/** Sound that may be made ahead of what is played. */
const mostAheadMs = 60_000;
/** What was said last has this long to get through before the line is cut. */
const farewellMs = 150;
/** What left the data channel this long ago has come there, if its far side is still heard from. */
const arrivalMs = 1000;
/** Between two looks at whether something is left to be played, and without anything for how long nothing more is to come. */
const lookMs = 50;
const quietEnoughMs = 300;
/** Connections beside one call. */
const mostBeside = 4;

/** The data channel of the call: before it opens, events wait; without one there is nobody to tell. */
type EventLine = { state: 'opening'; waiting: string[]; characters: number } | { state: 'open' } | { state: 'none' };

export class CallTransport implements Transport, CallEvents {
  readonly #clock: Clock;
  readonly #begunAtMs: number;
  readonly #text: EventText;
  readonly #inbound = new Channel<Inbound>(mostInbound, { bytes: mostInboundBytes, of: bytesOf });
  readonly #beside = new Set<Transport>();
  readonly #onEnded: () => void;
  readonly #opened = Promise.withResolvers<void>();
  readonly speaker: Speaker;
  /** What an operator can see and hear of the call. */
  readonly monitor: CallMonitor;
  readonly #bytesPerMs: number;
  #call: Call | undefined;
  #reader: Reader | undefined;
  #line: EventLine = { state: 'opening', waiting: [], characters: 0 };
  /** The session as it was told last: what a connection that comes in later is greeted with. */
  #session: SessionObject | undefined;
  /** Sound for a caller of whom nothing has come yet: what were sent before it can hear would be lost. Undefined from then on. */
  #held: Uint8Array[] | undefined = [];
  #givenMs = 0;
  #sentMs = 0;
  #clears = 0;
  #ended = false;
  #ending: Ending | undefined;

  constructor(options: { clock: Clock; text: EventText; speaker: Speaker; histories: HistoryPool; onEnded: () => void }) {
    this.#clock = options.clock;
    this.#begunAtMs = options.clock.now();
    this.#text = options.text;
    this.#onEnded = options.onEnded;
    const { format } = options.speaker;
    this.#bytesPerMs = (bytesPerSample(format) * sampleRateHz(format)) / 1000;
    this.speaker = options.speaker;
    this.monitor = new CallMonitor({ clock: options.clock, format, pool: options.histories });
  }

  /** The call has been answered. */
  connect(call: Call): void {
    this.#call = call;
    this.#reader = new Reader(call, this.#clock, () => this.close(1013, 'reader too slow'));
    if (call.mostMessageBytes === 0) {
      this.#line = { state: 'none' };
      // One that only listens may never be heard from.
      this.#release();
    }
    if (this.#ended) call.close();
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  get dialect(): Dialect {
    return this.#text.dialect;
  }

  /** One of whom nothing has come yet has heard nothing yet. */
  get silentMs(): number {
    return this.#held ? this.#clock.now() - this.#begunAtMs : (this.#call?.unheardMs ?? this.#call?.silentMs ?? 0);
  }

  async arrived(): Promise<boolean> {
    await this.#opened.promise;
    await this.#reader?.below(0);
    await sleep(this.#clock, arrivalMs);
    const { silentMs = 0, unheardMs = 0 } = this.#call ?? {};
    return !this.#ended && !this.#held && silentMs === 0 && unheardMs < arrivalMs;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get inbound(): AsyncIterable<Inbound> {
    return this.#answerable();
  }

  /** Each message in its turn, as soon as there is room for what it may make. */
  async *#answerable(): AsyncIterable<Inbound> {
    for await (const inbound of this.#inbound) {
      await this.#reader?.below(fullBytes);
      yield inbound;
    }
  }

  get gone(): boolean {
    return this.#ended;
  }

  send(event: OutgoingEvent): void {
    if (event.type === 'session.created' || event.type === 'session.updated') this.#session = event.session;
    this.monitor.told(event);
    for (const text of this.#text.write(event)) this.#write(text, event);
    // What takes the session up is for its own client.
    if (event.type !== 'session.resumed') for (const other of this.#beside) other.send(event);
  }

  /** On a call sound goes over the line and nowhere else (protocol 4.6). */
  sendAudio({ item }: AudioPlace, bytes: Uint8Array): void {
    if (this.#ended || !this.#call) return;
    this.#givenMs += bytes.length / this.#bytesPerMs;
    this.monitor.made(item, bytes);
    if (this.#held) this.#held.push(bytes.slice());
    else this.#play(bytes);
  }

  #play(sound: Uint8Array): void {
    this.monitor.sound.given(sound);
    this.#call?.play(sound);
  }

  clear(): void {
    this.#clears += 1;
    // It was never given to the call, which counts what it was given.
    for (const { length } of this.#held ?? []) this.#givenMs -= length / this.#bytesPerMs;
    if (this.#held) this.#held = [];
    this.#sentMs = this.#givenMs;
    this.#call?.clear();
  }

  async room(): Promise<void> {
    while (!this.#ended && this.#givenMs - this.#sentMs > mostAheadMs) await sleep(this.#clock, 200);
  }

  close(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ending = { by: 'server', code, reason };
    this.#end();
    for (const other of this.#beside) other.close(code, reason);
    const call = this.#call;
    if (call) this.#clock.after(farewellMs, () => call.close());
  }

  introduce(session: SessionObject): void {
    this.#session = session;
  }

  /**
   * Resolves when all that was given until now, and what still comes right after it, has been heard, or the signal fires. Where nothing is left,
   * sound that begins within `beginsWithinMs` is waited for.
   */
  async played(signal: AbortSignal, beginsWithinMs = quietEnoughMs): Promise<void> {
    const givenMs = this.#givenMs;
    let quietMs = 0;
    while (!this.#ended && !signal.aborted && quietMs < (this.#givenMs > givenMs ? quietEnoughMs : beginsWithinMs)) {
      await sleep(this.#clock, lookMs, signal);
      quietMs = this.#givenMs > this.#sentMs ? 0 : quietMs + lookMs;
    }
    await sleep(this.#clock, this.speaker.lagMs, signal);
  }

  /** An event of the client, as whoever owns the call has it said in its name. */
  say(event: object): void {
    this.onMessage(JSON.stringify(event));
  }

  /** Another connection hears the events of this call from now on, and may send its own. False when there are too many. */
  attach(other: Transport): boolean {
    if (this.#ended || this.#beside.size >= mostBeside) return false;
    this.#beside.add(other);
    if (this.#session) other.send({ type: 'session.created', session: withoutOffer(this.#session) });
    void this.#listenTo(other);
    return true;
  }

  async #listenTo(other: Transport): Promise<void> {
    try {
      for await (const inbound of other.inbound) {
        // What this connection got wrong is nobody else's business.
        if (inbound.kind === 'fault') other.send({ type: 'error', error: errorBody(inbound.error, inbound.eventId) });
        else await this.#take(inbound);
      }
    } catch {
      // A fault of ours in reading it: the call has no part in that.
      other.close(1011, 'internal error');
    }
    this.#beside.delete(other);
  }

  /** A place that becomes free may be another's before we are there. */
  async #take(inbound: Inbound): Promise<void> {
    const said = inbound.kind === 'audio' || inbound.kind === 'event' ? { ...inbound, beside: true as const } : inbound;
    do await this.#inbound.room();
    while (!this.#inbound.push(said) && !this.#inbound.closed);
  }

  onSound(sound: Uint8Array): void {
    this.#release();
    this.monitor.heard(sound);
    // A session that is twenty seconds behind hears no more of it than it can take.
    this.#inbound.push({ kind: 'audio', bytes: sound, live: true });
  }

  onOpen(): void {
    this.#release();
    if (this.#line.state !== 'opening') return;
    const { waiting } = this.#line;
    this.#line = { state: 'open' };
    for (const text of waiting) this.#call?.send(text);
    this.#reader?.wrote();
    this.#opened.resolve();
  }

  onMessage(text: string): void {
    try {
      if (!this.#inbound.push(this.#text.read(text))) this.close(1013, 'too many events');
    } catch (error) {
      // A fault of ours ends this session, who reads the queue, and no other.
      this.#inbound.fail(error);
    }
  }

  onDigit(digit: string): void {
    this.#inbound.push({ kind: 'digit', digit });
  }

  onPlayed(sentMs: number, clears: number, atMs: number): void {
    this.monitor.sound.played(sentMs, clears);
    // Said before it knew of the last clear: that sound is no more.
    if (clears !== this.#clears) return;
    this.#sentMs = sentMs;
    this.#inbound.push({ kind: 'played', aheadMs: Math.max(0, this.#givenMs - sentMs), atMs });
  }

  onHold(held: boolean): void {
    this.#inbound.push({ kind: 'hold', held, atMs: this.#clock.now() });
  }

  onTaken(): void {
    this.#reader?.took();
  }

  onEnd(end: CallEnd): void {
    if (this.#ended) return;
    this.#ending =
      end === 'closed'
        ? { by: 'client', code: 1000, reason: 'hung up' }
        : { by: 'server', code: 1011, reason: end, lost: { silentMs: this.silentMs } };
    this.#end();
    const lost = new RealtimeError(
      'call_failed',
      `The call was ${end === 'lost' ? 'lost: its connection broke.' : 'cut off by a fault of the server.'}`,
      null,
      'server_error',
    );
    for (const other of this.#beside) {
      if (end !== 'closed') other.send({ type: 'error', error: errorBody(lost, null) });
      other.close(end === 'closed' ? 1000 : 1011, end === 'closed' ? 'call ended' : 'call failed');
    }
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const sound of held) this.#play(sound);
  }

  #end(): void {
    this.#ended = true;
    this.#held = undefined;
    this.#opened.resolve();
    this.#reader?.end();
    this.#inbound.drop();
    this.monitor.end();
    this.#onEnded();
  }

  #write(whole: string, event: OutgoingEvent): void {
    if (this.#ended || !this.#call || this.#line.state === 'none') return;
    const text = this.#fits(whole) ? whole : this.#lighten(event);
    if (text === undefined) return;
    if (this.#line.state === 'opening') {
      this.#line.waiting.push(text);
      this.#line.characters += text.length;
      if (this.#line.characters > mostWaiting) this.close(1013, 'no data channel was opened');
      return;
    }
    if (this.#call.send(text)) this.#reader?.wrote();
    else this.close(1013, 'reader too slow');
  }

  /** What can be sent instead of an event that is longer than the far side takes. */
  #lighten(event: OutgoingEvent): string | undefined {
    return withoutLargeFields(event)
      .flatMap((other) => this.#text.write(event.event_id === undefined ? other : { ...other, event_id: event.event_id }))
      .find((text) => this.#fits(text));
  }

  #fits(text: string): boolean {
    const most = this.#call?.mostMessageBytes ?? 0;
    // A character has three bytes at most.
    return text.length <= most / 3 || Buffer.byteLength(text) <= most;
  }
}

/** Who listens beside a call has no part in taking its session up. */
function withoutOffer({ parley: _offer, ...session }: SessionObject): SessionObject {
  return session;
}

/** What comes to a call is the sound of its line and events in as many characters as they were written in. */
function bytesOf(inbound: Inbound): number {
  if (inbound.kind === 'audio') return inbound.bytes.length;
  return inbound.kind === 'event' ? (inbound.characters ?? 0) : 0;
}
