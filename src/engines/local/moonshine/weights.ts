// Finds Moonshine's weights in the graphs it is shipped as: by the names of the layers, which the export kept.
import type { Graph, Node, Tensor } from '../../models/onnx/graph.ts';
import { DataType, ModelFormatError } from '../../models/onnx/graph.ts';
import type { QuantisedMatrix } from '../../models/onnx/quantised.ts';

/** The shipped model keeps a weight in eight bits and makes it a fraction at every run: Cast, Mul by the scale, Add of the offset. */
interface Eight {
  readonly tensor: Tensor;
  readonly scale: number;
  readonly offset: number;
}

export class Weights {
  readonly #tensors = new Map<string, Tensor>();
  readonly #makers = new Map<string, Node>();
  readonly #nodes = new Map<string, Node>();

  constructor(graphs: readonly Graph[]) {
    for (const graph of graphs) {
      for (const tensor of graph.initializers) this.#tensors.set(tensor.name, tensor);
      for (const node of graph.nodes) {
        this.#nodes.set(node.name, node);
        for (const output of node.outputs) this.#makers.set(output, node);
      }
    }
  }

  /** The matrix among the inputs of the node: the right side of a multiplication. */
  matrix(node: string, input = 1): QuantisedMatrix {
    const { tensor, scale, offset } = this.#eight(this.#input(node, input));
    const [rows, columns] = tensor.dims;
    if (rows === undefined || columns === undefined || tensor.dims.length !== 2)
      throw new ModelFormatError(`'${node}' multiplies by no matrix.`);
    // The offset is a whole number of steps, so that nothing is rounded here.
    const zeroPoint = -offset / scale;
    const whole = Math.round(zeroPoint);
    if (Math.abs(zeroPoint - whole) > 1e-3 || Math.abs(whole) > 127)
      throw new ModelFormatError(`The offset of '${node}' is no whole number of steps.`);
    const values = new Int8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
    return { rows, columns, values, scales: Float32Array.of(scale), zeroPoints: Int8Array.of(whole) };
  }

  /** An eight-bit weight of the node as fractions. */
  widened(node: string, input: number): { values: Float32Array; dims: readonly number[] } {
    const { tensor, scale, offset } = this.#eight(this.#input(node, input));
    const steps = new Int8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
    return { values: Float32Array.from(steps, (step) => Math.fround(step * scale) + offset), dims: tensor.dims };
  }

  /** The constant fractions among the node's inputs. */
  vector(node: string): Float32Array {
    const names = this.#node(node).inputs;
    const found = names.flatMap((name) => this.#tensors.get(name) ?? []).find(({ type }) => type === DataType.float);
    if (found === undefined) throw new ModelFormatError(`'${node}' has no constant.`);
    return fractions(found);
  }

  #eight(name: string): Eight {
    const add = this.#maker(name, 'Add');
    const multiply = this.#maker(add.inputs[0] ?? '', 'Mul');
    const cast = this.#maker(multiply.inputs[0] ?? '', 'Cast');
    const tensor = this.#tensors.get(cast.inputs[0] ?? '');
    const scale = this.#tensors.get(multiply.inputs[1] ?? '');
    const offset = this.#tensors.get(add.inputs[1] ?? '');
    if (tensor?.type !== DataType.int8 || !scale || !offset) throw new ModelFormatError(`'${name}' is no weight in eight bits.`);
    return { tensor, scale: fractions(scale)[0] ?? 0, offset: fractions(offset)[0] ?? 0 };
  }

  #input(node: string, index: number): string {
    return this.#node(node).inputs[index] ?? '';
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new ModelFormatError(`The model has no node '${name}'.`);
    return node;
  }

  #maker(value: string, op: string): Node {
    const node = this.#makers.get(value);
    if (node?.op !== op) throw new ModelFormatError(`'${value}' should come from a node ${op} and does not.`);
    return node;
  }
}

/** A copy, since a tensor in a file may begin at any byte. */
function fractions(tensor: Tensor): Float32Array {
  const view = new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  return Float32Array.from({ length: view.byteLength >> 2 }, (_, index) => view.getFloat32(4 * index, true));
}
