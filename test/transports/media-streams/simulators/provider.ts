// A simulated provider with a caller: it sends 20 ms of sound at a time, plays what it is sent in real time, gives marks back when they are due, and
// checks every frame. It speaks by a wire (wires.ts) over whatever carries its frames.
import type { Clock } from '../../../../src/lib/clock.ts';
import { bytesPerSample, sampleRateHz } from '../../../../src/protocol/audio-format.ts';
import type { StreamFrame } from '../../../../src/transports/media-streams/dialect.ts';
import type { Wire } from './wire.ts';

const frameMs = 20;

interface Played {
  readonly startMs: number;
  bytes: Uint8Array;
}

export class SimulatedProvider {
  /** Of the sound it was sent, what the caller heard and is going to hear. */
  #played: Played[] = [];
  readonly understood: { readonly atMs: number; readonly kind: string; readonly name?: string }[] = [];
  readonly digits: string[] = [];
  /** Marks whose sound was played, and those that a clear threw away. */
  readonly playedMarks: string[] = [];
  readonly clearedMarks: string[] = [];
  /** What it would have ended the stream for. */
  readonly errors: string[] = [];
  mostBufferedMs = 0;
  readonly #clock: Clock;
  readonly #wire: Wire;
  readonly #deliver: (frame: StreamFrame) => void;
  readonly #perMs: number;
  readonly #levels: { readonly xoffMs: number; readonly xonMs: number } | undefined;
  #marks = new Map<string, { cancel(): void }>();
  #playingUntilMs = 0;
  #startedMs = 0;
  #frames = 0;
  #says: { readonly sound: Uint8Array; readonly said: (() => void) | undefined }[] = [];
  #mutedFrames = 0;
  #held = false;
  #timer: { cancel(): void } | undefined;

  /** `levels` of its queue for a wire that has flow control. */
  constructor(clock: Clock, wire: Wire, deliver: (frame: StreamFrame) => void, levels?: { xoffMs: number; xonMs: number }) {
    this.#clock = clock;
    this.#wire = wire;
    this.#deliver = deliver;
    this.#levels = levels;
    this.#perMs = (bytesPerSample(wire.format) * sampleRateHz(wire.format)) / 1000;
  }

  get frameBytes(): number {
    return this.#perMs * frameMs;
  }

  open(token = 'token'): void {
    for (const frame of this.#wire.opening(token)) this.#deliver(frame);
    this.#startedMs = this.#clock.now();
    this.#wait();
  }

  /** The caller says this, as soon as it has said everything before. Resolves when the last of it has been sent. */
  say(sound: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    for (let at = 0; at < sound.length; at += this.frameBytes) {
      const frame = this.#silence();
      frame.set(sound.subarray(at, at + this.frameBytes));
      this.#says.push({ sound: frame, said: at + this.frameBytes >= sound.length ? resolve : undefined });
    }
    return promise;
  }

  /** Nothing is sent for so many frames; they are lost. */
  lose(frames: number): void {
    this.#mutedFrames = frames;
  }

  press(digit: string): void {
    this.#deliver(this.#wire.digit(digit));
  }

  /** The caller hangs up. */
  stop(): void {
    this.end();
    const frame = this.#wire.stop();
    if (frame) this.#deliver(frame);
  }

  end(): void {
    this.#timer?.cancel();
    for (const mark of this.#marks.values()) mark.cancel();
    this.#marks.clear();
  }

  receive(frame: StreamFrame): void {
    const nowMs = this.#clock.now();
    try {
      const message = this.#wire.read(frame);
      this.understood.push({ atMs: nowMs, kind: message.kind, ...(message.kind === 'mark' && { name: message.name }) });
      if (message.kind === 'sound') this.#queue(message.bytes, nowMs);
      else if (message.kind === 'mark') this.#keepMark(message.name, nowMs);
      else if (message.kind === 'clear') this.#clear(nowMs);
      else if (message.kind === 'digits') this.digits.push(message.digits);
    } catch (error) {
      this.errors.push((error as Error).message);
    }
  }

  /** What the caller has heard until now. */
  heard(): Uint8Array {
    const nowMs = this.#clock.now();
    return Buffer.concat(
      this.#played.map(({ startMs, bytes }) => bytes.subarray(0, Math.max(0, Math.floor((nowMs - startMs) * this.#perMs)))),
    );
  }

  #queue(bytes: Uint8Array, nowMs: number): void {
    const startMs = Math.max(nowMs, this.#playingUntilMs);
    this.#played.push({ startMs, bytes: new Uint8Array(bytes) });
    this.#playingUntilMs = startMs + bytes.length / this.#perMs;
    const bufferedMs = this.#playingUntilMs - nowMs;
    this.mostBufferedMs = Math.max(this.mostBufferedMs, bufferedMs);
    if (this.#levels && this.#held && this.#wire.flow) this.errors.push('sound after MEDIA_XOFF');
    if (this.#levels && !this.#held && bufferedMs >= this.#levels.xoffMs) this.#flow(false);
  }

  #flow(open: boolean): void {
    this.#held = !open;
    const frame = this.#wire.flow?.(open);
    if (frame) this.#deliver(frame);
  }

  #keepMark(name: string, nowMs: number): void {
    const timer = this.#clock.after(Math.max(0, this.#playingUntilMs - nowMs), () => this.#echo(name, this.playedMarks));
    this.#marks.set(name, timer);
  }

  #echo(name: string, list: string[]): void {
    this.#marks.delete(name);
    list.push(name);
    const frame = this.#wire.mark(name);
    if (frame) this.#deliver(frame);
  }

  #clear(nowMs: number): void {
    this.#played = this.#played.flatMap((each) => {
      const bytes = each.bytes.subarray(0, Math.max(0, Math.floor((nowMs - each.startMs) * this.#perMs)));
      return bytes.length > 0 ? [{ startMs: each.startMs, bytes }] : [];
    });
    this.#playingUntilMs = nowMs;
    for (const [name, timer] of this.#marks) {
      timer.cancel();
      if (this.#wire.returnsCleared) this.#echo(name, this.clearedMarks);
    }
    this.#marks.clear();
    const frame = this.#wire.cleared();
    if (frame) this.#deliver(frame);
  }

  #wait(): void {
    const dueMs = this.#startedMs + (this.#frames + 1) * frameMs;
    this.#timer = this.#clock.after(dueMs - this.#clock.now(), () => {
      this.#tick();
      this.#wait();
    });
  }

  #tick(): void {
    if (this.#levels && this.#held && this.#playingUntilMs - this.#clock.now() < this.#levels.xonMs) this.#flow(true);
    const index = this.#frames;
    this.#frames += 1;
    const { sound = this.#silence(), said } = this.#says.shift() ?? {};
    if (this.#mutedFrames > 0) this.#mutedFrames -= 1;
    else this.#deliver(this.#wire.sound(sound, index, index * frameMs));
    said?.();
  }

  #silence(): Uint8Array {
    const fill = this.#wire.format.type === 'audio/pcmu' ? 0xff : 0;
    return new Uint8Array(this.frameBytes).fill(fill);
  }
}
