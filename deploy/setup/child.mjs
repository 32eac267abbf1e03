// @ts-check
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { SetupFailure, saysDiskFull } from './failure.mjs';

/** How much of a child's output is kept for its failure's message, in characters. */
const tailLengthMax = 16_384;

/**
 * How a child ended.
 * @typedef {object} Outcome
 * @property {boolean} ok it ended with 0.
 * @property {string} how `exit code 3`, or `SIGSEGV`.
 * @property {string} tail the end of what it wrote.
 */

/**
 * Runs a command to its end, with its output in a log file.
 *
 * The kernel kills the child when this process dies, however it dies (`setpriv --pdeathsig`), so that no orphan works on
 * a folder which the next set-up has taken over.
 * @param {string} command
 * @param {string[]} args
 * @param {object} options
 * @param {string} options.log the file that receives the output; an earlier one is replaced.
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {(text: string) => void} [options.onOutput] receives standard output as it comes.
 * @returns {Promise<Outcome>}
 * @throws {SetupFailure} the disk is full (the child said so, or the log could not be written).
 */
export async function runChild(command, args, options) {
  mkdirSync(dirname(options.log), { recursive: true });
  const log = createWriteStream(options.log);
  /** @type {Error | undefined} */
  let logError;
  log.on('error', (error) => (logError = error));
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let tail = '';
  /** @param {Buffer} bytes */
  const keep = (bytes) => {
    tail = (tail + bytes.toString()).slice(-tailLengthMax);
    if (logError === undefined) log.write(bytes);
  };
  child.stdout?.on('data', (bytes) => {
    keep(bytes);
    options.onOutput?.(bytes.toString());
  });
  child.stderr?.on('data', keep);
  /** @type {{ code: number | null, signal: NodeJS.Signals | null }} */
  const end = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  await new Promise((resolve) => (logError === undefined ? log.end(resolve) : resolve(undefined)));
  const ok = end.code === 0;
  if (!ok && saysDiskFull(tail)) throw new SetupFailure(diskFullMessage(command, tail), 1);
  if (logError !== undefined) throw logError;
  return { ok, how: end.signal ?? `exit code ${end.code}`, tail };
}

/**
 * @param {string} command
 * @param {string} tail
 */
function diskFullMessage(command, tail) {
  const said = tail.split('\n').find(saysDiskFull) ?? '';
  return `no space left on the disk while running ${command}: ${said.trim().slice(0, 300)}`;
}
