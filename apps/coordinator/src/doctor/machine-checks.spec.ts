import { describe, expect, it } from 'vitest';
import { machineFacts, machineFindings, type MachineFacts } from './machine-checks.js';

const good: MachineFacts = {
  platform: 'linux',
  arch: 'x64',
  nodeVersion: '22.13.1',
  nodeFlags: ['--single-threaded-gc', '--no-incremental-marking'],
  nodeOptions: '',
  cpuinfo: 'model name\t: Zen 4\nflags\t\t: sse4_2 avx avx2 fma avx512f\n',
  limits:
    'Limit                     Soft Limit           Hard Limit           Units\nMax open files            65536                65536                files\n',
  cores: { available: 2, present: 2 },
  memory: { available: 8e9, total: 16e9, limit: null },
};

function statusOf(check: string, change: Partial<MachineFacts>): string {
  return machineFindings({ ...good, ...change }).find((finding) => finding.check === check)!.status;
}

it('finds nothing wrong with a machine that is as it should be', () => {
  expect(machineFindings(good).filter(({ status }) => status !== 'ok')).toEqual([]);
});

describe('what is not as it should be', () => {
  it.each([
    ['node', { nodeVersion: '18.20.0' }, 'problem'],
    ['node', { nodeVersion: '20.18.9' }, 'problem'],
    ['node flags', { nodeFlags: [] }, 'warning'],
    ['node flags', { nodeOptions: '--cpu-prof' }, 'problem'],
    ['platform', { arch: 'arm64' }, 'problem'],
    ['processor', { cpuinfo: 'flags : sse4_2\n' }, 'problem'],
    ['processor', { cpuinfo: 'flags : avx\n' }, 'warning'],
    ['cores', { cores: { available: 1, present: 8 } }, 'warning'],
    ['memory', { memory: { available: 1e9, total: 16e9, limit: 1.5e9 } }, 'warning'],
    ['memory', { memory: { available: 1e8, total: 16e9, limit: null } }, 'problem'],
    ['open files', { limits: 'Max open files            2048   2048 files\n' }, 'warning'],
    ['open files', { limits: 'Max open files            256   256 files\n' }, 'problem'],
  ] as const)('%s with %j', (check, change, status) => {
    expect(statusOf(check, change as Partial<MachineFacts>)).toBe(status);
  });

  it('says what to do', () => {
    const findings = machineFindings({ ...good, nodeVersion: '18.0.0', limits: '' });
    for (const { status, advice } of findings) expect(advice === '').toBe(status === 'ok');
  });
});

it('knows this machine', () => {
  const facts = machineFacts();
  expect(facts.memory.available).toBeGreaterThan(0);
  expect(facts.cpuinfo).toContain('flags');
  expect(facts.limits).toContain('Max open files');
});
