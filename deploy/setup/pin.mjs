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
 */

/** @type {Record<keyof Pin, 'string' | 'number'>} */
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
 * Reads which wheel to take for computing on the processor.
 * @param {NodeJS.ProcessEnv} env ROCINANTE_ENGINE_PIN names another file of the same form, for tests and for own builds of the engine.
 * @returns {Pin}
 * @throws {SetupFailure} the file cannot be read or lacks a field.
 */
export function readPin(env) {
  const file = env.ROCINANTE_ENGINE_PIN || join(import.meta.dirname, 'engine-pin.json');
  /** @type {any} */
  let pin;
  try {
    pin = JSON.parse(readFileSync(file, 'utf8')).cpu;
  } catch (error) {
    throw new SetupFailure(`${file}: expected a JSON file that pins the engine; ${String(error)}`, 2);
  }
  for (const [name, type] of Object.entries(fields)) {
    if (typeof pin?.[name] !== type) {
      throw new SetupFailure(
        `${file}: cpu.${name}: expected a ${type}, received ${JSON.stringify(pin?.[name])}`,
        2,
      );
    }
  }
  return pin;
}
