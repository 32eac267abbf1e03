// @ts-check
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bindingFile } from '../setup/binding.mjs';
import { fillCuda } from '../setup/cuda.mjs';
import { engineFolder, engineIsWhole, fillEngine, noticesFile } from '../setup/engine.mjs';
import { SetupFailure } from '../setup/failure.mjs';
import { demandRoom, missingWheels, versionsFile, versionsOf } from '../setup/gpu-engine.mjs';
import { readGpuPins, readPin } from '../setup/pin.mjs';
import { checkPrerequisites } from '../setup/prerequisites.mjs';
import { fileEntry, textEntry } from './entries.mjs';

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
  const pins = readGpuPins(process.env);
  const missing = missingWheels(places, pins, lock);
  if (missing.length > 0) {
    checkPrerequisites(['python', 'compiler', ...(from === undefined ? [/** @type {const} */ ('pip')] : [])]);
    demandRoom(places, missing, from, 'bundle without --gpu');
  }
  const folder = engineFolder(places, pins.engine, lock);
  if (!engineIsWhole(folder)) await fillEngine(places, pins.engine, folder, from);
  const engine = engineOf(pins.engine, folder);
  engine.entries.push(textEntry(`${place}/${versionsFile}`, `${JSON.stringify(versionsOf(pins))}\n`));
  for (const cuda of pins.cuda) {
    const there = await fillCuda(places, cuda, from);
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
