// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from './child.mjs';
import { flush, writeWhole } from './durable.mjs';
import { SetupFailure } from './failure.mjs';
import { during } from './say.mjs';

/** @typedef {import('./places.mjs').Places} Places */

const sourceFolders = ['apps', 'libs', 'protos', 'test'];
const skippedFolders = new Set(['node_modules', 'dist', 'coverage', '.venv', '__pycache__']);
const sourceFile = /(\.(ts|mts|cts|tsx|proto)|^package\.json|^tsconfig.*\.json)$/;

/** @param {Places} places */
const stampFile = (places) => join(places.stamps, 'build');

/**
 * A hash of the path, size and time of change of everything the build reads; it costs some milliseconds.
 * @param {string} root
 */
export function fingerprintOf(root) {
  const hash = createHash('sha256');
  /** @param {string} file */
  const add = (file) => {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  };
  /** @param {string} folder */
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) walk(path);
      else if (entry.isFile() && sourceFile.test(entry.name)) add(path);
    }
  };
  sourceFolders.filter((folder) => existsSync(join(root, folder))).forEach(walk);
  readdirSync(root)
    .filter((name) => /^(tsconfig.*|package-lock)\.json$/.test(name))
    .forEach(add);
  return hash.digest('hex');
}

/**
 * Whether the build's outputs are those of these sources.
 * @param {Places} places
 * @param {string} fingerprint from `fingerprintOf`.
 */
export function isBuilt(places, fingerprint) {
  const stamp = stampFile(places);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== fingerprint) return false;
  return projectsWithoutOutput(places.root).length === 0;
}

/**
 * Builds every project whose sources changed.
 *
 * `fingerprint` was taken before: what changes while the compiler runs is noticed the next time.
 * @param {Places} places
 * @param {string} fingerprint from `fingerprintOf`.
 * @throws {SetupFailure} a source does not compile; the compiler's output stands before it on standard error.
 */
export async function build(places, fingerprint) {
  // The compiler trusts its own record more than the folder beside it: without the outputs the record must go too.
  for (const project of projectsWithoutOutput(places.root)) {
    rmSync(join(project, 'tsconfig.tsbuildinfo'), { force: true });
  }
  const log = join(places.state, 'build.log');
  const compiler = join(places.root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { ok, how, tail } = await during(
    'building (tsc -b)',
    () => '',
    () =>
      runChild(process.execPath, [compiler, '-b', '--pretty', String(process.stderr.isTTY === true)], {
        cwd: places.root,
        log,
      }),
  );
  if (!ok) {
    process.stderr.write(tail);
    throw new SetupFailure(`the build failed (${how}); its output is in ${log}`, 1);
  }
  flush(places.root);
  writeWhole(stampFile(places), fingerprint);
}

/** @param {string} root */
function projectsWithoutOutput(root) {
  return ['apps', 'libs']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .filter((project) => existsSync(join(project, 'tsconfig.json')) && !existsSync(join(project, 'dist')));
}
