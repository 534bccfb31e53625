// Matrices in eight bits, multiplied by ONNX Runtime and by hand.
import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../src/engines/models/onnx/builder.ts';
import { DataType, ModelFormatError } from '../../../src/engines/models/onnx/graph.ts';
import { type QuantisedMatrix, quantised, sideBySide, transposed } from '../../../src/engines/models/onnx/quantised.ts';
import { run } from './onnx-graphs.ts';

/** Numbers that look random and are the same each time. */
function wobble(length: number, seed: number): number[] {
  return Array.from({ length }, (_, index) => Math.sin((index + 1) * (12.9898 + seed)) * 43_758.5453).map(
    (value) => (value - Math.floor(value)) * 2 - 1,
  );
}

function matrix(rows: number, columns: number, scale: number, zeroPoint: number, seed: number): QuantisedMatrix {
  const values = Int8Array.from(wobble(rows * columns, seed), (value) => Math.round(value * 127));
  return { rows, columns, values, scales: Float32Array.of(scale), zeroPoints: Int8Array.of(zeroPoint) };
}

function product(left: readonly number[], right: QuantisedMatrix, bias: readonly number[]): number[] {
  const { rows, columns, values, scales, zeroPoints } = right;
  return Array.from({ length: (left.length / rows) * columns }, (_, index) => {
    const column = index % columns;
    const top = Math.floor(index / columns) * rows;
    let sum = bias[column] ?? 0;
    for (let row = 0; row < rows; row++) {
      const weight =
        ((values[row * columns + column] ?? 0) - (zeroPoints[zeroPoints.length > 1 ? column : 0] ?? 0)) *
        (scales[scales.length > 1 ? column : 0] ?? 0);
      sum += (left[top + row] ?? 0) * weight;
    }
    return sum;
  });
}

async function multiplied(left: readonly number[], right: QuantisedMatrix, bias?: readonly number[]): Promise<number[]> {
  const graph = new GraphBuilder('product');
  graph.input('x', DataType.float, ['n', right.rows]);
  graph.linear('y', 'x', right, bias && Float32Array.from(bias));
  graph.output('y', DataType.float, ['n', right.columns]);
  const { y } = await run(graph.build(), { x: new ort.Tensor('float32', Float32Array.from(left), [left.length / right.rows, right.rows]) });
  return [...((y?.data ?? []) as Float32Array)];
}

function expectNear(found: readonly number[], wanted: readonly number[], tolerance: number): void {
  expect(found.length).toBe(wanted.length);
  const largest = Math.max(...wanted.map(Math.abs));
  for (const [index, value] of wanted.entries())
    expect(Math.abs((found[index] ?? Number.NaN) - value), `element ${index}`).toBeLessThan(tolerance * largest);
}

describe('a matrix in eight bits', () => {
  const left = wobble(3 * 64, 1);

  it('multiplies as its fractions would, but for the rounding of the left side', async () => {
    const right = matrix(64, 48, 0.01, -17, 2);
    const bias = wobble(48, 3);
    expectNear(await multiplied(left, right, bias), product(left, right, bias), 0.01);
    expectNear(await multiplied(left, right), product(left, right, []), 0.01);
  });

  it('beside others keeps its own scale and zero point', async () => {
    const several = [matrix(64, 32, 0.01, -17, 4), matrix(64, 16, 0.5, 23, 5)];
    const both = await multiplied(left, sideBySide(several));
    for (const [index, one] of several.entries()) {
      const columns = both.filter((_, at) => (index === 0 ? at % 48 < 32 : at % 48 >= 32));
      expectNear(columns, product(left, one, []), 0.01);
    }
  });

  it('made of fractions loses less than half a step of each column', async () => {
    const columns = [0.001, 1, 50];
    const turned = Float32Array.from(columns.flatMap((size, index) => wobble(64, 7 + index).map((value) => value * size)));
    const right = quantised(turned, 64);
    expect([right.rows, right.columns]).toEqual([64, 3]);
    for (const [index, value] of turned.entries()) {
      const column = Math.floor(index / 64);
      const scale = right.scales[column] ?? 0;
      expect(Math.abs((right.values[(index % 64) * 3 + column] ?? 0) * scale - value), `element ${index}`).toBeLessThanOrEqual(
        scale * 0.5001,
      );
    }
    const found = await multiplied(left, right);
    for (const column of columns.keys()) {
      const wanted = product(
        left,
        { ...right, columns: 1, values: right.values.filter((_, at) => at % 3 === column), scales: right.scales.slice(column, column + 1) },
        [],
      );
      expectNear(
        found.filter((_, at) => at % 3 === column),
        wanted,
        0.01,
      );
    }
  });

  it('made of nothing but zeros stays so', () => {
    expect([...quantised(new Float32Array(4), 2).values]).toEqual([0, 0, 0, 0]);
  });

  it('is turned with rows for columns', () => {
    const turned = transposed(matrix(70, 130, 0.1, 3, 6));
    expect([turned.rows, turned.columns]).toEqual([130, 70]);
    const original = matrix(70, 130, 0.1, 3, 6).values;
    expect([turned.values[0], turned.values[69], turned.values[129 * 70 + 69]]).toEqual([
      original[0],
      original[69 * 130],
      original[69 * 130 + 129],
    ]);
    expect(transposed(turned)).toEqual(matrix(70, 130, 0.1, 3, 6));
  });

  it('is refused where it does not fit', () => {
    expect(() => sideBySide([matrix(2, 2, 1, 0, 1), matrix(3, 2, 1, 0, 1)])).toThrow(ModelFormatError);
    expect(() => transposed(sideBySide([matrix(2, 2, 1, 0, 1), matrix(2, 2, 2, 0, 1)]))).toThrow(ModelFormatError);
  });
});
