/**
 * What proof and checks cost a step of the reference network: the ledger's passes over long vectors and its record, each by
 * itself, and, where pairs are asked for, whole runs in turn with ledger and norm checks and with both switched off. (An
 * audit is off unless it is asked for.) Beside the time that passes, what all processes of a run had of the processor: other
 * work on the machine moves that less.
 *
 *     npm run benchmark:overhead -- [--pairs 20] [--corpus FILE] [--steps 12]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { crc32, RandomStream } from '@rocinante/base';
import { checksumsDigest, digestOf, LedgerFile, stateHashes, type StepRecord } from '@rocinante/ledger';
import { networkLayout } from '@rocinante/model';
import { projectRoot as root } from '../support/project-root.js';
import { train } from '../support/rocinante.js';
import { median } from './median.js';

const BATCH = 64;
const TURNS = 50;

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '0' },
    corpus: { type: 'string', default: 'bundled' },
    steps: { type: 'string', default: '12' },
  },
});

/** The reference network over the whole book's symbols. */
const layout = networkLayout({
  input: 'scaled',
  layers: [512, 512, 512].map((units) => ({ units, dropout: 0.5 })),
  recurrentActivation: 'sigmoid',
  loss: 'last',
  vocabularySize: 49,
});

/** The median time of an action, in milliseconds. */
function milliseconds(act: () => void): number {
  const times = Array.from({ length: TURNS }, () => {
    const started = performance.now();
    act();
    return performance.now() - started;
  });
  return median(times);
}

function alone(folder: string): Record<string, number> {
  const stream = new RandomStream(1, 'simulation');
  const vector = (): Float32Array => Float32Array.from({ length: layout.length }, () => stream.uniform());
  const [parameters, m, v] = [vector(), vector(), vector()];
  const sum = Int32Array.from(parameters, (value) => value * 2 ** 31);
  const exponents = new Int8Array(layout.blockCount).fill(-30);
  const file = LedgerFile.begin(join(folder, 'ledger.jsonl'), {
    kind: 'begun',
    format: 'rocinante-ledger',
    version: 1,
    step: 0,
    stepsTotal: TURNS,
    seed: 1,
    corpus: '0'.repeat(64),
    layout: '0'.repeat(64),
    ranges: layout.ranges.length,
    windowsPerEpoch: BATCH * TURNS,
    batch: BATCH,
    microBatch: 32,
  });
  const checksums = (of: Float32Array | Int32Array): number[] =>
    layout.ranges.map(({ start, end }) => crc32(of.subarray(start, end)));
  const computed: StepRecord['computed'] = [
    { worker: 'worker-1', microBatches: '0' },
    { worker: 'worker-2', microBatches: '1' },
  ];
  let step = 0;
  const record = (): void => {
    step += 1;
    const place = {
      step,
      epoch: 1,
      position: (step - 1) * BATCH,
      windows: BATCH,
      issue: 1,
      computed,
      loss: Math.PI,
    };
    const known = layout.ranges.map(({ index }) => index);
    const digests = {
      grid: digestOf(exponents),
      sum: checksumsDigest(known),
      parameters: checksumsDigest(known),
    };
    file.append({ kind: 'step', ...place, ...digests });
  };
  const cost = {
    sumChecksumsMs: milliseconds(() => checksums(sum)),
    parametersChecksumsMs: milliseconds(() => checksums(parameters)),
    recordMs: milliseconds(record),
    checkpointHashesMs: milliseconds(() => stateHashes({ parameters, m, v })),
  };
  file.close();
  return cost;
}

/** What one run took, in seconds. */
interface Cost {
  /** A step, from first issue to close, over all but the first two. */
  readonly step: number;
  /** All processes of the run had of the processor, set-up of engine and network included. */
  readonly processor: number;
}

async function costOf(folder: string, checked: boolean): Promise<Cost> {
  const args = ['--preset', 'seed', '--corpus', values.corpus, '--steps', values.steps, '--checkpoint', '0'];
  const runDir = join(folder, 'run');
  const switched = checked ? [] : ['--no-ledger', '--norm-checks', 'off'];
  const before = childrenSeconds();
  const run = await train([...args, ...switched, '--workers', '2', '--threads', '1', '--run-dir', runDir]);
  const processor = childrenSeconds() - before;
  rmSync(runDir, { recursive: true });
  return { step: BATCH / run.windowsPerSecond!, processor };
}

/** What the children of this process that have ended, and theirs, had of the processor. */
function childrenSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

const folder = mkdtempSync(join(tmpdir(), 'rocinante-benchmark-'));
const commit = execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(
  `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${cpus().length} cores: ${cpus()[0].model}`,
);
const cost = alone(folder);
for (const [name, value] of Object.entries(cost)) console.log(`${name.padEnd(24)} ${value.toFixed(3)}`);
const pairs: { with: Cost; without: Cost }[] = [];
for (let pair = 0; pair < Number(values.pairs); pair++) {
  // Each goes first in turn.
  const first = await costOf(folder, pair % 2 === 0);
  const second = await costOf(folder, pair % 2 === 1);
  pairs.push(pair % 2 === 0 ? { with: first, without: second } : { with: second, without: first });
  const { with: checked, without } = pairs.at(-1)!;
  const shown = ({ step, processor }: Cost): string => `${step.toFixed(3)} s (${processor.toFixed(1)} s)`;
  console.log(`pair ${pair + 1}: a step with ${shown(checked)}, without ${shown(without)}`);
}
rmSync(folder, { recursive: true });
const medianOf = (of: (pair: (typeof pairs)[number]) => number): number => median(pairs.map(of));
const overhead =
  pairs.length === 0
    ? null
    : {
        stepRatio: medianOf((pair) => pair.with.step / pair.without.step),
        stepMs: 1000 * medianOf((pair) => pair.with.step - pair.without.step),
        processorRatio: medianOf((pair) => pair.with.processor / pair.without.processor),
        processorMsPerStep:
          (1000 * medianOf((pair) => pair.with.processor - pair.without.processor)) / Number(values.steps),
      };
console.log(JSON.stringify({ commit, ...cost, overhead, pairs }));
