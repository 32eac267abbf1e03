// @ts-check
import { readNvidia, visibleCards } from '../../libs/engine/src/nvidia-cards.mjs';
import { computingCard, gpuDoubt, gpuHindrance } from '../../libs/engine/src/nvidia-fitness.mjs';
import { wantedDevice, withDevice } from './device.mjs';
import { failureOf, GpuFailure, SetupFailure } from './failure.mjs';
import { checkGpu } from './gpu-check.mjs';
import { gpuEngineIsWhole } from './gpu-engine.mjs';
import { say } from './say.mjs';
import { setUp, wantedGpuEngine } from './set-up.mjs';

/** @typedef {import('./places.mjs').Places} Places */
/** @typedef {import('./set-up.mjs').EngineNeed} EngineNeed */

/**
 * Sets up what a command needs, and decides which device it computes on where that is `auto`: a card that the engine can use, and
 * otherwise the processor, with one line where there is a card.
 * @param {Places} places
 * @param {string | undefined} engineFrom a folder to take the engine's wheels from.
 * @param {string[]} argv the command and its words.
 * @param {EngineNeed} need
 * @returns {Promise<string[]>} the same, with the device that was decided on; `process.env` leads to its engine.
 * @throws {SetupFailure} a step failed, or the machine lacks something.
 */
export async function setUpFor(places, engineFrom, argv, need) {
  const { env } = process;
  const wanted = wantedDevice(argv, env);
  let words = argv;
  // Who names an engine's folder has chosen already.
  if (wanted !== null && wanted !== 'cpu' && !env.ROCINANTE_ENGINE_DIR) {
    try {
      if (await setUpForGpus(places, engineFrom, wanted, need, hasGpus(argv, env)))
        return wanted === 'look' ? argv : withDevice(argv, 'gpu');
    } catch (error) {
      if (!(error instanceof GpuFailure)) throw error;
      if (wanted === 'gpu') throw new SetupFailure(wantedInVain(error.message, argv), error.exitCode);
      if (wanted === 'auto') {
        say(`computing on the processor: ${error.message.split('\n')[0]}`);
        words = withDevice(argv, 'cpu');
      }
    }
  }
  await setUp(places, engineFrom, 'cpu', need);
  return words;
}

/**
 * Why there is no card for whoever wants one, with the option that was given and how to do without it.
 * @param {string} why
 * @param {string[]} argv
 * @returns {string}
 */
function wantedInVain(why, argv) {
  const { env } = process;
  const isOfDevice = wantedDevice(argv, { ...env, ROCINANTE_GPUS: undefined }) === 'gpu';
  if (isOfDevice && !hasGpusOption(argv)) return `--device gpu: ${why}`;
  return `--gpus: ${why.replaceAll('use --device cpu', 'leave --gpus out')}`;
}

/** @param {string[]} argv */
function hasGpusOption(argv) {
  return argv.some((word) => word === '--gpus' || word.startsWith('--gpus='));
}

/**
 * Whether the command is to compute on the cards that `--gpus` names.
 * @param {string[]} argv
 * @param {NodeJS.ProcessEnv} env
 */
function hasGpus(argv, env) {
  return hasGpusOption(argv) || Boolean(env.ROCINANTE_GPUS);
}

/**
 * @param {Places} places
 * @param {string | undefined} engineFrom
 * @param {'auto' | 'gpu' | 'look'} wanted
 * @param {EngineNeed} need
 * @param {boolean} takesSeveral whether more than the first card may be computed on.
 * @returns {Promise<boolean>} whether the command has the engine for GPUs.
 * @throws {GpuFailure} there is a card, or one is wanted, and it cannot be used.
 */
async function setUpForGpus(places, engineFrom, wanted, need, takesSeveral) {
  const { env } = process;
  const nvidia = readNvidia(env);
  const { driver, cards } = nvidia;
  if (wanted !== 'gpu' && driver === null && cards.length === 0) return false;
  const folder = gpuEngineOf(places);
  const hindrance = gpuHindrance(env, nvidia);
  if (wanted === 'look') {
    // What looks at the machine says what is wrong with it by itself, and fetches nothing.
    if (hindrance !== null || !gpuEngineIsWhole(folder)) return false;
  } else if (hindrance !== null) {
    throw new GpuFailure(hindrance, 2);
  } else {
    const visible = visibleCards(cards, env.CUDA_VISIBLE_DEVICES);
    const doubt = gpuDoubt(takesSeveral ? visible : computingCard(visible));
    if (doubt !== null) say(doubt);
  }
  if (!(await setUp(places, engineFrom, 'gpu', need))) return false;
  if (wanted !== 'look') await checkGpu(places, folder, nvidia);
  env.ROCINANTE_ENGINE_DIR = folder;
  return true;
}

/**
 * @param {Places} places
 * @returns {string} the folder of the engine for GPUs.
 * @throws {GpuFailure} what is pinned (ROCINANTE_ENGINE_PIN) has none.
 */
function gpuEngineOf(places) {
  try {
    return wantedGpuEngine(places);
  } catch (error) {
    const { message, exitCode } = failureOf(error);
    throw new GpuFailure(message, exitCode);
  }
}
