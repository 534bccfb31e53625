// What a client that comes back says and hears over the lines of its calls, one after another.
import { type Caller, energy } from '../../transports/webrtc/caller.ts';

const frameMs = 20;

export class CallSound {
  #caller: Caller | undefined;
  /** Loud frames that came over the lines, and how many frames of the present one have been looked at. */
  #loudFrames = 0;
  #lookedAt = 0;
  #loudAtMs = 0;
  /** What it says until it is told to be quiet, and where that begins in what its present caller has said. */
  #speech: Int16Array | undefined;
  #saidFrom = 0;
  #stillMs = 0;

  /** How much loud sound has come over the lines. */
  get lineMs(): number {
    this.#countHeard();
    return this.#loudFrames * frameMs;
  }

  /** When loud sound was heard last. */
  get loudAtMs(): number {
    this.#countHeard();
    return this.#loudAtMs;
  }

  /** How long it stood still at the most between two frames of what it said: who is busy says nothing, and is heard as silent. */
  get stillMs(): number {
    return this.#stillMs;
  }

  /** The line that there is from now on, over which nothing is said yet. */
  follow(caller: Caller | undefined): void {
    this.#countHeard();
    this.#pause();
    this.#caller = caller;
    this.#lookedAt = 0;
    this.#saidFrom = 0;
  }

  /** Says it over and over. What is said into a line that breaks is lost: `speakOn` begins anew with it. */
  speak(samples: Int16Array): void {
    this.#speech = samples;
    this.speakOn();
  }

  speakOn(): void {
    if (this.#speech) this.#caller?.repeat(this.#speech);
  }

  /** Stops, in the middle of it. */
  hush(): void {
    this.#speech = undefined;
    this.#pause();
  }

  #pause(): void {
    this.#caller?.hush();
    const said = this.#caller?.said.slice(this.#saidFrom) ?? [];
    this.#stillMs = Math.max(this.#stillMs, ...said.slice(1).map((atMs, before) => atMs - (said[before] ?? atMs)));
    this.#saidFrom += said.length;
  }

  #countHeard(): void {
    const heard = this.#caller?.heard ?? [];
    for (const { samples, atMs } of heard.slice(this.#lookedAt)) {
      if (energy(samples) <= 1000 ** 2) continue;
      this.#loudFrames += 1;
      this.#loudAtMs = atMs;
    }
    this.#lookedAt = heard.length;
  }
}
