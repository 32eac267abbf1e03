import { availableCores } from '@rocinante/base';
import type { Precision } from '@rocinante/training';
import { CardRun } from './card-run.js';
import type { Section } from './figure.js';
import type { Setting } from './setting.js';
import { WorkerEngine } from './worker-engine.js';

/** Processes at a time: each has its own memory on the card, and loads a gigabyte of libraries. */
const AT_A_TIME_MAX = 4;

/** Of the runs that are compared: enough that both workers have a part in each step. */
const MICRO_BATCHES = 8;
const STEPS = 10;
/** Sizes of a small trial that are compared. */
const SMALL_SIZES_MAX = 2;
/** In micro-batches of these many windows. */
const SIZES: readonly number[] = [64, 256];

/** (b) Whether the same work gives the same bits: in processes of their own, and by two workers on the card. */
export async function measureBits(setting: Setting, section: Section, precision: Precision): Promise<void> {
  const { report } = setting;
  await report.attempt(section, 'processes', () => compareProcesses(setting, section, precision));
  await report.attempt(section, 'workers', () => compareWorkers(setting, section, precision));
}

/** What one process computed of each size, by the size. */
type Hashes = readonly { readonly windows: number; readonly gradient: string; readonly sum: string }[];

async function compareProcesses(setting: Setting, section: Section, precision: Precision): Promise<void> {
  const { report, options } = setting;
  const sizes = options.isSmall ? options.sizes.slice(0, SMALL_SIZES_MAX) : SIZES;
  const one = async (): Promise<{ readonly hashes: Hashes; readonly seconds: readonly number[] }> => {
    const engine = await WorkerEngine.start(setting, precision);
    try {
      const hashes: { windows: number; gradient: string; sum: string }[] = [];
      const seconds: number[] = [];
      for (const windows of sizes) {
        const opened = await engine.open(setting, windows, precision);
        const { sumSha256 } = await engine.turns(1);
        hashes.push({ windows, gradient: opened.proof, sum: sumSha256 });
        seconds.push(opened.seconds);
      }
      return { hashes, seconds };
    } finally {
      await engine.end();
    }
  };
  // Alone, since all others find what the driver compiles for it.
  const first = await one();
  report.add(section, {
    what: `first gradient of the first process, ${precision}`,
    value: first.seconds[0],
    unit: 's',
    asked: null,
    met: null,
    note: 'kernels may be compiled in it; in no other figure',
  });
  const all = [first];
  const atATime = Math.max(1, Math.min(AT_A_TIME_MAX, availableCores() >> 1));
  while (all.length < options.processes) {
    const count = Math.min(atATime, options.processes - all.length);
    all.push(...(await Promise.all(Array.from({ length: count }, one))));
  }
  section.details[`hashes ${precision}`] = all.map(({ hashes }) => hashes);
  for (const [index, windows] of sizes.entries()) {
    const different = new Set(all.map(({ hashes }) => `${hashes[index].gradient} ${hashes[index].sum}`)).size;
    report.add(section, {
      what: `different gradients and sums of ${windows} windows in ${all.length} processes, ${precision}`,
      value: different,
      unit: '',
      asked: '1',
      met: different === 1,
      note: `${first.hashes[index].gradient.slice(0, 16)}… first`,
    });
  }
}

async function compareWorkers(setting: Setting, section: Section, precision: Precision): Promise<void> {
  const { report, options } = setting;
  const order = { windows: options.sizes[0], microBatches: MICRO_BATCHES, steps: STEPS };
  const run = await CardRun.start(setting, precision);
  try {
    await run.work(1);
    const alone = await run.whole(order);
    await run.work(2);
    const together = await run.whole(order);
    const shares = [...run.shares(together.id)].map(([worker, steps]) => `${worker} in ${steps} steps`);
    const isSame = alone.weightsSha256 === together.weightsSha256;
    section.details[`weights ${precision}`] = { alone, together, shares };
    report.add(section, {
      what: `weights of two workers on the device beside one's, after ${STEPS} steps, ${precision}`,
      value: isSame ? 'the same' : 'others',
      unit: '',
      asked: 'the same',
      // By one alone nothing would be shown.
      met: isSame && shares.length === 2,
      note: `${alone.weightsSha256.slice(0, 16)}…; ${shares.join(', ')}`,
    });
  } finally {
    await run.end();
  }
}
