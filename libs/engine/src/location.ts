import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineNotFoundError } from './errors.js';

/** What the engine's folder holds, relative to it. The binding finds the libraries by its run path. */
const BINDING = join('binding', 'tfjs_binding.node');
const LIBRARIES = [join('lib', 'libtensorflow_cc.so.2'), join('lib', 'libtensorflow_framework.so.2')];

/** The engine for GPUs has this beside: the versions of what its libraries for CUDA come from. */
const CUDA_VERSIONS = 'cuda.json';

/** The libraries without which TensorFlow takes no card, where it looks for them. */
const CUDA_LIBRARIES = [
  join('nvidia', 'cuda_runtime', 'lib', 'libcudart.so.12'),
  join('nvidia', 'cublas', 'lib', 'libcublas.so.12'),
  join('nvidia', 'cublas', 'lib', 'libcublasLt.so.12'),
  join('nvidia', 'cudnn', 'lib', 'libcudnn.so.9'),
  join('nvidia', 'cufft', 'lib', 'libcufft.so.11'),
  join('nvidia', 'cusolver', 'lib', 'libcusolver.so.11'),
  join('nvidia', 'cusparse', 'lib', 'libcusparse.so.12'),
];

/** What an engine is made of. */
export interface EngineLibraries {
  readonly folder: string;
  /** Whether it is the engine for GPUs, as far as its folder says. */
  readonly forCards: boolean;
  /** Versions such as `12.9.79` and `9.28.0.42`; null where they are not known. */
  readonly cuda: string | null;
  readonly cudnn: string | null;
  /** CUDA's libraries that are not where TensorFlow looks first, relative to the folder. */
  readonly missing: readonly string[];
}

/**
 * The path of the native binding: in the folder that `ROCINANTE_ENGINE_DIR` names, else in the nearest
 * `node_modules/.rocinante/engine` at or above this module.
 * @throws {EngineNotFoundError} there is no such folder, or a file is missing in it.
 */
export function locateBinding(environment: NodeJS.ProcessEnv, from = import.meta.url): string {
  const named = environment['ROCINANTE_ENGINE_DIR'];
  const directory = named === undefined || named === '' ? findAbove(dirname(fileURLToPath(from))) : named;
  for (const file of [BINDING, ...LIBRARIES]) {
    if (!existsSync(join(directory, file))) throw new EngineNotFoundError(file, directory);
  }
  return join(directory, BINDING);
}

/** @param binding from `locateBinding`. */
export function engineLibraries(binding: string): EngineLibraries {
  const folder = dirname(dirname(binding));
  const versions = versionsIn(join(folder, CUDA_VERSIONS));
  return {
    folder,
    forCards: versions !== null,
    cuda: versions?.['nvidia-cuda-runtime-cu12'] ?? null,
    cudnn: versions?.['nvidia-cudnn-cu12'] ?? null,
    missing: CUDA_LIBRARIES.filter((library) => !existsSync(join(folder, library))),
  };
}

function versionsIn(file: string): Partial<Record<string, string>> | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

function findAbove(start: string): string {
  const place = join('node_modules', '.rocinante', 'engine');
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, place))) return join(folder, place);
    if (folder === dirname(folder)) throw new EngineNotFoundError(place, `${start} and the folders above`);
  }
}
