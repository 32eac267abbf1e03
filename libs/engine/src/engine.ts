import { assert, isSystemError } from '@rocinante/base';
import { type Attribute, type Binding, DataType, loadBinding, type TensorInfo } from './binding.js';
import { describeCard, describeProcessor, type EngineDescription } from './description.js';
import { applyEnvironment, type EngineOptions } from './environment.js';
import {
  EngineCapabilityError,
  EngineDeviceError,
  EngineGraphFileError,
  EnginePrecisionError,
  operationError,
} from './errors.js';
import { foreignLibraries, foreignLine } from './foreign-libraries.js';
import { gpuTrouble } from './gpu-trouble.js';
import { Graph } from './graph.js';
import { engineLibraries, locateBinding } from './location.js';
import { Recording } from './recording.js';
import { Scope, Tensor } from './tensor.js';

let loaded: Engine | undefined;

/** The numbers that ops and gates are written with. */
export type Scalar = 0 | 0.2 | 0.5 | 1;

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
  /** A line for people where the system loaded libraries that are not the engine's own; null where there is none. */
  readonly notice: string | null;
  readonly #binding: Binding;
  readonly #tf32: boolean;
  readonly #scalars = new Map<Scalar, Tensor>();
  #scope: Scope | undefined;
  #recording: Recording | undefined;

  private constructor(
    binding: Binding,
    description: EngineDescription,
    { tf32, notice }: { readonly tf32: boolean; readonly notice: string | null },
  ) {
    this.#binding = binding;
    this.description = description;
    this.#tf32 = tf32;
    this.notice = notice;
  }

  /**
   * Loads TensorFlow, once for a process: later calls give the same engine and must ask for the same threads.
   * @throws {EngineNotFoundError} the files are not there.
   * @throws {EngineLoadError} the system refuses to load them.
   * @throws {EngineDeviceError} a GPU is asked for, and TensorFlow takes none.
   */
  static load(options: EngineOptions = {}): Engine {
    const { threads = 1, device, tf32 = false } = options;
    if (loaded === undefined) {
      const path = locateBinding(process.env);
      applyEnvironment(options, process.env);
      const binding = loadBinding(path);
      const libraries = engineLibraries(path);
      const onCard = binding.isUsingGpuDevice();
      const foreign = onCard ? foreignLibraries(libraries.folder) : [];
      const description = onCard
        ? describeCard(binding.TF_Version, { threads, tf32, libraries, foreign, environment: process.env })
        : describeProcessor(binding.TF_Version, threads);
      const notice = foreignLine(libraries.folder, foreign);
      const engine = new Engine(binding, description, { tf32: onCard && tf32, notice });
      // The binding crashes at the process's end where it has never made a tensor.
      engine.free(engine.float32(new Float32Array(1), [1]));
      if (!onCard && device === 'gpu') throw new EngineDeviceError(gpuTrouble(process.env, libraries));
      loaded = engine;
    }
    assert(
      loaded.description.threads === threads,
      `the engine runs with ${loaded.description.threads} threads`,
    );
    return loaded;
  }

  /**
   * Whether products may be rounded was decided when the engine was loaded; a processor serves both.
   * @throws {EnginePrecisionError} it was decided otherwise than is wanted now.
   */
  expectTf32(wanted: boolean): void {
    if (this.description.device === 'gpu' && wanted !== this.#tf32) throw new EnginePrecisionError(wanted);
  }

  /**
   * Looks that the bits of products in mixed precision are those of what is described.
   * @throws {EngineCapabilityError} it is not known of the card whether it has bfloat16 products.
   */
  expectBfloat16Known(): void {
    if (this.description.multipliesBfloat16 === null) throw new EngineCapabilityError(this.description.model);
  }

  /** Tensors that TensorFlow holds for us, by the binding's own count. */
  get liveHandles(): number {
    return this.#binding.getNumOfTensors();
  }

  /** Graphs that TensorFlow holds for us, by the binding's own count. */
  get liveGraphs(): number {
    return this.#binding.getNumOfSavedModels();
  }

  /**
   * Runs `work` and then frees every tensor made in it, also when it throws, but for those kept and those in its
   * result (itself, or in arrays and plain objects of it): these belong to the enclosing scope, or to the caller.
   */
  scope<T>(work: () => T): T {
    const outer = this.#scope;
    const scope = new Scope();
    this.#scope = scope;
    try {
      const result = work();
      handUp(result, scope, outer);
      return result;
    } finally {
      this.#scope = outer;
      for (const tensor of scope.made) if (tensor.owner === scope) this.free(tensor);
    }
  }

  /** Takes a tensor out of its scope: it lives until `free`. */
  keep(tensor: Tensor): Tensor {
    tensor.owner = undefined;
    return tensor;
  }

  /** Frees tensors now, before their scope ends. Each may be freed once. */
  free(...tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      tensor.owner = undefined;
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
    return this.#given(values, shape, DataType.float32);
  }

  /** An int32 tensor of the values, row-major, in the host's memory; the same duty as for `float32`. */
  int32(values: Int32Array, shape: readonly number[]): Tensor {
    return this.#given(values, shape, DataType.int32);
  }

  /** A float32 or int32 tensor of values that follow from nothing but the code and shapes; the same duty as for `float32`. */
  constant(values: Float32Array | Int32Array, shape: readonly number[]): Tensor {
    const dtype = values instanceof Int32Array ? DataType.int32 : DataType.float32;
    const tensor = this.#create(values, shape, dtype);
    this.#recording?.constant(tensor, values);
    return tensor;
  }

  /**
   * A float32 scalar that ops take beside their tensors; never the caller's to free.
   *
   * On a card it is made once and is the engine's for good: a copy to a card waits for all that was asked of the card before.
   */
  scalar(value: Scalar): Tensor {
    const make = (): Tensor => this.constant(Float32Array.of(value), []);
    if (this.description.device === 'cpu') return make();
    const tensor = this.#scalars.get(value) ?? this.keep(make());
    this.#scalars.set(value, tensor);
    return tensor;
  }

  /** An int64 tensor of the values, row-major, in the device's memory; the same duty as for `float32`. */
  int64(values: BigInt64Array, shape: readonly number[]): Tensor {
    // The binding takes an int64 for two int32.
    const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
    return this.#given(halves, shape, DataType.int64);
  }

  /** Copies a float32 tensor out, row-major. */
  readFloat32(tensor: Tensor): Float32Array {
    assert(tensor.dtype === DataType.float32, `expected float32, not TensorFlow's type ${tensor.dtype}`);
    return this.#read(tensor) as Float32Array;
  }

  /** Copies an int32 tensor out, row-major. */
  readInt32(tensor: Tensor): Int32Array {
    assert(tensor.dtype === DataType.int32, `expected int32, not TensorFlow's type ${tensor.dtype}`);
    return this.#read(tensor) as Int32Array;
  }

  /** Copies an int64 tensor out, row-major. */
  readInt64(tensor: Tensor): BigInt64Array {
    assert(tensor.dtype === DataType.int64, `expected int64, not TensorFlow's type ${tensor.dtype}`);
    return this.#read(tensor) as BigInt64Array;
  }

  /**
   * Runs one TensorFlow op; ops.ts has those in use, with types. Attributes that follow from single inputs (`T`) may
   * be left out.
   * @throws {EngineOperationError} TensorFlow refused it; an EngineMemoryError where it has not the memory. Nothing was made.
   */
  execute(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly Tensor[],
    outputCount: number,
  ): Tensor[] {
    const ids = inputs.map((tensor) => tensor.id);
    let outputs: TensorInfo[];
    try {
      outputs = this.#binding.executeOp(operation, attributes, ids, outputCount);
    } catch (cause) {
      throw operationError(operation, cause);
    }
    const made = this.#tensorsOf(outputs);
    this.#recording?.note(operation, attributes, inputs, made);
    return made;
  }

  /**
   * Runs `work` as it stands and notes its ops, to be run again as one graph. `inputs` are all tensors that these take from outside.
   *
   * What differs from run to run is an input: inside, tensors are made by ops and by `constant` alone, and nothing is read.
   * `outputs` are what `work` gave, and what the graph gives. No recording where it would be of more than `nodesMax` nodes.
   */
  record<T extends readonly Tensor[]>(
    inputs: readonly Tensor[],
    nodesMax: number,
    work: () => T,
  ): { readonly outputs: T; readonly recording: Recording | null } {
    assert(this.#recording === undefined, 'one recording at a time');
    const recording = new Recording(inputs, nodesMax);
    this.#recording = recording;
    try {
      const outputs = this.scope(work);
      recording.end(outputs);
      return { outputs, recording: recording.isCut ? null : recording };
    } finally {
      this.#recording = undefined;
    }
  }

  /**
   * A graph of a recording, until `freeGraph`.
   * @throws {EngineGraphFileError} its file could not be written.
   * @throws {EngineOperationError} TensorFlow refused it.
   */
  createGraph(recording: Recording): Graph {
    const constants = recording.constants.map(({ values, shape }) => this.keep(this.float32(values!, shape)));
    try {
      return new Graph(this.#binding, recording, constants);
    } catch (cause) {
      this.free(...constants);
      throw isSystemError(cause) ? new EngineGraphFileError(cause) : operationError('graph', cause);
    }
  }

  /**
   * Runs a graph on inputs like those that were recorded, in their order; what it gives belongs to the scope, like an op's.
   * @throws {EngineOperationError} an op in it failed.
   */
  runGraph(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
    assert(this.#recording === undefined, 'a graph is no part of another');
    const taken = graph.taken(inputs);
    try {
      return this.#tensorsOf(graph.run(taken));
    } catch (cause) {
      throw operationError('graph', cause);
    }
  }

  /** Frees a graph. */
  freeGraph(graph: Graph): void {
    this.free(...graph.delete());
  }

  #tensorsOf(made: readonly TensorInfo[]): Tensor[] {
    return made.map(({ id, shape, dtype }) => new Tensor(id, shape, dtype, this.#scope));
  }

  /** A tensor that a recording could not make again. */
  #given(values: Float32Array | Int32Array, shape: readonly number[], dtype: number): Tensor {
    assert(this.#recording === undefined, 'in a recording values are constants, or inputs from outside');
    return this.#create(values, shape, dtype);
  }

  #create(values: Float32Array | Int32Array, shape: readonly number[], dtype: number): Tensor {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    const received = dtype === DataType.int64 ? values.length / 2 : values.length;
    assert(received === size, `shape [${shape.join(', ')}] has ${size} elements, not ${received}`);
    let id: number;
    try {
      id = this.#binding.createTensor(shape, dtype, values);
    } catch (cause) {
      // On a card it is a copy, for which there may be no room.
      throw operationError('createTensor', cause);
    }
    return new Tensor(id, shape, dtype, this.#scope);
  }

  #read(tensor: Tensor): Float32Array | Int32Array | BigInt64Array {
    assert(this.#recording === undefined, 'in a recording nothing is read');
    try {
      return this.#binding.tensorDataSync(tensor.id);
    } catch (cause) {
      // A kernel on a card is waited for here, and its failure is told here.
      throw operationError('tensorData', cause);
    }
  }
}

/** Gives the tensors in a scope's result to the scope around it. */
function handUp(value: unknown, from: Scope, to: Scope | undefined): void {
  if (value instanceof Tensor) {
    if (value.owner !== from) return;
    value.owner = to;
    to?.made.push(value);
  } else if (Array.isArray(value)) {
    for (const part of value) handUp(part, from, to);
  } else if (
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype
  ) {
    for (const key in value) handUp(value[key as keyof typeof value], from, to);
  }
}
