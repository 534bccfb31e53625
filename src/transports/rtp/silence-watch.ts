// How long nothing has come of a call's far side, where something should have: told while it is so, and once when it no longer is.
import { TickTimes } from './tick-times.ts';

/** Whoever has been heard from all the time, as one is whose microphone is on, and is not for so long, is silent. */
const QUIET_MS = 100;
/** Of others only a sign now and then can be expected. */
const QUIET_WITHOUT_SOUND_MS = 6000;
/** So many signs of life in one look are all the time. */
const LIVELY_SIGNS = 4;
/** Ticks between two looks at how lively somebody is, and between two reports. */
const LOOK_TICKS = 10;
const SILENCE_TICKS = 2;

export class SilenceWatch {
  readonly #tell: (silentMs: number) => void;
  #signs = 0;
  #signMs: number;
  #lookedSigns = 0;
  #lively = false;
  #told = false;
  #ticks = 0;
  readonly #tickTimes = new TickTimes();

  constructor(nowMs: number, tell: (silentMs: number) => void) {
    this.#signMs = nowMs;
    this.#tell = tell;
  }

  /** Whether something of it can be expected in every moment. */
  get lively(): boolean {
    return this.#lively;
  }

  /** Whose sound has begun to come is taken to send it all the time, until it is seen that others come now and then. */
  soundBegan(): void {
    this.#lively = true;
  }

  /** At each tick of the pacer. `signs` is in no unit: a number that stands still when nothing comes. */
  tick(signs: number, nowMs: number): void {
    this.#tickTimes.note(nowMs);
    if (signs !== this.#signs) {
      // One who was silent and is there all the same need not be heard from all the time. One who is silent for good says nothing about that.
      if (this.#tickTimes.readUntilMs - this.#signMs > QUIET_MS) this.#lively = false;
      this.#signMs = nowMs;
    }
    this.#signs = signs;
    // A call may break before anybody has looked at it for the first time.
    if (signs - this.#lookedSigns >= LIVELY_SIGNS) this.#lively = true;
    const silentMs = this.silentMs(nowMs);
    const isSilent = silentMs > (this.#lively ? QUIET_MS : QUIET_WITHOUT_SOUND_MS);
    if (isSilent ? this.#ticks % SILENCE_TICKS === 0 : this.#told) this.#tell(isSilent ? silentMs : 0);
    this.#told = isSilent;
    this.#ticks++;
    if (this.#ticks % LOOK_TICKS === 0) this.#lookedSigns = signs;
  }

  silentMs(nowMs: number): number {
    return nowMs - this.#signMs;
  }
}
