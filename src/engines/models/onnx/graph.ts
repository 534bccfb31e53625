// Graphs as ONNX has them, in memory: what the reader of .ort files gives and what the reader and the writer of .onnx files take and give.

/** The element types of ONNX by number (TensorProto.DataType). */
export const DataType = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, string: 8, bool: 9, float16: 10 } as const;

export interface Tensor {
  readonly name: string;
  /** One of `DataType`, or another of ONNX's numbers that is only passed on. */
  readonly type: number;
  readonly dims: readonly number[];
  /** Little-endian, in the order of the last dimension first. */
  readonly data: Uint8Array;
}

export type Attribute =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly bigint[] }
  | { readonly type: 'strings'; readonly value: readonly string[] };

export interface Node {
  readonly name: string;
  readonly op: string;
  /** '' for ONNX's own operators. */
  readonly domain: string;
  /** '' where an optional input or output is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** An input or output. A dimension is a size, the name of one that may vary, or undefined; the shape is absent when not even the rank is known. */
export interface Value {
  readonly name: string;
  readonly type: number;
  readonly shape?: readonly (number | string | undefined)[];
}

export interface Graph {
  readonly name: string;
  /** In the order in which they can run. */
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export interface Model {
  readonly irVersion: number;
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly graph: Graph;
}

/** What a file that is not in the form it should be is reported as. */
export class ModelFormatError extends Error {
  override readonly name = 'ModelFormatError';
}
