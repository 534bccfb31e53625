// Keys to be pressed on a line that carries sound only: their tones, one key after another. A key whose tone is thrown away with the sound that waits
// at the provider is played again: half a number reaches nobody.
import { dtmfTones } from '../../media/dtmf-tones.ts';
import type { SoundBytes } from './sound-bytes.ts';

interface Tone {
  readonly sound: Uint8Array;
  at: number;
  /** When it is over at the provider, once all of it has been sent. */
  overAtMs: number | undefined;
  /** Told that it is over, at the last key of a number. */
  readonly over: (() => void) | undefined;
}

export class ToneQueue {
  readonly #bytes: SoundBytes;
  #tones: Tone[] = [];

  constructor(bytes: SoundBytes) {
    this.#bytes = bytes;
  }

  /** Resolves when the last of them has been played. */
  press(digits: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const sounds = [...digits].map((digit) => this.#bytes.from(dtmfTones(digit, this.#bytes.rateHz)));
    for (const [at, sound] of sounds.entries()) {
      this.#tones.push({ sound, at: 0, overAtMs: undefined, over: at === sounds.length - 1 ? resolve : undefined });
    }
    if (sounds.length === 0) resolve();
    return promise;
  }

  get isWaiting(): boolean {
    return this.#tones.some(({ overAtMs }) => overAtMs === undefined);
  }

  /** Fills `target` with tones; how much of it. `overAtMs` says when sound is over at the provider that ends so many bytes into it. */
  take(target: Uint8Array, overAtMs: (bytes: number) => number): number {
    let filled = 0;
    for (const tone of this.#tones) {
      if (tone.overAtMs !== undefined) continue;
      const piece = tone.sound.subarray(tone.at, tone.at + target.length - filled);
      target.set(piece, filled);
      filled += piece.length;
      tone.at += piece.length;
      if (tone.at < tone.sound.length) break;
      tone.overAtMs = overAtMs(filled);
    }
    return filled;
  }

  tick(nowMs: number): void {
    for (let [first] = this.#tones; first?.overAtMs !== undefined && first.overAtMs <= nowMs; [first] = this.#tones) {
      this.#tones.shift();
      first.over?.();
    }
  }

  /** What waits at the provider is no more. */
  cleared(nowMs: number): void {
    this.tick(nowMs);
    for (const tone of this.#tones) {
      tone.at = 0;
      tone.overAtMs = undefined;
    }
  }

  /** Nothing is played any more. */
  end(): void {
    for (const { over } of this.#tones) over?.();
    this.#tones = [];
  }
}
