// float32 products whose bits do not follow from the number of threads (README.md: "Which products give the same bits").
import {
  addAll,
  concatenate,
  joinColumns,
  matMul,
  sliceColumns,
  sliceFirst,
  splitColumns,
  sumFirst,
  transpose,
  type Engine,
  type Tensor,
} from '@rocinante/engine';
import type { LayerWeights } from './network-weights.js';
import type { Products, WeightsName } from './products.js';

/**
 * With fewer columns of a transposed factor, oneDNN cuts the long inner dimension by the number of threads: seen with 16 and 4
 * threads too, where the other has 1,024 or 2,048 columns and they have 800 rows. With 17 to 64 it never did.
 */
const COLUMNS_MIN = 24;

/** The same for a longer inner dimension, where few rows and columns leave threads without work. */
const INNER_MAX = 2048;

/**
 * With 16 threads and more, oneDNN cuts the inner dimension of middling products by the number of threads too: seen with 104 to
 * 1,000 rows, 1,024 columns and more, and an inner dimension of 900 and more. With one of 512 it never did.
 */
const middling = { rowsMin: 65, rowsMax: 1599, columnsMin: 769, innerMax: 512 };

/**
 * Without AVX-512, oneDNN chooses the blocks of a product by the number of threads, and the order of its sums with them: seen
 * from 56 rows on. It does not with up to 48, nor in blocks of two kinds that have work enough for 16 threads: of exactly so
 * many rows, and at least so many columns and so long an inner dimension.
 */
const withoutAvx512 = {
  rowsMax: 48,
  block: { rows: 1600, columns: 512, inner: 64 },
  transposedBlock: { rows: 512, columns: 1024, inner: 64 },
};

/** Entries [start, start + count) of a dimension. */
interface Piece {
  readonly start: number;
  readonly count: number;
}

/** Products in float32: matrices enter them as they are. */
export class Float32Products implements Products {
  constructor(readonly engine: Engine) {}

  factor(matrix: Tensor): Tensor {
    return matrix;
  }

  float32Of(tensor: Tensor): Tensor {
    return tensor;
  }

  times(a: Tensor, layer: LayerWeights, name: WeightsName): Tensor {
    return product(this.engine, a, this.weights(layer, name));
  }

  roughTimes(a: Tensor, layer: LayerWeights, name: WeightsName): Tensor {
    return this.times(a, layer, name);
  }

  timesTransposed(a: Tensor, layer: LayerWeights, name: WeightsName): Tensor {
    const { engine } = this;
    // A product of few rows is twice as fast by a copy, and the other way's bits follow from the number of threads.
    const weights_4HW = layer.derived(`${name} transposed`, () =>
      transpose(engine, this.weights(layer, name)),
    );
    return product(engine, a, weights_4HW);
  }

  transposedProduct(a: Tensor, d: Tensor): Tensor {
    return transposedProduct(this.engine, a, d);
  }

  /** A layer's weights as a factor. */
  protected weights(layer: LayerWeights, name: WeightsName): Tensor {
    return layer[name];
  }
}

/**
 * a·b: `a` [M, K] and `b` [K, N] give [M, N], the same bits with any number of threads where M is 8 or more. On a card, where threads
 * decide nothing, one MatMul, as all of these products.
 */
export function product(engine: Engine, a: Tensor, b: Tensor): Tensor {
  if (isOnCard(engine)) return matMul(engine, a, b);
  const [rows, inner] = a.shape as [number, number];
  const pieces = isSteady(engine) ? piecesOf(rows, Infinity) : steadyPieces(rows, b.shape[1], inner);
  if (pieces.length === 1) return innerProduct(engine, a, b);
  return engine.scope(() =>
    concatenate(
      engine,
      pieces.map(({ start, count }) => innerProduct(engine, sliceFirst(engine, a, start, count), b)),
    ),
  );
}

/**
 * aᵀ·d, the sum over all rows: `a` [N, M] and `d` [N, C] give [M, C], the same bits with any number of threads.
 *
 * Order: oneDNN's within 2,048 rows, by the shape alone, and then piece by piece. Where the columns of `a` are too few, or do
 * not make equal parts, it is filled up with columns of zeros.
 */
export function transposedProduct(engine: Engine, a: Tensor, d: Tensor): Tensor {
  if (isOnCard(engine)) return matMul(engine, a, d, { a: true });
  const [rows, M] = a.shape as [number, number];
  const parts = isSteady(engine) ? 1 : steadyParts(M, d.shape[1], rows);
  const columns = Math.max(COLUMNS_MIN, Math.ceil(M / parts));
  return engine.scope(() => {
    const room = parts * columns - M;
    const zeros = (): Tensor => engine.constant(new Float32Array(rows * room), [rows, room]);
    const whole = room > 0 ? joinColumns(engine, [a, zeros()]) : a;
    const products = (parts === 1 ? [whole] : splitColumns(engine, whole, parts)).map((part) =>
      sumOfPieces(engine, part, d),
    );
    const sums = products.length === 1 ? products[0] : concatenate(engine, products);
    return room > 0 ? sliceFirst(engine, sums, 0, M) : sums;
  });
}

/** The sum over all rows of `d` [N, C], [1, C] or [C]; on a processor as the product with a column of ones. */
export function sumOfRows(engine: Engine, d: Tensor): Tensor {
  if (isOnCard(engine)) return sumFirst(engine, d);
  return engine.scope(() => {
    const [rows] = d.shape;
    const ones = engine.constant(new Float32Array(rows).fill(1), [rows, 1]);
    return transposedProduct(engine, ones, d);
  });
}

/** aᵀ·d in pieces of at most INNER_MAX rows, added in order. */
function sumOfPieces(engine: Engine, a: Tensor, d: Tensor): Tensor {
  const pieces = piecesOf(a.shape[0], INNER_MAX);
  if (pieces.length === 1) return matMul(engine, a, d, { a: true });
  return engine.scope(() => {
    const products = pieces.map(({ start, count }) => {
      const part = (of: Tensor): Tensor => sliceFirst(engine, of, start, count);
      return matMul(engine, part(a), part(d), { a: true });
    });
    return addAll(engine, products);
  });
}

/** a·b in parts of the inner dimension, added in order. */
function innerProduct(engine: Engine, a: Tensor, b: Tensor): Tensor {
  const [rows, inner] = a.shape as [number, number];
  const { rowsMin, rowsMax, columnsMin, innerMax } = middling;
  const isMiddling = rows >= rowsMin && rows <= rowsMax && b.shape[1] >= columnsMin;
  const pieces = piecesOf(inner, isMiddling ? innerMax : INNER_MAX);
  if (pieces.length === 1) return matMul(engine, a, b);
  return engine.scope(() =>
    addAll(
      engine,
      pieces.map(({ start, count }) =>
        matMul(engine, sliceColumns(engine, a, start, count), sliceFirst(engine, b, start, count)),
      ),
    ),
  );
}

function isOnCard({ description }: Engine): boolean {
  return description.device === 'gpu';
}

/** Whether a product's blocks follow from its shape alone, whatever that is. */
function isSteady({ description }: Engine): boolean {
  return description.features.includes('avx512f');
}

/** Rows as large blocks where that can be, and the rest in small pieces. */
function steadyPieces(rows: number, columns: number, inner: number): Piece[] {
  const { rowsMax, block } = withoutAvx512;
  const fits = columns >= block.columns && inner >= block.inner;
  const blocks = fits ? Math.floor(rows / block.rows) : 0;
  const start = blocks * block.rows;
  const rest = start === rows ? [] : piecesOf(rows - start, rowsMax);
  return [
    ...Array.from({ length: blocks }, (_, index) => ({ start: index * block.rows, count: block.rows })),
    ...rest.map((piece) => ({ start: start + piece.start, count: piece.count })),
  ];
}

/** In how many equal parts the rows of a transposed product are made. */
function steadyParts(rows: number, columns: number, inner: number): number {
  const { rowsMax, transposedBlock: block } = withoutAvx512;
  const fits = columns >= block.columns && inner >= block.inner && rows % block.rows === 0;
  return Math.ceil(rows / (fits ? block.rows : rowsMax));
}

/** A dimension in as few pieces as can be, of nearly the same length. */
function piecesOf(length: number, max: number): Piece[] {
  const pieces = Math.max(1, Math.ceil(length / max));
  const bound = (index: number): number => Math.floor((index * length) / pieces);
  return Array.from({ length: pieces }, (_, index) => {
    return { start: bound(index), count: bound(index + 1) - bound(index) };
  });
}
