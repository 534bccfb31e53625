// Builds graphs of transformers: values are names, each operator returns the name of what it makes.
import { type Attribute, DataType, type Model, type Node, type Tensor, type Value } from './graph.ts';
import type { QuantisedMatrix } from './quantised.ts';

/** An attribute: whole numbers are bigint, fractions number. */
type Setting = bigint | number | readonly bigint[];

const MICROSOFT = 'com.microsoft';

export class GraphBuilder {
  readonly #name: string;
  readonly #nodes: Node[] = [];
  readonly #tensors: Tensor[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #known = new Map<string, string>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Opset 17 with ONNX Runtime's own operators, which join what is slow one by one. */
  build(): Model {
    return {
      irVersion: 8,
      opsets: [
        { domain: '', version: 17 },
        { domain: MICROSOFT, version: 1 },
      ],
      graph: { name: this.#name, nodes: this.#nodes, initializers: this.#tensors, inputs: this.#inputs, outputs: this.#outputs },
    };
  }

  input(name: string, type: number, shape: Value['shape']): string {
    this.#inputs.push({ name, type, ...(shape && { shape }) });
    return name;
  }

  output(name: string, type: number, shape: Value['shape']): string {
    this.#outputs.push({ name, type, ...(shape && { shape }) });
    return name;
  }

  tensor(name: string, type: number, dims: readonly number[], data: ArrayBufferView): string {
    this.#tensors.push({ name, type, dims, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    return name;
  }

  floats(name: string, values: Float32Array, dims: readonly number[] = [values.length]): string {
    return this.tensor(name, DataType.float, dims, values);
  }

  /** A list of whole numbers, as shapes and axes are given. The same list is kept once. */
  ints(...values: readonly number[]): string {
    const name = `ints ${values.join(' ')}`;
    if (this.#known.get(name) === undefined) {
      this.#known.set(name, name);
      this.tensor(name, DataType.int64, [values.length], BigInt64Array.from(values.map(BigInt)));
    }
    return name;
  }

  /** A node of ONNX's own with one output. */
  op(op: string, name: string, inputs: readonly string[], settings: Readonly<Record<string, Setting>> = {}, output = name): string {
    this.#node(op, '', name, inputs, [output], settings);
    return output;
  }

  /** A node of ONNX Runtime's with one output. */
  fused(op: string, name: string, inputs: readonly string[], settings: Readonly<Record<string, Setting>> = {}, output = name): string {
    this.#node(op, MICROSOFT, name, inputs, [output], settings);
    return output;
  }

  /** A node with several outputs, of which '' are left out. */
  several(
    op: string,
    domain: '' | typeof MICROSOFT,
    name: string,
    inputs: readonly string[],
    outputs: readonly string[],
    settings: Readonly<Record<string, Setting>> = {},
  ): void {
    this.#node(op, domain, name, inputs, outputs, settings);
  }

  /** Cuts the last dimension, or another, into parts of the given sizes. */
  split(name: string, value: string, sizes: readonly number[], axis = -1n): string[] {
    const outputs = sizes.map((_, index) => `${name}.${index}`);
    this.#node('Split', '', name, [value, this.ints(...sizes)], outputs, { axis });
    return outputs;
  }

  /** `value` × matrix + bias in whole numbers: the value is quantised as it comes, the matrix already is. */
  linear(name: string, value: string, matrix: QuantisedMatrix, bias?: Float32Array, output = name): string {
    const { values, scales, zeroPoints, rows, columns } = matrix;
    const dims = scales.length === 1 ? [] : [columns];
    const inputs = [
      value,
      this.tensor(`${name}.weight`, DataType.int8, [rows, columns], values),
      this.floats(`${name}.scale`, scales, dims),
      this.tensor(`${name}.zero`, DataType.int8, dims, zeroPoints),
    ];
    if (bias) inputs.push(this.floats(`${name}.bias`, bias));
    return this.fused('DynamicQuantizeMatMul', name, inputs, {}, output);
  }

  #node(
    op: string,
    domain: string,
    name: string,
    inputs: readonly string[],
    outputs: readonly string[],
    settings: Readonly<Record<string, Setting>>,
  ): void {
    const attributes = new Map(Object.entries(settings).map(([key, value]) => [key, attribute(value)] as const));
    this.#nodes.push({ name, op, domain, inputs, outputs, attributes });
  }
}

function attribute(value: Setting): Attribute {
  if (typeof value === 'bigint') return { type: 'int', value };
  if (typeof value === 'number') return { type: 'float', value };
  return { type: 'ints', value };
}
