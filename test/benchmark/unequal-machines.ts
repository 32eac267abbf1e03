/**
 * How much of the sum of their speeds two machines of unequal speed reach: a worker on a core beside one that the kernel lets
 * run for half the time, M = 16, against each of them alone. Needs root and cgroup v1's cpu controller.
 *
 *     npm run benchmark:unequal-machines -- [--rounds 3] [--steps 30]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Daemon } from '../support/daemon.js';
import { projectRoot as root } from '../support/project-root.js';
import { Workspace } from '../support/rocinante.js';

const CONTROLLER = '/sys/fs/cgroup/cpu';
/** Short, so that a step has many of them. */
const PERIOD_MICROSECONDS = 10_000;
/** Until the pace of each is known, and grids are found. */
const SETTLED_STEPS = 10;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, steps: { type: 'string', default: '30' } },
});
const workspace = new Workspace();
const half = join(CONTROLLER, `rocinante-${process.pid}`);
const config = workspace.write('config.json', {
  preset: 'quick',
  batch: { size: 256, microBatch: 16 },
  steps: SETTLED_STEPS + Number(values.steps),
});

/** Windows a second over the steps that follow the first. @param names of workers; `slow` is held to half the time. */
async function rate(names: readonly string[]): Promise<number> {
  const data = workspace.in(`${names.join('-')}-${performance.now()}`);
  const daemon = await Daemon.start({ data });
  try {
    for (const name of names) {
      const worker = daemon.worker(name, ['--threads', '1']);
      if (name === 'slow') writeFileSync(join(half, 'cgroup.procs'), String(worker.process.pid));
      await worker.says(/joined the coordinator/);
    }
    const options = ['--config', config, '--min-workers', String(names.length), '--checkpoint', '0'];
    const { id } = await daemon.startRun(options);
    await daemon.over(id, 600_000);
    const closed = daemon.events(id).filter(({ event }) => event === 'step');
    const timeOf = (index: number): number => Date.parse(closed[index].time as string);
    const windows = closed.slice(SETTLED_STEPS).reduce((sum, step) => sum + (step.windows as number), 0);
    return (windows * 1000) / (timeOf(closed.length - 1) - timeOf(SETTLED_STEPS - 1));
  } finally {
    await daemon.end();
  }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
}

const commit = execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(
  `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${cpus().length} cores: ${cpus()[0].model}`,
);
mkdirSync(half);
try {
  writeFileSync(join(half, 'cpu.cfs_period_us'), String(PERIOD_MICROSECONDS));
  writeFileSync(join(half, 'cpu.cfs_quota_us'), String(PERIOD_MICROSECONDS / 2));
  const rounds: { fast: number; slow: number; both: number; share: number }[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const [fast, slow, both] = [await rate(['fast']), await rate(['slow']), await rate(['fast', 'slow'])];
    rounds.push({ fast, slow, both, share: both / (fast + slow) });
    const shown = [fast, slow, both].map((windows) => windows.toFixed(1));
    const share = ((100 * both) / (fast + slow)).toFixed(1);
    console.log(
      `round ${round + 1}: fast ${shown[0]}, slow ${shown[1]}, both ${shown[2]} windows/s: ${share} %`,
    );
  }
  const share = median(rounds.map((round) => round.share));
  console.log(JSON.stringify({ commit, share, rounds }));
} finally {
  rmdirSync(half);
  workspace.remove();
}
