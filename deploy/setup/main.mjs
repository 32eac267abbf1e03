// @ts-check
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SetupFailure } from './failure.mjs';
import { placesOf } from './places.mjs';
import { say } from './say.mjs';
import { setUp } from './set-up.mjs';

// The launcher: sets up what is missing, then runs the command in this process.

const root = join(import.meta.dirname, '..', '..');

/** A command's module: runs it and gives the process's exit code. @typedef {{ main(argv: string[]): Promise<number> }} Command */

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
  const { engineFrom, rest } = takeEngineFrom(argv);
  await setUp(placesOf(root, process.env), engineFrom);
  const [word] = rest;
  const own = ownFiles.get(word);
  const file = join(root, ...(own ?? ['apps', 'coordinator', 'dist', 'main.js']));
  const command = /** @type {Command} */ (await import(pathToFileURL(file).href));
  return await command.main(own ? rest.slice(1) : rest);
}

/**
 * Takes the launcher's own option out of the arguments, wherever it stands; all others are the command's.
 * @param {string[]} argv
 * @returns {{ engineFrom: string | undefined, rest: string[] }}
 */
function takeEngineFrom(argv) {
  const name = '--engine-from';
  const index = argv.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (index < 0) return { engineFrom: process.env.ROCINANTE_ENGINE_FROM || undefined, rest: argv };
  const joined = argv[index].startsWith(`${name}=`);
  const engineFrom = joined ? argv[index].slice(name.length + 1) : argv[index + 1];
  if (!engineFrom)
    throw new SetupFailure(`${name}: expected a folder that holds the engine's wheel, received none`, 2);
  return { engineFrom, rest: argv.toSpliced(index, joined ? 1 : 2) };
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
