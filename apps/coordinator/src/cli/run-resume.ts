import type { Command } from 'commander';
import type { RunSummaryMessage } from '@rocinante/wire';
import type { Coordinator } from '../client/coordinator.js';
import { UsageError } from '../errors.js';
import { twoLengthsLine } from '../run-length.js';
import { limitsMessage, limitsOf } from '../run/limits-message.js';
import { runJson } from '../client/run-json.js';
import { coordinatorOption, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { addLimitOptions, limitsFrom, limitsGiven, type LimitOptionValues } from './limit-options.js';
import { nonNegative, wholeNumber } from './option-values.js';
import { queuedText, tellEmptyPool } from './run-start.js';
import { runsArgument, runsJsonOption, withEachRun } from './several-runs.js';
import { watchToEnd } from './run-watch.js';

/** What a message holds: `ResumeRequest.patience` has 32 bits. */
const PATIENCE_MAX = 2 ** 32 - 1;

interface ResumeFlags extends ClientFlags, LimitOptionValues {
  readonly steps?: number;
  readonly epochs?: number;
  readonly patience?: number;
  readonly minDelta?: number;
  readonly watch: boolean;
}

export function addRunResume(run: Command, exit: (code: number) => void): void {
  const command = run
    .command('resume')
    .description('queue runs that were stopped, failed or are done, perhaps with a longer schedule')
    .addArgument(runsArgument())
    .option('--steps <n>', 'steps of the whole run, in place of what it has', wholeNumber(1))
    .option('--epochs <n>', 'epochs of the whole run, in place of what it has', wholeNumber(1))
    .option(
      '--patience <n>',
      'evaluations without a better loss after which the run ends, in place of what it has',
      wholeNumber(1, PATIENCE_MAX),
    )
    .option(
      '--min-delta <x>',
      'nats a character by which a loss must be below the best to be better, in place of what it has',
      nonNegative,
    );
  addLimitOptions(command, { minWorkers: true, fresh: false });
  command
    .option('--watch', 'go on as run watch does', false)
    .addOption(coordinatorOption())
    .addOption(runsJsonOption())
    .action((names: string[], flags: ResumeFlags) => resume(names, flags, exit));
}

async function resume(
  names: readonly string[],
  flags: ResumeFlags,
  exit: (code: number) => void,
): Promise<void> {
  if (flags.watch && names.length > 1) {
    throw new UsageError(`--watch: expected one run, received ${names.length}; leave it out`);
  }
  await withCoordinator(
    flags,
    async (coordinator) => {
      const line = twoLengthsLine(flags);
      if (line !== null) process.stderr.write(`${line}\n`);
      if (flags.watch) {
        const { id } = await resumeOne(coordinator, names[0], flags);
        exit(await watchToEnd(coordinator, id, flags.json));
        return;
      }
      const act = async (name: string): Promise<[object, string]> => {
        const summary = await resumeOne(coordinator, name, flags);
        tellEmptyPool(summary);
        return [runJson(summary), queuedText(summary)];
      };
      await withEachRun(names, flags.json, act, exit);
    },
    'operator',
  );
}

async function resumeOne(
  coordinator: Coordinator,
  name: string,
  flags: ResumeFlags,
): Promise<RunSummaryMessage> {
  const { summary: before, limits } = await coordinator.show(name);
  const { steps, epochs, patience, minDelta } = flags;
  return coordinator.resume({
    ...{ run: before.id, steps, epochs, patience, minDelta },
    ...(limitsGiven(flags) && { limits: limitsMessage(limitsFrom(flags, limitsOf(limits))) }),
  });
}
