import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { folder, type } from './spec-command.js';

it('makes nothing where it is to compute on a card and there is none', async () => {
  vi.stubEnv('ROCINANTE_DRIVER_ROOT', '/nowhere');
  vi.stubEnv('PATH', '/nowhere');
  const runDir = join(folder, 'cards');
  const said = await type(['train', '--device', 'gpu', '--run-dir', runDir]);
  expect(said).toMatchObject({ code: 2, stdout: '' });
  expect(said.stderr).toMatch(
    /^rocinante: --device gpu: no NVIDIA driver: expected \S+ or newer, found none; .*\n$/,
  );
  expect(existsSync(runDir)).toBe(false);
});
