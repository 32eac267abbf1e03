import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { tarGz } from './tar-archive.js';

it('is what the system’s tar reads', () => {
  const entries = [
    { name: 'folder/empty.json', bytes: Buffer.alloc(0) },
    { name: 'folder/log.jsonl', bytes: Buffer.from('{"msg":"ñandú"}\n'.repeat(100)) },
    { name: `folder/${'n'.repeat(93)}`, bytes: Buffer.alloc(512, 'x') },
  ];
  const input = tarGz(entries, 1_764_408_000);
  const listed = spawnSync('tar', ['-tvzf', '-'], {
    input,
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
  });
  expect(listed.stderr).toBe('');
  const lines = listed.stdout.trim().split('\n');
  expect(lines.map((line) => line.split(/\s+/)[2])).toEqual(['0', '1800', '512']);
  expect(lines[0]).toMatch(/^-rw------- .* 2025-11-29 09:20 folder\/empty\.json$/);
  for (const { name, bytes } of entries) {
    const { stdout } = spawnSync('tar', ['-xzOf', '-', name], { input });
    expect(stdout.equals(bytes)).toBe(true);
  }
});

it('refuses a name that would be cut', () => {
  expect(() => tarGz([{ name: 'n'.repeat(101), bytes: Buffer.alloc(0) }], 0)).toThrow('too long');
});
