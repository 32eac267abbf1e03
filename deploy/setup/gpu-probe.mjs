// @ts-check
import { createRequire } from 'node:module';

// A process of its own, since what goes wrong on a card may end it: `gpu-probe.mjs BINDING` loads the engine, computes a little
// where it would, and says on standard output where that is and what came out.

/** TensorFlow's numbers for float32, and the binding's for an attribute that is a type or a truth value. */
const [float32, typeAttribute, boolAttribute] = [1, 4, 3];

const binding = createRequire(import.meta.url)(process.argv[2]);
const type = { name: 'T', type: typeAttribute, value: float32 };
const untransposed = ['transpose_a', 'transpose_b'].map((name) => ({
  name,
  type: boolAttribute,
  value: false,
}));
const matrix = binding.createTensor([2, 2], float32, Float32Array.of(1, 2, 3, 4));
const [product] = binding.executeOp('MatMul', [type, ...untransposed], [matrix, matrix], 1);
// A product is cuBLAS's; this one is TensorFlow's own.
const [square] = binding.executeOp('Mul', [type], [product.id, matrix], 1);
const device = binding.isUsingGpuDevice() ? 'gpu' : 'cpu';
process.stdout.write(`rocinante-gpu-probe ${device} ${[...binding.tensorDataSync(square.id)].join(',')}\n`);
