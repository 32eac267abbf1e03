/**
 * How far one coordinator goes: many light workers, which speak the protocol and compute nothing, on a real coordinator. Up to
 * 256 of them with a tiny network, and 16 with the reference network's whole vector; in the middle of each run a quarter
 * leaves and as many come. Steps are timed from the sixth to the middle, before that change.
 *
 *     npm run benchmark:scale -- [--workers 16,64,128,256 --steps 200] [--whole-workers 16 --whole-steps 30] [--crowd 64]
 *
 * A list of no workers (`--workers ''`) leaves a case out. `--crowd` is light workers in a process.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Daemon, until } from '../support/daemon.js';
import { projectRoot as root } from '../support/project-root.js';
import { Workspace } from '../support/rocinante.js';
import { smallText } from '../support/small-run.js';
import { cpuSecondsOf, Crowds, openFilesOf, peakMegabytesOf, processorTicks } from './crowds.js';

/** Until grids are found and paces known. */
const SETTLED_STEPS = 5;
/** A worker of the tiny network takes no time, so that the coordinator is what binds. */
const TINY_COMPUTE_MS = 1;
/**
 * One with the whole vector takes some: by a pace of nothing but the exchange, which varies where all share two cores, a part
 * of them is late in each step and left out of the next.
 */
const WHOLE_COMPUTE_MS = 500;
/** For a run to get on. */
const LIMIT_MS = 900_000;

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '16,64,128,256' },
    steps: { type: 'string', default: '200' },
    'whole-workers': { type: 'string', default: '16' },
    'whole-steps': { type: 'string', default: '30' },
    crowd: { type: 'string', default: '64' },
  },
});
const workspace = new Workspace();
const corpus = workspace.write('corpus.txt', smallText(200_000));

interface Case {
  readonly name: string;
  readonly config: Record<string, unknown>;
  readonly workers: number;
  readonly steps: number;
  /** What a worker waits in a step in place of computing. */
  readonly computeMs: number;
}

/** What everybody has used by a moment. */
interface Spent {
  readonly at: number;
  readonly steps: number;
  readonly coordinator: number;
  readonly network: number;
  readonly crowds: number;
  readonly ticks: ReturnType<typeof processorTicks>;
  readonly sent: number;
  readonly received: number;
  /** How late timers of the coordinator's event loop fired since the moment before. */
  readonly lag: Readonly<Record<string, number>>;
}

async function measure({ name, config, workers, steps, computeMs }: Case): Promise<Record<string, unknown>> {
  const daemon = await Daemon.start({ data: workspace.in(`${name}-${workers}`) });
  const { pid } = daemon.process;
  const crowds = new Crowds();
  try {
    const live = (count: number): Promise<void> => until(`${count} workers`, () => hasLive(daemon, count));
    const joining = performance.now();
    await crowds.start(daemon.grpc, workers, Number(values.crowd), computeMs);
    await live(workers);
    const joinSeconds = secondsSince(joining);

    const file = workspace.write(`${name}-${workers}.json`, {
      ...config,
      batch: { size: 2 * workers, microBatch: 2 },
      steps,
    });
    const options = ['--config', file, '--corpus', corpus, '--checkpoint', '0'];
    const { id } = await daemon.startRun([...options, '--min-workers', String(workers)]);
    const stepsTaken = (count: number): Promise<void> =>
      until(`${count} steps`, () => stepsClosed(daemon, id) >= count, LIMIT_MS);
    const spent = async (): Promise<Spent> => {
      // One scrape: the lag is told since the one before.
      const { text } = await daemon.page('/metrics');
      return {
        sent: seriesOf(text, 'sent_bytes_total'),
        received: seriesOf(text, 'received_bytes_total'),
        lag: Object.fromEntries(
          ['p50', 'p99', 'max'].map((statistic) => [
            statistic,
            seriesOf(text, `event_loop_lag_seconds{statistic="${statistic}"}`),
          ]),
        ),
        at: performance.now(),
        steps: stepsClosed(daemon, id),
        coordinator: cpuSecondsOf(pid!),
        network: cpuSecondsOf(pid!, true),
        crowds: crowds.cpuSeconds,
        ticks: processorTicks(),
      };
    };
    await stepsTaken(SETTLED_STEPS);
    const settled = await spent();
    await stepsTaken(Math.floor(steps / 2));
    const half = await spent();
    const openFiles = openFilesOf(pid!);
    const { boundBy } = await daemon.json<{ boundBy: string }>(['run', 'show', id]);
    const phases = await phaseSeconds(daemon, id);

    const quarter = Math.floor(workers / 4);
    const leaving = performance.now();
    await crowds.order('leave', quarter);
    await live(workers - quarter);
    const leaveSeconds = secondsSince(leaving);
    const returning = performance.now();
    await crowds.order('join', quarter);
    await live(workers);
    const comeSeconds = secondsSince(returning);

    const ended = await daemon.over(id, LIMIT_MS);
    const entries = daemon.events(id);
    const times = entries.filter(({ event }) => event === 'step').map(({ time }) => Date.parse(String(time)));
    const started = entries.find(({ event }) => event === 'started')!;
    const peakMegabytes = peakMegabytesOf(pid!);
    const lost = await crowds.end();
    const count = (event: string): number => entries.filter((entry) => entry.event === event).length;
    const perStep = (of: (spent: Spent) => number): number =>
      (of(half) - of(settled)) / (half.steps - settled.steps);
    return {
      name,
      workers,
      computeMs,
      parameters: started.parameters,
      state: ended.state,
      steps: times.length,
      joinSeconds,
      firstStepSeconds: (times[0] - Date.parse(String(started.time))) / 1000,
      leaveSeconds,
      comeSeconds,
      secondsPerStep: perStep(({ at }) => at / 1000),
      ...spreadOf(times.slice(SETTLED_STEPS, half.steps)),
      secondsPerStepAfterChange: (times.at(-1)! - times[half.steps]) / 1000 / (times.length - 1 - half.steps),
      cpuSecondsPerStep: {
        coordinator: perStep(({ coordinator }) => coordinator),
        ofThatItsNetworkThread: perStep(({ network }) => network),
        crowds: perStep((spent) => spent.crowds),
      },
      // A figure of a machine whose host had it do something else is none.
      stolenPart: (half.ticks.stolen - settled.ticks.stolen) / (half.ticks.all - settled.ticks.all),
      bytesPerStepAndWorker: {
        sent: perStep(({ sent }) => sent) / workers,
        received: perStep(({ received }) => received) / workers,
      },
      eventLoopLagSeconds: half.lag,
      peakMegabytes,
      openFiles,
      boundBy,
      phaseSecondsPerStep: phases,
      cutOff: lost,
      lost: entries.filter(({ event, lost }) => event === 'worker-left' && lost).length,
      late: count('late'),
      ignored: count('ignored'),
      issuedAgain: count('issued-again'),
    };
  } finally {
    crowds.kill();
    await daemon.end();
  }
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

async function hasLive(daemon: Daemon, count: number): Promise<boolean> {
  return (await daemon.metric('rocinante_coordinator_live_workers{pool="default"}')) === count;
}

/** Steps that a run's log has, without reading each line: it is asked often. */
function stepsClosed(daemon: Daemon, run: string): number {
  const path = join(daemon.data, 'runs', run, 'events.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('"event":"step"').length - 1 : 0;
}

/** Seconds between steps that followed each other, in the middle and of the slowest twentieth. */
function spreadOf(times: readonly number[]): { medianSeconds: number; p95Seconds: number } {
  const seconds = times
    .slice(1)
    .map((time, index) => (time - times[index]) / 1000)
    .sort((a, b) => a - b);
  const at = (part: number): number => seconds[Math.floor(part * (seconds.length - 1))];
  return { medianSeconds: at(0.5), p95Seconds: at(0.95) };
}

/** A series of a page of metrics, by its name without the coordinator's prefix. */
function seriesOf(text: string, series: string): number {
  const line = text.split('\n').find((line) => line.startsWith(`rocinante_coordinator_${series} `));
  return Number(line?.split(' ').at(-1) ?? NaN);
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

function listed(numbers: string): number[] {
  return numbers.split(',').map(Number).filter(Boolean);
}

const commit = execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(
  `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${cpus().length} cores: ${cpus()[0].model}`,
);
const tiny = {
  preset: 'quick',
  network: { input: 'one-hot', layers: [{ units: 16, dropout: 0 }] },
  text: { window: 20, stride: 5 },
};
const whole = { preset: 'seed', text: { window: 20 } };
const cases: Case[] = [
  ...listed(values.workers).map((workers) => ({
    name: 'tiny',
    config: tiny,
    workers,
    computeMs: TINY_COMPUTE_MS,
    steps: Number(values.steps),
  })),
  ...listed(values['whole-workers']).map((workers) => ({
    name: 'whole',
    config: whole,
    workers,
    computeMs: WHOLE_COMPUTE_MS,
    steps: Number(values['whole-steps']),
  })),
];
for (const one of cases) console.log(JSON.stringify(await measure(one)));
workspace.remove();
