// @ts-check
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  statfsSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { bindingFile } from './binding.mjs';
import { cudaFolder, fillCuda } from './cuda.mjs';
import { flushOnly, renameWhole, writeWhole } from './durable.mjs';
import { engineFolder, engineIsWhole, fillEngine, removeLeftovers } from './engine.mjs';
import { SetupFailure } from './failure.mjs';
import { underLock } from './lock.mjs';
import { gigabytes, say } from './say.mjs';

/** @typedef {import('./packages.mjs').Lock} Lock */
/** @typedef {import('./pin.mjs').CudaPin} CudaPin */
/** @typedef {import('./pin.mjs').Pin} Pin */
/** @typedef {import('./places.mjs').Places} Places */

// The engine for GPUs: TensorFlow's wheel with kernels for CUDA, and CUDA's libraries beside it as pip would lay them out, since
// TensorFlow looks for them by paths relative to its own library.

/** Written last into a whole folder: the versions of what it is made of, by package. libs/engine reads it too. */
export const versionsFile = 'cuda.json';

/** A wheel is downloaded into pip's folder and copied out of it before it is unpacked. */
const copiesOfWheel = 2;

/** What unpacked files take where the pin does not say, as a multiple of the wheel. */
const unpackedShare = 3;

/**
 * What the engine for GPUs is made from.
 * @typedef {object} GpuPins
 * @property {Pin} engine
 * @property {CudaPin[]} cuda
 */

/**
 * The folder of the whole engine in the cache, whether it is there or not.
 * @param {Places} places
 * @param {GpuPins} pins
 * @param {Lock} lock
 */
export function gpuEngineFolder(places, { engine, cuda }, lock) {
  const parts = cuda.map(({ sha256, files }) => [sha256, files]);
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
  return `${engineFolder(places, engine, lock)}-cuda-${hash}`;
}

/**
 * Whether the folder holds all that its record says.
 * @param {string} folder from `gpuEngineFolder`.
 */
export function gpuEngineIsWhole(folder) {
  try {
    const { files } = JSON.parse(readFileSync(join(folder, versionsFile), 'utf8'));
    return Object.entries(files).every(([file, size]) => statSync(join(folder, file)).size === size);
  } catch {
    return false;
  }
}

/**
 * Fills the folder: wheel by wheel into the cache, then links to all of it in one folder beside, which is renamed.
 *
 * What is to be fetched, and what it takes, is said before. A wheel that was unpacked before is not fetched again.
 * @param {Places} places
 * @param {GpuPins} pins
 * @param {Lock} lock
 * @param {string | undefined} from a folder to take the wheels from, instead of the network.
 * @throws {SetupFailure} no room on the disk, or a wheel cannot be had; what came before it stays in the cache.
 */
export async function fillGpuEngine(places, pins, lock, from) {
  const folder = gpuEngineFolder(places, pins, lock);
  if (gpuEngineIsWhole(folder)) return;
  const missing = missingWheels(places, pins, lock);
  if (missing.length > 0) demandRoom(places, missing, from, '--device cpu');
  const plain = engineFolder(places, pins.engine, lock);
  if (!engineIsWhole(plain)) await fillEngine(places, pins.engine, plain, from);
  for (const pin of pins.cuda) await fillCuda(places, pin, from);
  await underLock(`${folder}.lock`, 'putting the engine for GPUs together', async () => {
    if (gpuEngineIsWhole(folder)) return;
    removeLeftovers(places, folder);
    const part = `${folder}.part`;
    for (const file of filesBelow(plain)) link(join(plain, file), join(part, file));
    for (const pin of pins.cuda) {
      for (const file of pin.files) {
        link(join(cudaFolder(places, pin), file), join(part, file));
        if (file.includes('/bin/')) chmodSync(join(part, file), 0o755);
      }
    }
    // The files themselves are on the disk already.
    flushOnly(foldersBelow(part));
    writeWhole(join(part, versionsFile), JSON.stringify({ ...versionsOf(pins), files: sizesOf(part, pins) }));
    rmSync(folder, { recursive: true, force: true });
    renameWhole(part, folder);
    say(`the engine for GPUs is in ${folder}`);
  });
}

/**
 * The versions of what an engine for GPUs is made of, by package.
 * @param {GpuPins} pins
 * @returns {Record<string, string>}
 */
export function versionsOf({ engine, cuda }) {
  return Object.fromEntries([engine, ...cuda].map((pin) => [pin.package, pin.version]));
}

/**
 * @param {Places} places
 * @param {GpuPins} pins
 * @param {Lock} lock
 * @returns {Pin[]} those whose contents are not in the cache.
 */
export function missingWheels(places, pins, lock) {
  const plain = engineFolder(places, pins.engine, lock);
  return [
    ...(engineIsWhole(plain) ? [] : [pins.engine]),
    ...pins.cuda.filter((pin) => !existsSync(cudaFolder(places, pin))),
  ];
}

/**
 * Says what is to come, and looks whether the disk has room for it.
 * @param {Places} places
 * @param {readonly Pin[]} wheels
 * @param {string | undefined} from
 * @param {string} without the words that do without it.
 * @throws {SetupFailure} it has not.
 */
export function demandRoom(places, wheels, from, without) {
  const bytes = wheels.reduce((total, pin) => total + pin.bytes, 0);
  const unpacked = wheels.reduce((total, pin) => total + (pin.unpackedBytes ?? unpackedShare * pin.bytes), 0);
  const passing = from === undefined ? copiesOfWheel * Math.max(...wheels.map((pin) => pin.bytes)) : 0;
  const cache = dirname(places.engines);
  say(
    `the engine for GPUs: ${wheels.length} wheels of ${gigabytes(bytes)} GB are ${from === undefined ? 'downloaded' : 'unpacked'}, ` +
      `and take ${gigabytes(unpacked)} GB in ${cache}; ${without} does without it`,
  );
  mkdirSync(cache, { recursive: true });
  const { bavail, bsize } = statfsSync(cache);
  const free = bavail * bsize;
  if (free >= unpacked + passing) return;
  throw new SetupFailure(
    `${cache}: expected ${gigabytes(unpacked + passing)} GB free for the engine for GPUs, found ${gigabytes(free)} GB; ` +
      `make room, or choose another place by ROCINANTE_CACHE, or use ${without}`,
    1,
  );
}

/**
 * @param {string} folder
 * @param {GpuPins} pins
 */
function sizesOf(folder, { cuda }) {
  const libraries = ['lib/libtensorflow_cc.so.2', 'lib/libtensorflow_framework.so.2', bindingFile];
  const files = [...libraries, ...cuda.flatMap((pin) => pin.files)];
  return Object.fromEntries(files.map((file) => [file, statSync(join(folder, file)).size]));
}

/**
 * One file under a second name, which takes no room. A symbolic link would do for TensorFlow, but CUDA's libraries look for each
 * other beside the place they were loaded from.
 * @param {string} file
 * @param {string} to
 */
function link(file, to) {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(file, to);
  } catch (error) {
    // Some file systems have no such links.
    if (!(
      error instanceof Error &&
      'code' in error &&
      ['EPERM', 'EMLINK', 'ENOTSUP', 'EXDEV'].includes(String(error.code))
    ))
      throw error;
    copyFileSync(file, to);
  }
}

/**
 * @param {string} folder
 * @returns {string[]} with itself.
 */
function foldersBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  return [folder, ...folders.map((entry) => join(entry.parentPath, entry.name))];
}

/**
 * @param {string} folder
 * @returns {string[]} relative to it.
 */
function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
