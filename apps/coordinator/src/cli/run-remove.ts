import type { Command } from 'commander';
import { bytesShown } from '../display/quantities.js';
import { coordinatorOption, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { runsArgument, runsJsonOption, withEachRun } from './several-runs.js';

export function addRunRemove(run: Command, exit: (code: number) => void): void {
  run
    .command('rm')
    .description('remove runs that are not active, with their checkpoints and weights')
    .addArgument(runsArgument())
    .addOption(coordinatorOption())
    .addOption(runsJsonOption())
    .action((names: string[], flags: ClientFlags) =>
      withCoordinator(
        flags,
        (coordinator) =>
          withEachRun(
            names,
            flags.json,
            async (name) => {
              const { run, bytes } = await coordinator.remove(name);
              return [{ run, bytes }, `run ${run} is removed: ${bytesShown(bytes)} are free again`];
            },
            exit,
          ),
        'operator',
      ),
    );
}
