// A caller's packets made into one unbroken sound whose length is time: puts them in order, fills what is missing, and waits no longer than
// it must, since nobody listens who would mind a gap in the arrival. It has no timer: `tick` tells it how late it is.
import { OPUS_RATE_HZ } from '../../media/opus-track.ts';
import { CALL_RATE_HZ, FRAME_MS } from './call-rate.ts';
import { signed } from './packet.ts';
import { TickTimes } from './tick-times.ts';
import type { VoiceDecoder } from './voice.ts';

/** How long a missing packet is waited for. Longer does not bring it, it only makes every answer later. */
const GAP_WAIT_MS = 50;
/** Packets that wait for a missing one at most. */
const MOST_EARLY = 50;
/** Packets that far behind are no late ones: the sender began to count anew. */
const MOST_BEHIND = 500;
/** Frames guessed in a row; a guess further on is worse than silence. */
const MOST_GUESSED = 5;
/** The longest silence put in for time that passed between two packets. */
const MOST_SILENCE_MS = 5000;
/** From here on a caller that sends nothing is heard as silent: a muted one, or one whose network is away. */
const STARVING_MS = 300;
/** Of a sender that says when it is silent, silence is made with so much room for sound that comes late. */
const REST_LAG_MS = 60;
/** Another stream is believed only when the one before has ended: nothing has come of it for so long, or for so many packets of the other. */
const STREAM_END_MS = 200;
const STREAM_END_PACKETS = 3;
/** Sound ahead of real time at most: what a network held back comes all at once. More than that is no microphone. */
const MOST_HASTE_MS = 10_000;
/** So far ahead, quiet frames are left out until time and sound agree again; so far behind, with a slow clock, they are drawn out. */
const HASTE_MS = 100;
/** How long a sender is behind in all of its packets before it is a clock's fault and no network's. */
const SLOW_MS = 2000;
const QUIET_PEAK = 200;
/** A quiet frame is also one that is hardly louder than the line's own noise: the quietest of the last seconds. */
const NOISE_FACTOR = 1.5;
const MOST_NOISE_PEAK = 2000;
const NOISE_RISE = 1.005;
/** The decoder's lengths are multiples of 2.5 ms. */
const DECODER_STEP = CALL_RATE_HZ / 400;

export interface Arrival {
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
  /** It takes its place among the packets and says nothing: a key of a telephone, or what is not to be heard. */
  readonly mute?: boolean;
  /** It says that the sender is silent from now on, until it sends sound again. */
  readonly resting?: boolean;
}

export interface InputOptions {
  /** The steps of the stream's clock in a second. */
  readonly clockRateHz: number;
  /** A timestamp that jumps further is no silence of that length: the sender has begun to count anew. */
  readonly mostJumpMs: number;
  /** What a silent line sounds like; nothing at all when it is not said. */
  readonly silence?: (samples: number) => Int16Array<ArrayBuffer>;
}

interface Stream {
  readonly ssrc: number;
  /** What comes next when nothing is lost; the sequence number never wraps round, the timestamp does. */
  nextSequence: number;
  nextTimestamp: number;
  lastArrivalMs: number;
  lastSoundMs: number;
  resting: boolean;
}

export class RtpInput {
  readonly #decoder: VoiceDecoder;
  readonly #onSound: (samples: Int16Array<ArrayBuffer>) => void;
  /** Packets that came before one that is missing, by their place, and when they came. */
  readonly #early = new Map<number, { readonly packet: Arrival; readonly sinceMs: number }>();
  readonly #ticksPerSample: number;
  readonly #mostJump: number;
  readonly #silenceOf: (samples: number) => Int16Array<ArrayBuffer>;
  #stream: Stream | undefined;
  /** Packets of another stream since the last of this one. */
  #others: Arrival[] = [];
  #nowMs = 0;
  readonly #ticks = new TickTimes();
  #startedMs: number | undefined;
  #emitted = 0;
  /** Silence made since the last packet, because none came. */
  #filled = 0;
  #noisePeak = 0;
  /** Since when each packet has come late. */
  #behindSinceMs: number | undefined;

  constructor(
    decoder: VoiceDecoder,
    onSound: (samples: Int16Array<ArrayBuffer>) => void,
    { clockRateHz, mostJumpMs, silence }: InputOptions = { clockRateHz: OPUS_RATE_HZ, mostJumpMs: Number.POSITIVE_INFINITY },
  ) {
    this.#decoder = decoder;
    this.#onSound = onSound;
    this.#ticksPerSample = clockRateHz / CALL_RATE_HZ;
    this.#mostJump = toSamples(mostJumpMs);
    this.#silenceOf = silence ?? ((samples) => new Int16Array(samples));
  }

  push(packet: Arrival, nowMs: number): void {
    this.#nowMs = nowMs;
    if (!packet.mute && this.#decoder.length(packet.payload) === 0) return;
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
    const quietMs = Math.min(nowMs, this.#ticks.readUntilMs + FRAME_MS) - stream.lastSoundMs;
    if (quietMs < (stream.resting ? REST_LAG_MS + FRAME_MS : STARVING_MS)) return;
    const missing = toSamples(Math.floor((stream.resting ? quietMs - REST_LAG_MS : quietMs) / FRAME_MS) * FRAME_MS) - this.#filled;
    if (missing <= 0) return;
    this.#filled += missing;
    this.#emit(this.#silenceOf(Math.min(missing, toSamples(MOST_SILENCE_MS))));
  }

  #streamOf(packet: Arrival): Stream | undefined {
    const stream = this.#stream;
    if (stream?.ssrc === packet.ssrc) {
      this.#others = [];
      return stream;
    }
    if (!stream || this.#nowMs - stream.lastArrivalMs >= STREAM_END_MS) return this.#begin(packet);
    if (this.#others.length > 0 && this.#others.at(-1)?.ssrc !== packet.ssrc) this.#others = [];
    this.#others.push(packet);
    if (this.#others.length < STREAM_END_PACKETS) return undefined;
    const [first, ...rest] = this.#others.toSorted((a, b) => signed(a.sequenceNumber - b.sequenceNumber, 16)) as [Arrival, ...Arrival[]];
    const begun = this.#begin(first);
    // The last one of them is what this was asked for.
    for (const other of [first, ...rest]) if (other !== packet) this.push(other, this.#nowMs);
    return begun;
  }

  #begin({ ssrc, sequenceNumber, timestamp }: Arrival): Stream {
    if (this.#stream) this.#takeAllEarly(this.#stream);
    this.#others = [];
    this.#startedMs ??= this.#nowMs;
    const lastSoundMs = this.#stream?.lastSoundMs ?? this.#nowMs;
    const { resting = false } = this.#stream ?? {};
    this.#stream = { ssrc, nextSequence: sequenceNumber, nextTimestamp: timestamp, lastArrivalMs: this.#nowMs, lastSoundMs, resting };
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
    if (packet.mute) {
      // What is missing is not guessed: it may have been a key as well.
      stream.nextSequence = sequence;
      return this.#takeWhatFollows(stream);
    }
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
    stream.nextSequence += 1;
    if (packet.resting) stream.resting = true;
    if (packet.mute) return;
    stream.resting = false;
    // Time that passed with no packet lost: the sender kept silent.
    this.#silence(this.#passed(stream, packet));
    this.#filled = 0;
    const samples = this.#decoder.decode(packet.payload);
    stream.lastSoundMs = this.#nowMs;
    stream.nextTimestamp = packet.timestamp + samples.length * this.#ticksPerSample;
    const isQuiet = this.#isQuiet(samples);
    if (isQuiet && this.#hasteMs > HASTE_MS) return;
    this.#emit(samples);
    if (this.#isSlow() && isQuiet) this.#emit(samples.slice());
  }

  /** Samples between what was due next and a packet. */
  #passed(stream: Stream, packet: Arrival): number {
    const passed = Math.trunc(signed(packet.timestamp - stream.nextTimestamp, 32) / this.#ticksPerSample);
    return passed > this.#mostJump ? 0 : passed;
  }

  /** Whether the sender's clock is slow: what came on time would have come late, for a while. */
  #isSlow(): boolean {
    if (this.#hasteMs > -HASTE_MS) this.#behindSinceMs = undefined;
    else this.#behindSinceMs ??= this.#nowMs;
    return this.#behindSinceMs !== undefined && this.#nowMs - this.#behindSinceMs >= SLOW_MS;
  }

  #isQuiet(samples: Int16Array): boolean {
    let peak = 0;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    this.#noisePeak = Math.min(peak, this.#noisePeak * NOISE_RISE + 1);
    return peak < Math.max(QUIET_PEAK, Math.min(MOST_NOISE_PEAK, this.#noisePeak * NOISE_FACTOR));
  }

  #silence(samples: number): void {
    const known = Math.max(0, Math.min(this.#filled, samples));
    this.#filled -= known;
    const wanted = Math.min(samples - known, toSamples(MOST_SILENCE_MS));
    if (wanted > 0) this.#emit(this.#silenceOf(wanted));
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
