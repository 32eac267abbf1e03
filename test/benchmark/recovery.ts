/**
 * How long a run of the preset `quick` stands still, or does without a worker, when something is killed, cut or added: real
 * processes on one machine, times from the run's own `events.jsonl`, the median of some repeats.
 *
 *     npm run benchmark:recovery -- [--repeats 10] [--json]
 *
 * `--json` adds one object as the last line. The case of the cut link needs root, for network namespaces; it is left out
 * without. The workers share the machine's cores, so what is measured depends on their number and on other work.
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { projectRoot as root } from '../support/project-root.js';
import { recoveryCases, type Figure, type RecoveryCase } from './recovery-cases.js';
import { Site } from './recovery-site.js';

interface Row extends Figure {
  readonly title: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly seconds: readonly number[];
}

const { values } = parseArgs({
  options: { repeats: { type: 'string', default: '10' }, json: { type: 'boolean', default: false } },
});
const repeats = Number(values.repeats);
if (!Number.isInteger(repeats) || repeats < 1) {
  throw new Error(`--repeats: expected a count from 1, received ${values.repeats}`);
}

let site: Site | null = null;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void (site?.end() ?? Promise.resolve()).finally(() => process.exit(1)));
}

/** To the millisecond, as the times are. */
function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const value = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return Math.round(value * 1000) / 1000;
}

async function measured(one: RecoveryCase): Promise<Row[]> {
  const { title, figures, workers, hasNetwork } = one;
  const turns: number[][] = [];
  site = new Site(hasNetwork ? workers : []);
  try {
    await site.start(workers);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const turn = await one.measure(site, repeat);
      turns.push(turn);
      const words = figures.map(({ name }, index) => `${name} ${turn[index].toFixed(2)} s`);
      console.log(`${title}, ${repeat + 1} of ${repeats}: ${words.join(', ')}`);
    }
  } finally {
    await site.end();
    site = null;
  }
  return figures.map((figure, index) => {
    const seconds = turns.map((turn) => turn[index]);
    const spread = { median: median(seconds), min: Math.min(...seconds), max: Math.max(...seconds) };
    return { title, ...figure, ...spread, seconds };
  });
}

const rows: Row[] = [];
const skipped: { title: string; why: string }[] = [];
for (const one of recoveryCases) {
  const why = one.hindrance?.() ?? null;
  if (why === null) {
    rows.push(...(await measured(one)));
  } else {
    skipped.push({ title: one.title, why });
    console.log(`${one.title}: left out, ${why}`);
  }
}

const date = new Date().toISOString().slice(0, 10);
const commit = execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const hardware = `${cpus().length} cores: ${cpus()[0].model}`;
const line = (first: string, second: string, numbers: readonly string[]): string =>
  `${first.padEnd(20)}${second.padEnd(34)}${numbers.map((number) => number.padStart(8)).join('')}`;
console.log(`\n${date}, commit ${commit}, ${hardware}; ${repeats} repeats`);
console.log(line('case', 'seconds from ... to ...', ['median', 'min', 'max', 'target']));
for (const { title, name, targetSeconds, ...row } of rows) {
  const numbers = [row.median, row.min, row.max].map((seconds) => seconds.toFixed(2));
  console.log(line(title, name, [...numbers, targetSeconds?.toString() ?? '']));
}
if (values.json) console.log(JSON.stringify({ date, commit, hardware, repeats, rows, skipped }));
