import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';

/** As many compute threads as a worker may be told to have. */
export const THREADS_MAX = 1024;

/** Gives a file's text, or null where it cannot be read. */
export type TextReader = (path: string) => string | null;

/**
 * How many threads this process may keep busy: what the machine has, or what its control group's quota leaves of it,
 * rounded down; at least 1. A container that may use 2 of 64 cores would lose most of its time waiting for its turn if it
 * computed with 64 threads.
 */
export function availableCores(): number {
  const quota = cgroupQuotaCores((path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return null; // not Linux, or no such controller here
    }
  });
  return Math.max(1, Math.min(availableParallelism(), Math.floor(quota)));
}

/**
 * The processor time that a process's control groups leave it, in cores: the smallest quota on the way from its own group
 * to the root that it sees, of version 2 (`cpu.max`) and version 1 (`cpu.cfs_quota_us`). Infinity where there is none.
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/scheduler/sched-bwc.html
 */
export function cgroupQuotaCores(read: TextReader): number {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').flatMap(parseGroup);
  const mounts = (read('/proc/self/mountinfo') ?? '').split('\n').flatMap(parseMount);
  const quotas = groups.flatMap(({ version, path }) =>
    mounts
      .filter((mount) => mount.version === version)
      .flatMap((mount) => foldersOf(mount, path))
      .map((folder) => (version === 2 ? quotaV2(folder, read) : quotaV1(folder, read))),
  );
  return Math.min(Infinity, ...quotas);
}

interface Group {
  readonly version: 1 | 2;
  readonly path: string;
}

interface Mount {
  readonly version: 1 | 2;
  /** The group that is mounted, and where. */
  readonly root: string;
  readonly point: string;
}

/** `0::/a/b` is of version 2, `4:cpu,cpuacct:/a/b` of version 1. */
function parseGroup(line: string): Group[] {
  const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
  if (!match) return [];
  const [, hierarchy, controllers, path] = match;
  if (hierarchy === '0' && controllers === '') return [{ version: 2, path }];
  return controllers.split(',').includes('cpu') ? [{ version: 1, path }] : [];
}

/** `id parent device root point options … - type source superOptions`, in which a space is written as `\040`. */
function parseMount(line: string): Mount[] {
  const [before, after] = line.split(' - ');
  if (after === undefined) return [];
  const [, , , root, point] = before.split(' ').map(unescape);
  const [type, , options = ''] = after.split(' ');
  if (type === 'cgroup2') return [{ version: 2, root, point }];
  return type === 'cgroup' && options.split(',').includes('cpu') ? [{ version: 1, root, point }] : [];
}

function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/**
 * The folders of a group and of those above it, as far as the mount shows them. A group outside of what is mounted (a
 * container that sees the host's names, or a namespace that the process was moved out of) has the mount point's quota.
 */
function foldersOf({ root, point }: Mount, path: string): string[] {
  const relative = posix.relative(root, path);
  const parts = relative === '' || relative.startsWith('..') ? [] : relative.split('/');
  return [point, ...parts.map((_, index) => posix.join(point, ...parts.slice(0, index + 1)))];
}

/** `max 100000`, or microseconds of quota and of period. */
function quotaV2(folder: string, read: TextReader): number {
  const [quota, period] = (read(`${folder}/cpu.max`) ?? '').trim().split(' ');
  return cores(quota, period);
}

/** A quota of -1 is none. */
function quotaV1(folder: string, read: TextReader): number {
  return cores(read(`${folder}/cpu.cfs_quota_us`) ?? '', read(`${folder}/cpu.cfs_period_us`) ?? '');
}

function cores(quota = '', period = ''): number {
  const value = Number.parseInt(quota, 10) / Number.parseInt(period, 10);
  return value > 0 ? value : Infinity;
}
