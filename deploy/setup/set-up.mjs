// @ts-check
import { join } from 'node:path';
import { build, fingerprintOf, isBuilt } from './build.mjs';
import {
  checkOwnEngine,
  engineFolder,
  engineIsLinked,
  engineIsWhole,
  fillEngine,
  linkEngine,
} from './engine.mjs';
import { SetupFailure, saysDiskFull } from './failure.mjs';
import { underLock } from './lock.mjs';
import { installPackages, packagesAreInstalled, readLock } from './packages.mjs';
import { readPin } from './pin.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { say } from './say.mjs';

/** @typedef {import('./places.mjs').Places} Places */
/** @typedef {import('./prerequisites.mjs').Prerequisite} Prerequisite */

/** The exit code of a launcher that was interrupted. */
const interruptedCode = 130;

/**
 * What is still to be done.
 * @typedef {object} Missing
 * @property {boolean} packages
 * @property {boolean} engine
 * @property {boolean} link
 * @property {boolean} build
 */

/**
 * Does what is missing, and nothing where nothing is: then it costs some milliseconds and takes no lock.
 * @param {Places} places
 * @param {string | undefined} engineFrom a folder to take the engine's wheel from.
 * @throws {SetupFailure} a step failed, or the machine lacks something.
 */
export async function setUp(places, engineFrom) {
  const missing = findMissing(places);
  if (!Object.values(missing).some(Boolean)) return;
  checkPrerequisites(prerequisitesOf(missing, engineFrom));
  // Children die with this process (child.mjs), so an interruption ends at once; what was begun does not count.
  const interrupt = () => process.exit(interruptedCode);
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    await underLock(join(places.state, 'lock'), 'setting up this checkout', () =>
      doMissing(places, engineFrom),
    );
  } catch (error) {
    // The operating system's refusals (a full disk, a folder that may not be written) are a person's matter, in one line.
    if (error instanceof Error && 'syscall' in error) {
      throw new SetupFailure(
        saysDiskFull(error.message) ? `no space left on the disk: ${error.message}` : error.message,
        1,
      );
    }
    throw error;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/**
 * @param {Places} places
 * @returns {Missing}
 */
function findMissing(places) {
  const lock = readLock(places.root);
  const own = process.env.ROCINANTE_ENGINE_DIR;
  if (own) checkOwnEngine(own);
  const folder = engineFolder(places, readPin(process.env), lock);
  return {
    packages: !packagesAreInstalled(places, lock),
    engine: !own && !engineIsWhole(folder),
    link: !own && !engineIsLinked(places, folder),
    build: !isBuilt(places, fingerprintOf(places.root)),
  };
}

/**
 * @param {Missing} missing
 * @param {string | undefined} engineFrom
 * @returns {Prerequisite[]}
 */
function prerequisitesOf(missing, engineFrom) {
  /** @type {Prerequisite[]} */
  const needed = ['locks'];
  if (missing.packages) needed.push('npm');
  if (missing.engine) needed.push('python', 'compiler');
  if (missing.engine && engineFrom === undefined) needed.push('pip');
  return needed;
}

/**
 * Does the steps in order. Looks again first: another process may have done them while this one waited for the lock.
 * @param {Places} places
 * @param {string | undefined} engineFrom
 */
async function doMissing(places, engineFrom) {
  const missing = findMissing(places);
  const lock = readLock(places.root);
  const pin = readPin(process.env);
  const folder = engineFolder(places, pin, lock);
  if (missing.packages) await installPackages(places, lock);
  if (missing.engine) await fillEngine(places, pin, folder, engineFrom);
  // `npm ci` removes the link and the build's stamp with node_modules.
  if (!process.env.ROCINANTE_ENGINE_DIR && !engineIsLinked(places, folder)) linkEngine(places, folder);
  const fingerprint = fingerprintOf(places.root);
  if (!isBuilt(places, fingerprint)) await build(places, fingerprint);
  say('set up');
}
