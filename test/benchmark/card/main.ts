/**
 * What issue "The engine on GPUs" asks to be shown with a card, measured on the card of this machine, in twelve minutes as reckoned:
 *
 *     npm run -s benchmark:card -- [--corpus don-quijote-chapters-1-10.txt] [--python FILE] [--only a,b,c,d,e] [--card 0]
 *       [--out DIR] [--precision float32,tf32,mixed] [--sizes 64,256,1024] [--pairs 3] [--steps 30] [--processes 10]
 *       [--seconds 60] [--counts 1,4,16] [--minutes 3] [--threads N] [--commit NAME] [--device gpu|cpu] [--small]
 *
 * (a) LSTM paths against golden files and each other; (b) the same bits in processes, and by two workers; (c) step times beside
 * PyTorch's, which `--python` names; (d) the card's use; (e) the preset `seed`, for `--minutes`. Results are in `--out`, one JSON
 * file and one table, from the first figure on. It ends with 0; 3 where something asked is not met; 1 where a part failed, it was told
 * to end, or results cannot be written; 2 where it could not begin. `--device cpu --small` tries all of it without a card.
 */
import { mkdtempSync } from 'node:fs';
import { oneLine } from '@rocinante/base';
import type { Precision } from '@rocinante/training';
import { Workspace } from '../../support/rocinante.js';
import { sampleCard } from './card-samples.js';
import type { Section } from './figure.js';
import { prepareMachine } from './machine.js';
import { readOptions, type CardOptions, type Part } from './options.js';
import { measureBits } from './part-bits.js';
import { measurePaths } from './part-paths.js';
import { measureSteps } from './part-steps.js';
import { measureTraining } from './part-training.js';
import { measureUse } from './part-use.js';
import { Report } from './report.js';
import { settingOf, type Setting } from './setting.js';
import { demandTime, endAll, interrupt, InterruptedError } from './what-runs.js';

interface Measurement {
  readonly title: string;
  readonly measure: (setting: Setting, section: Section, precision: Precision) => Promise<void>;
}

const measurements: Readonly<Record<Part, Measurement>> = {
  a: { title: 'LSTM paths', measure: measurePaths },
  b: { title: 'The same bits', measure: measureBits },
  c: { title: 'Step time beside PyTorch’s', measure: measureSteps },
  d: { title: 'The card’s use', measure: measureUse },
  e: { title: 'The preset seed, end to end', measure: measureTraining },
};

/** Parts that are measured in each precision. */
const IN_EACH: readonly Part[] = ['b', 'c'];

/** How long the part that is under way may take to write down what it has. */
const STOP_MS_MAX = 15_000;

let current: Promise<void> = Promise.resolve();

/** Ends what was started, by which the part that is under way comes to its end too, and begins nothing any more. */
async function stop(): Promise<void> {
  const limit = new Promise((resolve) => setTimeout(resolve, STOP_MS_MAX));
  const end = async (): Promise<void> => {
    await interrupt();
    await current;
  };
  await Promise.race([end().catch(() => undefined), limit]);
  workspace.remove();
  process.exit(1);
}

async function begin(options: CardOptions, workspace: Workspace): Promise<Setting> {
  const machine = await prepareMachine(options);
  const folder = options.out ?? mkdtempSync(`card-${new Date().toISOString().slice(0, 10)}-`);
  const report = new Report(folder, machine.name, machine.facts);
  if (machine.card !== null) report.fact('card before', await stateOf(machine.card.device));
  console.log(`results are in ${folder}/${machine.name}.md and .json`);
  return settingOf(options, machine, report, workspace);
}

async function measureAll(setting: Setting): Promise<number> {
  const { options, report } = setting;
  // What all cards are asked for comes first, other precisions after it.
  for (const [place, precision] of options.precisions.entries()) {
    for (const part of options.only) {
      if (place > 0 && !IN_EACH.includes(part)) continue;
      demandTime();
      current = measurePart(setting, part, precision);
      await current;
    }
  }
  return report.exitCode;
}

/** What the card was at before anything was begun: others on it lengthen all that follows. */
async function stateOf(card: string): Promise<string> {
  const { readings, trouble } = await sampleCard(card, 1);
  const [reading] = readings;
  if (reading === undefined) return trouble ?? 'not told';
  const use =
    reading.utilization === null ? 'use not told' : `${(100 * reading.utilization).toFixed(0)} % in use`;
  return `${use}, ${((reading.memoryUsedBytes ?? 0) / 2 ** 30).toFixed(1)} GiB taken`;
}

/** One part; what goes wrong in it is told, and ends it alone. */
async function measurePart(setting: Setting, part: Part, precision: Precision): Promise<void> {
  const { report } = setting;
  const { title, measure } = measurements[part];
  // The precision of the others: (a) is always in float32.
  const inPrecision = precision === 'float32' || part === 'a' ? '' : `, ${precision}`;
  const section = report.section(part, title + inPrecision);
  const began = performance.now();
  try {
    await measure(setting, section, precision);
  } catch (error) {
    if (error instanceof InterruptedError) section.error = error.message;
    else section.error ??= oneLine((error as Error).message);
  }
  await endAll();
  section.state = section.error === null ? 'done' : 'failed';
  if (section.error !== null) console.log(`(${part}) failed: ${section.error}`);
  section.seconds = (performance.now() - began) / 1000;
  report.write();
}

const workspace = new Workspace();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stop());
}
let hasBegun = false;
try {
  const setting = await begin(readOptions(process.argv.slice(2)), workspace);
  hasBegun = true;
  process.exitCode = await measureAll(setting);
} catch (error) {
  // Before the first part: an option, or the card itself; from then on the results' files.
  process.stderr.write(`benchmark:card: ${oneLine((error as Error).message)}\n`);
  process.exitCode = hasBegun ? 1 : 2;
} finally {
  await endAll();
  workspace.remove();
}
