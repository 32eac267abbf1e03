import { RocinanteError, type ErrorCode, type ExitCode } from '@rocinante/base';

/**
 * The folder with TensorFlow's libraries and the binding is not where it should be, or lacks a file.
 * Cause: the set-up was never run here, `npm ci` removed what it made, or `ROCINANTE_ENGINE_DIR` names another folder.
 */
export class EngineNotFoundError extends RocinanteError {
  constructor(
    readonly missing: string,
    readonly searched: string,
  ) {
    super(
      'ENGINE_NOT_FOUND',
      1,
      `TensorFlow's engine: expected ${missing} (searched: ${searched}), found none; any ./rocinante command sets it up; or set ROCINANTE_ENGINE_DIR`,
    );
  }
}

/**
 * The files are there, but the system cannot load them.
 * Cause: a binding built for another platform or library version, a cut download, too old a C++ runtime.
 */
export class EngineLoadError extends RocinanteError {
  constructor(
    readonly path: string,
    cause: unknown,
  ) {
    super(
      'ENGINE_LOAD_FAILED',
      1,
      `TensorFlow's engine: ${path} does not load: ${messageOf(cause)}; remove its folder and set it up again`,
      { cause },
    );
  }
}

/**
 * A GPU is asked for, and TensorFlow computes on the processor.
 * Cause: no driver or one too old, no card or one too old, CUDA's libraries are missing, the engine is the processor's.
 */
export class EngineDeviceError extends RocinanteError {
  /** @param trouble what is not as it should be, with what to do. */
  constructor(readonly trouble: string) {
    super('ENGINE_DEVICE', 2, `--device gpu: ${trouble}`);
  }
}

/**
 * A card is to compute in another precision than it was set to when the engine was loaded.
 * Cause: a worker that was started for one precision is offered a run of another.
 */
export class EnginePrecisionError extends RocinanteError {
  constructor(readonly wantsTf32: boolean) {
    const [wanted, set, other] = wantsTf32
      ? ['tf32', 'float32', 'tf32']
      : ['float32 or mixed', 'tf32', 'float32'];
    super(
      'ENGINE_PRECISION',
      2,
      `precision: expected ${wanted}, and this worker's card is set to ${set}; start the worker with --precision ${other}`,
    );
  }
}

/**
 * A card is to compute in mixed precision, and whether it has bfloat16 products, which decides the bits, is not known.
 * Cause: nvidia-smi is not there or does not say, and the model is none that libs/engine knows.
 */
export class EngineCapabilityError extends RocinanteError {
  constructor(readonly model: string) {
    super(
      'ENGINE_CAPABILITY',
      2,
      `--precision mixed: expected a card whose compute capability is known, found ${model}, of which it is unknown ` +
        '(nvidia-smi is not there, or does not say); put nvidia-smi in PATH, or use --precision float32 or --device cpu',
    );
  }
}

/**
 * TensorFlow refused or failed an op.
 * Cause: a card that fails, or (a fault of ours) inputs that do not fit the op.
 */
export class EngineOperationError extends RocinanteError {
  constructor(
    readonly operation: string,
    cause: unknown,
    { code, exitCode, what, remedy }: OperationFailure = FAILED,
  ) {
    super(code, exitCode, `TensorFlow op ${operation}${what}: ${messageOf(cause)}${remedy}`, { cause });
  }
}

/** How an op failed: the error's codes, and what is said of it before and behind TensorFlow's own words. */
interface OperationFailure {
  readonly code: ErrorCode;
  readonly exitCode: ExitCode;
  readonly what: string;
  readonly remedy: string;
}

const FAILED: OperationFailure = { code: 'ENGINE_OPERATION_FAILED', exitCode: 1, what: '', remedy: '' };
const OUT_OF_MEMORY: OperationFailure = {
  code: 'ENGINE_OUT_OF_MEMORY',
  exitCode: 2,
  what: ' has not the memory it needs on the device',
  remedy: '; use a smaller --micro-batch, or fewer workers on the card',
};
const PRESUMABLY_OUT_OF_MEMORY = {
  ...OUT_OF_MEMORY,
  what: ' failed, presumably as it has not the memory it needs on the device',
};

/**
 * There is not the memory for an op's result, or for a tensor.
 * Cause: a micro-batch or a network too large for the device, or others on it that took its memory.
 */
export class EngineMemoryError extends EngineOperationError {
  /** @param isPresumed whether TensorFlow does not say so, and what has worked before failed. */
  constructor(
    operation: string,
    cause: unknown,
    readonly isPresumed = false,
  ) {
    super(operation, cause, isPresumed ? PRESUMABLY_OUT_OF_MEMORY : OUT_OF_MEMORY);
  }
}

/**
 * A graph's file cannot be written, which TensorFlow would load it from.
 * Cause: the folder for temporary files is not there, is not to be written to, or is full.
 */
export class EngineGraphFileError extends RocinanteError {
  constructor(cause: Error) {
    super(
      'ENGINE_GRAPH_FILE',
      1,
      `a graph's file: ${cause.message}; set TMPDIR to a folder that can be written to`,
      { cause },
    );
  }
}

/**
 * How TensorFlow, cuDNN, cuBLAS and CUDA say that memory is short: TensorFlow by its status RESOURCE_EXHAUSTED (8), but of a graph
 * without it, only by what it was allocating, and where a copy to the device found no room, only by what it was to be copied to.
 */
const SHORT_OF_MEMORY =
  /TF_Status: 8\b|OOM when allocating|Dst tensor is not initialized|CUD(A|NN)_(ERROR_OUT_OF_MEMORY|STATUS_ALLOC_FAILED)|CUBLAS_STATUS_ALLOC_FAILED|out of memory/;

/** The error of an op, or of what the binding does with a tensor, that failed. */
export function operationError(operation: string, cause: unknown): EngineOperationError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return SHORT_OF_MEMORY.test(text)
    ? new EngineMemoryError(operation, cause)
    : new EngineOperationError(operation, cause);
}

/**
 * The first line that says something: the binding writes `Invalid TF_Status: 3`, then `Message: …` and the op, and of a graph
 * `Session fail to run with error: {{function_node recording}} …`.
 */
function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const [line] = (/^Message: (.*)$/m.exec(text)?.[1] ?? text).split('\n');
  return line.replace(/^Session fail to run with error: (\{\{function_node \w+\}\} ?)*/, '');
}
