// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupFailure } from './failure.mjs';

/**
 * The wheel that holds the engine, and what its bytes must be.
 *
 * @typedef {object} Pin
 * @property {string} package its name in a Python package index.
 * @property {string} version TensorFlow's version, which the binding must report.
 * @property {string} fileName
 * @property {number} bytes the file's size.
 * @property {string} sha256 the file's hash, in hexadecimal digits.
 * @property {string} platform pip's name of the platform the wheel is for.
 * @property {string} pythonVersion which of the wheels to take; any does, as no Python code of it is used.
 * @property {number} [unpackedBytes] what is taken from it takes so much on a disk.
 */

/** @type {Record<Exclude<keyof Pin, 'unpackedBytes'>, 'string' | 'number'>} */
const fields = {
  package: 'string',
  version: 'string',
  fileName: 'string',
  bytes: 'number',
  sha256: 'string',
  platform: 'string',
  pythonVersion: 'string',
};

/**
 * Reads which wheel to take.
 * @param {NodeJS.ProcessEnv} env ROCINANTE_ENGINE_PIN names another file of the same form, for tests and for own builds of the engine.
 * @param {'cpu' | 'gpu'} [device] what it computes on.
 * @returns {Pin}
 * @throws {SetupFailure} the file cannot be read or lacks a field.
 */
export function readPin(env, device = 'cpu') {
  const { file, pins } = readPins(env);
  return checkPin(file, device, pins[device]);
}

/**
 * Reads what the engine for GPUs is made from.
 * @param {NodeJS.ProcessEnv} env as for `readPin`.
 * @returns {import('./gpu-engine.mjs').GpuPins}
 * @throws {SetupFailure} the file cannot be read or lacks a field.
 */
export function readGpuPins(env) {
  return { engine: readPin(env, 'gpu'), cuda: readCudaPins(env) };
}

/**
 * A wheel of CUDA's, and what is taken from it.
 * @typedef {Pin & { files: string[], licence: string }} CudaPin `licence` is a member of the wheel too.
 */

/**
 * Reads which wheels hold what TensorFlow asks of CUDA on a GPU: libraries that it opens when it runs, from pip's layout.
 * @param {NodeJS.ProcessEnv} env as for `readPin`.
 * @returns {CudaPin[]}
 * @throws {SetupFailure} the file cannot be read or lacks a field.
 */
function readCudaPins(env) {
  const { file, pins } = readPins(env);
  if (!Array.isArray(pins.cuda)) {
    throw new SetupFailure(
      `${file}: cuda: expected a list of wheels, received ${JSON.stringify(pins.cuda)}`,
      2,
    );
  }
  return pins.cuda.map((/** @type {any} */ pin, /** @type {number} */ index) => {
    checkPin(file, `cuda[${index}]`, pin);
    const isWhole = Array.isArray(pin.files) && pin.files.length > 0 && typeof pin.licence === 'string';
    if (!isWhole)
      throw new SetupFailure(`${file}: cuda[${index}]: expected files and a licence to take from it`, 2);
    return pin;
  });
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ file: string, pins: any }}
 */
function readPins(env) {
  const file = env.ROCINANTE_ENGINE_PIN || join(import.meta.dirname, 'engine-pin.json');
  try {
    return { file, pins: JSON.parse(readFileSync(file, 'utf8')) };
  } catch (error) {
    throw new SetupFailure(`${file}: expected a JSON file that pins the engine; ${String(error)}`, 2);
  }
}

/**
 * @param {string} file
 * @param {string} where
 * @param {any} pin
 * @returns {Pin}
 */
function checkPin(file, where, pin) {
  for (const [name, type] of Object.entries(fields)) {
    if (typeof pin?.[name] !== type) {
      throw new SetupFailure(
        `${file}: ${where}.${name}: expected a ${type}, received ${JSON.stringify(pin?.[name])}`,
        2,
      );
    }
  }
  return pin;
}
