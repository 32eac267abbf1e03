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
const sourceFile = /(\.(ts|mts|cts|mjs|tsx|proto|css|html)|^package\.json|^tsconfig.*\.json)$/;
/** The live page, which its own build makes: one folder of files that a browser loads. */
const pageFolder = join('apps', 'dashboard');

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
  if (hasPage(places.root) && !existsSync(join(places.root, pageFolder, 'dist', 'page', 'index.html')))
    return false;
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
  const modules = join(places.root, 'node_modules');
  const compiler = join(modules, 'typescript', 'bin', 'tsc');
  const pretty = String(process.stderr.isTTY === true);
  await step(places.root, log, 'building (tsc -b)', [compiler, '-b', '--pretty', pretty]);
  if (hasPage(places.root)) {
    const bundler = join(modules, 'vite', 'bin', 'vite.js');
    await step(join(places.root, pageFolder), log, 'building the live page (vite)', [bundler, 'build']);
  }
  flush(places.root);
  writeWhole(stampFile(places), fingerprint);
}

/**
 * One step of the build.
 * @param {string} cwd
 * @param {string} log
 * @param {string} said
 * @param {string[]} words Node's.
 * @throws {SetupFailure} it failed.
 */
async function step(cwd, log, said, words) {
  const { ok, how, tail } = await during(
    said,
    () => '',
    () => runChild(process.execPath, words, { cwd, log }),
  );
  if (ok) return;
  process.stderr.write(tail);
  throw new SetupFailure(`the build failed (${how}); its output is in ${log}`, 1);
}

/** @param {string} root */
function hasPage(root) {
  return existsSync(join(root, pageFolder, 'vite.config.mjs'));
}

/** @param {string} root */
function projectsWithoutOutput(root) {
  return ['apps', 'libs']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .filter((project) => existsSync(join(project, 'tsconfig.json')) && !existsSync(join(project, 'dist')));
}
