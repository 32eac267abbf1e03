// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { takeOption } from './device.mjs';
import { SetupFailure } from './failure.mjs';
import { setUpFor } from './launch.mjs';
import { placesOf } from './places.mjs';
import { say } from './say.mjs';

// The launcher: sets up what is missing, then runs the command in this process.

const root = join(import.meta.dirname, '..', '..');

/**
 * A command's module.
 * @typedef {object} Command
 * @property {(argv: string[]) => Promise<number>} main runs it, and gives the process's exit code.
 * @property {(argv: string[]) => Promise<boolean> | boolean} [runs] whether the words let it run; else it shows its help, or says what is
 * wrong with them. Absent where they always do.
 */

/** Commands that have a module of their own, which gets the words after them; all others are the coordinator's. */
const ownFiles = new Map([
  ['test', ['test', 'run.mjs']],
  ['bundle', ['deploy', 'bundle', 'main.mjs']],
  ['worker', ['apps', 'worker', 'dist', 'main.js']],
]);

/**
 * @param {string[]} argv the launcher's arguments.
 * @returns {Promise<number>} the exit code.
 */
async function launch(argv) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupFailure(`supported: linux x64; this is ${process.platform} ${process.arch}`, 2);
  }
  if (argv[0] === '--version') {
    // Nothing needs to be set up for it.
    const { version } = JSON.parse(readFileSync(join(root, 'apps', 'coordinator', 'package.json'), 'utf8'));
    process.stdout.write(`rocinante ${version}\n`);
    return 0;
  }
  const { value, rest } = takeOption(argv, '--engine-from', "a folder that holds the engine's wheel");
  const engineFrom = value ?? (process.env.ROCINANTE_ENGINE_FROM || undefined);
  const own = ownFiles.get(rest[0]);
  const file = join(root, ...(own ?? ['apps', 'coordinator', 'dist', 'main.js']));
  /** @type {() => Promise<Command>} */
  const load = () => import(pathToFileURL(file).href);
  /** @param {string[]} words */
  const wordsOf = (words) => (own ? words.slice(1) : words);
  const words = await setUpFor(placesOf(root, process.env), engineFrom, rest, {
    asksForHelp: rest.some((word) => word === '--help' || word === '-h'),
    isNeeded: async () => (await (await load()).runs?.(wordsOf(rest))) ?? true,
  });
  return await (await load()).main(wordsOf(words));
}

try {
  process.exit(await launch(process.argv.slice(2)));
} catch (error) {
  if (error instanceof SetupFailure) {
    error.message.split('\n').forEach(say);
    process.exit(error.exitCode);
  }
  throw error;
}
