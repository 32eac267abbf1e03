import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { dataFindings } from './disk-checks.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-disk-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('measures a disk, and leaves nothing behind', async () => {
  const findings = await dataFindings(join(folder, 'not', 'there'));
  expect(findings.map(({ check }) => check)).toEqual(['data folder', 'disk room', 'disk flush']);
  expect(findings[0].found).toContain('not there yet');
  expect(findings[2].found).toMatch(/^[\d.]+ ms for 1\.0 MB$/);
  expect(readdirSync(folder)).toEqual([]);
});

it('refuses a file', async () => {
  const path = join(folder, 'file');
  writeFileSync(path, '');
  expect(await dataFindings(path)).toMatchObject([{ check: 'data folder', status: 'problem' }]);
});
