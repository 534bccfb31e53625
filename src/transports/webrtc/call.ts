// One call in a media worker: a peer, the caller's sound on its way in, the answer's on its way out, and the messages that wait to be sent.
// It has no timer of its own; the worker's pacer is its clock.
import type { CallEnd } from './media.ts';
import { type FromWorker, MOST_UNTAKEN, type ToWorker } from './media-messages.ts';
import { createVoiceDecoder, createVoiceEncoder, FRAME_TICKS, type VoiceDecoder, type VoiceEncoder } from './opus.ts';
import { Peer, type PeerEvents, type PeerOptions } from './peer.ts';
import { RtpInput } from './rtp-input.ts';
import { TickTimes } from './tick-times.ts';
import type { Offer } from './sdp.ts';
import { SoundOut } from './sound-out.ts';

/** A caller that has not connected by then never will. */
const CONNECTING_MS = 30_000;
/** A connection from which nothing comes for so long is lost: consent alone is asked for every five seconds or so. */
const SILENT_MS = 15_000;
/** Whoever has been heard from all the time, as one is whose microphone is on, and is not for so long, is silent. */
const QUIET_MS = 100;
/** Of others only a sign now and then can be expected. */
const QUIET_WITHOUT_SOUND_MS = 6000;
/** So many signs of life in one look are all the time. */
const LIVELY_SIGNS = 4;
/** Ticks between two reports on how long somebody has been silent. */
const SILENCE_TICKS = 2;
/**
 * What is handed to the data channel before it has sent what it was handed before, the others wait here: with a thousand messages of its own
 * to wait for, the stack looks at all of them for each that leaves, and the thread has no time for sound.
 */
const MOST_HANDED = 16;
const MOST_HANDED_BYTES = 65_536;
/** Bytes of messages that a caller may begin and not finish. */
const MOST_UNFINISHED = 4 * 1024 * 1024;
/** Ticks between two looks at what changes slowly. */
const LOOK_TICKS = 10;

type Command = Exclude<ToWorker, { kind: 'warm' | 'ping' | 'answer' | 'close' | 'stop' }>;

export interface CallDuties {
  /** A packet of silence. */
  readonly silence: Uint8Array;
  readonly nowMs: () => number;
  readonly tell: (message: FromWorker, handOver?: ArrayBuffer[]) => void;
  /** The call is over, by itself. */
  readonly ended: () => void;
}

export class WorkerCall {
  readonly #id: number;
  readonly #duties: CallDuties;
  readonly #peer: Peer;
  readonly #encoder: VoiceEncoder;
  readonly #decoder: VoiceDecoder;
  readonly #input: RtpInput;
  /** When the last packet of its sound came. */
  #packetAtMs: number | undefined;
  readonly #output: SoundOut;
  readonly #callerHears: boolean;
  #phase: 'connecting' | 'connected' | 'over' = 'connecting';
  readonly #sinceMs: number;
  #timestamp = 0;
  #ticks = 0;
  #signs = 0;
  #lookedSigns = 0;
  #lively = false;
  #signMs: number;
  #toldSilent = false;
  readonly #tickTimes = new TickTimes();
  readonly #outbox: string[] = [];
  /** Messages handed to the data channel since it was last empty. */
  #handed = 0;
  #handedBytes = 0;
  #toldBytes = 0;
  #untaken = 0;

  /** `answer` must follow. */
  static async create(id: number, offer: Offer, options: PeerOptions, duties: CallDuties): Promise<WorkerCall> {
    // A caller that hears nothing is spoken to all the same, for the time it takes; only nothing is encoded.
    const encoder = offer.callerHears ? await createVoiceEncoder() : { encode: () => duties.silence, free() {} };
    return new WorkerCall(id, offer, options, duties, encoder, await createVoiceDecoder());
  }

  private constructor(id: number, offer: Offer, options: PeerOptions, duties: CallDuties, encoder: VoiceEncoder, decoder: VoiceDecoder) {
    this.#id = id;
    this.#duties = duties;
    this.#callerHears = offer.callerHears;
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#sinceMs = duties.nowMs();
    this.#signMs = this.#sinceMs;
    this.#input = new RtpInput(decoder, (samples) => {
      duties.tell({ kind: 'sound', call: id, samples, heardAtMs: this.#lively ? this.#packetAtMs : undefined }, [samples.buffer]);
    });
    this.#output = new SoundOut(encoder, duties.silence, (sentMs, clears) => {
      duties.tell({ kind: 'played', call: id, sentMs, clears, atMs: duties.nowMs() });
    });
    const events: PeerEvents = {
      onConnected: () => {
        if (this.#phase === 'connecting') this.#phase = 'connected';
      },
      onPacket: (packet) => {
        // What was not agreed upon is not listened to.
        if (this.#phase === 'over' || !offer.callerSends) return;
        // Whose sound has begun to come is taken to send it all the time, until it is seen that others come now and then.
        this.#lively ||= this.#packetAtMs === undefined;
        this.#packetAtMs = duties.nowMs();
        this.#input.push(packet, this.#packetAtMs);
      },
      onDigit: (digit) => {
        if (this.#phase !== 'over' && offer.callerSends) duties.tell({ kind: 'digit', call: id, digit });
      },
      onOpen: () => {
        if (this.#phase !== 'over') duties.tell({ kind: 'open', call: id });
      },
      onMessage: (text) => this.#hand(text),
      onDrained: () => this.#handOut(),
      onEnd: (end) => this.#end(end),
    };
    this.#peer = new Peer(options, events, duties.nowMs);
  }

  /** The answer as the stack makes it. */
  answer(offer: Offer): Promise<string> {
    return this.#peer.answer(offer);
  }

  do(command: Command): void {
    if (this.#phase === 'over') return;
    switch (command.kind) {
      case 'send':
        this.#outbox.push(command.text);
        return this.#handOut();
      case 'play':
        return this.#output.play(command.samples);
      case 'clear':
        return this.#output.clear();
      case 'taken':
        this.#untaken -= command.messages;
    }
  }

  tick(nowMs: number, leftOut: number): void {
    if (this.#phase === 'connecting' && nowMs - this.#sinceMs > CONNECTING_MS) this.#end('lost');
    if (this.#phase !== 'connected') return;
    this.#input.tick(nowMs);
    this.#say(leftOut);
    this.#handOut();
    this.#listen(nowMs);
    this.#ticks++;
    if (this.#ticks % LOOK_TICKS === 0) this.#look(nowMs);
  }

  /** Ends the call without telling. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#outbox.length = 0;
    this.#encoder.free();
    this.#decoder.free();
    await this.#peer.close();
  }

  #say(leftOut: number): void {
    // Time that was left out passes for the listener, too.
    this.#timestamp = (this.#timestamp + leftOut * FRAME_TICKS) >>> 0;
    const { payload, first } = this.#output.next();
    if (this.#callerHears) this.#peer.sendPacket(payload, this.#timestamp, first);
    this.#timestamp = (this.#timestamp + FRAME_TICKS) >>> 0;
  }

  #hand(text: string): void {
    if (this.#phase === 'over') return;
    this.#untaken++;
    if (this.#untaken > MOST_UNTAKEN) return this.#end('lost');
    this.#duties.tell({ kind: 'message', call: this.#id, text });
  }

  #handOut(): void {
    if (this.#peer.unsentBytes === 0) this.#handed = 0;
    while (this.#outbox.length > 0 && this.#handed < MOST_HANDED && this.#peer.unsentBytes < MOST_HANDED_BYTES) {
      const text = this.#outbox.shift() as string;
      this.#handed++;
      this.#handedBytes += Buffer.byteLength(text);
      try {
        this.#peer.sendMessage(text);
      } catch (error) {
        // The main thread knows how much is taken and whether the channel is open; this one was closed meanwhile.
        this.#duties.tell({ kind: 'fault', error: String(error) });
      }
    }
  }

  /** Tells how long nothing has come, where something should have. */
  #listen(nowMs: number): void {
    this.#tickTimes.note(nowMs);
    const signs = this.#peer.signsOfLife;
    if (signs !== this.#signs) {
      // One who was silent and is there all the same need not be heard from all the time. One who is silent for good says nothing about that.
      if (this.#tickTimes.readUntilMs - this.#signMs > QUIET_MS) this.#lively = false;
      this.#signMs = nowMs;
    }
    this.#signs = signs;
    // A call may break before anybody has looked at it for the first time.
    if (signs - this.#lookedSigns >= LIVELY_SIGNS) this.#lively = true;
    const silentMs = nowMs - this.#signMs;
    const isSilent = silentMs > (this.#lively ? QUIET_MS : QUIET_WITHOUT_SOUND_MS);
    if (isSilent ? this.#ticks % SILENCE_TICKS === 0 : this.#toldSilent)
      this.#duties.tell({ kind: 'silent', call: this.#id, ms: isSilent ? silentMs : 0 });
    this.#toldSilent = isSilent;
  }

  #look(nowMs: number): void {
    const bytes = this.#handedBytes - this.#peer.unsentBytes;
    if (bytes !== this.#toldBytes) this.#duties.tell({ kind: 'sent', call: this.#id, bytes });
    this.#toldBytes = bytes;
    this.#lookedSigns = this.#signs;
    if (nowMs - this.#signMs > SILENT_MS || this.#peer.unfinishedBytes > MOST_UNFINISHED) this.#end('lost');
  }

  #end(end: CallEnd): void {
    if (this.#phase === 'over') return;
    this.#duties.tell({ kind: 'ended', call: this.#id, end });
    this.#duties.ended();
  }
}
