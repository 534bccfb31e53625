// The inner loop of the resampler: a row of weights laid over the input for every output sample. In WebAssembly, whose vectors make it
// several times as fast as the same loop in JavaScript; listening to one speaker would otherwise cost more than all else about him.

export interface FirFilter {
  /** Output samples per `step` input samples. */
  readonly phases: number;
  readonly step: number;
  readonly taps: number;
  /** `taps` weights for each phase, one phase after the other. */
  readonly weights: Float32Array;
}

/** Samples that one `run` takes at most, the taps not counted. */
export const BLOCK = 2048;

export interface FirKernel {
  /** To be filled from 0: the samples a run reads. Shared by everybody who uses the kernel, and worth nothing after the run. */
  readonly input: Float32Array;
  /** Output `from` to `from + count`; the first has its taps at `input[at]` and the weights of `phase`. */
  run(at: number, phase: number, output: Int16Array, from: number, count: number): void;
}

interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
type FirFunction = (...parameters: number[]) => void;

/** Node has it, but its types come with those of a browser's page. */
const wasm = (
  globalThis as unknown as {
    WebAssembly: {
      Memory: new (size: { initial: number }) => WasmMemory;
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object, imports: { m: { m: WasmMemory } }) => { readonly exports: { readonly f: FirFunction } };
    };
  }
).WebAssembly;

/** A kernel of its own memory, for a filter that is kept. */
export function createFirKernel({ phases, step, taps, weights }: FirFilter): FirKernel {
  // Two vectors of four are read at a time: rows are filled up with weights of zero.
  const rowTaps = Math.ceil(taps / 8) * 8;
  const rowBytes = rowTaps * 4;
  const inputAt = phases * rowBytes;
  const inputLength = BLOCK + 2 * rowTaps;
  const outputAt = inputAt + inputLength * 4;
  const outputLength = Math.ceil(((BLOCK + taps) * phases) / step) + phases;
  const memory = new wasm.Memory({ initial: Math.ceil((outputAt + outputLength * 2) / 65_536) });
  const rows = new Float32Array(memory.buffer, 0, phases * rowTaps);
  for (let phase = 0; phase < phases; phase++) rows.set(weights.subarray(phase * taps, (phase + 1) * taps), phase * rowTaps);
  module ??= new wasm.Module(code);
  const { f: fir } = new wasm.Instance(module, { m: { m: memory } }).exports;
  const made = new Int16Array(memory.buffer, outputAt, outputLength);
  const partStep = (step % phases) * rowBytes;
  const wholeStep = Math.floor(step / phases) * 4;
  return {
    input: new Float32Array(memory.buffer, inputAt, inputLength),
    run(at, phase, output, from, count) {
      if (count === 0) return;
      fir(inputAt + at * 4, phase * rowBytes, rowBytes, inputAt, partStep, wholeStep, outputAt, outputAt + count * 2);
      output.set(made.subarray(0, count), from);
    },
  };
}

const plainInput = new Float32Array(BLOCK + 8192);

/** The same without a memory of its own, for filters so large and rare that they are not kept. */
export function plainFirKernel({ phases, step, taps, weights }: FirFilter): FirKernel {
  return {
    input: taps * 2 + BLOCK > plainInput.length ? new Float32Array(taps * 2 + BLOCK) : plainInput,
    run(at, phase, output, from, count) {
      for (let k = 0; k < count; k++) {
        const place = phase + k * step;
        const row = (place % phases) * taps;
        const first = at + Math.floor(place / phases);
        let sum = 0;
        for (let t = 0; t < taps; t++) sum += (weights[row + t] as number) * (this.input[first + t] as number);
        output[from + k] = Math.max(-32_768, Math.min(32_767, Math.floor(sum + 0.5)));
      }
    },
  };
}

let module: object | undefined;

// Below, the one function in WebAssembly's binary form. Its parameters, all i32 and in bytes: where the first output's taps begin (0), its
// row (1), the length of a row (2), the end of the rows (3), how far the row (4) and the taps (5) move for the next output, where the
// output goes (6) and ends (7). Locals: the tap (8), two sums of four (9, 10).
const [I32, V128, EMPTY] = [0x7f, 0x7b, 0x40];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const constant = (value: number) => [0x41, value];
const add = 0x6a;
const end = 0x0b;
const loop = [0x03, EMPTY];
const again = [0x0d, 0];
const vector = (...operation: number[]) => [0xfd, ...operation];
const load = (offset: number) => vector(0x00, 2, offset);
const zero = vector(0x0c, ...Array.from({ length: 16 }, () => 0));
const multiply = vector(0xe6, 0x01);
const addVectors = vector(0xe4, 0x01);
const lane = (index: number) => vector(0x1f, index);
const float = (value: number) => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)];
const [addFloats, floor, least, most] = [0x92, 0x8e, 0x96, 0x97];

/** Adds four taps times their weights to a sum. */
const accumulate = (sum: number, offset: number) => [
  ...[...get(sum), ...get(0), ...get(8), add, ...load(offset), ...get(1), ...get(8), add, ...load(offset)],
  ...[...multiply, ...addVectors, ...set(sum)],
];

const body = [
  // Locals: one i32, two vectors.
  ...[2, 1, I32, 2, V128],
  ...loop,
  ...[...zero, ...set(9), ...zero, ...set(10), ...constant(0), ...set(8)],
  ...loop,
  ...[...accumulate(9, 0), ...accumulate(10, 16)],
  // The next eight taps (32 bytes), while there are any.
  ...[...get(8), ...constant(32), add, ...tee(8), ...get(2), 0x49, ...again, end],
  // The sum of the lanes, rounded and held within 16 bits, is stored.
  ...[...get(6), ...get(9), ...get(10), ...addVectors, ...tee(9), ...lane(0)],
  ...[1, 2, 3].flatMap((index) => [...get(9), ...lane(index), addFloats]),
  ...[...float(0.5), addFloats, floor, ...float(-32_768), most, ...float(32_767), least, 0xfc, 0x00, 0x3b, 1, 0],
  // On to the next output's taps and row; past the last row the taps move one further.
  ...[...get(0), ...get(5), add, ...set(0), ...get(1), ...get(4), add, ...tee(1), ...get(3), 0x4f, 0x04, EMPTY],
  ...[...get(1), ...get(3), 0x6b, ...set(1), ...get(0), ...constant(4), add, ...set(0), end],
  ...[...get(6), ...constant(2), add, ...tee(6), ...get(7), 0x49, ...again, end],
  end,
];

const section = (id: number, content: readonly number[]) => [id, ...length(content), ...content];
const code = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 8, ...Array.from({ length: 8 }, () => I32), 0]),
  ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 0, 1]),
  ...section(3, [1, 0]),
  ...section(7, [1, 1, 0x66, 0, 0]),
  ...section(10, [1, ...length(body), ...body]),
]);

/** The length, in the variable-length form that WebAssembly writes numbers in. */
function length(content: readonly number[]): number[] {
  const count = content.length;
  return count < 128 ? [count] : [(count & 0x7f) | 0x80, count >> 7];
}
