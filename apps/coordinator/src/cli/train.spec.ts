import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@rocinante/base';
import { expect, it, vi } from 'vitest';
import { presets } from '../presets.js';
import { file, folder, type } from './spec-command.js';

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

it('says of a run that goes on elsewhere which text it had, and how to give it', async () => {
  mkdirSync(join(folder, 'moved'));
  const corpus = { source: '/none/book.txt', sha256: '9115'.repeat(16) };
  file('moved/config.json', JSON.stringify({ version: 1, config: presets.quick, corpus }));
  const runDir = join(folder, 'moved');
  expect(await type(['train', '--resume', '--run-dir', runDir])).toEqual({
    code: 2,
    stdout: '',
    stderr:
      `rocinante: run directory ${runDir}: the run's text was /none/book.txt (SHA-256 911591159115…), which is not there; ` +
      'give it with --corpus\n',
  });
});

it('says in a command’s words which file makes a run another one', async () => {
  mkdirSync(join(folder, 'own', 'checkpoints'), { recursive: true });
  mkdirSync(join(folder, 'own', 'weights'));
  file('own/weights/final.safetensors', '');
  const text = file('its own.txt', 'call me ishmael; '.repeat(600));
  const other = file('an other.txt', 'call me ahab; '.repeat(600));
  const corpus = { source: text, sha256: sha256(readFileSync(text)) };
  file('own/config.json', JSON.stringify({ version: 1, config: presets.quick, corpus }));
  const { code, stderr } = await type([
    'train',
    '--resume',
    '--run-dir',
    join(folder, 'own'),
    '--corpus',
    other,
  ]);
  expect(code).toBe(2);
  expect(stderr).toContain(`(--corpus '${other}' is not its own); `);
  expect(stderr).toContain(` --corpus '${other}' --run-dir NEW`);
});
