// The line to a session's client, which outlives the connections that it goes over. To the session it is a transport; of what it passes on it
// keeps as much as may not have arrived, and a client that comes back over another connection is sent that again, once and in order.
import { Resampler } from '../media/resample.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Ids } from '../lib/ids.ts';
import { concat } from '../media/pcm.ts';
import { type AudioFormat, isSameFormat, sampleRateHz } from '../protocol/audio-format.ts';
import type { Dialect } from '../protocol/dialects/dialect.ts';
import type { TimestampInfo } from '../protocol/server-events.ts';
import type { ResumeOffer, SessionObject } from '../protocol/session-config.ts';
import type { AudioPlace, Ending, Inbound, OutgoingEvent, PlayedPart, Transport } from '../transports/transport.ts';
import { Inflow } from './inflow.ts';
import { OutboxRing, type SentSound, soundMs } from './outbox-ring.ts';
import { encodeWire, WireDecoder } from './wire-audio.ts';

/** What may be made for nobody before the voice waits: half a minute and more of PCM at 24 kHz. It must leave room for what did not arrive. */
const mostUnsentBytes = 2 * 1024 * 1024;
/** With what a connection is closed whose session another one has taken up. */
const takenUp = { code: 1000, reason: 'resumed over another connection' };

/** Who decides on coming back: whether there is a way, and with what. */
export interface OutboxOwner {
  /** How long a session waits for its client; 0: it does not, and nobody is offered anything. */
  readonly waitMs: number;
  /** With what the client may come back from now on. `arrived` is called once it has that for certain. */
  offer(): { readonly resume: ResumeOffer; readonly arrived: () => void };
  /** The connection was lost: whether the session may wait. */
  lost(): boolean;
  /** A client has come back. */
  back(): void;
  /** The session will have no client any more. */
  over(): void;
}

export interface OutboxParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sessionId: string;
  readonly owner: OutboxOwner;
}

/** What a client says that comes back. */
export interface Return {
  /** The id of the last event that it has seen. */
  readonly lastEvent: string;
  readonly played?: PlayedPart | undefined;
}

type Line =
  | { readonly state: 'attached'; readonly transport: Transport }
  /** Until the session has said how much was not heard, nothing is sent. */
  | { readonly state: 'returning'; readonly transport: Transport; readonly lastEvent: string; readonly heardByLine: boolean }
  | { readonly state: 'lost'; readonly timer: Timer; readonly dialect: Dialect | undefined; readonly heardByLine: boolean }
  | { readonly state: 'over'; readonly ending: Ending | undefined };

export class Outbox implements Transport {
  readonly #parts: OutboxParts;
  readonly #ring = new OutboxRing();
  readonly #inflow: Inflow;
  #line: Line;
  #isClosing = false;
  /** The session as it was told last. */
  #session: SessionObject | undefined;
  #unsentBytes = 0;
  #roomWaiters: (() => void)[] = [];

  constructor(transport: Transport, parts: OutboxParts) {
    this.#parts = parts;
    this.#line = { state: 'attached', transport };
    this.#inflow = new Inflow({
      ended: (ended) => this.#lineEnded(ended),
      left: () => {
        if (this.#line.state === 'lost') this.#end(undefined);
      },
    });
    this.#inflow.follow(transport);
  }

  get inbound(): AsyncIterable<Inbound> {
    return this.#inflow;
  }

  get gone(): boolean {
    const line = this.#line;
    if (line.state === 'over') return true;
    if (line.state === 'lost') return false;
    const { gone, ending } = line.transport;
    return gone && !(ending?.lost && this.#parts.owner.waitMs > 0);
  }

  get ending(): Ending | undefined {
    return this.#line.state === 'over' ? this.#line.ending : undefined;
  }

  get isWaiting(): boolean {
    return this.#line.state === 'lost';
  }

  /** In which its client is spoken to. */
  get spokenTo(): Dialect | undefined {
    const line = this.#line;
    if (line.state === 'lost') return line.dialect;
    return line.state === 'over' ? undefined : line.transport.dialect;
  }

  /** Whether all that a client has missed is there that has seen this event last. */
  reachesBackTo(lastEvent: string): boolean {
    return this.#ring.after(lastEvent) !== undefined;
  }

  send(event: OutgoingEvent): void {
    if (this.#line.state === 'over') return;
    if (event.type === 'session.created' || event.type === 'session.updated') this.#session = event.session;
    const sent = this.#numbered(this.#withOffer(event));
    this.#keep(this.#ring.push({ kind: 'event', id: sent.event_id, event: sent }));
    if (this.#line.state === 'attached') this.#line.transport.send(sent);
  }

  sendAudio(place: AudioPlace, bytes: Uint8Array, timestamps?: TimestampInfo): void {
    if (this.#line.state === 'over') return;
    const sound: SentSound = { kind: 'sound', id: place.eventId, place, bytes, timestamps };
    this.#keep(this.#ring.push(sound));
    if (this.#line.state === 'attached') play(this.#line.transport, sound);
  }

  clear(): void {
    if (this.#line.state === 'attached') this.#line.transport.clear?.();
  }

  /** While nobody is there: as long as not too much waits already. */
  room(): Promise<void> {
    if (this.#line.state === 'attached') return this.#line.transport.room();
    if (this.#line.state === 'over' || this.#unsentBytes < mostUnsentBytes) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  close(code: number, reason: string): void {
    const line = this.#line;
    this.#isClosing = true;
    if (line.state === 'lost') this.#end({ by: 'server', code, reason });
    else if (line.state !== 'over') {
      line.transport.close(code, reason);
      // Nobody is left who would see it end.
      if (this.#inflow.hasFailed) this.#end({ by: 'server', code, reason });
    }
  }

  /** Nobody can take it up any more. */
  get isEnding(): boolean {
    return this.#isClosing || this.#inflow.isUnread || this.#line.state === 'over';
  }

  /** The client is there again, over this connection; whatever it had before is closed. It must reach back to the client's last event. */
  attach(transport: Transport, { lastEvent, played }: Return): void {
    const line = this.#line;
    if (line.state === 'over' || this.isEnding) return transport.close(1008, 'session_not_found');
    const heardByLine = line.state === 'lost' || line.state === 'returning' ? line.heardByLine : line.transport.speaker !== undefined;
    const missed = this.#ring.after(lastEvent) ?? [];
    const unreceivedMs = heardByLine ? 0 : missed.reduce((sum, sent) => sum + (sent.kind === 'sound' ? soundMs(sent) : 0), 0);
    const silentMs = line.state === 'lost' ? 0 : (line.transport.silentMs ?? 0);
    this.#line = { state: 'returning', transport, lastEvent, heardByLine };
    if (line.state === 'lost') line.timer.cancel();
    else {
      this.#inflow.lose(silentMs, this.#parts.clock.now());
      line.transport.close(takenUp.code, takenUp.reason);
    }
    this.#inflow.tell({ kind: 'back', unreceivedMs, ...(played && { played }), speaker: transport.speaker });
    this.#parts.owner.back();
    this.#inflow.follow(transport);
  }

  resume(leftMs: number): void {
    const line = this.#line;
    if (line.state !== 'returning') return;
    const { transport, lastEvent, heardByLine } = line;
    const unheard = this.#ring.lastSound(leftMs);
    if (heardByLine && !transport.speaker) this.#ring.putSoundAfter(lastEvent, unheard);
    const missed = this.#ring.after(lastEvent);
    // More than is kept was made between the two of us: the client has been let in and cannot be told all of it.
    if (!missed) return transport.close(1008, 'resume_gap');
    this.#line = { state: 'attached', transport };
    if (this.#session) transport.introduce?.(this.#session);
    this.#greet(transport, lastEvent);
    if (transport.speaker) for (const sound of unheard) play(transport, sound);
    for (const sent of missed) {
      if (sent.kind === 'event') transport.send(sent.event);
      else if (!transport.speaker) play(transport, sent);
    }
    this.#unsentBytes = 0;
    this.#releaseRoom();
  }

  /** It has waited long enough, for others come. */
  giveWay(): void {
    if (this.#line.state === 'lost') this.#end({ by: 'server', code: 1013, reason: 'gave way to another session' });
  }

  /** The id of an event, where the session has given it none. */
  #numbered(event: OutgoingEvent): OutgoingEvent & { event_id: string } {
    return event.event_id === undefined
      ? { ...event, event_id: this.#parts.ids('event') }
      : (event as OutgoingEvent & { event_id: string });
  }

  #withOffer(event: OutgoingEvent): OutgoingEvent {
    const { owner } = this.#parts;
    if (event.type !== 'session.created' || owner.waitMs === 0) return event;
    return { ...event, session: { ...event.session, parley: { resume: owner.offer().resume } } };
  }

  #greet(transport: Transport, lastEvent: string): void {
    const { resume, arrived } = this.#parts.owner.offer();
    const { sessionId: session_id } = this.#parts;
    const greeting = this.#numbered({ type: 'session.resumed', session_id, resume, received: this.#inflow.received });
    this.#ring.alias(greeting.event_id, lastEvent);
    transport.send(greeting);
    void transport.arrived?.().then((isThere) => {
      if (isThere) arrived();
    });
  }

  #keep(bytes: number): void {
    if (this.#line.state !== 'attached') this.#unsentBytes += bytes;
  }

  #lineEnded(transport: Transport): void {
    const { ending } = transport;
    const { clock, owner } = this.#parts;
    const line = this.#line;
    if (!ending?.lost || owner.waitMs === 0 || this.#inflow.isUnread || !owner.lost()) return this.#end(ending);
    const timer = clock.after(owner.waitMs, () => this.#end(ending));
    const heardByLine = line.state === 'returning' ? line.heardByLine : transport.speaker !== undefined;
    this.#line = { state: 'lost', timer, dialect: transport.dialect, heardByLine };
    this.#inflow.lose(ending.lost.silentMs, clock.now());
  }

  #end(ending: Ending | undefined): void {
    if (this.#line.state === 'over') return;
    if (this.#line.state === 'lost') this.#line.timer.cancel();
    this.#line = { state: 'over', ending };
    this.#ring.clear();
    this.#releaseRoom();
    this.#parts.owner.over();
    this.#inflow.end();
  }

  #releaseRoom(): void {
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const wake of waiters) wake();
  }
}

/** A call takes sound in its own format only: an answer that was begun over a WebSocket may be in another. */
function play(transport: Transport, { place, bytes, timestamps }: SentSound): void {
  const { format = place.format } = transport.speaker ?? {};
  transport.sendAudio(place, isSameFormat(format, place.format) ? bytes : converted(bytes, place.format, format), timestamps);
}

function converted(bytes: Uint8Array, from: AudioFormat, to: AudioFormat): Uint8Array {
  const decoder = new WireDecoder(from);
  const resampler = new Resampler(decoder.rateHz, sampleRateHz(to));
  return encodeWire(to, concat([resampler.process(decoder.decode(bytes)), resampler.flush()]));
}
