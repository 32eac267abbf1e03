import { isMainThread } from 'node:worker_threads';
import { assert } from '@rocinante/base';
import { soleCard } from './nvidia.js';

/** What to compute on: `auto` takes a card where TensorFlow finds one that it can use. */
export const DEVICES = ['auto', 'cpu', 'gpu'] as const;
export type Device = (typeof DEVICES)[number];

/** What TensorFlow is told when it is loaded, once for a process. */
export interface EngineOptions {
  /** Threads within an op; default 1. The results do not depend on it (libs/compute's promise, tested there). */
  readonly threads?: number | undefined;
  /** Default `auto`. */
  readonly device?: Device | undefined;
  /**
   * Whether a card may round the factors of float32 products to 10 bits of mantissa, which is faster from Ampere on. Default
   * false. A processor never does.
   */
  readonly tf32?: boolean | undefined;
}

/** Variables of an environment; undefined for one that must not be there. */
type Variables = Readonly<Record<string, string | undefined>>;

/**
 * How glibc is to hold a worker's memory, unless a person says otherwise: read when a process starts, so whoever starts one sets it.
 *
 * A gradient's hundreds of megabytes are kept from one to the next, in pages of 2 MiB where the kernel gives them; by itself glibc
 * gives them back, and takes them again in pages of 4 KiB. The launcher (`rocinante`) has the same line.
 */
export const WORKER_MEMORY = {
  GLIBC_TUNABLES: [
    'glibc.malloc.hugetlb=1',
    // Each of the next holds off glibc's own choice of the others. 32 MiB is the most that it takes for the second.
    `glibc.malloc.trim_threshold=${2 ** 30}`,
    `glibc.malloc.mmap_threshold=${2 ** 25}`,
    `glibc.malloc.top_pad=${2 ** 26}`,
  ].join(':'),
};

/** The variables that TensorFlow, cuDNN and cuBLAS read once, when they are loaded. */
export function engineEnvironment(options: EngineOptions = {}): Variables {
  const { threads = 1, device = 'auto', tf32 = false } = options;
  assert(Number.isInteger(threads) && threads >= 1, `threads is a positive integer, not ${threads}`);
  return {
    // One op runs at a time, so a second pool between ops would only idle.
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    // oneDNN's matrix products give the same bits with any number of threads; Eigen's do not (libs/compute/README.md).
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
    ...(device === 'cpu' ? HIDDEN_CARDS : cardEnvironment(tf32)),
  };
}

/** TensorFlow finds no card, and kernels on the processor are those that it always takes. */
const HIDDEN_CARDS = { CUDA_VISIBLE_DEVICES: '-1' };

function cardEnvironment(tf32: boolean): Variables {
  return {
    // Kernels that add in an order of their own each time are not taken.
    TF_DETERMINISTIC_OPS: '1',
    // What is fastest in a trial is not the same in each process; cuDNN's algorithm is to be.
    TF_CUDNN_USE_AUTOTUNE: '0',
    TF_CUDNN_RNN_USE_AUTOTUNE: '0',
    // cuBLAS promises its bits only with a workspace of a fixed size for each stream.
    CUBLAS_WORKSPACE_CONFIG: ':4096:8',
    // 0 forbids NVIDIA's libraries what TensorFlow asks of them by itself; no other value has a meaning.
    NVIDIA_TF32_OVERRIDE: tf32 ? undefined : '0',
    // Otherwise the first process takes all of the card's memory.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    // CUDA's own order puts the fastest card first; the numbers are to be nvidia-smi's.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
  };
}

const REASON = 'the same run is to give the same bits';
const REASONS: Readonly<Record<string, string>> = {
  TF_NUM_INTRAOP_THREADS: '--threads decides on it',
  TF_NUM_INTEROP_THREADS: 'one op runs at a time',
  TF_CPP_MIN_LOG_LEVEL: 'TensorFlow is to be quiet but for errors',
  NVIDIA_TF32_OVERRIDE: '--precision decides on it',
  TF_FORCE_GPU_ALLOW_GROWTH: 'a card may be shared',
  CUDA_VISIBLE_DEVICES: '--device cpu decides on it',
  CUDA_DEVICE_ORDER: 'cards are counted as nvidia-smi does',
};

/**
 * Sets the variables in an environment, before TensorFlow is loaded with it. Of several visible cards it leaves the first that can
 * be used: it is the one that ops would run on anyhow, so that is told to nobody.
 *
 * In a worker thread `process.env` is a copy that C does not see: whoever starts the thread does this in the main thread
 * before, or to the environment of the process.
 * @returns a line for each that a person had set otherwise, which is to be told.
 */
export function setEngineEnvironment(options: EngineOptions, environment: NodeJS.ProcessEnv): string[] {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(engineEnvironment(options))) {
    const given = environment[name];
    if (given !== undefined && given !== value) {
      const what = value === undefined ? 'not regarded' : `overruled by ${value}`;
      lines.push(`${name}=${given} of the environment is ${what}: ${REASONS[name] ?? REASON}`);
    }
    if (value === undefined) delete environment[name];
    else environment[name] = value;
  }
  const card = options.device === 'cpu' ? null : soleCard(environment);
  if (card !== null) environment.CUDA_VISIBLE_DEVICES = card;
  return lines;
}

/** Sets the variables where that reaches TensorFlow; in a worker thread demands that they are set already. */
export function applyEnvironment(options: EngineOptions, environment: NodeJS.ProcessEnv): void {
  if (isMainThread) setEngineEnvironment(options, environment);
  for (const [name, value] of Object.entries(engineEnvironment(options))) {
    assert(
      environment[name] === value,
      `${name} must be ${value} before the thread starts, not ${environment[name]}: call setEngineEnvironment() in the main thread`,
    );
  }
}
