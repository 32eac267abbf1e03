import type { Command } from 'commander';
import { addRunCompare } from './run-compare.js';
import { addRunList } from './run-list.js';
import { addRunLogs } from './run-logs.js';
import { addRunRemove } from './run-remove.js';
import { addRunResume } from './run-resume.js';
import { addRunShow } from './run-show.js';
import { addRunStart } from './run-start.js';
import { addRunStop } from './run-stop.js';
import { addRunWatch } from './run-watch.js';

/** Runs of a coordinator that is a daemon. A run is named by its id, or by its name where only one run has it. */
export function addRun(program: Command, exit: (code: number) => void): void {
  const run = program.command('run').description('runs of a coordinator that ./rocinante serve started');
  addRunStart(run, exit);
  addRunList(run);
  addRunShow(run);
  addRunWatch(run, exit);
  addRunLogs(run);
  addRunStop(run);
  addRunResume(run, exit);
  addRunRemove(run);
  addRunCompare(run);
}
