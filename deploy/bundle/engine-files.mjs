// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bindingFile } from '../setup/binding.mjs';
import { flush, renameWhole } from '../setup/durable.mjs';
import { engineFolder, engineIsWhole, fillEngine, noticesFile, unpackWheel } from '../setup/engine.mjs';
import { SetupFailure } from '../setup/failure.mjs';
import { underLock } from '../setup/lock.mjs';
import { readCudaPins, readPin } from '../setup/pin.mjs';
import { checkPrerequisites } from '../setup/prerequisites.mjs';
import { megabytes, say } from '../setup/say.mjs';
import { downloadWheel, wheelFromFolder } from '../setup/wheel.mjs';
import { fileEntry } from './entries.mjs';

/** @typedef {import('../setup/packages.mjs').Lock} Lock */
/** @typedef {import('../setup/pin.mjs').CudaPin} CudaPin */
/** @typedef {import('../setup/places.mjs').Places} Places */
/** @typedef {import('./tar.mjs').Entry} Entry */
/** A licence that goes into the notices. @typedef {{ name: string, version: string, licence: string, file: string }} Notice */

/** Where libs/engine looks for the engine. */
const place = 'node_modules/.rocinante/engine';

/** What of the engine's folder runs; headers do not. */
const files = ['lib/libtensorflow_cc.so.2', 'lib/libtensorflow_framework.so.2', bindingFile];

/**
 * The engine in a bundle.
 * @typedef {object} Engine
 * @property {string} name as in `tensorflow-cpu 2.21.0`.
 * @property {Entry[]} entries
 * @property {Notice[]} notices
 */

/**
 * The engine for processors: the one that this checkout has been set up with.
 * @param {Places} places
 * @param {Lock} lock
 * @returns {Engine}
 * @throws {SetupFailure} ROCINANTE_ENGINE_DIR names an engine without its licences.
 */
export function processorEngine(places, lock) {
  const pin = readPin(process.env);
  return engineOf(pin, process.env.ROCINANTE_ENGINE_DIR || engineFolder(places, pin, lock));
}

/**
 * The engine for GPUs, which computes on processors too: TensorFlow with its kernels for CUDA, and CUDA's libraries in the
 * places relative to it where it looks for them. Fetched into the cache, wheel by wheel, where they are not there.
 * @param {Places} places
 * @param {Lock} lock
 * @param {string | undefined} from a folder to take the wheels from, instead of the network.
 * @returns {Promise<Engine>}
 * @throws {SetupFailure} a wheel cannot be had; what came before it stays in the cache.
 */
export async function gpuEngine(places, lock, from) {
  const pin = readPin(process.env, 'gpu');
  const folder = engineFolder(places, pin, lock);
  const cudaPins = readCudaPins(process.env);
  const missing = [
    ...(engineIsWhole(folder) ? [] : [pin]),
    ...cudaPins.filter((cuda) => !existsSync(cudaFolder(places, cuda))),
  ];
  if (missing.length > 0) {
    const bytes = missing.reduce((total, { bytes }) => total + bytes, 0);
    say(`the engine for GPUs: ${missing.length} wheels, ${megabytes(bytes)} MB, go into the cache`);
    checkPrerequisites(['python', 'compiler', ...(from === undefined ? [/** @type {const} */ ('pip')] : [])]);
  }
  if (!engineIsWhole(folder)) await fillEngine(places, pin, folder, from);
  const engine = engineOf(pin, folder);
  for (const cuda of cudaPins) {
    const there = cudaFolder(places, cuda);
    if (!existsSync(there)) await fillCuda(cuda, there, from);
    engine.entries.push(...cudaEntries(cuda, there));
    engine.notices.push({
      name: cuda.package,
      version: cuda.version,
      licence: "NVIDIA's terms",
      file: join(there, cuda.licence),
    });
  }
  return engine;
}

/**
 * CUDA's files in a bundle: beside the engine's `lib`, as pip would lay them out beside TensorFlow's package.
 * @param {Pick<CudaPin, 'files'>} pin
 * @param {string} folder of the cache.
 * @returns {Entry[]}
 */
export function cudaEntries({ files }, folder) {
  return files.map((file) =>
    fileEntry(folder, file, { as: `${place}/${file}`, executable: file.includes('/bin/') }),
  );
}

/**
 * @param {import('../setup/pin.mjs').Pin} pin
 * @param {string} folder
 * @returns {Engine}
 */
function engineOf(pin, folder) {
  if (!existsSync(join(folder, noticesFile))) {
    throw new SetupFailure(
      `${folder}: expected ${noticesFile}, the licences of the engine that a bundle passes on; found none`,
      2,
    );
  }
  return {
    name: `${pin.package} ${pin.version}`,
    entries: files.map((file) => fileEntry(folder, file, { as: `${place}/${file}` })),
    notices: [
      { name: 'TensorFlow', version: pin.version, licence: 'Apache-2.0', file: join(folder, noticesFile) },
    ],
  };
}

/**
 * @param {Places} places
 * @param {CudaPin} pin
 */
function cudaFolder(places, pin) {
  const hash = createHash('sha256').update(JSON.stringify([pin.sha256, pin.files, pin.licence]));
  return join(
    dirname(places.engines),
    'cuda',
    `${pin.package}-${pin.version}-${hash.digest('hex').slice(0, 12)}`,
  );
}

/**
 * Fills a folder of the cache from one wheel; it is there whole or not at all.
 * @param {CudaPin} pin
 * @param {string} folder
 * @param {string | undefined} from
 */
async function fillCuda(pin, folder, from) {
  await underLock(`${folder}.lock`, `fetching ${pin.package} into the cache`, async () => {
    if (existsSync(folder)) return;
    const part = `${folder}.part`;
    const kept = `${folder}.whl`;
    const log = `${folder}.log`;
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true });
    if (from === undefined) await downloadWheel(pin, join(part, 'download'), kept, log);
    const wheel = from === undefined ? kept : await wheelFromFolder(pin, from);
    rmSync(join(part, 'download'), { recursive: true, force: true });
    const members = Object.fromEntries([...pin.files, pin.licence].map((file) => [file, file]));
    await unpackWheel(pin, wheel, part, members, log);
    flush(part);
    renameWhole(part, folder);
    rmSync(kept, { force: true });
    rmSync(log, { force: true });
  });
}
