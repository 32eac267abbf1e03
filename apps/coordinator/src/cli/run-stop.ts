import type { Command } from 'commander';
import type { RunSummaryMessage } from '@rocinante/wire';
import { runJson } from '../client/run-json.js';
import { stateWord } from '../client/run-state.js';
import { grouped } from '../display/quantities.js';
import { goOnText } from '../display/run-texts.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption } from './option-values.js';

export function addRunStop(run: Command): void {
  run
    .command('stop')
    .description('end a run at its next step, with a checkpoint, or take it out of the queue')
    .argument('<run>', 'its id or name')
    .option('--reason <text>', 'for the run’s record')
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action((name: string, flags: ClientFlags & { reason?: string }) =>
      withCoordinator(
        flags,
        async (coordinator) => {
          const summary = await coordinator.stop(name, flags.reason ?? '');
          print(flags.json, runJson(summary), stopText(summary));
        },
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
