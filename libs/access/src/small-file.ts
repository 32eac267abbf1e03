import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { systemTrouble } from '@rocinante/base';
import { AccessError } from './errors.js';

/** What a small file is asked to be. */
export interface SmallFile {
  /** What is expected in it, for the message: `a token`. */
  readonly what: string;
  readonly bytesMax: number;
  /** What others may not do with it. Null where they may do what they like. */
  readonly keepFrom: 'readers' | 'writers' | null;
}

/**
 * Reads a whole file from outside that is short by its nature.
 *
 * A pipe is refused, and nobody waits for its other end: these files are read again when they change, which a pipe cannot.
 *
 * Who may read a secret is decided as ssh decides it for keys: a file of the user's own must be closed to everybody else,
 * since its owner can close it. One of another user is another user's matter: Kubernetes and systemd hand out secrets that
 * root owns. One of root's, read as root, may be open to its group, as Kubernetes' `fsGroup` makes it.
 * @throws {AccessError} `ACCESS_FILE` or `ACCESS_FILE_MODE`.
 */
export function readSmallFile(path: string, { what, bytesMax, keepFrom }: SmallFile): Buffer {
  let file: number;
  try {
    // Without waiting: opening a pipe would stop the process until somebody writes to it.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new AccessError('ACCESS_FILE', `${path}: expected ${what}, received ${reason(error, path)}`, {
      cause: error,
    });
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) {
      throw new AccessError('ACCESS_FILE', `${path}: expected ${what}, received ${kindOf(stats)}`);
    }
    if (keepFrom === 'readers' && othersCanRead(stats, process.geteuid!())) {
      throw new AccessError(
        'ACCESS_FILE_MODE',
        `${path}: expected a file that nobody else can read, received mode ${modeOf(stats)}; close it with: chmod 600 ${path}`,
      );
    }
    if (keepFrom === 'writers' && anyoneCanWrite(stats)) {
      throw new AccessError(
        'ACCESS_FILE_MODE',
        `${path}: expected a file that not everybody can write, received mode ${modeOf(stats)}; close it with: chmod o-w ${path}`,
      );
    }
    return readToEnd(file, path, what, bytesMax);
  } finally {
    closeSync(file);
  }
}

/** Whether a file's mode lets others read a secret that its owner, who asks, could keep from them. */
export function othersCanRead({ mode, uid }: Pick<Stats, 'mode' | 'uid'>, asking: number): boolean {
  if (uid !== asking) return false;
  return (mode & (uid === 0 ? 0o037 : 0o077)) !== 0;
}

/** Whether a file's mode lets every user of the machine write it. */
function anyoneCanWrite({ mode }: Stats): boolean {
  return (mode & 0o002) !== 0;
}

function readToEnd(file: number, path: string, what: string, bytesMax: number): Buffer {
  const buffer = Buffer.alloc(bytesMax + 1);
  let length = 0;
  try {
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || length === buffer.length) break;
    }
  } catch (error) {
    throw new AccessError('ACCESS_FILE', `${path}: expected ${what}, received ${reason(error, path)}`, {
      cause: error,
    });
  }
  if (length > bytesMax) {
    throw new AccessError(
      'ACCESS_FILE',
      `${path}: expected ${what} of at most ${bytesMax} bytes, received more`,
    );
  }
  return buffer.subarray(0, length);
}

function modeOf({ mode }: Stats): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  return stats.isFIFO() ? 'a pipe' : 'a device';
}

function reason(error: unknown, path: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'a file that this user may not read';
  return `what cannot be read: ${systemTrouble(error, path)}`;
}
