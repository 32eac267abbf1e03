// Prints hashes of single matrix products, computed with argv[2] threads, of factors of type argv[3]: what differs between two
// numbers of threads is what README.md's tables name. As TensorFlow's op gives them: nothing is filled up or cut.
//
//     for n in 1 2 4 8 16; do node libs/compute/dist/programs/product-hashes.js $n bfloat16 > $n.txt; done; diff 1.txt 2.txt
import { RandomStream, sha256 } from '@rocinante/base';
import { Engine, matMul, toBfloat16, toFloat, type Tensor, type Transposition } from '@rocinante/engine';
import type { FactorType } from '../products.js';

const [threads, factors] = process.argv.slice(2) as [string, FactorType];
const engine = Engine.load({ threads: Number(threads) });

/** So many operations a product, at most: the whole takes some minutes. */
const WORK_MAX = 7e9;

const KINDS: Readonly<Record<string, Transposition | undefined>> = {
  'a·b': undefined,
  'aᵀ·b': { a: true },
  'a·bᵀ': { b: true },
};

/** Rows, inner dimension and columns. */
type Shape = readonly [M: number, K: number, N: number];

const rows = [1, 2, 4, 8, 16, 24, 32, 48, 56, 64, 100, 128, 300, 800, 1600, 3200, 6400];
const innerAndColumns = [
  ...[16, 64].map((inner) => [inner, 64]),
  ...[17, 128].map((columns) => [33, columns]),
  ...[256, 1024].map((columns) => [64, columns]),
  ...[39, 83].map((columns) => [256, columns]),
  ...[512, 2048].flatMap((inner) => [64, 512, 2048].map((columns) => [inner, columns])),
  ...[1024, 4096].map((inner) => [inner, 256]),
  ...[5, 100, 1000].map((inner) => [inner, 132]),
] as [number, number][];
const ofRows: Shape[] = rows.flatMap((M) => innerAndColumns.map(([K, N]): Shape => [M, K, N]));

const lengths = [8, 25, 64, 100, 300, 800, 1600, 2048, 2500, 3200, 6400, 12_800, 102_400];
const extents = [
  ...[1, 5, 8, 12, 16, 17, 24].map((M) => [M, 128]),
  ...[15, 33, 64].map((M) => [M, 132]),
  ...[1024, 2048].flatMap((N) => [16, 24].map((M) => [M, N])),
  ...[39, 83, 1024, 2048].flatMap((N) => [64, 256, 512].map((M) => [M, N])),
  [1024, 4096],
] as [number, number][];
const overRows: Shape[] = lengths.flatMap((K) => extents.map(([M, N]): Shape => [M, K, N]));

/** Uniform in [−1, 1); a prime number of them, over and over, so that rows of a matrix are not alike. */
const random = new RandomStream(1, 'simulation');
const drawn = Float32Array.from({ length: 999_983 }, () => 2 * random.uniform() - 1);
const numbers = Float32Array.from({ length: 2 ** 25 }, (_, index) => drawn[index % drawn.length]);

function matrix(rows: number, columns: number): Tensor {
  const made = engine.float32(numbers.subarray(0, rows * columns), [rows, columns]);
  return factors === 'bfloat16' ? toBfloat16(engine, made) : made;
}

for (const [kind, transposed] of Object.entries(KINDS)) {
  for (const [M, K, N] of transposed?.a ? overRows : ofRows) {
    if (M * K * N > WORK_MAX || Math.max(M, N) * K > numbers.length) continue;
    const hash = engine.scope(() => {
      const a = transposed?.a ? matrix(K, M) : matrix(M, K);
      const b = transposed?.b ? matrix(N, K) : matrix(K, N);
      const made = matMul(engine, a, b, transposed);
      return sha256(engine.readFloat32(factors === 'bfloat16' ? toFloat(engine, made) : made));
    });
    console.log(kind, M, K, N, hash.slice(0, 16));
  }
}
