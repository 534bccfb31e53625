// One telephone call in a media worker: its ports, its agreement with the far side, what comes in and what goes out. It has no timer of its
// own; the worker's pacer is its clock.
import { isIP } from 'node:net';
import { CallError, type CallEnd } from '../../calls/call.ts';
import { isRtcp, readRtp } from '../../rtp/packet.ts';
import { SilenceWatch } from '../../rtp/silence-watch.ts';
import { type Source, SourceLock } from '../../rtp/source-lock.ts';
import { canBePressed } from '../../rtp/telephone-event.ts';
import { mayCome } from './allowed-sources.ts';
import type { FromPhoneWorker, MediaStats, PhoneQuestion, PhoneWorkerData, ToPhoneWorker } from './call-messages.ts';
import { CallPorts } from './call-ports.ts';
import { CallKeys, CallReports, REPORT_MS } from './call-reports.ts';
import { createVoice, type Voice } from './media-codecs.ts';
import type { MediaHow } from './media-how.ts';
import { RtpHearing } from './rtp-hearing.ts';
import { RtpSpeaking } from './rtp-speaking.ts';
import { type Agreement, SdpSession } from './sdp-session.ts';

/** A call of which nothing has come for so long, and which is not on hold, is lost. */
const SILENT_MS = 30_000;
/** An offer that nobody has answered by then never will be: telephones ring for three minutes at most. */
const OFFERED_MS = 300_000;
/** Ticks between two times that the main thread is told the figures. */
const NEWS_TICKS = 100;

type Command = Extract<ToPhoneWorker, { kind: 'play' | 'clear' }>;

export interface CallDuties {
  readonly nowMs: () => number;
  readonly wallMs: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly integer: (below: number) => number;
  readonly tell: (message: FromPhoneWorker, handOver?: ArrayBuffer[]) => void;
  /** The call is over, by itself. */
  readonly ended: () => void;
}

export interface CallPlace extends Pick<PhoneWorkerData, 'portRange'> {
  /** What is written down. */
  readonly address: string;
}

export class RtpCall {
  readonly #id: number;
  readonly #duties: CallDuties;
  readonly #session: SdpSession;
  readonly #keys = new CallKeys();
  readonly #lock: SourceLock;
  readonly #hearing: RtpHearing;
  readonly #speaking: RtpSpeaking;
  readonly #reports: CallReports;
  readonly #sinceMs: number;
  #ports: CallPorts;
  #agreement: Agreement | undefined;
  #voice: Voice | undefined;
  #watch: SilenceWatch;
  /** Questions are answered one after the other. */
  #asked: Promise<unknown> = Promise.resolve();
  #rtcpSource: Source | undefined;
  #signs = 0;
  #ticks = 0;
  #reportMs: number;
  #over = false;

  /** Opens the ports. An offer must be answered or made next. @throws CallError. */
  static async open(id: number, how: MediaHow, place: CallPlace, duties: CallDuties): Promise<RtpCall> {
    // Packets that come while the ports are being opened are nobody's yet.
    const early: { call?: RtpCall } = {};
    const ports = await CallPorts.open(isIP(place.address) === 6 ? 6 : 4, place.portRange, {
      onPacket: (packet, from) => early.call?.receive(packet, from),
      onReport: (packet, from) => early.call?.receiveReport(packet, from),
    });
    const call = new RtpCall(id, how, place.address, ports, duties);
    early.call = call;
    return call;
  }

  private constructor(id: number, how: MediaHow, address: string, ports: CallPorts, duties: CallDuties) {
    this.#id = id;
    this.#duties = duties;
    this.#ports = ports;
    this.#sinceMs = duties.nowMs();
    this.#reportMs = this.#sinceMs;
    const local = { address, port: ports.port, rtcpPort: ports.rtcpPort };
    this.#session = new SdpSession(local, how, { random: duties.random, id: duties.integer(2 ** 47) });
    this.#lock = new SourceLock({ mayCome: (address) => mayCome(address, how.sources ?? 'first', this.#agreement?.place?.address) });
    this.#watch = this.#newWatch();
    this.#hearing = new RtpHearing({
      onSound: (samples) => duties.tell({ kind: 'sound', call: id, samples }, [samples.buffer]),
      onDigit: (digit) => duties.tell({ kind: 'digit', call: id, digit }),
    });
    const begin = { ssrc: duties.integer(2 ** 32), sequenceNumber: duties.integer(2 ** 15), timestamp: duties.integer(2 ** 32) };
    this.#speaking = new RtpSpeaking(
      begin,
      (sentMs, clears) => duties.tell({ kind: 'played', call: id, sentMs, clears, atMs: duties.nowMs() }),
      (packet) => this.#send(packet),
    );
    this.#reports = new CallReports(begin.ssrc, Buffer.from(duties.random(12)).toString('base64url'));
  }

  async answer(offer: string): Promise<string> {
    const { sdp, agreement } = this.#session.answer(offer);
    await this.#agree(agreement);
    return sdp;
  }

  offer(): string {
    return this.#session.offer();
  }

  /** Gives a description, or nothing. @throws CallError. */
  ask(question: PhoneQuestion): Promise<string> {
    if (question.kind === 'digits') return this.#press(question.digits);
    const answered = this.#asked.then(async () => {
      if (this.#over) throw new CallError('unavailable', 'The call is over.');
      if (question.kind === 'renegotiate') return this.answer(question.offer);
      if (question.kind === 'reoffer') return this.offer();
      await this.#agree(this.#session.accept(question.answer));
      return '';
    });
    this.#asked = answered.catch(() => {});
    return answered;
  }

  do(command: Command): void {
    if (this.#over) return;
    if (command.kind === 'play') this.#speaking.play(command.samples);
    else this.#speaking.clear();
  }

  tick(nowMs: number, leftOut: number): void {
    if (!this.#agreement) {
      if (nowMs - this.#sinceMs > OFFERED_MS) this.#end('lost');
      return;
    }
    this.#hearing.tick(nowMs);
    this.#speaking.tick(leftOut);
    // Of whom nothing is expected, nothing is missed.
    if (!this.#agreement.listens) this.#signs++;
    this.#watch.tick(this.#signs, nowMs);
    if (nowMs - this.#reportMs >= REPORT_MS) this.#report(nowMs);
    this.#ticks++;
    if (this.#ticks % NEWS_TICKS === 0) this.tellNews();
    if (this.#watch.silentMs(nowMs) > SILENT_MS) this.#end('lost');
  }

  receive(packet: Uint8Array, from: Source): void {
    if (this.#over || !this.#agreement) return;
    if (isRtcp(packet)) return this.#agreement.mux ? this.receiveReport(packet, from) : undefined;
    const nowMs = this.#duties.nowMs();
    // Before any work is done for a stranger.
    if (!this.#hearing.knows((packet[1] ?? 0) & 0x7f) || this.#lock.isClosedTo(from, nowMs)) return;
    const opened = this.#keys.open(packet);
    const read = opened && readRtp(opened);
    if (!read || !this.#lock.admit({ address: from.address, port: from.port }, read, nowMs)) return;
    this.#signs++;
    this.#hearing.take(read, nowMs);
  }

  /** Reports come from whoever is listened to, if from another port. */
  receiveReport(packet: Uint8Array, from: Source): void {
    if (this.#over || !this.#agreement) return;
    const known = this.#lock.pinned ?? this.#agreement.rtcpPlace;
    if (from.address !== known?.address) return;
    const opened = this.#keys.openReport(packet);
    const time = { nowMs: this.#duties.nowMs(), wallMs: this.#duties.wallMs() };
    if (!opened || !this.#reports.take(opened, this.#hearing.reception, time)) return;
    this.#rtcpSource = { address: from.address, port: from.port };
    // Who is muted and sends no sound still reports.
    this.#signs++;
  }

  /** Ends the call without telling. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    if (this.#over) return;
    if (this.#agreement) this.#report(this.#duties.nowMs(), true);
    this.#over = true;
    this.#speaking.end();
    this.#free();
    await this.#ports.close();
  }

  get #stats(): MediaStats {
    const { reception } = this.#hearing;
    return {
      packets: reception?.packets ?? 0,
      lost: reception?.lost ?? 0,
      jitterMs: reception?.jitterMs ?? 0,
      roundTripMs: this.#reports.roundTripMs,
      sent: this.#speaking.sent.packets,
      farLostShare: this.#reports.farLostShare,
    };
  }

  async #agree(agreement: Agreement): Promise<void> {
    const before = this.#agreement;
    const isNewCodec = before?.codec !== agreement.codec;
    const voice = isNewCodec ? await createVoice(agreement.codec) : undefined;
    if (this.#over) {
      voice?.encoder.free();
      voice?.decoder.free();
      return;
    }
    if (voice) this.#free();
    this.#voice = voice ?? this.#voice;
    this.#agreement = agreement;
    this.#keys.change(agreement.keys);
    this.#lock.describe(agreement.place);
    this.#rtcpSource = undefined;
    this.#hearing.change(agreement, voice?.decoder);
    this.#speaking.change(agreement, voice);
    // Whoever was on hold may need a while to speak again.
    if (!before || before.listens !== agreement.listens) this.#watch = this.#newWatch();
    this.tellNews();
    // A first packet opens the way through the NAT on the other side, and shows where we are.
    if (!before) this.#speaking.tick(0);
  }

  async #press(digits: string): Promise<string> {
    if (!canBePressed(digits)) throw new CallError('rejected', 'Keys are 0 to 9, *, # and A to D, and w for a pause.');
    if (!this.#speaking.takesKeys)
      throw new CallError('rejected', 'The far side takes no keys as events (telephone-event).', { status: 415 });
    const pressed = this.#speaking.press(digits);
    if (!pressed) throw new CallError('full', 'Too many keys wait to be pressed.');
    await pressed;
    return '';
  }

  #send(packet: Uint8Array): void {
    const to = this.#lock.pinned ?? this.#agreement?.place;
    if (to) this.#ports.send(this.#keys.seal(packet), to);
  }

  #report(nowMs: number, goodbye = false): void {
    this.#reportMs = nowMs;
    const { pinned } = this.#lock;
    const { mux = false, rtcpPlace } = this.#agreement ?? {};
    const beside = pinned && { address: pinned.address, port: mux ? pinned.port : Math.min(65_535, pinned.port + 1) };
    const to = this.#rtcpSource ?? beside ?? rtcpPlace;
    if (!to) return;
    const report = this.#reports.write(this.#speaking.sent, this.#hearing.reception, { nowMs, wallMs: this.#duties.wallMs() }, goodbye);
    this.#ports.sendReport(this.#keys.sealReport(report), to, mux);
  }

  /** How it stands with the call. */
  tellNews(): void {
    const { held = false, keys } = this.#agreement ?? {};
    const news = { held, media: keys ? ('srtp' as const) : ('rtp' as const), stats: this.#stats };
    this.#duties.tell({ kind: 'news', call: this.#id, news });
  }

  #newWatch(): SilenceWatch {
    return new SilenceWatch(this.#duties.nowMs(), (ms) => this.#duties.tell({ kind: 'silent', call: this.#id, ms }));
  }

  #free(): void {
    this.#voice?.encoder.free();
    this.#voice?.decoder.free();
  }

  #end(end: CallEnd): void {
    if (this.#over) return;
    this.#duties.tell({ kind: 'ended', call: this.#id, end });
    this.#duties.ended();
  }
}
