/**
 * How far one coordinator goes: many light workers, which speak the protocol and compute nothing, on a real coordinator. 256 of
 * them with a tiny network, and 16 with the reference network's whole vector; in the middle a quarter leaves and as many come.
 *
 *     npm run benchmark:scale -- [--workers 256 --steps 200] [--whole-workers 16 --whole-steps 30]
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Daemon, until } from '../support/daemon.js';
import { projectRoot as root } from '../support/project-root.js';
import { Workspace } from '../support/rocinante.js';
import { smallText } from '../support/small-run.js';

/** Light workers in a process. */
const CROWD = 64;
/** Until grids are found and paces known. */
const SETTLED_STEPS = 5;
/** For a run to get on. */
const LIMIT_MS = 900_000;

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '256' },
    steps: { type: 'string', default: '200' },
    'whole-workers': { type: 'string', default: '16' },
    'whole-steps': { type: 'string', default: '30' },
  },
});
const workspace = new Workspace();
const corpus = workspace.write('corpus.txt', smallText(200_000));

/** Processes of light workers of one coordinator. */
class Crowds {
  readonly #processes: ChildProcess[] = [];
  readonly #lines: AsyncIterator<string>[] = [];

  async start(coordinator: string, workers: number): Promise<void> {
    const program = fileURLToPath(new URL('../support/light-crowd.js', import.meta.url));
    for (let first = 0; first < workers; first += CROWD) {
      const count = Math.min(CROWD, workers - first);
      const child = spawn(process.execPath, [program, coordinator, `crowd-${first / CROWD}`, String(count)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      this.#processes.push(child);
      this.#lines.push(createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    }
    await this.#answers();
  }

  /** Gives each process an order, and waits until all have carried it out. */
  async order(what: 'join' | 'leave', workers: number): Promise<void> {
    const each = Math.floor(workers / this.#processes.length);
    for (const { stdin } of this.#processes) stdin!.write(`${what} ${each}\n`);
    await this.#answers();
  }

  /** Lets all leave. @returns workers that were cut off, and the processes' time on the processor in seconds. */
  async end(): Promise<{ lost: number; cpuSeconds: number }> {
    for (const { stdin } of this.#processes) stdin!.end();
    const told = (await this.#answers()).map(
      (line) => JSON.parse(line) as { lost: number; cpuSeconds: number },
    );
    const sum = (of: (one: (typeof told)[number]) => number): number =>
      told.reduce((total, one) => total + of(one), 0);
    return { lost: sum(({ lost }) => lost), cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds) };
  }

  async #answers(): Promise<string[]> {
    return Promise.all(this.#lines.map(async (lines) => String((await lines.next()).value)));
  }
}

/** Seconds that a process has had on the processor, and the largest that its memory has been, in MB. */
function spentBy(pid: number): { cpuSeconds: number; peakMegabytes: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return {
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / 100,
    peakMegabytes: (Number(kilobytes) * 1024) / 1e6,
  };
}

interface Case {
  readonly name: string;
  readonly config: Record<string, unknown>;
  readonly workers: number;
  readonly steps: number;
}

async function measure({ name, config, workers, steps }: Case): Promise<Record<string, unknown>> {
  const daemon = await Daemon.start({ data: workspace.in(name) });
  const crowds = new Crowds();
  try {
    const joining = performance.now();
    await crowds.start(daemon.grpc, workers);
    const batch = { size: 2 * workers, microBatch: 2 };
    const file = workspace.write(`${name}.json`, { ...config, batch, steps });
    const options = ['--config', file, '--corpus', corpus, '--checkpoint', '0'];
    const { id } = await daemon.startRun([...options, '--min-workers', String(workers)]);
    const closed = (): number => daemon.events(id).filter(({ event }) => event === 'step').length;
    const stepsTaken = (count: number): Promise<void> =>
      until(`${count} steps`, () => closed() >= count, LIMIT_MS);
    await stepsTaken(1);
    const firstStepSeconds = (performance.now() - joining) / 1000;
    await stepsTaken(Math.floor(steps / 2));
    const half = closed();
    await crowds.order('leave', workers / 4);
    await crowds.order('join', workers / 4);
    const { state, boundBy } = await daemon.json<{ state: string; boundBy: string }>(['run', 'show', id]);
    const phases = await phaseSeconds(daemon, id);
    await daemon.over(id, LIMIT_MS);
    const entries = daemon.events(id);
    const times = entries
      .filter(({ event }) => event === 'step')
      .map(({ time }) => Date.parse(time as string));
    const seconds = (from: number, to: number): number => (times[to] - times[from]) / 1000 / (to - from);
    return {
      name,
      workers,
      microBatches: workers,
      parameters: entries.find(({ event }) => event === 'started')!.parameters,
      steps: times.length,
      stateInTheMiddle: state,
      firstStepSeconds,
      secondsPerStep: seconds(SETTLED_STEPS, half - 1),
      secondsPerStepAfterChange: seconds(half, times.length - 1),
      boundBy,
      phaseSecondsPerStep: phases,
      coordinator: spentBy(daemon.process.pid!),
      crowds: await crowds.end(),
    };
  } finally {
    await daemon.end();
  }
}

/** The mean time a step spent in each phase. */
async function phaseSeconds(daemon: Daemon, run: string): Promise<Record<string, number>> {
  const name = 'rocinante_coordinator_step_phase_duration_seconds';
  const { text } = await daemon.page('/metrics');
  const found = [...text.matchAll(new RegExp(`^${name}_(sum|count)\\{(.*)\\} (.*)$`, 'gm'))];
  const of = (kind: string, phase: string): number =>
    Number(
      found.find(
        ([, what, labels]) =>
          what === kind && labels.includes(`run="${run}"`) && labels.includes(`"${phase}"`),
      )?.[3] ?? 0,
    );
  const phases = ['assign', 'apply', 'sum', 'receive', 'broadcast', 'wait'];
  return Object.fromEntries(
    phases.map((phase) => [phase, of('sum', phase) / Math.max(1, of('count', phase))]),
  );
}

const commit = execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(
  `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${cpus().length} cores: ${cpus()[0].model}`,
);
const cases: Case[] = [
  {
    name: 'many',
    config: {
      preset: 'quick',
      network: { input: 'one-hot', layers: [{ units: 16, dropout: 0 }] },
      text: { window: 20, stride: 5 },
    },
    workers: Number(values.workers),
    steps: Number(values.steps),
  },
  {
    name: 'whole',
    config: { preset: 'seed', text: { window: 20 } },
    workers: Number(values['whole-workers']),
    steps: Number(values['whole-steps']),
  },
];
for (const one of cases) if (one.workers > 0) console.log(JSON.stringify(await measure(one)));
workspace.remove();
