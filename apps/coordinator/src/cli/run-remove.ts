import type { Command } from 'commander';
import { bytesShown } from '../display/quantities.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption } from './option-values.js';

export function addRunRemove(run: Command): void {
  run
    .command('rm')
    .description('remove a run that is not active, with its checkpoints and weights')
    .argument('<run>', 'its id or name')
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action((name: string, flags: ClientFlags) =>
      withCoordinator(
        flags,
        async (coordinator) => {
          const { run, bytes } = await coordinator.remove(name);
          print(flags.json, { run, bytes }, `run ${run} is removed: ${bytesShown(bytes)} are free again`);
        },
        'operator',
      ),
    );
}
