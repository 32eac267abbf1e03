/**
 * A step of the reference network: ours (coordinator and two workers of one thread, or with `--workers 1` one of two) against
 * PyTorch's (one process, two threads), in alternating pairs on one machine, as a ratio; and the shortest step of each, which
 * other work lengthens least.
 *
 *     npm run benchmark:seed-step -- --corpus don-quijote-chapters-1-10.txt [--pairs 5] [--steps 8] [--python FILE]
 *       [--precision float32|mixed] [--peer pytorch|float32] [--workers 1|2] [--micro-batch 32]
 *       [--codec-up int16-grid --codec-down bfloat16]
 *
 * `--python` names a Python that has torch; without it, one is made in the cache with the pinned version. With `--precision
 * mixed` PyTorch computes under autocast to bfloat16. `--peer float32` measures beside our own float32 in place of PyTorch.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot as root } from '../support/project-root.js';
import { events, train } from '../support/rocinante.js';
import { median } from './median.js';
import { TORCH_VERSION, torchPython } from './torch-python.js';

const BATCH = 64;
/** Of all workers together, and of the peer. */
const THREADS = 2;

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: 'bundled' },
    pairs: { type: 'string', default: '5' },
    steps: { type: 'string', default: '8' },
    python: { type: 'string' },
    precision: { type: 'string', default: 'float32' },
    peer: { type: 'string', default: 'pytorch' },
    workers: { type: 'string', default: '2' },
    'micro-batch': { type: 'string', default: '32' },
    'codec-up': { type: 'string', default: 'int32-grid' },
    'codec-down': { type: 'string', default: 'float32' },
  },
});

/** Seconds of a step: over all steps but the first two, and of the shortest. */
interface Measured {
  readonly mean: number;
  readonly least: number;
}

async function ours(precision: string): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'rocinante-benchmark-'));
  const args = ['--preset', 'seed', '--corpus', values.corpus, '--steps', values.steps];
  args.push('--precision', precision, '--micro-batch', values['micro-batch']);
  args.push('--codec-up', values['codec-up'], '--codec-down', values['codec-down']);
  const threads = String(THREADS / Number(values.workers));
  const run = await train([
    ...args,
    '--workers',
    values.workers,
    '--threads',
    threads,
    '--run-dir',
    join(folder, 'run'),
  ]);
  const steps = events(run.runDir).flatMap((event) => ('step' in event ? [event.seconds as number] : []));
  rmSync(folder, { recursive: true });
  return { mean: BATCH / run.windowsPerSecond!, least: Math.min(...steps.slice(2)) };
}

function pytorch(python: string): Measured {
  const script = join(root, 'test', 'benchmark', 'pytorch_step.py');
  const args = ['--steps', values.steps, '--threads', String(THREADS), '--precision', values.precision];
  const { stdout, stderr, status } = spawnSync(python, [script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`PyTorch's step failed:\n${stderr}`);
  const { secondsPerStep, least } = JSON.parse(stdout) as { secondsPerStep: number; least: number };
  return { mean: secondsPerStep, least };
}

const beside = values.peer === 'float32' ? 'float32' : 'PyTorch';
const python = beside === 'PyTorch' ? (values.python ?? torchPython()) : '';
const peer = async (): Promise<Measured> => (beside === 'PyTorch' ? pytorch(python) : await ours('float32'));
const commit = execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(
  `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${cpus().length} cores: ${cpus()[0].model}; ` +
    `${values.precision}, ${values['codec-up']} up, ${values['codec-down']} down, workers ${values.workers}, micro-batches of ${values['micro-batch']}, beside ${beside === 'PyTorch' ? `PyTorch ${TORCH_VERSION}` : 'float32'}`,
);
const pairs: { ours: Measured; peer: Measured }[] = [];
for (let pair = 0; pair < Number(values.pairs); pair++) {
  // Each goes first in turn.
  const peerFirst = pair % 2 === 1 ? await peer() : null;
  const own = await ours(values.precision);
  const measured = { ours: own, peer: peerFirst ?? (await peer()) };
  pairs.push(measured);
  console.log(
    `pair ${pair + 1}: ours ${measured.ours.mean.toFixed(3)} s, ${beside} ${measured.peer.mean.toFixed(3)} s, ` +
      `ratio ${(measured.ours.mean / measured.peer.mean).toFixed(3)}`,
  );
}
const ratio = median(pairs.map((pair) => pair.ours.mean / pair.peer.mean));
console.log(`median ratio ${ratio.toFixed(3)} (ours / ${beside})`);
const [least, peersLeast] = (['ours', 'peer'] as const).map((who) =>
  Math.min(...pairs.map((pair) => pair[who].least)),
);
console.log(
  `shortest steps: ours ${least.toFixed(3)} s, ${beside} ${peersLeast.toFixed(3)} s, ratio ${(least / peersLeast).toFixed(3)}`,
);
console.log(JSON.stringify({ commit, ratio, least, peersLeast, pairs }));
