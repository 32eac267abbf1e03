// What a card would be asked for, counted on a processor: for specs and for programs/card-count.ts.
import type { Engine, Tensor } from '@rocinante/engine';
import { cudnnLength } from './cudnn-parameters.js';

/** What was asked of the card. */
export interface CardCount {
  readonly ops: number;
  /** Of these MatMul. */
  readonly products: number;
  /** Copies to the card. Each waits until the card has done all that was asked of it before. */
  readonly uploads: number;
  readonly uploadedBytes: number;
  /** Ops that had been asked for before the last copy, which waits for them. */
  readonly opsBeforeLastUpload: number;
}

/**
 * Which inputs an op takes from the host's memory, as the build of TensorFlow 2.21 for cards registers it
 * (`TF_GetRegisteredKernelsForOp`); −1 is the last input, and of cuDNN's ops it is all of int32. Anywhere else an int32 tensor is
 * copied to the card, once for all ops that want it there.
 */
const HOST_INPUTS: Readonly<Record<string, readonly number[]>> = {
  ConcatV2: [-1],
  Fill: [0],
  GatherV2: [2],
  Max: [1],
  OneHot: [1],
  Reshape: [1],
  Size: [0],
  Slice: [1, 2],
  Split: [0],
  StatelessRandomUniformFullInt: [0, 1],
  Sum: [1],
  Transpose: [1],
  UnsortedSegmentSum: [2],
};

/** An engine that says that it is on a card, and counts; cuDNN's ops are answered by zeros. `end` puts it back as it was. */
export class PretendedCard {
  /** Int32 tensors that no op has wanted on the card yet. */
  readonly #onHost = new WeakSet<Tensor>();
  #counted = { ops: 0, products: 0, uploads: 0, uploadedBytes: 0, opsBeforeLastUpload: 0 };

  constructor(readonly engine: Engine) {
    const { description } = engine;
    const execute = engine.execute.bind(engine);
    const float32 = engine.float32.bind(engine);
    const int32 = engine.int32.bind(engine);
    const int64 = engine.int64.bind(engine);
    const constant = engine.constant.bind(engine);

    Object.defineProperty(engine, 'description', {
      value: { ...description, device: 'gpu' },
      configurable: true,
    });
    engine.float32 = (values, shape) => this.#uploaded(float32(values, shape), values.byteLength);
    engine.int64 = (values, shape) => this.#uploaded(int64(values, shape), values.byteLength);
    engine.int32 = (values, shape) => this.#hosted(int32(values, shape));
    engine.constant = (values, shape) => {
      const made = constant(values, shape);
      return values instanceof Int32Array ? this.#hosted(made) : this.#uploaded(made, values.byteLength);
    };
    engine.execute = (operation, attributes, inputs, outputCount) => {
      for (const [index, input] of inputs.entries()) {
        if (this.#isWanted(operation, index - inputs.length, index, input)) {
          this.#onHost.delete(input);
          this.#uploaded(input, 4 * input.shape.reduce((size, dimension) => size * dimension, 1));
        }
      }
      this.#counted.ops++;
      if (operation === 'MatMul') this.#counted.products++;
      if (!operation.startsWith('CudnnRNN')) return execute(operation, attributes, inputs, outputCount);
      const zeros = (shape: readonly number[]): Tensor =>
        float32(new Float32Array(shape.reduce((size, dimension) => size * dimension, 1)), shape);
      if (operation === 'CudnnRNNParamsSize') {
        const [, H, I] = inputs.map((input) => engine.readInt32(input)[0]);
        return [int32(Int32Array.of(cudnnLength(I, H)), [1])];
      }
      return shapesOf(operation, inputs, outputCount).map(zeros);
    };
    this.end = () => {
      const own = engine as Partial<Engine>;
      for (const name of ['float32', 'int32', 'int64', 'constant', 'execute'] as const) delete own[name];
      Object.defineProperty(engine, 'description', { value: description, configurable: true });
    };
  }

  readonly end: () => void;

  /** What `work` asks for. */
  count(work: () => void): CardCount {
    this.#counted = { ops: 0, products: 0, uploads: 0, uploadedBytes: 0, opsBeforeLastUpload: 0 };
    work();
    return { ...this.#counted };
  }

  #isWanted(operation: string, fromEnd: number, index: number, input: Tensor): boolean {
    const host = HOST_INPUTS[operation] ?? [];
    const staysThere = host.includes(index) || host.includes(fromEnd) || operation.startsWith('CudnnRNN');
    return this.#onHost.has(input) && !staysThere;
  }

  #hosted(tensor: Tensor): Tensor {
    this.#onHost.add(tensor);
    return tensor;
  }

  #uploaded(tensor: Tensor, bytes: number): Tensor {
    this.#counted.uploads++;
    this.#counted.uploadedBytes += bytes;
    this.#counted.opsBeforeLastUpload = this.#counted.ops;
    return tensor;
  }
}

/** Of what one of cuDNN's ops gives: the gradients of its first inputs, or output and states; and a reserve. */
function shapesOf(operation: string, inputs: readonly Tensor[], outputCount: number): (readonly number[])[] {
  const shapes = inputs.map(({ shape }) => shape);
  const [[first, second], hidden] = shapes;
  const known = operation.startsWith('CudnnRNNBackprop')
    ? shapes.slice(0, 4)
    : [[first, second, hidden[2]], hidden, shapes[2]];
  return [...known, ...new Array<number[]>(outputCount).fill([1])].slice(0, outputCount);
}
