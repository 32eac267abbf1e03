import { sampleCard, type CardSamples } from './card-samples.js';
import { CardRun } from './card-run.js';
import type { Section } from './figure.js';
import type { Setting } from './setting.js';

const WINDOWS = 256;
const SMALL_WINDOWS = 16;
const FIRST_STEPS = 10;
const USE_MIN = 0.8;

/** (d) How much of the time a card computes in the middle of a run, with steps of one micro-batch and of several. */
export async function measureUse(setting: Setting, section: Section): Promise<void> {
  const { options, report } = setting;
  const run = await CardRun.start(setting, options.precisions[0]);
  try {
    await run.work(1);
    for (const [place, microBatches] of options.counts.entries()) {
      const isAsked = place === 0;
      const seconds = isAsked ? options.seconds : Math.ceil(options.seconds / 2);
      const windows = options.isSmall ? SMALL_WINDOWS : WINDOWS;
      const what = `mean use over ${seconds} s, ${microBatches} × ${windows} windows a step`;
      await report.attempt(section, what, () =>
        watchRun(setting, section, run, { what, seconds, windows, microBatches, isAsked }),
      );
    }
  } finally {
    await run.end();
  }
}

/** What is watched, and for how long. */
interface Watch {
  readonly what: string;
  readonly seconds: number;
  readonly windows: number;
  readonly microBatches: number;
  /** What is asked of a card is asked of the first number of micro-batches. */
  readonly isAsked: boolean;
}

async function watchRun(
  { report, machine, counts }: Setting,
  section: Section,
  run: CardRun,
  { what, seconds, windows, microBatches, isAsked }: Watch,
): Promise<void> {
  const id = await run.begin({ windows, microBatches, steps: null });
  await run.closed(id, FIRST_STEPS);
  const from = Date.now();
  const samples = await sampleCard(machine.card?.device ?? null, seconds);
  const to = Date.now();
  const steps = run.closes(id).filter(({ time }) => time > from && time <= to).length;
  await run.stop(id);
  const rate = (1000 * steps * windows * microBatches) / (to - from);
  const use = meanOf(samples, ({ utilization }) => utilization);
  section.details[`${microBatches} micro-batches`] = samples;
  if (use === null && machine.card !== null)
    section.error ??= `${what}: ${samples.trouble ?? 'nvidia-smi does not tell it'}`;
  report.add(section, {
    what,
    value: use === null ? null : 100 * use,
    unit: '%',
    asked: isAsked ? `at least ${100 * USE_MIN} %` : null,
    met: isAsked && counts && use !== null ? use >= USE_MIN : null,
    note: `${rate.toFixed(0)} windows/s; ${othersOf(samples)}`,
  });
}

/** Memory, power and what held clocks down; or why nothing is told. */
function othersOf(samples: CardSamples): string {
  const { readings, trouble } = samples;
  if (readings.length === 0) return trouble ?? 'no reading';
  const memory = Math.max(...readings.map(({ memoryUsedBytes }) => memoryUsedBytes ?? 0)) / 2 ** 30;
  const power = meanOf(samples, ({ powerWatts }) => powerWatts);
  const throttled = new Set(readings.flatMap((reading) => reading.throttled ?? []));
  return [
    `${readings.length} readings`,
    `memory ${memory.toFixed(1)} GiB at most`,
    ...(power === null ? [] : [`${power.toFixed(0)} W in the mean`]),
    ...(throttled.size === 0 ? [] : [`clocks held down by ${[...throttled].join(', ')}`]),
    ...(trouble === null ? [] : [trouble]),
  ].join(', ');
}

function meanOf(
  { readings }: CardSamples,
  of: (reading: CardSamples['readings'][number]) => number | null,
): number | null {
  const values = readings.flatMap((reading) => of(reading) ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
