// Comfort noise (RFC 3389): a sender that is silent says how loud its silence is, and sends nothing until there is sound again. What is
// heard meanwhile is noise that loud: a line that is dead quiet all at once sounds like the end of the call, to people and to models.

/** A full-scale square wave is 0 dBov. */
const FULL_SCALE = 32_768;
/** Noise louder than that is none to be comforted by. */
const LEAST_DB_BELOW = 40;
/** The root of the mean square of even noise between -1 and 1 is one part in the square root of three. */
const EVEN_NOISE = Math.sqrt(3);

export class ComfortNoise {
  #amplitude = 0;
  #state = 1;

  /** A packet of it. Its first byte is the level, in dB below full scale; what shapes the noise is not needed by anybody here. */
  hear(payload: Uint8Array): void {
    const dbBelow = Math.max(LEAST_DB_BELOW, (payload[0] ?? 127) & 0x7f);
    this.#amplitude = FULL_SCALE * 10 ** (-dbBelow / 20) * EVEN_NOISE;
  }

  next(samples: number): Int16Array<ArrayBuffer> {
    const noise = new Int16Array(samples);
    for (let i = 0; i < samples; i++) {
      // The same noise each time: chance would be no better.
      this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) | 0;
      noise[i] = Math.round((this.#state / 2 ** 31) * this.#amplitude);
    }
    return noise;
  }
}
