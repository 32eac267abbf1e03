/** The holder is a real process, and it dies a real death. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunFailedError } from '../errors.js';
import { ProcessLock } from './process-lock.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process that holds the lock until it dies. */
async function holder(): Promise<ChildProcess> {
  const child = spawn('flock', ['--no-fork', path, 'sh', '-c', 'echo held; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

it('keeps others out, and names the holder', () => {
  const lock = ProcessLock.take(path, 'run directory x');
  expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid} \\S+\\n$`));
  expect(() => ProcessLock.take(path, 'run directory x')).toThrow(
    `run directory x: process ${process.pid} works in it; stop that one first`,
  );
  expect(spawnSync('flock', ['--nonblock', path, 'true']).status).toBe(1);
  lock.release();
  lock.release();
  expect(spawnSync('flock', ['--nonblock', path, 'true']).status).toBe(0);
  ProcessLock.take(path, 'run directory x').release();
});

it('is free at once when its holder is killed', async () => {
  const child = await holder();
  expect(() => ProcessLock.take(path, 'x')).toThrow('another process works in it');
  child.kill('SIGKILL');
  await once(child, 'exit');
  ProcessLock.take(path, 'x').release();
});

it('is not passed on to the processes that its holder starts', async () => {
  const lock = ProcessLock.take(path, 'x');
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  lock.release();
  ProcessLock.take(path, 'x').release();
  child.kill('SIGKILL');
  await once(child, 'exit');
});

it('that cannot be made says where', () => {
  const attempt = (): unknown => ProcessLock.take(join(folder, 'missing', 'lock'), 'run directory x');
  expect(attempt).toThrow(RunFailedError);
  expect(attempt).toThrow(/^run directory x: \S+missing\/lock: there is no such file or folder \(ENOENT\)$/);
});
