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
import { failureOf, GpuFailure } from './failure.mjs';
import { fillGpuEngine, gpuEngineFolder, gpuEngineIsWhole } from './gpu-engine.mjs';
import { underLock } from './lock.mjs';
import { installPackages, packagesAreInstalled, readLock } from './packages.mjs';
import { readGpuPins, readPin } from './pin.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { clearLine, megabytes, say } from './say.mjs';

/** @typedef {import('./places.mjs').Places} Places */
/** @typedef {import('./prerequisites.mjs').Prerequisite} Prerequisite */

/** The exit code of a launcher that was interrupted. */
const interruptedCode = 130;

/**
 * Which engine a command is to have.
 * @typedef {'cpu' | 'gpu'} Device
 */

/**
 * Whether a command needs the engine: not where it only shows its help, or says what is wrong with its words.
 * @typedef {object} EngineNeed
 * @property {boolean} asksForHelp
 * @property {() => Promise<boolean>} isNeeded asked once packages and the build are there.
 */

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
 *
 * Packages and the build come first: by them the command can say whether it needs the engine, which takes a download.
 * @param {Places} places
 * @param {string | undefined} engineFrom a folder to take the engine's wheels from.
 * @param {Device} device
 * @param {EngineNeed} need
 * @returns {Promise<boolean>} whether the engine is there: not where it was missing, and is not needed.
 * @throws {import('./failure.mjs').SetupFailure} a step failed, or the machine lacks something; a GpuFailure where it is what only
 * the engine for GPUs needs.
 */
export async function setUp(places, engineFrom, device, need) {
  const missing = findMissing(places, device);
  if (!Object.values(missing).some(Boolean)) return true;
  if (missing.engine && !missing.packages && !missing.build && !(await need.isNeeded())) return false;
  checkPrerequisites(prerequisitesOf(missing, engineFrom, need));
  // Children die with this process (child.mjs), so an interruption ends at once; what was begun does not count.
  const interrupt = () => {
    clearLine();
    say('interrupted while setting up; the same command goes on from what is whole');
    process.exit(interruptedCode);
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await underLock(join(places.state, 'lock'), 'setting up this checkout', () =>
      doMissing(places, engineFrom, device, need),
    );
  } catch (error) {
    throw failureOf(error);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/**
 * The engine for GPUs that this checkout wants, whether it is there or not.
 * @param {Places} places
 */
export function wantedGpuEngine(places) {
  return gpuEngineFolder(places, readGpuPins(process.env), readLock(places.root));
}

/**
 * @param {Places} places
 * @param {Device} device
 * @returns {Missing}
 */
function findMissing(places, device) {
  const lock = readLock(places.root);
  const own = process.env.ROCINANTE_ENGINE_DIR;
  if (own) checkOwnEngine(own);
  const folder = engineFolder(places, readPin(process.env), lock);
  // The engine for GPUs is not linked: a command with the other device may run in this checkout at the same time.
  const linked = !own && device === 'cpu';
  return {
    packages: !packagesAreInstalled(places, lock),
    engine:
      (linked && !engineIsWhole(folder)) || (!own && !linked && !gpuEngineIsWhole(wantedGpuEngine(places))),
    link: linked && !engineIsLinked(places, folder),
    build: !isBuilt(places, fingerprintOf(places.root)),
  };
}

/**
 * @param {Missing} missing
 * @param {string | undefined} engineFrom
 * @param {EngineNeed} need
 * @returns {Prerequisite[]} the engine's too, though the command may turn out to need none: they are told of all at once.
 */
function prerequisitesOf(missing, engineFrom, { asksForHelp }) {
  /** @type {Prerequisite[]} */
  const needed = ['locks'];
  if (missing.packages) needed.push('npm');
  if (missing.engine && !asksForHelp) needed.push('python', 'compiler');
  if (missing.engine && !asksForHelp && engineFrom === undefined) needed.push('pip');
  return needed;
}

/**
 * Does the steps in order. Looks again first: another process may have done them while this one waited for the lock.
 * @param {Places} places
 * @param {string | undefined} engineFrom
 * @param {Device} device
 * @param {EngineNeed} need
 * @returns {Promise<boolean>} as `setUp`.
 */
async function doMissing(places, engineFrom, device, need) {
  const missing = findMissing(places, device);
  const lock = readLock(places.root);
  const pin = readPin(process.env);
  const folder = engineFolder(places, pin, lock);
  if (missing.packages) say(firstWords(missing, device, pin, need));
  if (missing.packages) await installPackages(places, lock);
  // `npm ci` removes the link and the build's stamp with node_modules.
  const fingerprint = fingerprintOf(places.root);
  if (!isBuilt(places, fingerprint)) await build(places, fingerprint);
  if (missing.engine && !(await need.isNeeded())) return false;
  if (missing.engine && device === 'gpu') await fillForGpus(places, lock, engineFrom);
  else if (missing.engine) await fillEngine(places, pin, folder, engineFrom);
  if (findMissing(places, device).link) linkEngine(places, folder);
  say('set up');
  return true;
}

/**
 * What is going to be done in a fresh checkout, and for how long, before the first of it.
 * @param {Missing} missing
 * @param {Device} device
 * @param {import('./pin.mjs').Pin} pin
 * @param {EngineNeed} need
 */
function firstWords(missing, device, pin, { asksForHelp }) {
  const packages = 'npm packages (550 MB) and a build';
  if (asksForHelp)
    return `first use of this checkout: help needs ${packages} too, some 100 s on two cores ...`;
  if (!missing.engine) return `first use of this checkout: ${packages}, some 100 s on two cores ...`;
  const engine =
    device === 'gpu' ? 'the engine for GPUs' : `TensorFlow's library (${megabytes(pin.bytes)} MB)`;
  return `first use of this checkout: ${packages}, then ${engine}, unless the command needs none: some two minutes on two cores ...`;
}

/**
 * @param {Places} places
 * @param {import('./packages.mjs').Lock} lock
 * @param {string | undefined} engineFrom
 * @throws {GpuFailure}
 */
async function fillForGpus(places, lock, engineFrom) {
  try {
    await fillGpuEngine(places, readGpuPins(process.env), lock, engineFrom);
  } catch (error) {
    const { message, exitCode } = failureOf(error);
    throw new GpuFailure(message, exitCode);
  }
}
