import { AssertionError, RandomStream } from '@rocinante/base';
import { describe, expect, it } from 'vitest';
import { orthonormaliseRows } from './orthogonal.js';

function normalMatrix(rows: number, columns: number, seed = 1): Float64Array {
  const stream = new RandomStream(seed, 'simulation', rows);
  return Float64Array.from({ length: rows * columns }, () => stream.normal());
}

function dot(matrix: Float64Array, columns: number, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < columns; i++) sum += matrix[a * columns + i] * matrix[b * columns + i];
  return sum;
}

describe('orthonormaliseRows', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 33, 100])('makes %i rows orthonormal', (rows) => {
    const columns = 4 * rows;
    const matrix = normalMatrix(rows, columns);
    orthonormaliseRows(matrix, rows, columns);
    let worst = 0;
    for (let a = 0; a < rows; a++) {
      for (let b = 0; b <= a; b++) {
        worst = Math.max(worst, Math.abs(dot(matrix, columns, a, b) - (a === b ? 1 : 0)));
      }
    }
    expect(worst).toBeLessThan(1e-13);
  });

  it('is the factorisation with a lower triangle whose diagonal is positive, as the sign correction makes it', () => {
    const [rows, columns] = [9, 36];
    const before = normalMatrix(rows, columns);
    const q = before.slice();
    orthonormaliseRows(q, rows, columns);
    for (let a = 0; a < rows; a++) {
      for (let b = 0; b < rows; b++) {
        let product = 0;
        for (let i = 0; i < columns; i++) product += before[a * columns + i] * q[b * columns + i];
        if (b === a) expect(product).toBeGreaterThan(0);
        if (b > a) expect(Math.abs(product)).toBeLessThan(1e-13);
      }
    }
  });

  it('refuses a matrix that is taller than wide, or not of that size', () => {
    expect(() => orthonormaliseRows(new Float64Array(6), 3, 2)).toThrow(AssertionError);
    expect(() => orthonormaliseRows(new Float64Array(5), 2, 3)).toThrow(AssertionError);
  });
});
