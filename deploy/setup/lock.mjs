// @ts-check
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { SetupFailure } from './failure.mjs';
import { say } from './say.mjs';

// A lock is the kernel's own (flock) on a file that is never deleted. It belongs to the open file, so the short-lived
// `flock` command takes it for us through a descriptor it shares with this process, and the kernel gives it back when
// this process ends, also by `kill -9`: there is no dead holder to recognise, and no process number to mistake.

/** `flock --nonblock` ends with this code when another process holds the lock. */
const heldCode = 1;

/**
 * Does some work while no other process does work under the same lock; waits for the holder first, and says so.
 * @template T
 * @param {string} file the lock's file; made if missing, and holds the holder's process number and machine.
 * @param {string} purpose what the holder does, for the message: `setting up this checkout`.
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 * @throws {SetupFailure} the file system knows no locks.
 */
export async function underLock(file, purpose, work) {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, 'a+');
  try {
    if (!tryLock(descriptor, file)) {
      say(`waiting for ${holderOf(file)}, which is ${purpose}`);
      await waitForLock(descriptor, file);
    }
    ftruncateSync(descriptor);
    writeSync(descriptor, `${process.pid} ${hostname()}\n`);
    return await work();
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Does some work if no other process holds the lock, and nothing otherwise.
 * @param {string} file
 * @param {() => void} work
 */
export function ifUnlocked(file, work) {
  const descriptor = openSync(file, 'a+');
  try {
    if (tryLock(descriptor, file)) work();
  } finally {
    closeSync(descriptor);
  }
}

/**
 * @param {number} descriptor
 * @param {string} file
 */
function tryLock(descriptor, file) {
  const { status } = spawnSync('flock', ['--exclusive', '--nonblock', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  });
  if (status !== 0 && status !== heldCode) throw cannotLock(file);
  return status === 0;
}

/**
 * @param {number} descriptor
 * @param {string} file
 */
async function waitForLock(descriptor, file) {
  const waiter = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'flock', '--exclusive', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  });
  const code = await new Promise((resolve, reject) => {
    waiter.on('error', reject);
    waiter.on('close', resolve);
  });
  if (code !== 0) throw cannotLock(file);
}

/** @param {string} file */
function holderOf(file) {
  const [pid, host] = readFileSync(file, 'utf8').trim().split(' ');
  if (pid === undefined || pid === '') return 'another process';
  return host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
}

/** @param {string} file */
function cannotLock(file) {
  return new SetupFailure(
    `cannot lock ${file}: its file system has no locks; choose another by ROCINANTE_CACHE`,
    1,
  );
}
