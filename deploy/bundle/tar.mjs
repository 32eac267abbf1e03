// @ts-check
import { SetupFailure } from '../setup/failure.mjs';

// The archive's format is ustar: every tar reads it, and its headers hold what we say and nothing of this machine.

/** The unit of the format. */
const BLOCK = 512;

/** The longest file that a header can state, in bytes: 11 octal digits. */
const FILE_BYTES_MAX = 8 ** 11 - 1;

/** The time of every file, in seconds: the beginning of 1980, the earliest that all archivers take for a time. */
const TIME = 315_532_800;

/**
 * One thing in an archive.
 * @typedef {object} Entry
 * @property {string} path relative to the archive's folder; a folder's ends with `/`.
 * @property {string} [file] where a file's bytes are now.
 * @property {Buffer} [bytes] a file's bytes, where no file holds them.
 * @property {string} [link] what a symbolic link leads to.
 * @property {number} size of a file, in bytes; else 0.
 * @property {boolean} executable
 */

/**
 * A folder's, a file's or a link's header: owner 0, a fixed time, mode 755 or 644.
 * @param {string} path as it stands in the archive.
 * @param {Entry} entry
 * @returns {Buffer} one block.
 * @throws {SetupFailure} the path or the file is too long for the format.
 */
export function header(path, entry) {
  if (entry.size > FILE_BYTES_MAX) {
    throw new SetupFailure(`${path}: expected at most 8 GiB in one file, received ${entry.size} bytes`, 1);
  }
  const { name, prefix } = split(path);
  const folder = path.endsWith('/');
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write(octal(folder || entry.executable ? 0o755 : entry.link === undefined ? 0o644 : 0o777, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(entry.size, 11), 124);
  block.write(octal(TIME, 11), 136);
  block.write(' '.repeat(8), 148);
  block.write(folder ? '5' : entry.link === undefined ? '0' : '2', 156);
  if (entry.link !== undefined) block.write(entry.link, 157);
  block.write('ustar\x0000', 257);
  block.write('root', 265);
  block.write('root', 297);
  block.write(octal(0, 7), 329);
  block.write(octal(0, 7), 337);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

/**
 * What follows a file's bytes.
 * @param {number} size of the file.
 */
export function padding(size) {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** What ends an archive. */
export const end = Buffer.alloc(2 * BLOCK);

/**
 * @param {number} value
 * @param {number} digits
 */
function octal(value, digits) {
  return value.toString(8).padStart(digits, '0');
}

/**
 * A header has 100 bytes for the end of a path, and 155 for what stands before it.
 * @param {string} path
 */
function split(path) {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  // The slash of a folder's own end does not count.
  const at = path.indexOf('/', path.length - 101);
  const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
  if (at < 0 || name === '' || Buffer.byteLength(prefix) > 155 || Buffer.byteLength(name) > 100) {
    throw new SetupFailure(`${path}: expected a path that tar's format holds (155 and 100 bytes)`, 1);
  }
  return { name, prefix };
}
