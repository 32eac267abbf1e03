/**
 * A step of the reference network: ours (coordinator and two workers of one thread) against PyTorch's (one process, two
 * threads), in alternating pairs on one machine, as a ratio.
 *
 *     npm run benchmark:seed-step -- --corpus don-quijote-chapters-1-10.txt [--pairs 5] [--steps 8] [--python FILE]
 *
 * `--python` names a Python that has torch; without it, one is made in the cache with the pinned version.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '@rocinante/base';
import { projectRoot as root } from '../support/project-root.js';
import { train } from '../support/rocinante.js';

const TORCH_VERSION = '2.15.0';
const BATCH = 64;

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: 'bundled' },
    pairs: { type: 'string', default: '5' },
    steps: { type: 'string', default: '8' },
    python: { type: 'string' },
  },
});

/** A Python with torch in the cache, made on first use. */
function torchPython(): string {
  const folder = join(cacheDirectory(process.env), 'python', `torch-${TORCH_VERSION}`);
  const python = join(folder, 'bin', 'python');
  if (!existsSync(join(folder, 'whole'))) {
    process.stderr.write(`making ${folder} with torch ${TORCH_VERSION}\n`);
    execFileSync('python3', ['-m', 'venv', '--clear', folder], { stdio: 'inherit' });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', `torch==${TORCH_VERSION}`, 'numpy'], {
      stdio: 'inherit',
    });
    execFileSync('touch', [join(folder, 'whole')]);
  }
  return python;
}

async function ours(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rocinante-benchmark-'));
  const args = ['--preset', 'seed', '--corpus', values.corpus, '--steps', values.steps];
  const run = await train([...args, '--workers', '2', '--threads', '1', '--run-dir', join(folder, 'run')]);
  rmSync(folder, { recursive: true });
  return BATCH / run.windowsPerSecond!;
}

function pytorch(python: string): number {
  const script = join(root, 'test', 'benchmark', 'pytorch_step.py');
  const { stdout, stderr, status } = spawnSync(python, [script, '--steps', values.steps, '--threads', '2'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`PyTorch's step failed:\n${stderr}`);
  return (JSON.parse(stdout) as { secondsPerStep: number }).secondsPerStep;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const python = values.python ?? torchPython();
const commit = execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(
  `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${cpus().length} cores: ${cpus()[0].model}`,
);
const pairs: { ours: number; pytorch: number }[] = [];
for (let pair = 0; pair < Number(values.pairs); pair++) {
  // Each goes first in turn.
  const peerFirst = pair % 2 === 1 ? pytorch(python) : null;
  const own = await ours();
  const measured = { ours: own, pytorch: peerFirst ?? pytorch(python) };
  pairs.push(measured);
  console.log(
    `pair ${pair + 1}: ours ${measured.ours.toFixed(3)} s, PyTorch ${measured.pytorch.toFixed(3)} s, ` +
      `ratio ${(measured.ours / measured.pytorch).toFixed(3)}`,
  );
}
const ratio = median(pairs.map((pair) => pair.ours / pair.pytorch));
console.log(`median ratio ${ratio.toFixed(3)} (ours / PyTorch)`);
console.log(JSON.stringify({ commit, ratio, pairs }));
