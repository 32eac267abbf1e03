import type { Command } from 'commander';
import { twoLengthsLine } from '../run-length.js';
import { limitsMessage, limitsOf } from '../run/limits-message.js';
import { runJson } from '../client/run-json.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { addLimitOptions, limitsFrom, type LimitOptionValues } from './limit-options.js';
import { jsonOption, wholeNumber } from './option-values.js';
import { queuedText, tellEmptyPool } from './run-start.js';
import { watchToEnd } from './run-watch.js';

interface ResumeFlags extends ClientFlags, LimitOptionValues {
  readonly steps?: number;
  readonly epochs?: number;
  readonly watch: boolean;
}

export function addRunResume(run: Command, exit: (code: number) => void): void {
  const command = run
    .command('resume')
    .description('queue a run that was stopped, failed or is done, perhaps with a longer schedule')
    .argument('<run>', 'its id or name')
    .option('--steps <n>', 'steps of the whole run, in place of what it has', wholeNumber(1))
    .option('--epochs <n>', 'epochs of the whole run, in place of what it has', wholeNumber(1));
  addLimitOptions(command, { minWorkers: true, fresh: false });
  command
    .option('--watch', 'go on as run watch does', false)
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action((name: string, flags: ResumeFlags) => resume(name, flags, exit));
}

async function resume(name: string, flags: ResumeFlags, exit: (code: number) => void): Promise<void> {
  await withCoordinator(
    flags,
    async (coordinator) => {
      const { summary: before, limits } = await coordinator.show(name);
      const line = twoLengthsLine(flags);
      if (line !== null) process.stderr.write(`${line}\n`);
      const { minWorkers, maxHours, checkpoint, keepLast, keepEvery, exact, audit } = flags;
      const changes = [minWorkers, maxHours, checkpoint, keepLast, keepEvery, exact, audit].some(
        (value) => value !== undefined,
      );
      const summary = await coordinator.resume({
        run: before.id,
        steps: flags.steps ?? 0,
        epochs: flags.epochs ?? 0,
        ...(changes && { limits: limitsMessage(limitsFrom(flags, limitsOf(limits))) }),
      });
      if (flags.watch) exit(await watchToEnd(coordinator, summary.id, flags.json));
      else {
        tellEmptyPool(summary);
        print(flags.json, runJson(summary), queuedText(summary));
      }
    },
    'operator',
  );
}
