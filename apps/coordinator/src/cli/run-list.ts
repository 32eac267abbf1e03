import type { Command } from 'commander';
import { TAG_LENGTH_MAX } from '../client/limits.js';
import { runJson } from '../client/run-json.js';
import { runTable } from '../display/run-table.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption, shortText } from './option-values.js';

export function addRunList(run: Command): void {
  run
    .command('list')
    .description('active runs, then the queue in its order, then runs that have ended')
    .option('--tag <tag>', 'only runs that have it', shortText(TAG_LENGTH_MAX))
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action((flags: ClientFlags & { tag?: string }) =>
      withCoordinator(flags, async (coordinator) => {
        const { runs, leftOut } = await coordinator.list(flags.tag ?? '');
        print(flags.json, { runs: runs.map(runJson), leftOut }, runTable(runs, leftOut, flags.tag ?? null));
      }),
    );
}
