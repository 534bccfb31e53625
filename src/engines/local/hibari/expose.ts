// Makes an inner tensor of an ONNX model one of its outputs, without an ONNX library: in the protobuf format, bytes appended to a message are
// merged into it.

/** ONNX's numbers of types. */
const types = { float32: 1, int64: 7 };
// Fields of the messages ModelProto, GraphProto, ValueInfoProto, TypeProto and TypeProto.Tensor.
const [GRAPH, OUTPUT, NAME, TYPE, TENSOR_TYPE, ELEMENT_TYPE] = [7, 12, 1, 2, 1, 1];

/** The model with the tensor of that name as its last output. Nothing checks here that there is such a tensor, and of that type. */
export function expose(model: Uint8Array, tensor: string, type: keyof typeof types): Uint8Array {
  const typed = field(TENSOR_TYPE, Uint8Array.of(ELEMENT_TYPE << 3, types[type]));
  const output = field(OUTPUT, Buffer.concat([field(NAME, new TextEncoder().encode(tensor)), field(TYPE, typed)]));
  return Buffer.concat([model, field(GRAPH, output)]);
}

/** A field that holds bytes: its number and wire type 2, their count, the bytes. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
