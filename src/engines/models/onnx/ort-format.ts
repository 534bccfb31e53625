// Reads models in ONNX Runtime's own format (.ort): FlatBuffers by the schema ort.fbs. Slots are named where they are read.
import { Table } from './flatbuffers.ts';
import { type Attribute, type Graph, type Model, ModelFormatError, type Node, type Tensor, type Value } from './graph.ts';
import { topological } from './order.ts';

/** The tensors of the result are views of `bytes`. */
export function readOrt(bytes: Uint8Array): Model {
  const model = Table.root(bytes, 'ORTM').table(1);
  const graph = model?.table(7);
  if (model === undefined || graph === undefined) throw new ModelFormatError('The file holds no model.');
  return {
    irVersion: Number(model.int64(0)),
    opsets: model.tables(1).map((opset) => ({ domain: opset.string(0), version: Number(opset.int64(1)) })),
    graph: readGraph(graph, 'main'),
  };
}

function readGraph(graph: Table, name: string): Graph {
  const values = new Map(graph.tables(1).map((value) => [value.string(0), value] as const));
  const initializers = graph.tables(0).map(readTensor);
  return {
    name,
    nodes: topological(graph.tables(2).map(readNode)),
    initializers,
    inputs: graph.strings(5).map((input) => readValue(input, values.get(input))),
    outputs: graph.strings(6).map((output) => readValue(output, values.get(output))),
  };
}

function readNode(node: Table): Node {
  const inputs = node.strings(8);
  while (inputs.at(-1) === '') inputs.pop();
  return {
    name: node.string(0),
    domain: node.string(2),
    op: node.string(5),
    inputs,
    outputs: node.strings(9),
    attributes: new Map(node.tables(10).map((attribute) => [attribute.string(0), readAttribute(attribute)])),
  };
}

function readAttribute(attribute: Table): Attribute {
  const type = attribute.int32(2);
  if (type === 1) return { type: 'float', value: attribute.float(3) };
  if (type === 2) return { type: 'int', value: attribute.int64(4) };
  if (type === 3) return { type: 'string', value: attribute.string(5) };
  if (type === 4) return { type: 'tensor', value: readTensor(present(attribute.table(6))) };
  if (type === 5) return { type: 'graph', value: readGraph(present(attribute.table(7)), attribute.string(0)) };
  if (type === 6) return { type: 'floats', value: attribute.floats(8) };
  if (type === 7) return { type: 'ints', value: attribute.int64s(9) };
  if (type === 8) return { type: 'strings', value: attribute.strings(10) };
  throw new ModelFormatError(`The attribute '${attribute.string(0)}' is of a kind that is not supported (${type}).`);
}

function readTensor(tensor: Table): Tensor {
  return { name: tensor.string(0), dims: tensor.int64s(2).map(Number), type: tensor.int32(3), data: tensor.bytes(4) };
}

function readValue(name: string, value: Table | undefined): Value {
  // A value that is no tensor has another table here; models with such inputs or outputs are not read.
  const info = value?.table(2);
  const tensor = info?.table(2);
  const shape = tensor?.table(1);
  return {
    name,
    type: tensor?.int32(0) ?? 0,
    ...(shape && { shape: shape.tables(0).map((dimension) => readDimension(dimension.table(0))) }),
  };
}

function readDimension(value: Table | undefined): number | string | undefined {
  const kind = value?.uint8(0) ?? 0;
  if (kind === 1) return Number(value?.int64(1));
  if (kind === 2) return value?.string(2) || undefined;
  return undefined;
}

function present(table: Table | undefined): Table {
  if (table === undefined) throw new ModelFormatError('An attribute has no value.');
  return table;
}
