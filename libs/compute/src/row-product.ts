import { batchMatMul, matMul, reshape, sumFirst, type Engine, type Tensor } from '@rocinante/engine';

/**
 * Below this many columns of `a` the product is made in fixed pieces. TensorFlow cuts a product with few rows and a long
 * inner dimension by the number of threads (seen at up to 8 rows), and the sums' order with it.
 */
const WHOLE_COLUMNS_MIN = 16;

/**
 * aᵀ·d, the sum over all rows: `a` [T·B, M] and `d` [T·B, N] give [M, N], the same bits with any number of threads.
 *
 * Order: for M below 16 the T groups of B rows are multiplied each by itself and then added in order; otherwise one
 * product, whose blocks oneDNN chooses by the shape alone.
 */
export function transposedProduct(engine: Engine, a: Tensor, d: Tensor, T: number): Tensor {
  const [rows, M] = a.shape as [number, number];
  const N = d.shape[1];
  if (M >= WHOLE_COLUMNS_MIN) return matMul(engine, a, d, { a: true });
  return engine.scope(() => {
    const B = rows / T;
    const a_TBM = reshape(engine, a, [T, B, M]);
    const d_TBN = reshape(engine, d, [T, B, N]);
    return sumFirst(engine, batchMatMul(engine, a_TBM, d_TBN, { a: true }));
  });
}
