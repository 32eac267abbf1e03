import { readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';

/** CUDA's libraries that compute. Not libcuda: that one is the driver's, and lies where the driver was installed. */
const COMPUTING = /^lib(cudart|cublas|cublasLt|cudnn|cudnn_\w+|cufft|cusolver|cusparse)\.so(\.|$)/;

/** Paths that are kept, at most: who has more has the same cause. */
const PATHS_MAX = 16;

/**
 * CUDA's libraries that this process has loaded from elsewhere than the engine's folder, by path, each once.
 *
 * The loader looks into LD_LIBRARY_PATH before it follows the run path that leads to the engine's own.
 * @param folder the engine's.
 * @param maps what the kernel says of this process's memory.
 */
export function foreignLibraries(folder: string, maps: string = readMaps()): string[] {
  const own = `${realPath(folder)}/`;
  // A line ends with the file's path, if it has one; behind that it may say ` (deleted)`.
  const paths = maps
    .split('\n')
    .flatMap((line) => /^\S+ \S+ \S+ \S+ \S+ +(\/.+?)( \(deleted\))?$/.exec(line)?.[1] ?? []);
  const foreign = paths.filter((path) => COMPUTING.test(basename(path)) && !path.startsWith(own));
  return [...new Set(foreign)].sort().slice(0, PATHS_MAX);
}

/** One line about them, with what to do; null where there are none. */
export function foreignLine(folder: string, paths: readonly string[]): string | null {
  if (paths.length === 0) return null;
  return (
    `CUDA libraries: expected those in ${folder}, and the system loaded ${paths.join(', ')}; ` +
    'unset LD_LIBRARY_PATH, or bits may differ from those of other workers'
  );
}

function readMaps(): string {
  try {
    return readFileSync('/proc/self/maps', 'utf8');
  } catch {
    return '';
  }
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
