// The net of the voice: ids of phonemes in; frames, and how long each phoneme is, out.
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { DURATIONS, EXACT_DURATIONS, NET_FILE } from './files.ts';
import { BINS, type Spectrogram } from './frames.ts';

/** What durations are counted in. */
export const DURATION_MS = 25;

export interface Recital {
  readonly spectrogram: Spectrogram;
  /** One for each id, in steps of DURATION_MS. */
  readonly durations: readonly number[];
  /** The same before they were rounded. */
  readonly exactDurations: readonly number[];
}

export class HibariNet {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async load(folder: string): Promise<HibariNet> {
    // A second thread would save a tenth of the time for twice the work.
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' } as const;
    return new HibariNet(await InferenceSession.create(join(folder, NET_FILE), options));
  }

  /** `ids` with its pads; `speed`: 1 is its own. */
  async recite(ids: readonly number[], speed: number): Promise<Recital> {
    const out = await this.#session.run({
      ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      speed: new Tensor('float32', Float32Array.of(speed), [1]),
    });
    const part = (name: string) => out[name]?.data as Float32Array;
    const durations = out[DURATIONS]?.data as BigInt64Array;
    const spectrogram = { lh: part('lh'), theta: part('theta'), ln: part('ln'), lr: part('lr'), phi: part('phi'), f0: part('f0') };
    const frames = spectrogram.f0.length;
    if (spectrogram.lh.length !== BINS * frames) throw new Error(`the net gave ${spectrogram.lh.length} values for ${frames} frames`);
    return {
      spectrogram: { frames, ...spectrogram },
      durations: Array.from(durations, Number),
      exactDurations: [...part(EXACT_DURATIONS)],
    };
  }
}
