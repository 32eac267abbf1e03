// @ts-check
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupFailure } from './failure.mjs';

/**
 * What a step of set-up needs from the machine.
 * @typedef {'locks' | 'npm' | 'python' | 'pip' | 'compiler'} Prerequisite
 */

const findPip = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("pip") is None)';

/** @type {Record<Prerequisite, { isThere: () => boolean, what: string, debian: string, fedora: string }>} */
const prerequisites = {
  locks: {
    isThere: () => findInPath('flock') !== undefined && findInPath('setpriv') !== undefined,
    what: '`flock` and `setpriv` (util-linux)',
    debian: 'util-linux',
    fedora: 'util-linux',
  },
  npm: {
    isThere: () => findInPath('npm') !== undefined,
    what: '`npm`, which comes with Node.js',
    debian: 'npm',
    fedora: 'nodejs-npm',
  },
  python: {
    isThere: () => findInPath('python3') !== undefined,
    what: 'Python 3 (`python3`)',
    debian: 'python3 python3-pip',
    fedora: 'python3 python3-pip',
  },
  pip: {
    // Asking whether pip could be imported takes a tenth of the time of running it.
    isThere: () => spawnSync('python3', ['-c', findPip], { stdio: 'ignore' }).status === 0,
    what: "Python's pip (`python3 -m pip`)",
    debian: 'python3-pip',
    fedora: 'python3-pip',
  },
  compiler: {
    isThere: () => findCompiler() !== undefined,
    what: 'a C++ compiler (`c++`, `g++` or `clang++`, or the one that CXX names)',
    debian: 'g++',
    fedora: 'gcc-c++',
  },
};

/**
 * Checks that the machine has what the coming steps need.
 * @param {Prerequisite[]} needed
 * @throws {SetupFailure} some are missing; one line for each says how to get it.
 */
export function checkPrerequisites(needed) {
  const missing = needed.filter((name) => !prerequisites[name].isThere());
  // Without Python there is no pip either, and one line about both is enough.
  const told = missing.filter((name) => name !== 'pip' || !missing.includes('python'));
  if (told.length === 0) return;
  const lines = told.map((name) => {
    const { what, debian, fedora } = prerequisites[name];
    return `needs ${what}: Debian/Ubuntu: sudo apt-get install ${debian}; Fedora: sudo dnf install ${fedora}`;
  });
  throw new SetupFailure(lines.join('\n'), 2);
}

/** The C++ compiler's command: the one CXX names, or the first there is; undefined without one. */
export function findCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  return candidates.find((name) => findInPath(name) !== undefined);
}

/** @param {string} name */
function findInPath(name) {
  const folders = name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  return folders
    .map((folder) => (folder === '' ? name : join(folder, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile();
      } catch {
        return false;
      }
    });
}
