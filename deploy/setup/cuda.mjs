// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { flushOnly, renameWhole } from './durable.mjs';
import { unpackWheel } from './engine.mjs';
import { underLock } from './lock.mjs';
import { downloadWheel, wheelFromFolder } from './wheel.mjs';

/** @typedef {import('./pin.mjs').CudaPin} CudaPin */
/** @typedef {import('./places.mjs').Places} Places */

// CUDA's libraries in the cache: a folder for each wheel, so that a set-up that was cut goes on with the wheel at which it was.

/**
 * The folder of what is taken from a wheel, in pip's layout; it is there whole or not at all.
 * @param {Places} places
 * @param {CudaPin} pin
 */
export function cudaFolder(places, pin) {
  const hash = createHash('sha256').update(JSON.stringify([pin.sha256, pin.files, pin.licence]));
  return join(
    dirname(places.engines),
    'cuda',
    `${pin.package}-${pin.version}-${hash.digest('hex').slice(0, 12)}`,
  );
}

/**
 * Fills a wheel's folder, where it is not there.
 * @param {Places} places
 * @param {CudaPin} pin
 * @param {string | undefined} from a folder to take the wheel from, instead of the network.
 * @returns {Promise<string>} the folder.
 * @throws {import('./failure.mjs').SetupFailure} the wheel cannot be had, or is not the pinned one.
 */
export async function fillCuda(places, pin, from) {
  const folder = cudaFolder(places, pin);
  if (existsSync(folder)) return folder;
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
    const files = Object.keys(members).map((file) => join(part, file));
    flushOnly([...files, ...new Set(files.map((file) => dirname(file)))]);
    renameWhole(part, folder);
    rmSync(kept, { force: true });
    rmSync(log, { force: true });
  });
  return folder;
}
