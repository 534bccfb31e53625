// The net of the voices: ids of phonemes and a style in; sound at 24 kHz out.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const NET_FILE = 'kokoro.onnx';
/** Values of one style. */
export const STYLE_VALUES = 256;
/** A voice sounds a little different by how much it has to say: its table has one style for each number of phonemes, from one on. */
export const STYLE_ROWS = 510;

export class KokoroNet {
  readonly #session: InferenceSession;
  readonly #folder: string;
  readonly #tables = new Map<string, Float32Array>();

  private constructor(session: InferenceSession, folder: string) {
    this.#session = session;
    this.#folder = folder;
  }

  static async load(folder: string, threads: number): Promise<KokoroNet> {
    const options = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential' } as const;
    return new KokoroNet(await InferenceSession.create(join(folder, NET_FILE), options), folder);
  }

  /** `ids` without pads, at least one. `style`: the name of a table in the model's folder. */
  async recite(ids: readonly number[], style: string, speed: number): Promise<Float32Array> {
    const table = this.#tables.get(style) ?? (await this.#readTable(style));
    const out = await this.#session.run({
      tokens: new Tensor('int64', BigInt64Array.from([0, ...ids, 0], BigInt), [1, ids.length + 2]),
      style: new Tensor('float32', styleRow(table, ids.length), [1, STYLE_VALUES]),
      speed: new Tensor('float32', Float32Array.of(speed), [1]),
    });
    return out['audio']?.data as Float32Array;
  }

  async #readTable(style: string): Promise<Float32Array> {
    const table = readStyles(await readFile(join(this.#folder, 'voices', `${style}.bin`)));
    this.#tables.set(style, table);
    return table;
  }
}

/** @throws when it is no table of styles. */
export function readStyles(bytes: Uint8Array): Float32Array {
  const values = STYLE_ROWS * STYLE_VALUES;
  if (bytes.length !== 4 * values) throw new Error(`a table of styles has ${4 * values} bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: values }, (_, i) => view.getFloat32(4 * i, true));
}

/** The style for so many phonemes. */
export function styleRow(table: Float32Array, phonemes: number): Float32Array {
  const row = Math.min(Math.max(phonemes, 1), STYLE_ROWS) - 1;
  return table.slice(row * STYLE_VALUES, (row + 1) * STYLE_VALUES);
}
