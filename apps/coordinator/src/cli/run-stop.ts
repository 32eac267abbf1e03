import type { Command } from 'commander';
import type { RunSummaryMessage } from '@rocinante/wire';
import { runJson } from '../client/run-json.js';
import { stateWord } from '../client/run-state.js';
import { grouped } from '../display/quantities.js';
import { goOnText } from '../display/run-texts.js';
import { coordinatorOption, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { runsArgument, runsJsonOption, withEachRun } from './several-runs.js';

export function addRunStop(run: Command, exit: (code: number) => void): void {
  run
    .command('stop')
    .description('end runs at their next step, with a checkpoint, or take them out of the queue')
    .addArgument(runsArgument())
    .option('--reason <text>', 'for the runs’ records')
    .addOption(coordinatorOption())
    .addOption(runsJsonOption())
    .action((names: string[], flags: ClientFlags & { reason?: string }) =>
      withCoordinator(
        flags,
        (coordinator) =>
          withEachRun(
            names,
            flags.json,
            async (name) => {
              const summary = await coordinator.stop(name, flags.reason ?? '');
              return [runJson(summary), stopText(summary)];
            },
            exit,
          ),
        'operator',
      ),
    );
}

function stopText(summary: RunSummaryMessage): string {
  const { id, state, reason, step } = summary;
  return stateWord(state) === 'stopping'
    ? `run ${id} is stopping: ${reason}`
    : `run ${id} is ${stateWord(state)} after step ${grouped(step)}; ${goOnText(summary, `./rocinante run resume ${id}`)}`;
}
