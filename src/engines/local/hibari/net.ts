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

  /** `ids` with its pads; `speed` from 0.5 to 2: beyond, it speaks worse. */
  async recite(ids: readonly number[], speed: number): Promise<Recital> {
    const out = await this.#session.run({
      ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      speed: new Tensor('float32', Float32Array.of(speed), [1]),
    });
    const values = (name: string) => out[name]?.data as Float32Array;
    const f0 = values('f0');
    const [lh, theta, ln, lr, phi] = ['lh', 'theta', 'ln', 'lr', 'phi'].map(values) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    if (lh.length !== BINS * f0.length) throw new Error(`the net gave ${lh.length} values for ${f0.length} frames`);
    return {
      spectrogram: { frames: f0.length, lh, theta, ln, lr, phi, f0 },
      durations: [...(out[DURATIONS]?.data as BigInt64Array)].map(Number),
      exactDurations: [...values(EXACT_DURATIONS)],
    };
  }
}
