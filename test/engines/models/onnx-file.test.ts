// ONNX files as they are written and read again, and as ONNX Runtime reads them.
import { describe, expect, it } from 'vitest';
import { type Attribute, DataType, ModelFormatError } from '../../../src/engines/models/onnx/graph.ts';
import { decodeOnnx, encodeOnnx } from '../../../src/engines/models/onnx/onnx-file.ts';
import { MessageWriter } from '../../../src/engines/models/onnx/protobuf.ts';
import { branching, floats, graph, model, node, runBranching } from './onnx-graphs.ts';

describe('an ONNX file', () => {
  it('is read as what was written, with every kind of attribute', () => {
    const attributes: Record<string, Attribute> = {
      float: { type: 'float', value: -0.5 },
      zero: { type: 'float', value: 0 },
      int: { type: 'int', value: -(2n ** 63n) },
      none: { type: 'int', value: 0n },
      string: { type: 'string', value: 'tür' },
      tensor: { type: 'tensor', value: floats('t', [2, 1], [1, 2]) },
      graph: { type: 'graph', value: graph({ name: 'inner', nodes: [node('Neg', ['x'], ['y'])] }) },
      floats: { type: 'floats', value: [1.5, -2] },
      ints: { type: 'ints', value: [300n, -1n, 0n, 2n ** 62n] },
      empty: { type: 'ints', value: [] },
      strings: { type: 'strings', value: ['a', ''] },
    };
    const written = model({
      nodes: [node('Some', ['x', '', 'z'], ['y', ''], attributes), { ...node('Other', [], ['o']), domain: 'com.microsoft' }],
      initializers: [floats('w', [0], []), { name: 'q', type: DataType.int8, dims: [3], data: Uint8Array.of(255, 0, 127) }],
      inputs: [
        { name: 'x', type: DataType.float, shape: [1, 'length', undefined] },
        { name: 'scalar', type: DataType.int64, shape: [] },
      ],
      outputs: [{ name: 'y', type: DataType.float }],
    });
    expect(plain(decodeOnnx(encodeOnnx(written)))).toEqual(plain(written));
  });

  it('has the same bytes each time', () => {
    expect(Buffer.compare(encodeOnnx(branching()), encodeOnnx(branching()))).toBe(0);
  });

  it('runs in ONNX Runtime, and still does after it was read and written again', async () => {
    const bytes = encodeOnnx(branching());
    expect(await runBranching(bytes, true)).toEqual([11, 21]);
    expect(await runBranching(bytes, false)).toEqual([1, 11]);
    const again = encodeOnnx(decodeOnnx(bytes));
    expect(Buffer.compare(again, bytes)).toBe(0);
  });

  it('may hold numbers one by one in place of raw data', () => {
    const message = new MessageWriter();
    message.message(7, (inner) => {
      inner.message(5, (tensor) => {
        tensor.varint(1, 2);
        tensor.varint(2, DataType.float);
        tensor.float(4, 0.25);
        tensor.float(4, -8);
        tensor.string(8, 'fractions');
      });
      inner.message(5, (tensor) => {
        tensor.packed(1, [3]);
        tensor.varint(2, DataType.int64);
        tensor.packed(7, [-1, 0, 300]);
        tensor.string(8, 'whole');
      });
      inner.message(5, (tensor) => {
        tensor.varint(2, DataType.int8);
        tensor.packed(5, [-2]);
        tensor.string(8, 'small');
      });
    });
    const [fractions, whole, small] = decodeOnnx(Buffer.concat(message.parts)).graph.initializers;
    expect(plain(fractions)).toEqual(plain(floats('fractions', [2], [0.25, -8])));
    expect(plain(whole)).toMatchObject({ dims: [3], data: [...new Uint8Array(BigInt64Array.of(-1n, 0n, 300n).buffer)] });
    expect(plain(small)).toMatchObject({ dims: [], data: [254] });
  });

  it('that is cut off anywhere or is something else is refused as such', () => {
    const bytes = encodeOnnx(branching());
    for (let length = 1; length < bytes.length - 8; length += 7) {
      expect(() => decodeOnnx(bytes.subarray(0, length)), `${length} bytes`).toThrow(ModelFormatError);
    }
    expect(() => decodeOnnx(Buffer.from('PK\u0003\u0004 this is no model'))).toThrow(ModelFormatError);
  });
});

/** With lists in place of bytes, and objects in place of maps: views of larger buffers then compare as what they hold. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each: unknown) => {
      if (Buffer.isBuffer(each) || each instanceof Uint8Array) return [...each];
      if (each instanceof Map) return [...each];
      if (typeof each === 'bigint') return `${each}n`;
      if (isBufferJson(each)) return each.data;
      return each;
    }),
  );
}

function isBufferJson(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
}
