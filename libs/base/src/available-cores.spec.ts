/** The files are as the kernel and the usual container runtimes write them. */
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { availableCores, cgroupQuotaCores } from './available-cores.js';

const mountV2 = '31 23 0:28 / /sys/fs/cgroup rw,nosuid,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate';
const mountV1 = (root: string): string =>
  `32 31 0:29 ${root} /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct`;

function quota(files: Readonly<Record<string, string>>): number {
  return cgroupQuotaCores((path) => files[path] ?? null);
}

describe('the quota of a control group', () => {
  it('of version 2 is the smallest on the way to the root', () => {
    const files = {
      '/proc/self/cgroup': '0::/kubepods/pod1/worker\n',
      '/proc/self/mountinfo': `${mountV2}\n`,
      '/sys/fs/cgroup/kubepods/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/kubepods/pod1/cpu.max': '250000 100000\n',
      '/sys/fs/cgroup/kubepods/pod1/worker/cpu.max': '400000 100000\n',
    };
    expect(quota(files)).toBe(2.5);
  });

  it('of version 2 is at the mount point in a container with a namespace of its own', () => {
    const files = {
      '/proc/self/cgroup': '0::/\n',
      '/proc/self/mountinfo': mountV2,
      '/sys/fs/cgroup/cpu.max': '50000 100000\n',
    };
    expect(quota(files)).toBe(0.5);
  });

  it('of version 1 is found where the container’s own group is mounted under the host’s names', () => {
    const files = {
      '/proc/self/cgroup': '12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n',
      '/proc/self/mountinfo': mountV1('/docker/abc'),
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '300000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    };
    expect(quota(files)).toBe(3);
  });

  it('of version 1 counts along the path, and -1 is none', () => {
    const files = {
      '/proc/self/cgroup': '4:cpu,cpuacct:/slurm/job_7\n0::/\n',
      '/proc/self/mountinfo': mountV1('/'),
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us': '1600000\n',
      '/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_period_us': '100000\n',
    };
    expect(quota(files)).toBe(16);
  });

  it('is the mount point’s where the group lies outside of what is mounted', () => {
    const files = {
      '/proc/self/cgroup': '0::/../../elsewhere\n',
      '/proc/self/mountinfo': mountV2,
      '/sys/fs/cgroup/cpu.max': '100000 100000\n',
      '/sys/elsewhere/cpu.max': '1 100000\n',
    };
    expect(quota(files)).toBe(1);
  });

  it('is none without control groups, or where the files say nothing', () => {
    expect(quota({})).toBe(Infinity);
    expect(
      quota({ '/proc/self/cgroup': 'x\n0::/a', '/proc/self/mountinfo': 'x\n\n1 2 3', '/a/cpu.max': '' }),
    ).toBe(Infinity);
  });

  it('finds a mount point with a space in its name', () => {
    const files = {
      '/proc/self/cgroup': '0::/\n',
      '/proc/self/mountinfo': '31 23 0:28 / /mnt/control\\040groups rw - cgroup2 cgroup2 rw',
      '/mnt/control groups/cpu.max': '200000 100000',
    };
    expect(quota(files)).toBe(2);
  });
});

it('at least one core is available, and never more than the machine has', () => {
  const cores = availableCores();
  expect(Number.isInteger(cores)).toBe(true);
  expect(cores).toBeGreaterThanOrEqual(1);
  expect(cores).toBeLessThanOrEqual(availableParallelism());
});
