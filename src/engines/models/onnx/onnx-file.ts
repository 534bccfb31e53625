// Reads and writes .onnx files: Protocol Buffers by the schema onnx.proto, as far as graphs of tensors need it.
import { type Attribute, DataType, type Graph, type Model, ModelFormatError, type Node, type Tensor, type Value } from './graph.ts';
import { type Field, fields, MessageWriter, varints } from './protobuf.ts';

/** The same bytes for the same model. */
export function encodeOnnx(model: Model): Uint8Array {
  const message = new MessageWriter();
  message.varint(1, model.irVersion);
  message.message(7, (graph) => writeGraph(graph, model.graph));
  for (const { domain, version } of model.opsets) {
    message.message(8, (opset) => {
      opset.string(1, domain);
      opset.varint(2, version);
    });
  }
  return Buffer.concat(message.parts, message.length);
}

/** The tensors of the result are views of `bytes` where the file holds them as raw data. What the file says beyond `Model` is left out. */
export function decodeOnnx(bytes: Uint8Array): Model {
  let irVersion = 0;
  let graph: Graph | undefined;
  const opsets: { domain: string; version: number }[] = [];
  for (const field of fields(bytes)) {
    if (field.field === 1) irVersion = Number(whole(field));
    else if (field.field === 7) graph = readGraph(inner(field));
    else if (field.field === 8) opsets.push(readOpset(inner(field)));
  }
  if (graph === undefined) throw new ModelFormatError('The file holds no graph.');
  return { irVersion, opsets, graph };
}

function writeGraph(message: MessageWriter, graph: Graph): void {
  for (const node of graph.nodes) message.message(1, (inner) => writeNode(inner, node));
  message.string(2, graph.name);
  for (const tensor of graph.initializers) message.message(5, (inner) => writeTensor(inner, tensor));
  for (const value of graph.inputs) message.message(11, (inner) => writeValue(inner, value));
  for (const value of graph.outputs) message.message(12, (inner) => writeValue(inner, value));
}

function writeNode(message: MessageWriter, node: Node): void {
  for (const input of node.inputs) message.string(1, input);
  for (const output of node.outputs) message.string(2, output);
  message.string(3, node.name);
  message.string(4, node.op);
  for (const [name, attribute] of node.attributes) message.message(5, (inner) => writeAttribute(inner, name, attribute));
  if (node.domain !== '') message.string(7, node.domain);
}

/** AttributeProto.AttributeType. */
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;

function writeAttribute(message: MessageWriter, name: string, attribute: Attribute): void {
  message.string(1, name);
  if (attribute.type === 'float') message.float(2, attribute.value);
  else if (attribute.type === 'int') message.varint(3, attribute.value);
  else if (attribute.type === 'string') message.string(4, attribute.value);
  else if (attribute.type === 'tensor') message.message(5, (inner) => writeTensor(inner, attribute.value));
  else if (attribute.type === 'graph') message.message(6, (inner) => writeGraph(inner, attribute.value));
  else if (attribute.type === 'floats') for (const value of attribute.value) message.float(7, value);
  else if (attribute.type === 'ints') for (const value of attribute.value) message.varint(8, value);
  else for (const value of attribute.value) message.string(9, value);
  message.varint(20, ATTRIBUTE_TYPES[attribute.type]);
}

function writeTensor(message: MessageWriter, tensor: Tensor): void {
  message.packed(1, tensor.dims);
  message.varint(2, tensor.type);
  message.string(8, tensor.name);
  message.bytes(9, tensor.data);
}

function writeValue(message: MessageWriter, value: Value): void {
  message.string(1, value.name);
  message.message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.varint(1, value.type);
      const { shape } = value;
      if (shape === undefined) return;
      tensor.message(2, (dimensions) => {
        for (const dimension of shape) {
          dimensions.message(1, (inner) => {
            if (typeof dimension === 'number') inner.varint(1, dimension);
            else if (dimension !== undefined) inner.string(2, dimension);
          });
        }
      });
    }),
  );
}

function readOpset(message: Uint8Array): { domain: string; version: number } {
  const opset = { domain: '', version: 0 };
  for (const field of fields(message)) {
    if (field.field === 1) opset.domain = text(field);
    else if (field.field === 2) opset.version = Number(whole(field));
  }
  return opset;
}

function readGraph(message: Uint8Array): Graph {
  let name = '';
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  const inputs: Value[] = [];
  const outputs: Value[] = [];
  for (const field of fields(message)) {
    if (field.field === 1) nodes.push(readNode(inner(field)));
    else if (field.field === 2) name = text(field);
    else if (field.field === 5) initializers.push(readTensor(inner(field)));
    else if (field.field === 11) inputs.push(readValue(inner(field)));
    else if (field.field === 12) outputs.push(readValue(inner(field)));
  }
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(message: Uint8Array): Node {
  const node = { name: '', op: '', domain: '', inputs: [] as string[], outputs: [] as string[], attributes: new Map<string, Attribute>() };
  for (const field of fields(message)) {
    if (field.field === 1) node.inputs.push(text(field));
    else if (field.field === 2) node.outputs.push(text(field));
    else if (field.field === 3) node.name = text(field);
    else if (field.field === 4) node.op = text(field);
    else if (field.field === 5) node.attributes.set(...readAttribute(inner(field)));
    else if (field.field === 7) node.domain = text(field);
  }
  return node;
}

function readAttribute(message: Uint8Array): [string, Attribute] {
  let name = '';
  let type = 0;
  const found = new Map<number, Field[]>();
  for (const field of fields(message)) {
    if (field.field === 1) name = text(field);
    else if (field.field === 20) type = Number(whole(field));
    else found.set(field.field, [...(found.get(field.field) ?? []), field]);
  }
  const all = (number: number) => found.get(number) ?? [];
  // Absent numbers and texts are zero and empty, as Protocol Buffers has it.
  const [first] = all(type + 1);
  if (type === 1) return [name, { type: 'float', value: first ? (floats(first)[0] ?? 0) : 0 }];
  if (type === 2) return [name, { type: 'int', value: first ? whole(first) : 0n }];
  if (type === 3) return [name, { type: 'string', value: first ? text(first) : '' }];
  if (type === 4 && first) return [name, { type: 'tensor', value: readTensor(inner(first)) }];
  if (type === 5 && first) return [name, { type: 'graph', value: readGraph(inner(first)) }];
  if (type === 6) return [name, { type: 'floats', value: all(7).flatMap(floats) }];
  if (type === 7) return [name, { type: 'ints', value: all(8).flatMap(varints) }];
  if (type === 8) return [name, { type: 'strings', value: all(9).map(text) }];
  throw new ModelFormatError(`The attribute '${name}' is of a kind that is not supported (${type}).`);
}

function readTensor(message: Uint8Array): Tensor {
  let name = '';
  let type = 0;
  const dims: number[] = [];
  let data: Uint8Array = new Uint8Array(0);
  const numbers: bigint[] = [];
  const fractions: number[] = [];
  for (const field of fields(message)) {
    if (field.field === 1) dims.push(...varints(field).map(Number));
    else if (field.field === 2) type = Number(whole(field));
    else if (field.field === 4) fractions.push(...floats(field));
    else if (field.field === 5 || field.field === 7) numbers.push(...varints(field));
    else if (field.field === 8) name = text(field);
    else if (field.field === 9) data = inner(field);
    else if (field.field === 13 || field.field === 14) throw new ModelFormatError(`The tensor '${name}' is kept in another file.`);
  }
  if (fractions.length > 0) data = new Uint8Array(Float32Array.from(fractions).buffer);
  else if (numbers.length > 0) data = wholeNumbers(type, numbers);
  return { name, type, dims, data };
}

function wholeNumbers(type: number, numbers: readonly bigint[]): Uint8Array {
  if (type === DataType.int64) return new Uint8Array(BigInt64Array.from(numbers).buffer);
  const small = numbers.map(Number);
  if (type === DataType.int32) return new Uint8Array(Int32Array.from(small).buffer);
  if (type === DataType.float16) return new Uint8Array(Uint16Array.from(small).buffer);
  if (type === DataType.int8 || type === DataType.uint8 || type === DataType.bool) return Uint8Array.from(small);
  throw new ModelFormatError(`A tensor holds its elements in a way that is not supported (type ${type}).`);
}

function readValue(message: Uint8Array): Value {
  let name = '';
  let type = 0;
  let shape: Value['shape'];
  for (const field of fields(message)) {
    if (field.field === 1) name = text(field);
    if (field.field !== 2) continue;
    for (const kind of fields(inner(field))) {
      if (kind.field !== 1) continue;
      for (const part of fields(inner(kind))) {
        if (part.field === 1) type = Number(whole(part));
        else if (part.field === 2)
          shape = [...fields(inner(part))].filter((each) => each.field === 1).map((each) => readDimension(inner(each)));
      }
    }
  }
  return { name, type, ...(shape && { shape }) };
}

function readDimension(message: Uint8Array): number | string | undefined {
  for (const field of fields(message)) {
    if (field.field === 1) return Number(whole(field));
    if (field.field === 2) return text(field);
  }
  return undefined;
}

function inner(field: Field): Uint8Array {
  if (field.kind !== 'bytes') throw new ModelFormatError('A field that should hold a message or a text holds a number.');
  return field.value;
}

function text(field: Field): string {
  return new TextDecoder().decode(inner(field));
}

function whole(field: Field): bigint {
  if (field.kind !== 'varint') throw new ModelFormatError('A field that should hold a whole number holds something else.');
  return BigInt.asIntN(64, field.value);
}

/** The numbers of a repeated float, whether packed or one by one. */
function floats(field: Field): number[] {
  if (field.kind === 'varint') throw new ModelFormatError('A field that should hold fractions holds a whole number.');
  const view = new DataView(field.value.buffer, field.value.byteOffset, field.value.byteLength);
  return Array.from({ length: view.byteLength >> 2 }, (_, index) => view.getFloat32(4 * index, true));
}
