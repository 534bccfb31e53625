// A caller's packets made into one unbroken sound whose length is time: puts them in order, fills what is missing, and waits no longer than
// it must, since nobody listens who would mind a gap in the arrival. It has no timer: `tick` tells it how late it is.
import { CALL_RATE_HZ } from './media.ts';
import { FRAME_MS, TICKS_PER_SAMPLE, type VoiceDecoder } from './opus.ts';
import { TickTimes } from './tick-times.ts';

/** How long a missing packet is waited for. Longer does not bring it, it only makes every answer later. */
const GAP_WAIT_MS = 50;
/** Packets that wait for a missing one at most. */
const MOST_EARLY = 50;
/** Packets that far behind are no late ones: the sender began to count anew. */
const MOST_BEHIND = 500;
/** Frames guessed in a row; a guess further on is worse than silence. */
const MOST_GUESSED = 5;
/** The longest silence put in for time that passed between two packets. */
const MOST_SILENCE = 5 * CALL_RATE_HZ;
/** From here on a caller that sends nothing is heard as silent: a muted one, or one whose network is away. */
const STARVING_MS = 300;
/** Another stream is believed only when the one before has ended. */
const STREAM_END_MS = 200;
/** Sound ahead of real time at most: what a network held back comes all at once. More than that is no microphone. */
const MOST_HASTE_MS = 10_000;
/** So far ahead, quiet frames are left out until time and sound agree again. */
const HASTE_MS = 100;
const QUIET_PEAK = 200;
/** The decoder's lengths are multiples of 2.5 ms. */
const DECODER_STEP = CALL_RATE_HZ / 400;

export interface Arrival {
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

interface Stream {
  readonly ssrc: number;
  /** What comes next when nothing is lost; the sequence number never wraps round, the timestamp does. */
  nextSequence: number;
  nextTimestamp: number;
  lastArrivalMs: number;
}

export class RtpInput {
  readonly #decoder: VoiceDecoder;
  readonly #onSound: (samples: Int16Array<ArrayBuffer>) => void;
  /** Packets that came before one that is missing, by their place, and when they came. */
  readonly #early = new Map<number, { readonly packet: Arrival; readonly sinceMs: number }>();
  #stream: Stream | undefined;
  #nowMs = 0;
  readonly #ticks = new TickTimes();
  #startedMs: number | undefined;
  #emitted = 0;
  /** Silence made since the last packet, because none came. */
  #filled = 0;

  constructor(decoder: VoiceDecoder, onSound: (samples: Int16Array<ArrayBuffer>) => void) {
    this.#decoder = decoder;
    this.#onSound = onSound;
  }

  push(packet: Arrival, nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#decoder.length(packet.payload) === 0) return;
    const stream = this.#streamOf(packet);
    if (!stream) return;
    const ahead = signed(packet.sequenceNumber - stream.nextSequence, 16);
    if (ahead < 0 && ahead >= -MOST_BEHIND) return;
    stream.lastArrivalMs = nowMs;
    if (ahead < 0 || ahead > MOST_BEHIND) this.#startAnew(stream, packet);
    else if (ahead === 0) this.#take(stream, packet);
    else this.#keep(stream.nextSequence + ahead, packet);
    this.#takeWhatFollows(stream);
    while (this.#early.size > MOST_EARLY) this.#closeGap(stream);
  }

  /** To be called every frame or so. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#ticks.note(nowMs);
    const stream = this.#stream;
    if (!stream) return;
    while (this.#early.size > 0 && nowMs - this.#missingSinceMs >= GAP_WAIT_MS) this.#closeGap(stream);
    // That the thread stood still is no silence: what came meanwhile lies unread.
    const quietMs = Math.min(nowMs, this.#ticks.readUntilMs + FRAME_MS) - stream.lastArrivalMs;
    if (quietMs < STARVING_MS) return;
    const missing = toSamples(Math.floor(quietMs / FRAME_MS) * FRAME_MS) - this.#filled;
    if (missing <= 0) return;
    this.#filled += missing;
    this.#emit(new Int16Array(Math.min(missing, MOST_SILENCE)));
  }

  #streamOf(packet: Arrival): Stream | undefined {
    const stream = this.#stream;
    if (stream?.ssrc === packet.ssrc) return stream;
    if (stream && this.#nowMs - stream.lastArrivalMs < STREAM_END_MS) return undefined;
    if (stream) this.#takeAllEarly(stream);
    this.#startedMs ??= this.#nowMs;
    this.#stream = {
      ssrc: packet.ssrc,
      nextSequence: packet.sequenceNumber,
      nextTimestamp: packet.timestamp,
      lastArrivalMs: this.#nowMs,
    };
    return this.#stream;
  }

  #keep(sequence: number, packet: Arrival): void {
    if (!this.#early.has(sequence)) this.#early.set(sequence, { packet, sinceMs: this.#nowMs });
  }

  get #missingSinceMs(): number {
    return Math.min(...[...this.#early.values()].map(({ sinceMs }) => sinceMs));
  }

  #startAnew(stream: Stream, packet: Arrival): void {
    this.#takeAllEarly(stream);
    stream.nextSequence = packet.sequenceNumber;
    this.#take(stream, packet);
  }

  #takeAllEarly(stream: Stream): void {
    while (this.#early.size > 0) this.#closeGap(stream);
  }

  #takeWhatFollows(stream: Stream): void {
    for (;;) {
      const early = this.#early.get(stream.nextSequence);
      if (!early) return;
      this.#early.delete(stream.nextSequence);
      this.#take(stream, early.packet);
    }
  }

  /** What is missing before the first of the early packets is given up. */
  #closeGap(stream: Stream): void {
    const sequence = Math.min(...this.#early.keys());
    const packet = this.#early.get(sequence)?.packet;
    if (!packet) return;
    const frame = this.#decoder.length(packet.payload);
    const gap = Math.max(0, this.#passed(stream, packet));
    const lost = Math.min(gap, (sequence - stream.nextSequence) * frame);
    this.#silence(gap - lost);
    this.#bridge(packet, lost - (lost % DECODER_STEP), frame);
    stream.nextSequence = sequence;
    stream.nextTimestamp = packet.timestamp;
    this.#takeWhatFollows(stream);
  }

  /** Fills `lost` samples right before a packet: guesses on, then silence, and the last frame out of what the packet repeats of it. */
  #bridge(packet: Arrival, lost: number, frame: number): void {
    const repeated = Math.min(lost, frame);
    const guessed = Math.min(lost - repeated, (MOST_GUESSED - 1) * frame);
    for (let at = 0; at < guessed; at += frame) this.#emit(this.#decoder.conceal(Math.min(frame, guessed - at)));
    this.#silence(lost - repeated - guessed);
    if (repeated > 0) this.#emit(this.#decoder.recover(packet.payload, repeated));
  }

  #take(stream: Stream, packet: Arrival): void {
    // Time that passed with no packet lost: the sender kept silent.
    this.#silence(this.#passed(stream, packet));
    this.#filled = 0;
    const samples = this.#decoder.decode(packet.payload);
    stream.nextSequence += 1;
    stream.nextTimestamp = packet.timestamp + samples.length * TICKS_PER_SAMPLE;
    if (this.#hasteMs > HASTE_MS && isQuiet(samples)) return;
    this.#emit(samples);
  }

  /** Samples between what was due next and a packet. */
  #passed(stream: Stream, packet: Arrival): number {
    return Math.trunc(signed(packet.timestamp - stream.nextTimestamp, 32) / TICKS_PER_SAMPLE);
  }

  #silence(samples: number): void {
    const known = Math.max(0, Math.min(this.#filled, samples));
    this.#filled -= known;
    const wanted = Math.min(samples - known, MOST_SILENCE);
    if (wanted > 0) this.#emit(new Int16Array(wanted));
  }

  get #hasteMs(): number {
    return (this.#emitted * 1000) / CALL_RATE_HZ - (this.#nowMs - (this.#startedMs ?? this.#nowMs));
  }

  #emit(samples: Int16Array<ArrayBuffer>): void {
    if (this.#hasteMs > MOST_HASTE_MS) return;
    this.#emitted += samples.length;
    this.#onSound(samples);
  }
}

function toSamples(ms: number): number {
  return (ms * CALL_RATE_HZ) / 1000;
}

function isQuiet(samples: Int16Array): boolean {
  return samples.every((sample) => sample < QUIET_PEAK && sample > -QUIET_PEAK);
}

/** A difference of two counters of so many bits, as the nearer way round. */
function signed(difference: number, bits: 16 | 32): number {
  const range = 2 ** bits;
  const rest = ((difference % range) + range) % range;
  return rest >= range / 2 ? rest - range : rest;
}
