import { assert } from '@rocinante/base';

/** Rows orthogonalised at once against each row before them, which then is read once for all of them. */
const PANEL_ROWS = 4;

/**
 * Makes a matrix's rows orthonormal, in place, by modified Gram-Schmidt (Golub and Van Loan, section 5.2.8) in float64.
 *
 * This is Keras's orthogonal initialiser for a matrix that is wider than tall: the QR factorisation of the transposed
 * matrix, with the columns of Q turned so that R's diagonal is positive. That factorisation is unique, and it is the
 * one that Gram-Schmidt gives, R's diagonal being lengths. One pass is enough for what it is used for: a normal random
 * matrix of four columns a row is so well conditioned that the rows are orthogonal to within a few units of float64.
 * @param matrix [rows, columns], row-major, its rows linearly independent.
 */
export function orthonormaliseRows(matrix: Float64Array, rows: number, columns: number): void {
  assert(
    matrix.length === rows * columns && rows <= columns,
    `[${rows}, ${columns}] is no matrix of this kind`,
  );
  const row = (index: number): Float64Array => matrix.subarray(index * columns, (index + 1) * columns);
  for (let first = 0; first < rows; first += PANEL_ROWS) {
    const last = Math.min(first + PANEL_ROWS, rows);
    if (last - first === PANEL_ROWS) {
      const [a, b, c, d] = [row(first), row(first + 1), row(first + 2), row(first + 3)];
      for (let done = 0; done < first; done++) removeComponents(row(done), a, b, c, d);
    } else {
      for (let target = first; target < last; target++) {
        for (let done = 0; done < first; done++) removeComponent(row(done), row(target));
      }
    }
    for (let target = first; target < last; target++) {
      for (let done = first; done < target; done++) removeComponent(row(done), row(target));
      normalise(row(target));
    }
  }
}

/** Subtracts from four rows their components along the unit vector q. */
function removeComponents(
  q: Float64Array,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  d: Float64Array,
): void {
  let alongA = 0;
  let alongB = 0;
  let alongC = 0;
  let alongD = 0;
  for (let i = 0; i < q.length; i++) {
    const qi = q[i];
    alongA += qi * a[i];
    alongB += qi * b[i];
    alongC += qi * c[i];
    alongD += qi * d[i];
  }
  for (let i = 0; i < q.length; i++) {
    const qi = q[i];
    a[i] -= qi * alongA;
    b[i] -= qi * alongB;
    c[i] -= qi * alongC;
    d[i] -= qi * alongD;
  }
}

/** Subtracts from a row its component along the unit vector q. */
function removeComponent(q: Float64Array, row: Float64Array): void {
  let along = 0;
  for (let i = 0; i < q.length; i++) along += q[i] * row[i];
  for (let i = 0; i < q.length; i++) row[i] -= q[i] * along;
}

function normalise(row: Float64Array): void {
  let squares = 0;
  for (const value of row) squares += value * value;
  const length = Math.sqrt(squares);
  assert(length > 0, 'the rows are linearly dependent');
  for (let i = 0; i < row.length; i++) row[i] /= length;
}
