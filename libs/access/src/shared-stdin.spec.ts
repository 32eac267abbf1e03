import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Of an open file, as the kernel shows them: octal. */
const O_NONBLOCK = 0o4000;

/** The flags of Node's standard input after some statements, while it runs: others that share it, as in a shell's loop, meet them. */
function flagsAfter(statements: string): number {
  const look =
    "(await import('node:fs')).readFileSync('/proc/self/fdinfo/0', 'utf8').replace(/[^]*flags:/, '')";
  const words = ['--input-type=module', '--eval', `${statements}; console.log(${look})`];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { input: '', encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return Number.parseInt(stdout, 8);
}

// `import { geteuid } from 'node:process'` reads all that there is in `process`, and so opens its standard input.
it('leaves a standard input that others share as it is', () => {
  const index = new URL('../dist/index.js', import.meta.url).href;
  expect(flagsAfter(`await import(${JSON.stringify(index)})`) & O_NONBLOCK).toBe(0);
  // What is looked for can be seen.
  expect(flagsAfter('process.stdin') & O_NONBLOCK).toBe(O_NONBLOCK);
});
