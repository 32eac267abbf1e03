import { assert } from '@rocinante/base';
import { type Attribute, type Binding, DataType, loadBinding, type Tensor } from './binding.js';
import { describeEngine, type EngineDescription } from './description.js';
import { applyEnvironment, type ThreadOptions } from './environment.js';
import { EngineOperationError } from './errors.js';
import { locateBinding } from './location.js';

export type EngineOptions = ThreadOptions;

let loaded: Engine | undefined;

/**
 * TensorFlow in this thread: makes tensors, runs ops, reads results, and knows who must free what.
 *
 * Everything is synchronous: an op blocks the calling thread until its result is there, and cannot be interrupted.
 * A tensor lives until it is freed. Tensors made inside `scope` are freed at its end; those made outside one, and those
 * kept, are their maker's to free. No tensor may outlive the making of 2^32 others: the binding's 32-bit names then
 * come round again (a gradient of the reference network makes about 7,000).
 */
export class Engine {
  readonly description: EngineDescription;
  readonly #binding: Binding;
  readonly #scopes: Set<Tensor>[] = [];

  private constructor(binding: Binding, threads: number) {
    this.#binding = binding;
    this.description = describeEngine(
      binding.TF_Version,
      binding.isUsingGpuDevice() ? 'gpu' : 'cpu',
      threads,
    );
  }

  /**
   * Loads TensorFlow, once for a process: later calls give the same engine and must ask for the same threads.
   * @throws {EngineNotFoundError} the files are not there.
   * @throws {EngineLoadError} the system refuses to load them.
   */
  static load(options: EngineOptions = {}): Engine {
    const threads = options.threads ?? 1;
    if (loaded === undefined) {
      const path = locateBinding(process.env);
      applyEnvironment(options, process.env);
      loaded = new Engine(loadBinding(path), threads);
    }
    assert(
      loaded.description.threads === threads,
      `the engine runs with ${loaded.description.threads} threads`,
    );
    return loaded;
  }

  /** Tensors that TensorFlow holds for us, by the binding's own count. */
  get liveHandles(): number {
    return this.#binding.getNumOfTensors();
  }

  /**
   * Runs `work` and then frees every tensor made in it, also when it throws, but for those kept and those in its
   * result (itself, or in arrays and plain objects of it): these belong to the enclosing scope, or to the caller.
   */
  scope<T>(work: () => T): T {
    const made = new Set<Tensor>();
    this.#scopes.push(made);
    try {
      const result = work();
      this.#handUp(result, made);
      return result;
    } finally {
      this.#scopes.pop();
      for (const tensor of made) this.#binding.deleteTensor(tensor.id);
    }
  }

  /** Takes a tensor out of its scope: it lives until `free`. */
  keep(tensor: Tensor): Tensor {
    for (const scope of this.#scopes) scope.delete(tensor);
    return tensor;
  }

  /** Frees tensors now, before their scope ends. Each may be freed once. */
  free(...tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      this.keep(tensor);
      this.#binding.deleteTensor(tensor.id);
    }
  }

  /**
   * A float32 tensor of the values, row-major.
   *
   * TensorFlow may use the array's own memory (it does where the address is a multiple of 64): the caller must not
   * write to it while this tensor, or any that an op cut out of it, is alive.
   */
  float32(values: Float32Array, shape: readonly number[]): Tensor {
    return this.#create(values, shape, DataType.float32);
  }

  /** An int32 tensor of the values, row-major, in the host's memory; the same duty as for `float32`. */
  int32(values: Int32Array, shape: readonly number[]): Tensor {
    return this.#create(values, shape, DataType.int32);
  }

  /** Copies a float32 tensor out, row-major. */
  readFloat32(tensor: Tensor): Float32Array {
    assert(tensor.dtype === DataType.float32, `expected float32, not TensorFlow's type ${tensor.dtype}`);
    return this.#binding.tensorDataSync(tensor.id) as Float32Array;
  }

  /** Copies an int32 tensor out, row-major. */
  readInt32(tensor: Tensor): Int32Array {
    assert(tensor.dtype === DataType.int32, `expected int32, not TensorFlow's type ${tensor.dtype}`);
    return this.#binding.tensorDataSync(tensor.id) as Int32Array;
  }

  /**
   * Runs one TensorFlow op; ops.ts has those in use, with types. Attributes that follow from single inputs (`T`) may
   * be left out.
   * @throws {EngineOperationError} TensorFlow refused it. Nothing was made.
   */
  execute(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly Tensor[],
    outputCount: number,
  ): Tensor[] {
    const ids = inputs.map((tensor) => tensor.id);
    let outputs: Tensor[];
    try {
      outputs = this.#binding.executeOp(operation, attributes, ids, outputCount);
    } catch (cause) {
      throw new EngineOperationError(operation, cause);
    }
    const scope = this.#scopes.at(-1);
    if (scope !== undefined) for (const tensor of outputs) scope.add(tensor);
    return outputs;
  }

  #create(values: Float32Array | Int32Array, shape: readonly number[], dtype: number): Tensor {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    assert(values.length === size, `shape [${shape.join(', ')}] has ${size} elements, not ${values.length}`);
    const tensor = { id: this.#binding.createTensor(shape, dtype, values), shape, dtype };
    this.#scopes.at(-1)?.add(tensor);
    return tensor;
  }

  #handUp(value: unknown, made: Set<Tensor>): void {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
    if (made.delete(value as Tensor)) this.#scopes.at(-2)?.add(value as Tensor);
    else if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
      for (const part of Object.values(value)) this.#handUp(part, made);
    }
  }
}
