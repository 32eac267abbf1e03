import type { Command } from 'commander';
import type { RunSummaryMessage } from '@rocinante/wire';
import { compareLedgers, compareLosses, stepsShown } from '../client/comparison.js';
import { configDifferences } from '../client/config-differences.js';
import { runJson } from '../client/run-json.js';
import { compareHeldOut } from '../client/held-out-comparison.js';
import { comparisonPage } from '../display/comparison-page.js';
import { heldOutLines } from '../display/held-out-lines.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption } from './option-values.js';

export function addRunCompare(run: Command): void {
  run
    .command('compare')
    .description(
      'where two runs differ: configuration, losses, held-out losses, the first step at which they part, final weights',
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
        const ledgers = await compareLedgers(coordinator.digests(a), coordinator.digests(b));
        const heldOut = compareHeldOut(first, second);
        const { evaluations, best } = heldOut;
        const summaries = [first.summary, second.summary] as const;
        print(
          flags.json,
          {
            first: runJson(first.summary),
            second: runJson(second.summary),
            differences,
            stepsInCommon: losses.steps,
            partedAt: earlier(losses.partedAt, ledgers.partedAt),
            losses: losses.pairs,
            evaluations,
            best: { first: best[0], second: best[1] },
            ledgers,
          },
          comparisonPage([a, b], differences, {
            losses,
            ledgers,
            heldOut: heldOutLines([a, b], heldOut, summaries),
            weights: weightsOf(...summaries),
          }),
        );
      }),
    );
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

/** SHA-256s of the final weights of two runs of one length; null where they are not to be compared. */
function weightsOf(first: RunSummaryMessage, second: RunSummaryMessage): readonly [string, string] | null {
  const hashes = [first.weightsSha256, second.weightsSha256] as const;
  return first.step === second.step && hashes.every(Boolean) ? hashes : null;
}
