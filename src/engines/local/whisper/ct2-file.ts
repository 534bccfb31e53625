// Reads the weights in a model.bin of CTranslate2 (version 6), in half precision.
import { ModelFormatError } from '../../models/onnx/graph.ts';

export interface Variable {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

const VERSION = 6;
const HALF = 4;

export class Ct2File {
  readonly #variables = new Map<string, { dims: readonly number[]; type: number; data: Uint8Array }>();

  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const take = (length: number) => {
      if (length > bytes.length - at) throw new ModelFormatError('The file of weights is cut off.');
      at += length;
      return at - length;
    };
    const number = () => view.getUint32(take(4), true);
    const text = () => {
      const length = view.getUint16(take(2), true);
      const start = take(length);
      // The zero at the end counts.
      return new TextDecoder().decode(bytes.subarray(start, start + length - 1));
    };
    const version = number();
    if (version !== VERSION) throw new ModelFormatError(`The file of weights has version ${version} in place of ${VERSION}.`);
    const kind = text();
    if (kind !== 'WhisperSpec') throw new ModelFormatError(`The weights are of another kind of model: ${kind}.`);
    number();
    const count = number();
    for (let index = 0; index < count; index++) {
      const name = text();
      const dims = Array.from({ length: bytes[take(1)] ?? 0 }, number);
      const type = bytes[take(1)] ?? 0;
      const length = number();
      const start = take(length);
      this.#variables.set(name, { dims, type, data: bytes.subarray(start, start + length) });
    }
  }

  get(name: string): Variable {
    const variable = this.#variables.get(name);
    if (variable?.type !== HALF) throw new ModelFormatError(`There is no '${name}' in half precision among the weights.`);
    return { dims: variable.dims, values: widened(variable.data) };
  }

  has(name: string): boolean {
    return this.#variables.has(name);
  }
}

/** Every half-precision number in single precision. */
const singles = Float32Array.from({ length: 1 << 16 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
});

function widened(data: Uint8Array): Float32Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = new Float32Array(data.length >> 1);
  for (let index = 0; index < values.length; index++) values[index] = singles[view.getUint16(2 * index, true)] ?? 0;
  return values;
}
