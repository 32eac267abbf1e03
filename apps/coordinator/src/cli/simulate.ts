import type { Command } from 'commander';
import { searchSeeds, type BrokenRule, type SearchOutcome } from '@rocinante/training';
import { counted } from '../display/quantities.js';
import { jsonOption, wholeNumber } from './option-values.js';

const EXIT_BROKEN = 1;

/** As many runs as one command may play: some days. */
const RUNS_MAX = 1_000_000_000;

/** So that the last run's seed is exact too. */
const SEED_MAX = Number.MAX_SAFE_INTEGER - RUNS_MAX;

/** Between two lines of progress; in a terminal one line is rewritten. */
const PROGRESS_INTERVAL_MS = 10_000;
const TERMINAL_INTERVAL_MS = 200;

interface SimulateFlags {
  readonly seed: number;
  readonly runs: number;
  readonly json: boolean;
}

export function addSimulate(program: Command, exit: (code: number) => void): void {
  program
    .command('simulate')
    .description(
      'play training runs with simulated workers and what goes wrong with them, and check every rule',
    )
    .requiredOption('--seed <n>', 'the first run’s seed; the others’ follow', wholeNumber(0, SEED_MAX))
    .option('--runs <n>', 'how many runs', wholeNumber(1, RUNS_MAX), 1)
    .addOption(jsonOption())
    .action(({ seed, runs, json }: SimulateFlags) => {
      const started = performance.now();
      const progress = new SearchProgress(runs, process.stderr);
      const search = searchSeeds(seed, runs, (over) => progress.at(over));
      progress.finished();
      const seconds = Math.round(performance.now() - started) / 1000;
      process.stdout.write(
        json ? `${JSON.stringify({ seed, ...search, seconds })}\n` : searchText(seed, search),
      );
      if (search.broken !== null) exit(EXIT_BROKEN);
    });
}

/** How far a search is, on standard error. */
class SearchProgress {
  readonly #runs: number;
  readonly #stream: NodeJS.WriteStream;
  #nextAt = performance.now();
  #isLineOpen = false;

  constructor(runs: number, stream: NodeJS.WriteStream) {
    this.#runs = runs;
    this.#stream = stream;
    if (!stream.isTTY) this.#nextAt += PROGRESS_INTERVAL_MS;
  }

  at(over: number): void {
    if (performance.now() < this.#nextAt) return;
    const { isTTY } = this.#stream;
    this.#nextAt = performance.now() + (isTTY ? TERMINAL_INTERVAL_MS : PROGRESS_INTERVAL_MS);
    const text = `${over} of ${counted(this.#runs, 'run')}`;
    this.#stream.write(isTTY ? `\r${text}` : `${text}\n`);
    this.#isLineOpen = isTTY;
  }

  finished(): void {
    if (this.#isLineOpen) this.#stream.write('\n');
  }
}

function searchText(seed: number, { runs, outcomes, stepsClosed, events, broken }: SearchOutcome): string {
  if (broken !== null) return brokenText(broken);
  const seeds = runs === 1 ? `seed ${seed}` : `seeds ${seed} to ${seed + runs - 1}`;
  const { done, diverged, unsettled } = outcomes;
  const ends = [
    `${done} done`,
    ...(diverged > 0 ? [`${diverged} diverged as they should`] : []),
    ...(unsettled > 0 ? [`${unsettled} ended by workers that differ`] : []),
  ];
  return (
    `${seeds}: every rule held in ${counted(runs, 'run')}: ${ends.join(', ')}; ` +
    `${counted(stepsClosed, 'step')}, ${counted(events, 'event')}\n`
  );
}

function brokenText({ seed, rule, leastRule, scenario, trace, traceLines }: BrokenRule): string {
  const { shape, faults, workers, endsFirstAt } = scenario;
  const left = traceLines - trace.length;
  const text = [
    `seed ${seed} breaks a rule: ${rule}`,
    `the least scenario that still breaks one: ${leastRule}`,
    `  workers ${workers}, ends first at ${endsFirstAt ?? 'its end'}`,
    `  shape ${JSON.stringify(shape)}`,
    `  faults ${JSON.stringify(faults)}`,
    ...(left > 0 ? [`  … ${counted(left, 'line')} before`] : []),
    ...trace,
    `again: rocinante simulate --seed ${seed}`,
  ];
  return `${text.join('\n')}\n`;
}
