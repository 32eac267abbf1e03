// @ts-check
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from './child.mjs';
import { flush, writeWhole } from './durable.mjs';
import { SetupFailure } from './failure.mjs';
import { during } from './say.mjs';

/** @typedef {import('./places.mjs').Places} Places */
/** @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean }} LockedPackage */

/**
 * What package-lock.json asks for.
 * @typedef {object} Lock
 * @property {string} sha256 of the file.
 * @property {Record<string, LockedPackage>} packages by path, as in `node_modules/zod`.
 */

/**
 * @param {string} root
 * @returns {Lock}
 */
export function readLock(root) {
  const bytes = readFileSync(join(root, 'package-lock.json'));
  const { packages } = JSON.parse(bytes.toString());
  return { sha256: createHash('sha256').update(bytes).digest('hex'), packages };
}

/** @param {Places} places */
const stampFile = (places) => join(places.stamps, 'packages');

/**
 * Whether node_modules holds what package-lock.json asks for.
 *
 * Our own stamp says so after `npm ci`; after a person's `npm install` npm's own record does, and then the stamp is set.
 * @param {Places} places
 * @param {Lock} lock
 */
export function packagesAreInstalled(places, lock) {
  if (readOr(stampFile(places), '') === lock.sha256) return true;
  if (!matchesRecord(lock, readOr(join(places.root, 'node_modules', '.package-lock.json'), ''))) return false;
  writeWhole(stampFile(places), lock.sha256);
  return true;
}

/**
 * Runs `npm ci`.
 * @param {Places} places
 * @param {Lock} lock
 * @throws {SetupFailure} npm failed; the line holds its first complaint and names its whole output.
 */
export async function installPackages(places, lock) {
  const log = join(places.state, 'npm-ci.log');
  const { ok, how, tail } = await during(
    'installing packages (npm ci)',
    () => '',
    () => runChild('npm', ['ci'], { cwd: places.root, log }),
  );
  if (!ok) {
    const complaint = complaintOf(tail) ?? how;
    throw new SetupFailure(
      `could not fetch the packages: npm ci failed (${complaint}); its output is in ${log}`,
      1,
    );
  }
  flush(places.root);
  writeWhole(stampFile(places), lock.sha256);
}

/**
 * The line of npm's output that tells a person most.
 * @param {string} tail
 */
function complaintOf(tail) {
  const lines = [...tail.matchAll(/^npm (?:error|ERR!) (.+)$/gm)].map((match) => match[1]);
  return lines.find((line) => !/^(code|errno|syscall|path) /.test(line));
}

/**
 * Whether npm's record of node_modules has every package that the lock asks for, in its version.
 * Optional ones may be missing: they are other platforms'.
 * @param {Lock} lock
 * @param {string} record text of node_modules/.package-lock.json, or empty
 */
function matchesRecord(lock, record) {
  if (record === '') return false;
  /** @type {Record<string, LockedPackage>} */
  const installed = JSON.parse(record).packages;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/**
 * @param {string} file
 * @param {string} otherwise
 */
function readOr(file, otherwise) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
