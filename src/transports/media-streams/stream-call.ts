// A telephone call whose sound comes and goes over a provider's WebSocket, from the first word of its stream to its end.
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { areDigits, restMs, toneMs, waitMs } from '../../media/dtmf-tones.ts';
import { CallError, type CallEnd, type CallEvents } from '../calls/call.ts';
import type { PhoneCall, TransferOutcome } from '../calls/phone-call.ts';
import type { StreamDialect, StreamFrame, StreamMessage, StreamStart } from './dialect.ts';
import { InboundSound } from './inbound-sound.ts';
import { OutboundSound } from './outbound-sound.ts';
import type { Paced, StreamPace } from './pace.ts';
import { soundBytes } from './sound-bytes.ts';
import { SoundQueue } from './sound-queue.ts';

/** What the caller says before the call is answered: the newest is dropped. Providers connect calls that have been answered, and people say hello. */
const mostEarlyMs = 3000;
/** Bytes that wait because the provider does not take them: 20 s of sound in base64. */
const mostUnsentBytes = 256 * 1024;
/** For so long nothing may come that only the provider can have sent. */
const mostSilentMs = 30_000;

/** A WebSocket, as a stream needs it. */
export interface StreamSocket {
  /** Bytes that the far side has not taken. */
  readonly waitingBytes: number;
  /** For how long nothing has come, not even the answer to a ping. */
  readonly silentMs: number;
  send(frame: StreamFrame): void;
  close(code: number, reason: string): void;
}

/** What a provider's REST API does with a call that has a stream. Neither rejects. */
export interface CallControl {
  /** Hands it over to somebody else. */
  transfer(callId: string, target: string, signal: AbortSignal): Promise<TransferOutcome>;
  /** Ends it, for providers where the end of its stream is not the end of the call. Resolves with what went wrong, if anything. */
  hangUp?(callId: string): Promise<string | undefined>;
}

export interface StreamCallOptions {
  readonly socket: StreamSocket;
  readonly dialect: StreamDialect;
  readonly start: StreamStart;
  readonly clock: Clock;
  readonly pace: StreamPace;
  readonly log: Log;
  readonly control?: CallControl | undefined;
}

type Life = { readonly state: 'ringing' } | { readonly state: 'answered'; readonly events: CallEvents } | { readonly state: 'over' };

export class StreamCall implements PhoneCall, Paced {
  readonly mostMessageBytes = 0;
  readonly takenBytes = 0;
  readonly waitingBytes = 0;
  readonly #options: StreamCallOptions;
  readonly #inbound: InboundSound;
  readonly #outbound: OutboundSound;
  readonly #early: SoundQueue;
  readonly #gone = new AbortController();
  readonly #over = new AbortController();
  #life: Life = { state: 'ringing' };
  #hasFaulted = false;
  #isHandedOver = false;
  /** By which the provider's API knows the call: not every stream tells it. */
  #callId: string;

  constructor(options: StreamCallOptions) {
    this.#options = options;
    const { dialect, start, clock, pace } = options;
    this.#callId = start.callId;
    const bytes = soundBytes(start.format);
    this.#early = new SoundQueue(bytes.of(mostEarlyMs));
    this.#inbound = new InboundSound({ bytes, gapMs: dialect.gapMs, nowMs: clock.now(), onSound: (sound) => this.#hear(sound) });
    this.#outbound = new OutboundSound({
      dialect,
      bytes,
      write: (frame) => this.#write(frame),
      report: (playedMs, clears) => this.#tell((events) => events.onPlayed(playedMs, clears, this.#options.clock.now())),
    });
    pace.join(this);
  }

  get start(): StreamStart {
    return this.#options.start;
  }

  /** Fires when the caller goes before there is an answer. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Fires when it has ended. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get carrier(): StreamDialect['carrier'] {
    return this.#options.dialect.carrier;
  }

  get callId(): string {
    return this.#callId;
  }

  /** Its provider's API knows it by this id, of which the stream itself says nothing. */
  knowAs(callId: string): void {
    if (this.#callId === '') this.#callId = callId;
  }

  get silentMs(): number {
    return this.#options.socket.silentMs;
  }

  /** @throws CallError when the caller has gone. */
  answer(events: CallEvents): void {
    if (this.#life.state !== 'ringing') throw new CallError('unavailable', 'The caller has hung up.');
    this.#life = { state: 'answered', events };
    const early = new Uint8Array(this.#early.bytes);
    this.#early.take(early);
    if (early.length > 0) events.onSound(early);
  }

  /** What came over its connection, once it had started. */
  take(message: StreamMessage): void {
    if (this.#life.state === 'over') return;
    const nowMs = this.#options.clock.now();
    switch (message.kind) {
      case 'sound':
        return this.#inbound.push(message.sound, nowMs);
      case 'mark':
        return this.#outbound.echoed(message.name, nowMs);
      case 'flow':
        return this.#outbound.flow(message.open, nowMs);
      case 'digit':
        return this.#tell((events) => events.onDigit(message.digit));
      case 'stopped':
        this.#options.socket.close(1000, 'the call has ended');
        return this.#end('closed');
      case 'fault':
      case 'unusable':
        return this.#complain(message.reason);
      case 'connected':
      case 'started':
      case 'cleared':
      case 'other':
        return undefined;
    }
  }

  /** Its connection has ended. */
  disconnected(how: 'parted' | 'broken'): void {
    this.#end(how === 'parted' ? 'closed' : 'lost');
  }

  tick(nowMs: number): void {
    this.#inbound.tick(nowMs);
    this.#outbound.tick(nowMs);
    const { socket } = this.#options;
    if (socket.silentMs < mostSilentMs && socket.waitingBytes < mostUnsentBytes) return;
    socket.close(1001, 'nothing is heard of the far side');
    this.#end('lost');
  }

  send(): boolean {
    return false;
  }

  play(sound: Uint8Array): void {
    if (this.#life.state === 'answered') this.#outbound.play(sound, this.#options.clock.now());
  }

  clear(): void {
    if (this.#life.state === 'answered') this.#outbound.clear(this.#options.clock.now());
  }

  close(): void {
    if (this.#life.state === 'over') return;
    const { dialect, socket } = this.#options;
    const frame = dialect.hangUp?.();
    if (frame) this.#write(frame);
    socket.close(1000, 'hung up');
    this.#leave();
    // Whoever has been handed over is somebody else's caller.
    if (dialect.outlivesStream && !this.#isHandedOver) void this.#hangUpByRest();
  }

  async #hangUpByRest(): Promise<void> {
    const { control, dialect, log } = this.#options;
    const reason = await control?.hangUp?.(this.#callId);
    if (reason !== undefined) log.warn({ carrier: dialect.carrier, call: this.#callId, reason }, 'a call could not be hung up');
  }

  async transfer(target: string, signal: AbortSignal): Promise<TransferOutcome> {
    const { control, dialect } = this.#options;
    if (!control) return { outcome: 'refused', status: 501, reason: `Calls of '${dialect.carrier}' cannot be transferred by this server.` };
    if (this.#life.state !== 'answered') return { outcome: 'refused', status: 481, reason: 'The call has ended.' };
    const outcome = await control.transfer(this.#callId, target, signal);
    this.#isHandedOver ||= outcome.outcome === 'transferred';
    return outcome;
  }

  /** @throws CallError when it is no key, or the call has ended. */
  async sendDigits(digits: string): Promise<void> {
    if (!areDigits(digits)) throw new CallError('rejected', 'Keys of a telephone are 0 to 9, *, #, A to D, and w for a wait.');
    this.#mustBeAnswered();
    const { clock, dialect } = this.#options;
    if (!dialect.digits) await this.#outbound.press(digits, clock.now());
    else {
      for (const part of digits.match(/w+|[^w]+/gi) ?? []) {
        this.#mustBeAnswered();
        if (/w/i.test(part)) await sleep(clock, part.length * waitMs, this.#over.signal);
        else {
          this.#write(dialect.digits(part.toUpperCase()));
          await sleep(clock, part.length * (toneMs + restMs), this.#over.signal);
        }
      }
    }
    this.#mustBeAnswered();
  }

  #mustBeAnswered(): void {
    if (this.#life.state !== 'answered') throw new CallError('unavailable', 'The call has ended.');
  }

  #hear(sound: Uint8Array): void {
    if (this.#life.state === 'answered') this.#life.events.onSound(sound);
    else this.#early.push(sound);
  }

  #tell(say: (events: CallEvents) => void): void {
    if (this.#life.state === 'answered') say(this.#life.events);
  }

  #write(frame: StreamFrame): void {
    if (this.#life.state !== 'over') this.#options.socket.send(frame);
  }

  /** Of each call once: whoever sends one bad frame may send fifty a second. */
  #complain(reason: string): void {
    if (this.#hasFaulted) return;
    this.#hasFaulted = true;
    const { log, dialect, start } = this.#options;
    log.warn(
      { carrier: dialect.carrier, stream: start.streamId, reason },
      'a media stream says something that makes no sense; further ones are not logged',
    );
  }

  #end(end: CallEnd): void {
    const life = this.#life;
    if (life.state === 'over') return;
    this.#leave();
    if (life.state === 'answered') life.events.onEnd(end);
    else this.#gone.abort();
  }

  #leave(): void {
    this.#life = { state: 'over' };
    this.#options.pace.leave(this);
    this.#outbound.end();
    this.#over.abort();
  }
}
