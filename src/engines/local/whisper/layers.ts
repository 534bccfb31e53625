// What the layers of Whisper's encoder and decoder have in common.
import type { GraphBuilder } from '../../models/onnx/builder.ts';
import { ModelFormatError } from '../../models/onnx/graph.ts';
import { type QuantisedMatrix, quantised, sideBySide } from '../../models/onnx/quantised.ts';
import type { Ct2File } from './ct2-file.ts';

/** Whisper base. */
export const LAYERS = 6;
export const HEADS = { count: 8, width: 64 };
export const WIDTH = HEADS.count * HEADS.width;
const EPSILON = 1e-5;

export class Layers {
  readonly graph: GraphBuilder;
  readonly #weights: Ct2File;

  constructor(graph: GraphBuilder, weights: Ct2File) {
    this.graph = graph;
    this.#weights = weights;
  }

  /** A weight as it is. */
  constant(name: string): string {
    const { values, dims } = this.#weights.get(name);
    return this.graph.floats(name, values, dims);
  }

  vector(name: string): Float32Array {
    return this.#weights.get(name).values;
  }

  matrix(name: string): QuantisedMatrix {
    const { values, dims } = this.#weights.get(`${name}/weight`);
    const [, rows] = dims;
    if (rows === undefined || dims.length !== 2) throw new ModelFormatError(`'${name}' is no matrix.`);
    return quantised(values, rows);
  }

  linear(name: string, value: string): string {
    return this.graph.linear(name, value, this.matrix(name), this.vector(`${name}/bias`));
  }

  /** Several multiplications of the same value in one. */
  linears(name: string, value: string, names: readonly string[]): string {
    const bias = names.flatMap((each) => [...this.vector(`${each}/bias`)]);
    return this.graph.linear(name, value, sideBySide(names.map((each) => this.matrix(each))), Float32Array.from(bias));
  }

  normalise(name: string, value: string, output?: string): string {
    const inputs = [value, this.constant(`${name}/gamma`), this.constant(`${name}/beta`)];
    return this.graph.op('LayerNormalization', name, inputs, { axis: -1n, epsilon: EPSILON }, output);
  }

  /** Queries, keys and values of a layer's attention to its own side. */
  own(layer: string, value: string): [string, string, string] {
    const normed = this.normalise(`${layer}/self_attention/layer_norm`, value);
    const joined = this.linear(`${layer}/self_attention/linear_0`, normed);
    const [query = '', key = '', values = ''] = this.graph.split(`${layer}/self_attention/parts`, joined, [WIDTH, WIDTH, WIDTH]);
    return [query, key, values];
  }

  /** The sum of a value and what the named multiplication makes of a branch of it. */
  add(name: string, value: string, branch: string): string {
    return this.graph.op('Add', `${name}/sum`, [value, this.linear(name, branch)]);
  }

  feed(layer: string, value: string): string {
    const normed = this.normalise(`${layer}/ffn/layer_norm`, value);
    const wide = this.graph.fused('Gelu', `${layer}/ffn/gelu`, [this.linear(`${layer}/ffn/linear_0`, normed)]);
    return this.add(`${layer}/ffn/linear_1`, value, wide);
  }
}
