// Small graphs made by hand, and a way to run one.
import ort from 'onnxruntime-node';
import { type Attribute, DataType, type Graph, type Model, type Node, type Tensor } from '../../../src/engines/models/onnx/graph.ts';
import { encodeOnnx } from '../../../src/engines/models/onnx/onnx-file.ts';

export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Node {
  return { name: `${op} of ${outputs.join()}`, op, domain: '', inputs, outputs, attributes: new Map(Object.entries(attributes)) };
}

export function floats(name: string, dims: readonly number[], values: readonly number[]): Tensor {
  return { name, type: DataType.float, dims, data: new Uint8Array(Float32Array.from(values).buffer) };
}

export function graph(parts: Partial<Graph>): Graph {
  return { name: 'graph', nodes: [], initializers: [], inputs: [], outputs: [], ...parts };
}

export function model(parts: Partial<Graph>): Model {
  return { irVersion: 8, opsets: [{ domain: '', version: 17 }], graph: graph(parts) };
}

/** y = x + 1 where `more` is true, else x − scale: an `If` whose branches use names from around it. */
export function branching(): Model {
  const number = (name: string) => ({ name, type: DataType.float, shape: [2] });
  const upper = graph({
    name: 'more',
    nodes: [node('Add', ['x', 'one'], ['raised'])],
    initializers: [floats('one', [1], [1])],
    outputs: [number('raised')],
  });
  const lower = graph({ name: 'less', nodes: [node('Sub', ['x', 'scaled'], ['lowered'])], outputs: [number('lowered')] });
  return model({
    nodes: [
      node('Mul', ['scale', 'scale'], ['scaled']),
      node('If', ['more'], ['y'], { then_branch: { type: 'graph', value: upper }, else_branch: { type: 'graph', value: lower } }),
    ],
    initializers: [floats('scale', [1], [3])],
    inputs: [number('x'), { name: 'more', type: DataType.bool, shape: [] }],
    outputs: [number('y')],
  });
}

export const sessionOptions: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 3,
  // Older processors would otherwise cap sums of products in eight bits.
  extra: { session: { x64quantprecision: '1' } },
};

/** Runs the model as ONNX Runtime reads it from the bytes of a file. */
export async function run(from: Model | Uint8Array, feeds: Readonly<Record<string, ort.Tensor>>): Promise<Record<string, ort.Tensor>> {
  const session = await ort.InferenceSession.create(from instanceof Uint8Array ? from : encodeOnnx(from), sessionOptions);
  try {
    return { ...(await session.run(feeds)) };
  } finally {
    await session.release();
  }
}

export async function runBranching(from: Model | Uint8Array, more: boolean): Promise<number[]> {
  const { y } = await run(from, { x: new ort.Tensor('float32', [10, 20], [2]), more: new ort.Tensor('bool', [more], []) });
  return [...((y?.data ?? []) as Float32Array)];
}
