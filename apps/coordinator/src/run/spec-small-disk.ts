/** For specs: a disk of its own in memory, to be filled. It needs the right to mount. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mounts a tmpfs over a folder that is there. */
export function mountDisk(path: string, size: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'rocinante-test', path]).status === 0;
}

export function unmountDisk(path: string): void {
  spawnSync('umount', ['--lazy', path]);
}

/** Whether this process may mount one. */
export const mounts = ((): boolean => {
  const probe = mkdtempSync(join(tmpdir(), 'rocinante-mount-'));
  const mounted = mountDisk(probe, '160k');
  if (mounted) unmountDisk(probe);
  rmSync(probe, { recursive: true });
  return mounted;
})();

/** Takes all room but so many bytes; `freeDisk` gives it back. */
export function fillDisk(path: string, leftBytes: number): void {
  const { bavail, bsize } = statfsSync(path);
  writeFileSync(join(path, 'filler'), Buffer.alloc(bavail * bsize - leftBytes));
}

export function freeDisk(path: string): void {
  rmSync(join(path, 'filler'), { force: true });
}
