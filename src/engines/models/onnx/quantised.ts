// Matrices in eight bits: element = scale × (value − zero point), with one scale and zero point for all or for each column.
import { ModelFormatError } from './graph.ts';

export interface QuantisedMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Row by row. */
  readonly values: Int8Array;
  readonly scales: Float32Array;
  readonly zeroPoints: Int8Array;
}

/** Rounds a matrix, given turned (column by column), so that the largest element of each column is 127 steps. */
export function quantised(turned: Float32Array, rows: number): QuantisedMatrix {
  const columns = turned.length / rows;
  const scales = new Float32Array(columns);
  const steps = new Int8Array(turned.length);
  for (let column = 0; column < columns; column++) {
    let most = 0;
    for (let at = column * rows; at < (column + 1) * rows; at++) most = Math.max(most, Math.abs(turned[at] ?? 0));
    const scale = Math.fround(most / 127);
    scales[column] = scale;
    if (scale > 0) for (let at = column * rows; at < (column + 1) * rows; at++) steps[at] = Math.round((turned[at] ?? 0) / scale);
  }
  return { rows, columns, values: flipped(steps, columns, rows), scales, zeroPoints: new Int8Array(columns) };
}

/** The matrices side by side, with scales of their own: one multiplication in place of several with the same left side. */
export function sideBySide(matrices: readonly QuantisedMatrix[]): QuantisedMatrix {
  const [{ rows } = { rows: 0 }] = matrices;
  const columns = matrices.reduce((sum, matrix) => sum + matrix.columns, 0);
  const values = new Int8Array(rows * columns);
  const scales = new Float32Array(columns);
  const zeroPoints = new Int8Array(columns);
  let at = 0;
  for (const matrix of matrices) {
    if (matrix.rows !== rows) throw new ModelFormatError('Matrices that belong side by side differ in height.');
    for (let row = 0; row < rows; row++) {
      values.set(matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns), row * columns + at);
    }
    for (let column = 0; column < matrix.columns; column++) {
      scales[at + column] = matrix.scales[matrix.scales.length === 1 ? 0 : column] ?? 0;
      zeroPoints[at + column] = matrix.zeroPoints[matrix.zeroPoints.length === 1 ? 0 : column] ?? 0;
    }
    at += matrix.columns;
  }
  return { rows, columns, values, scales, zeroPoints };
}

/** Swaps rows and columns of a matrix with one scale for all. */
export function transposed({ rows, columns, values, scales, zeroPoints }: QuantisedMatrix): QuantisedMatrix {
  if (scales.length !== 1) throw new ModelFormatError('A matrix with scales by column cannot be transposed.');
  return { rows: columns, columns: rows, values: flipped(values, rows, columns), scales, zeroPoints };
}

function flipped(values: Int8Array, rows: number, columns: number): Int8Array {
  const turned = new Int8Array(values.length);
  // Block by block, so that both sides stay in the processor's cache.
  for (let top = 0; top < rows; top += 64) {
    for (let left = 0; left < columns; left += 64) {
      for (let row = top; row < Math.min(top + 64, rows); row++) {
        for (let column = left; column < Math.min(left + 64, columns); column++) {
          turned[column * rows + row] = values[row * columns + column] ?? 0;
        }
      }
    }
  }
  return turned;
}
