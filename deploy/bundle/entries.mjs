// @ts-check
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {import('./tar.mjs').Entry} Entry */

/**
 * A file as an entry of the archive.
 * @param {string} root
 * @param {string} path relative to the root, and in the archive, where `as` says nothing else.
 * @param {{ as?: string, executable?: boolean }} [options] `executable` is said, not read: a checkout's modes may differ.
 * @returns {Entry}
 */
export function fileEntry(root, path, { as = path, executable = false } = {}) {
  const file = join(root, path);
  return { path: as, file, size: statSync(file).size, executable };
}

/**
 * A text as a file of the archive.
 * @param {string} path
 * @param {string} text
 * @param {boolean} [executable]
 * @returns {Entry}
 */
export function textEntry(path, text, executable = false) {
  const bytes = Buffer.from(text);
  return { path, bytes, size: bytes.length, executable };
}

/**
 * A symbolic link.
 * @param {string} path
 * @param {string} link relative to the link's folder.
 * @returns {Entry}
 */
export function linkEntry(path, link) {
  return { path, link, size: 0, executable: false };
}

/**
 * The files below a folder; links are not followed and not among them.
 * @param {string} root
 * @param {string} folder relative to the root.
 * @param {(name: string) => boolean} [enters] whether a folder of this name is looked into.
 * @returns {string[]} paths relative to the root.
 */
export function filesBelow(root, folder, enters = () => true) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return enters(entry.name) ? filesBelow(root, path, enters) : [];
    return entry.isFile() ? [path] : [];
  });
}
