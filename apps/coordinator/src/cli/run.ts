import type { Command } from 'commander';
import { addNamed, type LoadCommand } from './named-command.js';

/** In the order in which they are listed. */
const commands = new Map<string, LoadCommand>([
  ['start', async () => (await import('./run-start.js')).addRunStart],
  ['list', async () => (await import('./run-list.js')).addRunList],
  ['show', async () => (await import('./run-show.js')).addRunShow],
  ['watch', async () => (await import('./run-watch.js')).addRunWatch],
  ['logs', async () => (await import('./run-logs.js')).addRunLogs],
  ['stop', async () => (await import('./run-stop.js')).addRunStop],
  ['resume', async () => (await import('./run-resume.js')).addRunResume],
  ['rm', async () => (await import('./run-remove.js')).addRunRemove],
  ['export', async () => (await import('./run-export.js')).addRunExport],
  ['compare', async () => (await import('./run-compare.js')).addRunCompare],
]);

/** Runs of a coordinator that is a daemon. A run is named by its id, or by its name where only one run has it. */
export async function addRun(
  program: Command,
  exit: (code: number) => void,
  words: readonly string[],
): Promise<void> {
  const run = program.command('run').description('runs of a coordinator that ./rocinante serve started');
  await addNamed(run, exit, words, commands);
}
