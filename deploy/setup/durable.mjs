// @ts-check
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { spawnSync } from 'node:child_process';

/**
 * Waits until everything written to this path's file system is on the disk.
 * Called before a stamp or marker is written: after a power cut a stamp must not vouch for files that never arrived.
 * @param {string} path
 */
export function flush(path) {
  spawnSync('sync', ['--file-system', path], { stdio: 'ignore' });
}

/**
 * Waits until these files or folders of names are on the disk: where they are few, all of a busy file system need not be waited for.
 * @param {readonly string[]} paths
 */
export function flushOnly(paths) {
  spawnSync('sync', paths, { stdio: 'ignore' });
}

/**
 * Writes a small file so that it is there whole or not at all, also after a power cut.
 * @param {string} file
 * @param {string} text
 */
export function writeWhole(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}.part`;
  writeFileSync(beside, text, { flush: true });
  renameWhole(beside, file);
}

/**
 * Renames a flushed file or folder, and flushes the folder that holds the names.
 * @param {string} from
 * @param {string} to
 */
export function renameWhole(from, to) {
  renameSync(from, to);
  const folder = openSync(dirname(to), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
