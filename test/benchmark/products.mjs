// How fast single products of the reference network are, in GFLOP/s: the best of 40, by one thread.
//
//   node test/benchmark/products.mjs [--threads 1] [--windows 32]
//
// A product is given as rows x inner x columns. `straight` is a·b, `transposed` a·bᵀ; `over rows` is aᵀ·b, the weights' gradient.
import { parseArgs } from 'node:util';
import { Engine, matMul, toBfloat16 } from '@rocinante/engine';

const { values: options } = parseArgs({
  options: { threads: { type: 'string', default: '1' }, windows: { type: 'string', default: '32' } },
});
const windows = Number(options.windows);
const [H, G, N] = [512, 2048, 100 * windows];
const engine = Engine.load({ threads: Number(options.threads) });
const numbers = Float32Array.from({ length: N * G }, (_, index) => Math.sin(index));
const matrix = (rows, columns, isBfloat16) => {
  const made = engine.float32(numbers.subarray(0, rows * columns), [rows, columns]);
  return isBfloat16 ? toBfloat16(engine, made) : made;
};

/** The best of 40, in seconds. */
function best(work) {
  let least = Infinity;
  for (let turn = 0; turn < 40; turn++) {
    const start = performance.now();
    engine.scope(() => void work());
    least = Math.min(least, (performance.now() - start) / 1000);
  }
  return least;
}

const cases = [
  ['a position forwards', windows, H, G],
  ['a position backwards', windows, G, H],
  ['all positions forwards', N, H, G],
  ['all positions backwards', N, G, H],
  ['over rows', H, N, G],
];
for (const [name, M, K, C] of cases) {
  const speeds = [false, true].flatMap((isBfloat16) =>
    (name === 'over rows' ? [{ a: true }] : [{}, { b: true }]).map((transposed) =>
      engine.scope(() => {
        const a = transposed.a ? matrix(K, M, isBfloat16) : matrix(M, K, isBfloat16);
        const b = transposed.b ? matrix(C, K, isBfloat16) : matrix(K, C, isBfloat16);
        const seconds = best(() => matMul(engine, a, b, transposed));
        const way = transposed.a ? 'over rows' : transposed.b ? 'transposed' : 'straight';
        return `${isBfloat16 ? 'bfloat16' : 'float32'} ${way} ${((2 * M * K * C) / seconds / 1e9).toFixed(0)}`;
      }),
    ),
  );
  console.log(`${name}, ${M} x ${K} x ${C}: ${speeds.join(', ')}`);
}
