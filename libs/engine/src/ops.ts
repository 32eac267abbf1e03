import { bool, int, type } from './attributes.js';
import { DataType, type Attribute } from './binding.js';
import type { Engine } from './engine.js';
import type { Tensor } from './tensor.js';

// TensorFlow's ops, as functions: each makes new tensors and frees none of its inputs. Shapes in comments are row-major.

/** TensorFlow infers nothing from a list of inputs: its length and type are said. */
const list = (parts: readonly Tensor[]): Attribute[] => [int('N', parts.length), type('T', parts[0].dtype)];

/** Which factor enters transposed. */
export interface Transposition {
  readonly a?: boolean;
  readonly b?: boolean;
}

const one = (
  engine: Engine,
  operation: string,
  inputs: readonly Tensor[],
  attributes: readonly Attribute[] = [],
): Tensor => engine.execute(operation, attributes, inputs, 1)[0];

/** Runs an op with a small int32 argument (a shape, an axis) that lives as long as the call. */
function withInts(
  engine: Engine,
  values: readonly number[],
  shape: readonly number[],
  run: (ints: Tensor) => Tensor[],
): Tensor[] {
  const ints = engine.constant(Int32Array.from(values), shape);
  try {
    return run(ints);
  } finally {
    engine.free(ints);
  }
}

/** [M, K] · [K, N]; a factor marked as transposed is given as [K, M] or [N, K]. */
export const matMul = (engine: Engine, a: Tensor, b: Tensor, transposed?: Transposition): Tensor =>
  one(
    engine,
    'MatMul',
    [a, b],
    transposed && [bool('transpose_a', transposed.a ?? false), bool('transpose_b', transposed.b ?? false)],
  );

// Elementwise, with NumPy's broadcasting.
export const add = (engine: Engine, a: Tensor, b: Tensor): Tensor => one(engine, 'AddV2', [a, b]);
export const subtract = (engine: Engine, a: Tensor, b: Tensor): Tensor => one(engine, 'Sub', [a, b]);
export const multiply = (engine: Engine, a: Tensor, b: Tensor): Tensor => one(engine, 'Mul', [a, b]);
export const greaterEqual = (engine: Engine, a: Tensor, b: Tensor): Tensor =>
  one(engine, 'GreaterEqual', [a, b]);
export const greater = (engine: Engine, a: Tensor, b: Tensor): Tensor => one(engine, 'Greater', [a, b]);
export const less = (engine: Engine, a: Tensor, b: Tensor): Tensor => one(engine, 'Less', [a, b]);
export const logicalAnd = (engine: Engine, a: Tensor, b: Tensor): Tensor => one(engine, 'LogicalAnd', [a, b]);
export const sigmoid = (engine: Engine, a: Tensor): Tensor => one(engine, 'Sigmoid', [a]);
export const exp = (engine: Engine, a: Tensor): Tensor => one(engine, 'Exp', [a]);
export const negate = (engine: Engine, a: Tensor): Tensor => one(engine, 'Neg', [a]);
export const tanh = (engine: Engine, a: Tensor): Tensor => one(engine, 'Tanh', [a]);
/** dy · (1 − y²), from y = tanh x. */
export const tanhGrad = (engine: Engine, y: Tensor, dy: Tensor): Tensor => one(engine, 'TanhGrad', [y, dy]);
/** Clamps between two scalars. */
export const clip = (engine: Engine, a: Tensor, low: Tensor, high: Tensor): Tensor =>
  one(engine, 'ClipByValue', [a, low, high]);
/** A bool tensor as 0 and 1, or a bfloat16 tensor's values, in float32. */
export const toFloat = (engine: Engine, a: Tensor): Tensor => cast(engine, a, DataType.float32);
/** A float32 tensor rounded to bfloat16, ties to even. */
export const toBfloat16 = (engine: Engine, a: Tensor): Tensor => cast(engine, a, DataType.bfloat16);
/** An int32 tensor as uint16. */
export const toUint16 = (engine: Engine, a: Tensor): Tensor => cast(engine, a, DataType.uint16);
const cast = (engine: Engine, a: Tensor, to: number): Tensor =>
  one(engine, 'Cast', [a], [type('SrcT', a.dtype), type('DstT', to)]);

/** The sum of tensors of one shape, element by element, in the order given. */
export const addAll = (engine: Engine, parts: readonly Tensor[]): Tensor =>
  one(engine, 'AddN', parts, list(parts));

/** The sum over the first axis: [N, …] to […]. */
export const sumFirst = (engine: Engine, a: Tensor): Tensor =>
  withInts(engine, [0], [], (axis) => engine.execute('Sum', [], [a, axis], 1))[0];

/** Adds a row to each row: [N, C] + [C]. */
export const biasAdd = (engine: Engine, a: Tensor, bias: Tensor): Tensor => one(engine, 'BiasAdd', [a, bias]);

/** Zeros, made on the device. */
export const zeros = (engine: Engine, shape: readonly number[]): Tensor =>
  engine.scope(() => {
    const zero = engine.scalar(0);
    return withInts(engine, shape, [shape.length], (ints) => engine.execute('Fill', [], [ints, zero], 1))[0];
  });

/** Zeros that nothing writes to: on a card made there, on a processor from the host's memory. */
export const constantZeros = (engine: Engine, shape: readonly number[]): Tensor =>
  engine.description.device === 'gpu'
    ? zeros(engine, shape)
    : engine.constant(new Float32Array(shape.reduce((size, dimension) => size * dimension, 1)), shape);

/** Rows of zeros with a 1 at each of the int32 indices: [N] to [N, V]. */
export const oneHot = (engine: Engine, indices: Tensor, size: number): Tensor =>
  engine.scope(() => {
    const [one, zero] = [engine.scalar(1), engine.scalar(0)];
    return withInts(engine, [size], [], (depth) =>
      engine.execute('OneHot', [int('axis', -1)], [indices, depth, one, zero], 1),
    )[0];
  });

/** The same elements, row-major, in another shape. No copy. */
export const reshape = (engine: Engine, a: Tensor, shape: readonly number[]): Tensor =>
  withInts(engine, shape, [shape.length], (ints) => engine.execute('Reshape', [], [a, ints], 1))[0];

/**
 * [M, N] to [N, M].
 *
 * Where N is a multiple of 128 the columns are transposed as [128, N/128]: TensorFlow's kernel for three axes takes half
 * the time of that for two (512 × 2048: 0.87 against 1.67 ms).
 */
export function transpose(engine: Engine, a: Tensor): Tensor {
  const [M, N] = a.shape as [number, number];
  const turn = (tensor: Tensor, order: readonly number[]): Tensor =>
    withInts(engine, order, [order.length], (ints) => engine.execute('Transpose', [], [tensor, ints], 1))[0];
  if (N % 128 !== 0) return turn(a, [1, 0]);
  return engine.scope(() => reshape(engine, turn(reshape(engine, a, [M, 128, N / 128]), [1, 2, 0]), [N, M]));
}

/** [M, N, C] to [N, M, C]. */
export const swapFirstTwo = (engine: Engine, a: Tensor): Tensor =>
  withInts(engine, [1, 0, 2], [3], (order) => engine.execute('Transpose', [], [a, order], 1))[0];

/** The entries along the first axis: [N, …] to N times […]. No copy where an entry's bytes are a multiple of 64. */
export const unpack = (engine: Engine, a: Tensor): Tensor[] =>
  engine.execute('Unpack', [int('num', a.shape[0]), int('axis', 0)], [a], a.shape[0]);

/** Tensors that follow each other along the first axis: N_1 + N_2 + … entries. */
export const concatenate = (engine: Engine, parts: readonly Tensor[]): Tensor =>
  parts.length === 1 ? one(engine, 'Identity', parts) : join(engine, parts, 0);

/** Columns that follow each other: at least two of [N, C] to [N, P·C]. */
export const joinColumns = (engine: Engine, parts: readonly Tensor[]): Tensor => join(engine, parts, 1);

const join = (engine: Engine, parts: readonly Tensor[], alongAxis: number): Tensor =>
  withInts(engine, [alongAxis], [], (axis) =>
    engine.execute('ConcatV2', [...list(parts), type('Tidx', DataType.int32)], [...parts, axis], 1),
  )[0];

/** Entries [start, start + count) along the first axis. No copy where an entry's bytes are a multiple of 64. */
export function sliceFirst(engine: Engine, a: Tensor, start: number, count: number): Tensor {
  const rest = a.shape.slice(1);
  return withInts(engine, [start, ...rest.map(() => 0)], [a.shape.length], (begin) =>
    withInts(engine, [count, ...rest], [a.shape.length], (size) =>
      engine.execute('Slice', [], [a, begin, size], 1),
    ),
  )[0];
}

/** Columns [start, start + count) of a matrix. */
export const sliceColumns = (engine: Engine, a: Tensor, start: number, count: number): Tensor =>
  withInts(engine, [0, start], [2], (begin) =>
    withInts(engine, [a.shape[0], count], [2], (size) => engine.execute('Slice', [], [a, begin, size], 1)),
  )[0];

/** Cuts the last of two axes into equal parts: [N, P·C] to P times [N, C]. */
export const splitColumns = (engine: Engine, a: Tensor, parts: number): Tensor[] =>
  withInts(engine, [1], [], (axis) => engine.execute('Split', [int('num_split', parts)], [axis, a], parts));

/** Rows of a table [V, C] by int32 indices [N]: [N, C]. */
export const gatherRows = (engine: Engine, table: Tensor, indices: Tensor): Tensor =>
  withInts(engine, [0], [], (axis) => engine.execute('GatherV2', [], [table, indices, axis], 1))[0];

/** The gradient of `gatherRows`: adds rows [N, C] with one index, in their order, into [V, C]. */
export const sumRowsByIndex = (engine: Engine, rows: Tensor, indices: Tensor, size: number): Tensor =>
  withInts(engine, [size], [], (count) =>
    engine.execute('UnsortedSegmentSum', [], [rows, indices, count], 1),
  )[0];

/** From each row of [N, V] the element that an int32 index [N] names: [N]. */
export const gatherFromRows = (engine: Engine, rows: Tensor, indices: Tensor): Tensor =>
  withInts(engine, [1], [], (axis) =>
    engine.execute('GatherV2', [int('batch_dims', 1)], [rows, indices, axis], 1),
  )[0];

/**
 * Integers in [0, 65536), uniform, from a counter-based generator: a function of the count and the key alone.
 * Gives a uint16 tensor [count, 2]; `key` is an int32 tensor of two words.
 */
export function statelessPairs(engine: Engine, count: number, key: Tensor): Tensor {
  return engine.scope(() => {
    const [words] = withInts(engine, [count], [1], (shape) =>
      engine.execute('StatelessRandomUniformFullInt', [type('dtype', DataType.uint32)], [shape, key], 1),
    );
    return one(engine, 'Bitcast', [words], [type('T', DataType.uint32), type('type', DataType.uint16)]);
  });
}

/** The logarithm of the softmax of each row: [N, V]. */
export const logSoftmax = (engine: Engine, logits: Tensor): Tensor => one(engine, 'LogSoftmax', [logits]);

/**
 * Softmax cross-entropy in nats: logits [N, V] and int32 labels [N] give the losses [N] and their gradient with respect
 * to the logits [N, V], softmax less one-hot. Not for a card: with TF_DETERMINISTIC_OPS TensorFlow refuses it there.
 */
export function sparseSoftmaxCrossEntropy(
  engine: Engine,
  logits: Tensor,
  labels: Tensor,
): { loss: Tensor; gradient: Tensor } {
  const [loss, gradient] = engine.execute('SparseSoftmaxCrossEntropyWithLogits', [], [logits, labels], 2);
  return { loss: loss, gradient: gradient };
}

/** What one step of an LSTM cell with sigmoid gates computed; all [B, H]. `candidate` and `cellOut` are after tanh. */
export interface CellStep {
  readonly input: Tensor;
  readonly candidate: Tensor;
  readonly forget: Tensor;
  readonly output: Tensor;
  readonly cell: Tensor;
  readonly cellOut: Tensor;
}

/** What `lstmCellGrad` asks for only to look at its shape. */
export interface CellShape {
  /** The layer's recurrent weights [H, 4H] and bias [4H]. */
  readonly recurrent_H4H: Tensor;
  readonly bias_4H: Tensor;
  /** Any, such as zeros. */
  readonly any_BH: Tensor;
  readonly any_H: Tensor;
  /** An input of no columns: the op then takes the recurrent weights for all weights. */
  readonly empty_B0: Tensor;
}

/**
 * The backward pass of an LSTM cell's pointwise part (LSTMBlockCellGrad): from the gradients of the next cell state and
 * of the hidden state, those of the previous cell state [B, H] and of the gates before activation [B, 4H], in the order
 * i, c, f, o.
 */
export function lstmCellGrad(
  engine: Engine,
  shape: CellShape,
  step: CellStep,
  previousCell: Tensor,
  cellGradient: Tensor,
  hiddenGradient: Tensor,
): { previousCell: Tensor; gates: Tensor } {
  const { recurrent_H4H, bias_4H, any_BH, any_H, empty_B0 } = shape;
  const [previous, gates, ...peepholes] = engine.execute(
    'LSTMBlockCellGrad',
    [bool('use_peephole', false)],
    [
      ...[empty_B0, previousCell, any_BH, recurrent_H4H, any_H, any_H, any_H, bias_4H],
      ...[step.input, step.cell, step.forget, step.output, step.candidate, step.cellOut],
      ...[cellGradient, hiddenGradient],
    ],
    5,
  );
  engine.free(...peepholes);
  return { previousCell: previous, gates: gates };
}
