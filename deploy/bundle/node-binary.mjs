// @ts-check
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupFailure } from '../setup/failure.mjs';

/** Asked of a Node, in itself: what it was built with says whether it runs alone. */
const question = 'JSON.stringify({ version: process.versions.node, variables: process.config.variables })';

/** Where a Node's licence lies: from nodejs.org beside its folders, from a package where documents are. */
const licencePlaces = [
  'LICENSE',
  'share/doc/nodejs/LICENSE',
  'share/doc/node/LICENSE',
  'share/doc/nodejs/copyright',
];

/**
 * The Node that a bundle takes along.
 * @typedef {object} NodeBinary
 * @property {string} file
 * @property {string} version as in `20.20.2`.
 * @property {string} licence the file with its licence and those of what it is built from.
 */

/**
 * Looks whether a Node can be taken to another machine.
 * @param {string} path
 * @returns {NodeBinary}
 * @throws {SetupFailure} it does not run, needs libraries of this machine beside the C and C++ ones, or has no licence beside it.
 */
export function nodeBinary(path) {
  const { status, stdout, error } = spawnSync(path, ['-p', question], { encoding: 'utf8' });
  const about = status === 0 && stdout.startsWith('{"version"') ? JSON.parse(stdout) : null;
  if (about === null) {
    const why = error?.message ?? (status === 0 ? 'it is another program' : `it ended with ${status}`);
    throw new SetupFailure(`--node ${path}: expected a Node.js that runs; ${why}`, 2);
  }
  const { version, variables } = about;
  const shared = Object.keys(variables).filter(
    (name) => /^node_shared(_|$)/.test(name) && isTrue(variables[name]),
  );
  if (shared.length > 0) {
    throw new SetupFailure(
      `${path}: expected a Node.js that needs no library of this machine, received one built with ${shared.join(', ')}; ` +
        'take one from https://nodejs.org, and name it by --node FILE',
      2,
    );
  }
  const file = realpathSync(path);
  const prefix = dirname(dirname(file));
  const licence = licencePlaces.map((place) => join(prefix, place)).find((place) => existsSync(place));
  if (licence === undefined) {
    throw new SetupFailure(
      `${path}: expected its licence, as ${licencePlaces.map((place) => join(prefix, place)).join(' or ')}; found none`,
      2,
    );
  }
  return { file, version, licence };
}

/** @param {unknown} value as gyp writes it. */
function isTrue(value) {
  return value === true || value === 1 || value === 'true';
}
