import { Option, type Command } from 'commander';
import type { LossPoint } from '@rocinante/run-json';
import type { Coordinator, ShownRun } from '../client/coordinator.js';
import { shownJson } from '../client/run-json.js';
import { CURVE_MARGIN, LossCurve } from '../display/loss-curve.js';
import { runPage } from '../display/run-page.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption } from './option-values.js';

/** Columns of the drawing, where standard output does not say how many it has, and at most. */
const COLUMNS_DEFAULT = 80;
const COLUMNS_MAX = 120;

export function addRunShow(run: Command): void {
  run
    .command('show')
    .description('all about a run: configuration, limits, workers, losses, incidents, cost')
    .argument('<run>', 'its id or name')
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .addOption(new Option('--all', 'every evaluation and incident, not the last ones alone').default(false))
    .action((name: string, flags: ClientFlags & { readonly all: boolean }) =>
      withCoordinator(flags, async (coordinator) => {
        const shown = await coordinator.show(name);
        const curve = await lossCurve(coordinator, shown);
        print(flags.json, shownJson(shown, curve), runPage(shown, curve, flags.all));
      }),
    );
}

async function lossCurve(coordinator: Coordinator, { summary }: ShownRun): Promise<LossPoint[]> {
  if (summary.step === 0) return [];
  const columns = Math.min(process.stdout.columns || COLUMNS_DEFAULT, COLUMNS_MAX);
  const curve = new LossCurve(summary.step, Math.max(2, columns - CURVE_MARGIN));
  for await (const { losses } of coordinator.losses(summary.id)) curve.add(losses);
  return curve.points;
}
