// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileEntry, filesBelow } from './entries.mjs';

/** @typedef {import('./tar.mjs').Entry} Entry */

// Of the project a bundle has what runs: no sources, types or tests, and nothing that an earlier build left behind.

/** What a compiler writes beside a module. */
const besides = /\.(d\.[cm]?ts|map|tsbuildinfo)$/;
const spec = /\.spec\.js$/;

/** Imports, and the files of threads and processes that a module starts: `'./x.js'`, `'../../worker/dist/main.js'`. */
const reference = /['"](\.{1,2}\/[^'"\n]+\.js)['"]/g;

/**
 * The built project, and the protocol's files.
 * @param {string} root the checkout.
 * @param {readonly string[]} projects the apps and libs, such as `libs/wire`, from `productionPackages`.
 * @returns {Entry[]}
 */
export function projectFiles(root, projects) {
  const built = projects.filter((project) => existsSync(join(root, project, 'dist')));
  return [
    ...built.flatMap((project) => [
      fileEntry(root, `${project}/package.json`),
      ...builtFiles(root, project).map((path) => fileEntry(root, path)),
    ]),
    ...filesBelow(root, 'protos')
      .filter((path) => path.endsWith('.proto'))
      .map((path) => fileEntry(root, path)),
    fileEntry(root, 'deploy/ssh/host.sh'),
    fileEntry(root, 'LICENSE'),
  ];
}

/**
 * What of a project's `dist` runs.
 * @param {string} root
 * @param {string} project such as `libs/wire`.
 * @returns {string[]} paths, relative to the root.
 */
function builtFiles(root, project) {
  const files = filesBelow(root, `${project}/dist`).filter((path) => !besides.test(path));
  const current = files.filter((path) => isCurrent(root, project, path));
  const testOnly = importedByTestsOnly(root, current);
  const exported = mainsOf(root, project);
  return current.filter((path) => !spec.test(path) && (exported.includes(path) || !testOnly.has(path)));
}

/**
 * Whether a compiled module still has its source: the compiler does not remove what it once wrote. What another tool
 * built, such as a page's files, has none under that name and is taken.
 * @param {string} root
 * @param {string} project
 * @param {string} path
 */
function isCurrent(root, project, path) {
  if (!existsSync(join(root, path.replace(/\.js$/, '.d.ts')))) return true;
  const source = path.replace(`${project}/dist/`, `${project}/src/`).replace(/\.js$/, '');
  return existsSync(join(root, `${source}.ts`)) || existsSync(join(root, `${source}.tsx`));
}

/**
 * Modules that tests import, directly or through another such module, and nothing else does.
 * @param {string} root
 * @param {readonly string[]} paths of one project.
 * @returns {Set<string>}
 */
function importedByTestsOnly(root, paths) {
  const imports = new Map(
    paths.filter((path) => path.endsWith('.js')).map((path) => [path, referencesOf(root, path)]),
  );
  /** @type {Set<string>} */
  const found = new Set();
  for (let before = -1; before < found.size;) {
    before = found.size;
    const isTest = (/** @type {string} */ path) => spec.test(path) || found.has(path);
    for (const path of imports.keys()) {
      const by = [...imports].filter(([, to]) => to.includes(path)).map(([from]) => from);
      if (by.length > 0 && by.every(isTest)) found.add(path);
    }
  }
  return found;
}

/**
 * @param {string} root
 * @param {string} path
 * @returns {string[]} the modules that one names.
 */
function referencesOf(root, path) {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(reference)].map(([, to]) => posix.join(dirname(path), to));
}

/**
 * @param {string} root
 * @param {string} project
 * @returns {string[]} what its package.json exports.
 */
function mainsOf(root, project) {
  const { exports = {} } = JSON.parse(readFileSync(join(root, project, 'package.json'), 'utf8'));
  return Object.values(exports).map((entry) => posix.join(project, entry.default ?? entry));
}

/**
 * The options that the checkout's launcher gives to Node: a bundle's launcher gives the same.
 * @param {string} root
 */
export function nodeOptions(root) {
  const text = readFileSync(join(root, 'rocinante'), 'utf8');
  const [, options] = /^exec node ((?:--\S+ )+)"\$root\/deploy\/setup\/main\.mjs" "\$@"$/m.exec(text) ?? [];
  if (options === undefined) throw new Error('rocinante: expected a last line that starts node with options');
  return options.trim();
}

/**
 * The project's version.
 * @param {string} root
 * @returns {string}
 */
export function versionOf(root) {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}
