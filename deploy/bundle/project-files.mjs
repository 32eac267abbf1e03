// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileEntry, filesBelow } from './entries.mjs';

/** @typedef {import('./tar.mjs').Entry} Entry */

// Of the project a bundle has what runs: no sources, types or tests.

/** What a compiler writes beside a module. */
const besides = /\.(d\.[cm]?ts|map|tsbuildinfo)$/;
const spec = /(\.spec|(^|\/)spec-[^/]*)\.js$/;

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
 * What of a project's `dist` runs: what is reached from what its package exports, the files of threads and processes
 * included. That leaves out tests, what only tests use, and what the compiler wrote for a source that is gone. A project that
 * exports nothing, such as a page's files, is taken whole.
 * @param {string} root
 * @param {string} project such as `libs/wire`.
 * @returns {string[]} paths, relative to the root.
 */
function builtFiles(root, project) {
  const files = filesBelow(root, `${project}/dist`).filter((path) => !besides.test(path));
  const mains = mainsOf(root, project);
  if (mains.length === 0) return files.filter((path) => !spec.test(path));
  /** @type {Set<string>} */
  const reached = new Set();
  const waiting = mains;
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path) || !files.includes(path)) continue;
    reached.add(path);
    waiting.push(...referencesOf(root, path));
  }
  return files.filter((path) => reached.has(path) || !path.endsWith('.js'));
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
  const [, options] =
    /^exec node ((?:--\S+ )+)"\$root\/deploy\/setup\/main\.mjs" "\$@"$/m.exec(launcherOf(root)) ?? [];
  if (options === undefined) throw new Error('rocinante: expected a last line that starts node with options');
  return options.trim();
}

/**
 * What the checkout's launcher tells glibc of a worker's memory: a bundle's launcher tells it the same.
 * @param {string} root
 * @returns {string} the value of GLIBC_TUNABLES.
 */
export function workerTunables(root) {
  const [, tunables] = /^ {2}tunables=(\S+)$/m.exec(launcherOf(root)) ?? [];
  if (tunables === undefined) throw new Error('rocinante: expected a line that sets tunables');
  return tunables;
}

/** @param {string} root */
function launcherOf(root) {
  return readFileSync(join(root, 'rocinante'), 'utf8');
}

/**
 * The project's version.
 * @param {string} root
 * @returns {string}
 */
export function versionOf(root) {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}
