/**
 * A step of the reference network over links as they are: ours against PyTorch's DistributedDataParallel (gloo), machines of one
 * thread each, in turns, as a ratio. Each machine is a network namespace with one link to a switch; the coordinator is on the first
 * one, beside its worker. Needs root.
 *
 *     npm run benchmark:ethernet -- --corpus don-quijote-chapters-1-10.txt [--rate 1gbit] [--machines 2] [--rounds 5] [--steps 12]
 *       [--precision float32|mixed] [--python FILE]
 *
 * Ours goes in four bytes an element and in two (`--codec-up int16-grid --codec-down bfloat16`), theirs in four and, by its hook,
 * in two. `--rate` is each link's, each way, as tc writes it. Seconds are medians over a run's steps but the first four.
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Daemon, until, WorkerProcess } from '../support/daemon.js';
import { Network, networkHindrance, type Host } from '../support/network.js';
import { projectRoot as root } from '../support/project-root.js';
import { Rocinante, Workspace } from '../support/rocinante.js';
import { median } from './median.js';
import { TORCH_VERSION, torchPython } from './torch-python.js';

const BATCH = 64;
/** The first are issued twice, and paces are found in them. */
const SETTLING_STEPS = 4;
const RUN_MS = 900_000;
const [GRPC_PORT, HTTP_PORT, GLOO_PORT] = [7070, 7071, 29_500];

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: 'bundled' },
    rate: { type: 'string', default: '1gbit' },
    machines: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '12' },
    precision: { type: 'string', default: 'float32' },
    python: { type: 'string' },
  },
});
const machines = Number(values.machines);
const steps = Number(values.steps);
const python = values.python ?? torchPython();

/** A step's seconds. */
type Contender = (hosts: readonly Host[]) => Promise<number>;

function ours(codecs: readonly string[]): Contender {
  return async (hosts) => {
    const workspace = new Workspace();
    const [first] = hosts;
    const daemon = await Daemon.start({
      data: workspace.in('data'),
      listen: `${first.address}:${GRPC_PORT}`,
      http: `${first.address}:${HTTP_PORT}`,
      args: ['--insecure'],
      within: first.within,
    });
    const workers = hosts.map(
      ({ within }, index) => new WorkerProcess(daemon.grpc, `machine-${index + 1}`, [], {}, within),
    );
    try {
      for (const worker of workers) await worker.says(/joined the coordinator/);
      const batch = ['--batch', String(BATCH), '--micro-batch', String(BATCH / machines)];
      const order = [
        '--preset',
        'seed',
        '--corpus',
        values.corpus,
        ...batch,
        '--precision',
        values.precision,
      ];
      const length = ['--steps', String(steps), '--min-workers', String(machines), '--checkpoint', '0'];
      const { id } = await daemon.startRun([...order, ...length, ...codecs]);
      // Read from its log: a client would have to be on one of the machines.
      await until('the run', () => daemon.events(id).some(({ event }) => event === 'finished'), RUN_MS);
      const seconds = daemon
        .events(id)
        .flatMap((entry) => (entry.event === 'step' ? [entry.seconds as number] : []));
      return median(seconds.slice(SETTLING_STEPS));
    } finally {
      await Promise.all(workers.map((worker) => worker.stop('SIGKILL')));
      await daemon.end();
      workspace.remove();
    }
  };
}

function theirs(hook: string): Contender {
  return async (hosts) => {
    const script = join(root, 'test', 'benchmark', 'pytorch_step.py');
    const common = ['--steps', String(steps), '--threads', '1', '--precision', values.precision];
    const place = [
      '--world',
      String(machines),
      '--master',
      `${hosts[0].address}:${GLOO_PORT}`,
      '--hook',
      hook,
    ];
    const ranks = hosts.map(({ within }, rank) => {
      const args = [script, ...common, '--batch', String(BATCH / machines), ...place, '--rank', String(rank)];
      return new Rocinante(args, { GLOO_SOCKET_IFNAME: 'eth0' }, within, python).finished;
    });
    const results = await Promise.all(ranks);
    const failed = results.find(({ code }) => code !== 0);
    if (failed) throw new Error(`PyTorch failed:\n${failed.stderr}`);
    const { seconds } = JSON.parse(results[0].stdout) as { seconds: number[] };
    return median(seconds.slice(SETTLING_STEPS - 2));
  };
}

const contenders: Readonly<Record<string, Contender>> = {
  'ours, 4 bytes': ours([]),
  'DDP, 4 bytes': theirs('none'),
  'ours, 2 bytes': ours(['--codec-up', 'int16-grid', '--codec-down', 'bfloat16']),
  'DDP, 2 bytes': theirs('fp16'),
};

/** Everybody's step over new links. */
async function round(names: readonly string[]): Promise<Record<string, number>> {
  const network = new Network();
  try {
    const hosts = Array.from({ length: machines }, (_, index) => network.host(`machine${index + 1}`));
    for (const host of hosts) host.limit(values.rate);
    const seconds: Record<string, number> = {};
    for (const name of names) seconds[name] = await contenders[name](hosts);
    return seconds;
  } finally {
    network.remove();
  }
}

const hindrance = networkHindrance();
if (hindrance !== null) throw new Error(hindrance);
const commit = execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(
  `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${cpus().length} cores: ${cpus()[0].model}; ${machines} machines of one ` +
    `thread at ${values.rate}, ${values.precision}, PyTorch ${TORCH_VERSION}`,
);
const names = Object.keys(contenders);
const rounds: Record<string, number>[] = [];
for (let index = 0; index < Number(values.rounds); index++) {
  // Each goes first in turn.
  const shift = index % names.length;
  rounds.push(await round([...names.slice(shift), ...names.slice(0, shift)]));
  const told = names.map((name) => `${name} ${rounds[index][name].toFixed(3)} s`);
  console.log(`round ${index + 1}: ${told.join(', ')}`);
}
const ratio = (a: string, b: string): number => median(rounds.map((each) => each[a] / each[b]));
const [ours4, ddp4, ours2, ddp2] = names;
for (const [a, b] of [
  [ours4, ddp4],
  [ours2, ddp4],
  [ours2, ddp2],
]) {
  console.log(`median ratio ${ratio(a, b).toFixed(3)} (${a} / ${b})`);
}
console.log(JSON.stringify({ commit, rate: values.rate, machines, precision: values.precision, rounds }));
