import { statSync } from 'node:fs';
import { RocinanteError } from '@rocinante/base';

/**
 * How often files are looked at. A change is told when two looks in a row saw the same, so that files which change one
 * after the other, such as a certificate and its key, are told once, and none half written.
 */
export const FILE_LOOK_INTERVAL_MS = 2000;

/** Time and the file system, so that tests can put their own in their place. */
export interface FileWatching {
  /** What tells one state of a file from another; the same text is the same state. */
  readonly stateOf: (path: string) => string;
  /** Calls again and again, until what it gives is called. */
  readonly every: (intervalMs: number, look: () => void) => () => void;
}

/**
 * Tells when files are other than they were at the call: written, replaced, taken away, or come back.
 *
 * The files are looked at, rather than watched: an inotify watch is lost with the inode when a file is renamed into place,
 * and Kubernetes changes a mounted secret by swapping a link to the folder. Looking follows links. It works on network
 * file systems too, and keeps no process alive.
 *
 * @param changed takes its own errors: what it throws ends the process.
 * @returns ends it.
 */
export function onFileChange(
  paths: readonly string[],
  changed: () => void,
  watching: Partial<FileWatching> = {},
): () => void {
  const { stateOf, every } = { ...realFiles, ...watching };
  const look = (): string => paths.map((path) => stateOf(path)).join('\n');
  let told = look();
  let last = told;
  return every(FILE_LOOK_INTERVAL_MS, () => {
    const now = look();
    const settled = now === last;
    last = now;
    if (!settled || now === told) return;
    told = now;
    changed();
  });
}

/**
 * Reads files again when they change, as `onFileChange` tells it; what cannot be used is told, and what was read before stays.
 * @param read throws a RocinanteError where they cannot be used; any other error ends the process.
 * @returns ends it.
 */
export function rereadOnChange(
  paths: readonly string[],
  read: () => void,
  failed: (error: RocinanteError) => void,
  watching: Partial<FileWatching> = {},
): () => void {
  const reread = (): void => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof RocinanteError)) throw error;
      failed(error);
    }
  };
  return onFileChange(paths, reread, watching);
}

const realFiles: FileWatching = {
  stateOf(path) {
    try {
      // The change time is the kernel's: it moves when contents or mode do, whatever a copy says of the other times.
      const { dev, ino, size, ctimeNs } = statSync(path, { bigint: true });
      return [dev, ino, size, ctimeNs].join(' ');
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unreadable';
    }
  },
  every(intervalMs, look) {
    const timer = setInterval(look, intervalMs).unref();
    return () => clearInterval(timer);
  },
};
