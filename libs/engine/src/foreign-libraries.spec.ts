import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { foreignLibraries, foreignLine } from './foreign-libraries.js';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'foreign-')));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Lines as the kernel writes them: a file has several. */
const mapped = (...paths: string[]): string =>
  [
    ...paths.flatMap((path) => [
      `7f10a0000000-7f10a0021000 r--p 00000000 fe:00 917535                     ${path}`,
      `7f10a0021000-7f10a0042000 r-xp 00021000 fe:00 917535                     ${path}`,
    ]),
    '7ffd5c1f0000-7ffd5c211000 rw-p 00000000 00:00 0                          [stack]',
    '7f10a4000000-7f10a4021000 rw-p 00000000 00:00 0 ',
    '',
  ].join('\n');

it('finds what was loaded from elsewhere than the engine’s folder, whatever leads to that', () => {
  const engine = join(folder, 'engine');
  mkdirSync(engine);
  symlinkSync(engine, join(folder, 'link'));
  const own = `${engine}/nvidia/cudnn/lib/libcudnn.so.9`;
  const driver = ['/usr/lib/x86_64-linux-gnu/libcuda.so.570.26', '/usr/lib/libcudadebugger.so.570.26'];
  const others = ['/usr/lib/libc.so.6', '/usr/lib/libcudnnish.so', `${engine}/lib/libtensorflow_cc.so.2`];
  expect(foreignLibraries(join(folder, 'link'), mapped(own, ...driver, ...others))).toEqual([]);
  const foreign = [
    '/opt/my cuda/libcudnn.so.9.1.0',
    '/usr/local/cuda-12.2/targets/x86_64-linux/lib/libcublasLt.so.12.2.5.6',
    '/usr/local/cuda-12.2/targets/x86_64-linux/lib/libcudart.so.12.2.140',
    `${engine}-2/nvidia/cudnn/lib/libcudnn_adv.so.9`,
  ];
  const found = foreignLibraries(engine, mapped(...foreign.toReversed(), own, ...driver));
  expect(found).toEqual([...foreign].sort());
  const gone = `${mapped('/opt/libcudart.so.12')}`.replaceAll('so.12', 'so.12 (deleted)');
  expect(foreignLibraries(engine, gone)).toEqual(['/opt/libcudart.so.12']);
  const line = foreignLine(engine, found);
  expect(line).toMatch(
    /^CUDA libraries: expected those in \S+engine, and the system loaded .*libcudart\.so\.12/,
  );
  expect(line).toMatch(/; unset LD_LIBRARY_PATH, or bits may differ/);
  expect(foreignLine(engine, [])).toBeNull();
});

it('finds none in this process, which computes on the processor', () => {
  expect(foreignLibraries(folder)).toEqual([]);
});
