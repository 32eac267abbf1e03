// @ts-check
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isMainThread, Worker } from 'node:worker_threads';

// A process of its own, since what goes wrong on a card may end it: `gpu-probe.mjs BINDING` loads the engine, computes a little
// where it would, and says on standard output where that is and what came out. It does so in a worker thread, as the engine runs:
// some kernels are compiled when they are first called, within that thread's stack of 4 MB.

/** TensorFlow's numbers for element types, and the binding's for an attribute that is a type or a truth value. */
const [float32, float64, int32, int64, bool] = [1, 2, 3, 9, 10];
const [boolAttribute, typeAttribute] = [3, 4];

/** @param {string} path of the binding. */
function probe(path) {
  const binding = createRequire(import.meta.url)(path);

  /**
   * @param {string} operation
   * @param {Record<string, number | boolean>} attributes
   * @param {...number} inputs
   * @returns {number} its result.
   */
  function run(operation, attributes, ...inputs) {
    const list = Object.entries(attributes).map(([name, value]) => ({
      name,
      type: typeof value === 'boolean' ? boolAttribute : typeAttribute,
      value,
    }));
    return attempt(operation, () => binding.executeOp(operation, list, inputs, 1)[0].id);
  }
  const cast = (/** @type {number} */ id, /** @type {number} */ from, /** @type {number} */ to) =>
    run('Cast', { SrcT: from, DstT: to, Truncate: false }, id);
  // A kernel on a card is waited for here, and its failure is told here.
  const read = (/** @type {number} */ id) => attempt('reading', () => [...binding.tensorDataSync(id)]);

  const matrix = binding.createTensor([2, 2], float32, Float32Array.of(1, 2, 3, 4));
  const product = run('MatMul', { T: float32, transpose_a: false, transpose_b: false }, matrix, matrix);
  // A product is cuBLAS's; this one is TensorFlow's own.
  const square = run('Mul', { T: float32 }, product, matrix);
  // These are compiled on the spot, by ptxas and with libdevice, for the types that a gradient and its sums have.
  const power = run('Exp', { T: float32 }, matrix);
  const whole = cast(matrix, float32, int64);
  const one = cast(binding.createTensor([], float32, Float32Array.of(1)), float32, int64);
  const odd = run('BitwiseAnd', { T: int64 }, whole, one);
  const double = cast(matrix, float32, float64);
  const chosen = run(
    'SelectV2',
    { T: float64 },
    cast(odd, int64, bool),
    double,
    cast(square, float32, float64),
  );

  const device = binding.isUsingGpuDevice() ? 'gpu' : 'cpu';
  const said = [
    read(square),
    read(power).map((value) => value.toFixed(3)),
    read(cast(odd, int64, int32)),
    read(cast(chosen, float64, float32)),
  ];
  // Not by process.stdout, which hands it to the other thread: a crash may come between.
  writeSync(1, `rocinante-gpu-probe ${device} ${said.join(' ')}\n`);
}

/**
 * @template T
 * @param {string} what
 * @param {() => T} work
 * @returns {T}
 */
function attempt(what, work) {
  try {
    return work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // The binding writes `Invalid TF_Status: 2`, and what TensorFlow says in the next line.
    throw new Error(`${what}: ${/^Message: (.*)$/m.exec(text)?.[1] ?? text}`, { cause: error });
  }
}

if (isMainThread) new Worker(new URL(import.meta.url), { argv: [process.argv[2]] });
else probe(process.argv[2]);
