import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemTrouble } from './system-trouble.js';

/** What a call throws. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

it('says in words what the operating system refuses, and where', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trouble-'));
  try {
    const missing = join(folder, 'none');
    const error = thrownBy(() => readFileSync(missing));
    expect(systemTrouble(error)).toBe(`${missing}: there is no such file or folder (ENOENT)`);
    // In a line that names the path already.
    expect(systemTrouble(error, missing)).toBe('there is no such file or folder (ENOENT)');
    expect(systemTrouble(error, folder)).toContain(missing);
    expect(systemTrouble(thrownBy(() => readFileSync(folder)))).toBe('it is a folder (EISDIR)');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('says who does not answer', async () => {
  const error = await new Promise((resolve) => connect(1, '127.0.0.1').once('error', resolve));
  expect(systemTrouble(error)).toBe('refused: nothing listens there (ECONNREFUSED)');
});

it('leaves what it does not know as it is', () => {
  const other = Object.assign(new Error('EOTHER: something else, open'), { code: 'EOTHER', path: '/x' });
  expect(systemTrouble(other)).toBe('EOTHER: something else, open');
  expect(systemTrouble(new Error('no system call'))).toBe('no system call');
});
