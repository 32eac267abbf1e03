import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../dist/programs/many-steps.js', import.meta.url));
const MEBIBYTE = 2 ** 20;

/** 2,000 take half a minute. */
const STEPS = process.env.ROCINANTE_LONG === '1' ? 2_000 : 500;

it(`${STEPS} steps leave no handle, no graph and no memory behind`, { timeout: 180_000 }, async () => {
  // V8's own young generation, which grows by tens of megabytes as it likes, is held small.
  const flags = ['--expose-gc', '--max-semi-space-size=4'];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, PROGRAM, String(STEPS)]);
  const { before, after } = JSON.parse(stdout) as Record<
    'before' | 'after',
    { handles: number; graphs: number; resident: number }
  >;
  expect(after.handles).toBe(before.handles);
  expect([before.graphs, after.graphs]).toEqual([2, 2]);
  expect(after.resident - before.resident).toBeLessThan(16 * MEBIBYTE);
});
