import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { AccessError } from './errors.js';
import { targetOf, withFolder } from './root-path.js';

/** Who may read a secret: its owner. */
export const SECRET_MODE = 0o600;

/** Who may read what is no secret; the process's umask may take away. */
export const PUBLIC_MODE = 0o644;

/**
 * Writes a file so that its path holds what it held before or all of the new contents, and a secret is never readable for
 * others, not for a moment.
 *
 * A file that is there keeps its owner, its group and its mode, but that no secret is open to everybody: root may write what
 * another user reads. A link is followed; by root only where it is root's, in a folder of root's.
 * @param mode of a new file.
 * @throws {AccessError} `ACCESS_FILE`: it is another user's, and would not stay so, or a link that root does not follow. Other
 * errors are the operating system's.
 */
export function writeWhole(path: string, contents: string, mode: number): void {
  const target = targetOf(path);
  withFolder(dirname(target), (folder) => {
    const own = folder.in(basename(target));
    // A link that leads nowhere is replaced.
    const found = lstatSync(own, { throwIfNoEntry: false });
    const before = found?.isSymbolicLink() ? undefined : found;
    const partial = `${own}.${randomBytes(6).toString('hex')}.partial`;
    try {
      const file = openSync(partial, 'wx', mode);
      try {
        writeFileSync(file, contents);
        if (before !== undefined) keepOwner(file, before, path, mode);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(partial, own);
    } catch (error) {
      rmSync(partial, { force: true });
      throw error;
    }
    fsyncSync(folder.descriptor);
  });
}

function keepOwner(file: number, { uid, gid, mode }: Stats, path: string, newMode: number): void {
  if (uid !== process.geteuid!() || gid !== process.getegid!()) {
    try {
      fchownSync(file, uid, gid);
    } catch (error) {
      throw new AccessError(
        'ACCESS_FILE',
        `${path}: expected to write it as its owner, user ${uid} of group ${gid}, received user ${process.geteuid!()}; run this as that user, or as root`,
        { cause: error },
      );
    }
  }
  // Owner and group as they were; others at most what a new file of this kind lets them.
  fchmodSync(file, mode & (0o770 | (newMode & 0o007)));
}
