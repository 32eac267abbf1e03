export {
  assert,
  assertNever,
  AssertionError,
  RocinanteError,
  type ErrorCode,
  type ExitCode,
} from './errors.js';
export { philox } from './philox.js';
export { oneLine, quoted } from './one-line.js';
export { usageLine } from './usage-line.js';
export { nearestName } from './nearest-name.js';
export { makeFolder } from './make-folder.js';
export { syncFolder, syncFolderNow } from './sync-folder.js';
export { isSystemError } from './system-error.js';
export { systemTrouble } from './system-trouble.js';
export { lockFile, type LockAnswer } from './file-lock.js';
export { RandomStream, randomWords, type RandomPurpose } from './random.js';
export { bytesOf, crc32, sha256 } from './checksum.js';
export { copyBytes } from './copy-bytes.js';
export { cacheDirectory } from './cache-directory.js';
export { CARD_LIST_EXPECTED, parseCardList, WORKERS_PER_GPU_MAX, type CardList } from './card-list.js';
export { isLoopback, parseAddress, type Address } from './address.js';
export { availableCores, THREADS_MAX } from './available-cores.js';
export { KNOWN_VARIABLES, strayVariablesLine } from './stray-variables.js';
