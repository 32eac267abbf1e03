import { once } from 'node:events';
import { Option, type Command } from 'commander';
import { lossRows, type LossRow } from '../client/loss-rows.js';
import { bitsOrNull } from '../loss-units.js';
import { coordinatorOption, withCoordinator, type ClientFlags } from './coordinator-option.js';

interface ExportFlags extends ClientFlags {
  readonly csv: boolean;
  readonly jsonl: boolean;
}

/** Lines that are written at once. */
const LINES_AT_ONCE = 1_000;

export function addRunExport(run: Command): void {
  run
    .command('export')
    .description(
      'a run’s losses on standard output, a line a step, held-out ones beside them: for plots and spreadsheets',
    )
    .argument('<run>', 'its id or name')
    .addOption(
      new Option('--csv', 'comma-separated values under a line of names (the default)').default(false),
    )
    .addOption(new Option('--jsonl', 'a JSON object a line').default(false).conflicts('csv'))
    .addOption(coordinatorOption())
    .action((name: string, flags: ExportFlags) =>
      withCoordinator(flags, async (coordinator) => {
        const shown = await coordinator.show(name);
        const lineOf = flags.jsonl ? jsonLine : csvLine;
        let lines = flags.jsonl ? [] : [COLUMNS.join(',')];
        for await (const row of lossRows(coordinator.losses(shown.summary.id), shown)) {
          lines.push(lineOf(row));
          if (lines.length < LINES_AT_ONCE) continue;
          await write(lines);
          lines = [];
        }
        await write(lines);
      }),
    );
}

const COLUMNS = ['step', 'loss', 'validationLoss', 'validationBitsPerCharacter'] as const;

/** Numbers as they are, to the last bit; what is not there is null in JSON, and empty in CSV. */
function valuesOf(row: LossRow): Record<(typeof COLUMNS)[number], number | null> {
  return { ...row, validationBitsPerCharacter: bitsOrNull(row.validationLoss) };
}

function jsonLine(row: LossRow): string {
  return JSON.stringify(valuesOf(row));
}

function csvLine(row: LossRow): string {
  const values = valuesOf(row);
  return COLUMNS.map((column) => values[column] ?? '').join(',');
}

async function write(lines: readonly string[]): Promise<void> {
  const text = lines.map((line) => `${line}\n`).join('');
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
