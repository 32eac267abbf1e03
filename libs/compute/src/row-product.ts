import { joinColumns, matMul, sliceFirst, type Engine, type Tensor } from '@rocinante/engine';

/**
 * With fewer columns of `a` oneDNN cuts the long inner dimension by the number of threads, and the sums' order with it; small
 * products in fixed pieces (`BatchMatMulV2`) are no way out, since without AVX-512 their bits depend on the threads too.
 */
const COLUMNS_MIN = 16;

/**
 * aᵀ·d, the sum over all rows: `a` [N, M] and `d` [N, C] give [M, C], the same bits with any number of threads.
 *
 * Order: oneDNN's, by the shape alone. Where M is below 16, `a` is filled up with columns of zeros.
 */
export function transposedProduct(engine: Engine, a: Tensor, d: Tensor): Tensor {
  const [rows, M] = a.shape as [number, number];
  if (M >= COLUMNS_MIN) return matMul(engine, a, d, { a: true });
  return engine.scope(() => {
    const room = COLUMNS_MIN - M;
    const zeros = engine.float32(new Float32Array(rows * room), [rows, room]);
    return sliceFirst(engine, matMul(engine, joinColumns(engine, [a, zeros]), d, { a: true }), 0, M);
  });
}
