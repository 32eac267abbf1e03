import type { Command } from 'commander';
import type { RunSummaryMessage } from '@rocinante/wire';
import { compareLosses, configDifferences, stepsShown } from '../client/comparison.js';
import { runJson } from '../client/run-json.js';
import { comparisonPage } from '../display/comparison-page.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption } from './option-values.js';

export function addRunCompare(run: Command): void {
  run
    .command('compare')
    .description(
      'where two runs differ: configuration, losses, the first step at which those part, final weights',
    )
    .argument('<first>', 'a run’s id or name')
    .argument('<second>', 'another’s')
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action((firstName: string, secondName: string, flags: ClientFlags) =>
      withCoordinator(flags, async (coordinator) => {
        const [first, second] = [await coordinator.show(firstName), await coordinator.show(secondName)];
        const [a, b] = [first.summary.id, second.summary.id];
        const differences = configDifferences(first, second);
        const losses = await compareLosses(
          coordinator.losses(a),
          coordinator.losses(b),
          stepsShown(Math.min(first.summary.step, second.summary.step)),
        );
        const { steps, partedAt, pairs } = losses;
        print(
          flags.json,
          {
            first: runJson(first.summary),
            second: runJson(second.summary),
            differences,
            stepsInCommon: steps,
            partedAt,
            losses: pairs,
          },
          comparisonPage([a, b], differences, losses, weightsOf(first.summary, second.summary)),
        );
      }),
    );
}

/** SHA-256s of the final weights of two runs of one length; null where they are not to be compared. */
function weightsOf(first: RunSummaryMessage, second: RunSummaryMessage): readonly [string, string] | null {
  const hashes = [first.weightsSha256, second.weightsSha256] as const;
  return first.step === second.step && hashes.every(Boolean) ? hashes : null;
}
