// What one call says, on its way to the provider: no further ahead of what is played than an interruption can bear, in whole frames, with marks that
// come back when they were played. When is the pacer's business.
import { FRAME_MS } from '../rtp/call-rate.ts';
import type { StreamDialect, StreamFrame } from './dialect.ts';
import { Playout } from './playout.ts';
import type { SoundBytes } from './sound-bytes.ts';
import { SoundQueue } from './sound-queue.ts';
import { ToneQueue } from './tone-queue.ts';

/** Sound that waits at most. Whoever writes on does not wait for it to be played, and the newest is dropped. */
const mostWaitingMs = 120_000;
/** So little left at the provider, a part of a frame is made whole with silence: what would make it whole may not come. */
const dryMs = 2 * FRAME_MS;
/** Ticks between two reports of what was played. */
const reportTicks = 5;

export class OutboundSound {
  readonly #dialect: StreamDialect;
  readonly #bytes: SoundBytes;
  readonly #write: (frame: StreamFrame) => void;
  readonly #report: (playedMs: number, clears: number) => void;
  readonly #queue: SoundQueue;
  readonly #tones: ToneQueue;
  readonly #playout: Playout;
  readonly #messageBytes: number;
  #given = 0;
  /** Of what was given, there was no room for so much. */
  #refused = 0;
  #clears = 0;
  #isHeld = false;
  #ticks = 0;
  /** Nothing was given since the last tick: what does not fill a frame may be all there is. */
  #isWaiting = false;
  /** All that was given had been played at the last report. */
  #isQuiet = true;

  constructor(options: {
    dialect: StreamDialect;
    bytes: SoundBytes;
    write: (frame: StreamFrame) => void;
    report: (playedMs: number, clears: number) => void;
  }) {
    this.#dialect = options.dialect;
    this.#bytes = options.bytes;
    this.#write = options.write;
    this.#report = options.report;
    this.#queue = new SoundQueue(this.#bytes.of(mostWaitingMs));
    this.#tones = new ToneQueue(this.#bytes);
    this.#playout = new Playout(this.#bytes, this.#dialect.mark !== undefined);
    this.#messageBytes = this.#bytes.frameBytes * Math.max(1, Math.floor(this.#dialect.messageMs / FRAME_MS));
  }

  play(sound: Uint8Array, nowMs: number): void {
    const taken = this.#queue.push(sound);
    this.#given += taken;
    this.#refused += sound.length - taken;
    if (taken > 0) this.#isQuiet = false;
    this.#isWaiting = false;
    this.#pump(nowMs);
  }

  clear(nowMs: number): void {
    this.#tell(nowMs);
    this.#queue.clear();
    const frame = this.#dialect.clear?.();
    this.#playout.clear(this.#given, frame !== undefined, nowMs);
    if (frame) {
      this.#tones.cleared(nowMs);
      this.#write(frame);
    }
    this.#clears += 1;
    this.#isQuiet = true;
    this.#tell(nowMs);
  }

  /** Resolves when the tones of all these keys have been played, or nothing is played any more. */
  press(digits: string, nowMs: number): Promise<void> {
    const pressed = this.#tones.press(digits);
    this.#pump(nowMs);
    return pressed;
  }

  echoed(mark: string, nowMs: number): void {
    this.#playout.echoed(mark, nowMs);
    this.#pump(nowMs);
  }

  /** Whether the provider takes more sound now. */
  flow(isOpen: boolean, nowMs: number): void {
    this.#isHeld = !isOpen;
    this.#pump(nowMs);
  }

  tick(nowMs: number): void {
    this.#tones.tick(nowMs);
    this.#pump(nowMs);
    if (this.#isWaiting && this.#queue.bytes === 0) this.#mark(true, nowMs);
    this.#isWaiting = true;
    this.#ticks += 1;
    if (this.#isQuiet) return;
    const isOver = this.#queue.bytes === 0 && this.#playout.isOver(nowMs);
    if (!isOver && this.#ticks % reportTicks !== 0) return;
    this.#isQuiet = isOver;
    this.#tell(nowMs);
  }

  end(): void {
    this.#queue.clear();
    this.#tones.end();
  }

  #pump(nowMs: number): void {
    while (!this.#isHeld) {
      const aheadMs = this.#playout.aheadMs(nowMs);
      const room = this.#bytes.of(this.#dialect.aheadMs - aheadMs);
      // Few messages are cheaper than many; the provider has enough meanwhile.
      if (room < this.#messageBytes) return;
      if (!(this.#tones.isWaiting ? this.#sendTones(nowMs, aheadMs) : this.#sendSound(nowMs, aheadMs))) return;
    }
  }

  #sendSound(nowMs: number, aheadMs: number): boolean {
    const { frameBytes } = this.#bytes;
    const waiting = this.#queue.bytes;
    const whole = Math.min(this.#messageBytes, waiting - (waiting % frameBytes));
    const length = whole > 0 ? whole : waiting > 0 && this.#isWaiting && aheadMs < dryMs ? frameBytes : 0;
    if (length === 0) return false;
    const message = this.#bytes.silence(length);
    this.#send(message, this.#queue.take(message), nowMs);
    this.#mark(false, nowMs);
    return true;
  }

  /** `atEnd`: of sound that nothing follows for now. */
  #mark(atEnd: boolean, nowMs: number): void {
    const mark = this.#playout.mark(atEnd, nowMs);
    const frame = mark === undefined ? undefined : this.#dialect.mark?.(mark);
    if (frame) this.#write(frame);
  }

  #sendTones(nowMs: number, aheadMs: number): boolean {
    const message = this.#bytes.silence(this.#messageBytes);
    this.#tones.take(message, (bytes) => nowMs + aheadMs + bytes / this.#bytes.perMs);
    this.#send(message, 0, nowMs);
    return true;
  }

  #send(message: Uint8Array, given: number, nowMs: number): void {
    this.#playout.send(given, message.length / this.#bytes.perMs, nowMs);
    this.#write(this.#dialect.sound(message));
  }

  #tell(nowMs: number): void {
    this.#report((this.#playout.played(nowMs) + this.#refused) / this.#bytes.perMs, this.#clears);
  }
}
