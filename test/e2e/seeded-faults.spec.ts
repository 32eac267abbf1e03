/**
 * Goal: one set of bits, and a ledger that holds, whatever befalls a run's processes. Method: a schedule drawn from one seed
 * kills workers and the coordinator with -9, halts workers and begins one late, in a run of 200 steps of real processes;
 * then the weights' SHA-256 is compared with an undisturbed run's. Each seed prints its faults. ROCINANTE_LONG=1 plays ten.
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { Daemon, until, WorkerProcess, type RunJson } from '../support/daemon.js';
import { drawFaults, faultText, type Fault, type Happened } from '../support/fault-schedule.js';
import { rocinante, train, Workspace, type Summary } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const SEEDS = process.env.ROCINANTE_LONG === '1' ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1];
const STEPS = 200;
/** The rest is for faults that have to wait until a worker is back. */
const LAST_FAULT_STEP = 120;
const WORKERS = ['sancho', 'dulcinea', 'rocin'];
const LATE = 'rocin';
const FAULT_TIMEOUT_MS = 20_000;
const MEMBERSHIP: ReadonlySet<unknown> = new Set(['worker-joined', 'worker-left']);

const workspace = new Workspace();
const workers = new Map<string, WorkerProcess>();
/** Those that wait for SIGCONT. */
const halted = new Map<string, ChildProcess>();
let order: string[];
let undisturbed: Summary;
let daemon: Daemon;

beforeAll(async () => {
  const corpus = workspace.write('corpus.txt', smallText(40_000));
  const config = workspace.write('config.json', { ...smallConfig, text: { window: 10 } });
  order = ['--corpus', corpus, '--config', config, '--batch', '32', '--micro-batch', '4'];
  order.push('--steps', String(STEPS));
  undisturbed = await train([...order, '--workers', '1', '--run-dir', workspace.in('undisturbed')]);
}, 120_000);

afterEach(async () => {
  await Promise.all([...workers.values()].map((worker) => worker.stop('SIGKILL')));
  workers.clear();
  halted.clear();
  await daemon?.end();
});

afterAll(() => workspace.remove());

function begin(name: string): void {
  workers.set(name, new WorkerProcess(daemon.grpc, name));
}

const entries = (run: string, event: string): Record<string, unknown>[] =>
  daemon.events(run).filter((entry) => entry.event === event);

const stepOf = (run: string): number => (entries(run, 'step').at(-1)?.step as number | undefined) ?? 0;

/** Whether a worker has joined since the coordinator started, and has not left. */
function isAtWork(run: string, worker: string): boolean {
  const last = daemon
    .events(run)
    .findLast(({ event, worker: of }) => event === 'started' || (of === worker && MEMBERSHIP.has(event)));
  return last?.event === 'worker-joined';
}

/** Waits until something is so in a run, which is not to end before. */
async function awaits(run: string, what: string, isSo: () => boolean): Promise<void> {
  await until(
    `${what} in ${run}`,
    () => {
      if (isSo()) return true;
      if (entries(run, 'finished').length > 0) throw new Error(`${run} ended before ${what}`);
      return false;
    },
    FAULT_TIMEOUT_MS,
  );
}

/** Waits for a fault's step, and lets it happen. */
async function happen(run: string, fault: Fault): Promise<Happened> {
  await awaits(run, `step ${fault.step}`, () => stepOf(run) >= fault.step);
  let worker: string | undefined;
  if (fault.kind === 'worker-killed' || fault.kind === 'worker-halted') {
    await awaits(run, 'a worker to hit', () => (worker = toHit(run, fault)) !== undefined);
  }
  const atStep = stepOf(run);
  switch (fault.kind) {
    case 'worker-begun':
      begin(fault.worker);
      return { fault, atStep };
    case 'worker-killed': {
      await workers.get(worker!)!.stop('SIGKILL');
      await awaits(run, `the loss of ${worker}`, () => !isAtWork(run, worker!));
      halted.delete(worker!);
      begin(worker!);
      return { fault, atStep, worker };
    }
    case 'worker-halted': {
      const { process } = workers.get(worker!)!;
      process.kill('SIGSTOP');
      await until(`${worker} halted`, () => isHalted(process.pid!), FAULT_TIMEOUT_MS);
      const goOn = (): void => {
        process.kill('SIGCONT');
        if (halted.get(worker!) === process) halted.delete(worker!);
      };
      halted.set(worker!, process);
      setTimeout(goOn, fault.haltedMs);
      return { fault, atStep, worker };
    }
    case 'coordinator-killed': {
      const lives = entries(run, 'started').length;
      await daemon.stop('SIGKILL');
      await pause(fault.awayMs);
      daemon = await daemon.again();
      await awaits(run, 'the coordinator’s return', () => entries(run, 'started').length > lives);
      return { fault, atStep };
    }
  }
}

/**
 * The worker that a fault names, or the next in order where that one is not at work: waiting for it could outlast the run.
 * A halted one may be killed.
 */
function toHit(run: string, fault: Fault & { worker: string }): string | undefined {
  const first = WORKERS.indexOf(fault.worker);
  const names = [...WORKERS.slice(first), ...WORKERS.slice(0, first)];
  return names.find((name) => isAtWork(run, name) && (fault.kind === 'worker-killed' || !halted.has(name)));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** State T of proc_pid_stat(5); it follows the command's name, in brackets. */
const isHalted = (pid: number): boolean => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

async function verified(runDir: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await rocinante(['verify', runDir, '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
}

describe('a run whose processes are killed, halted and begun by a schedule', () => {
  it.each(SEEDS)('of seed %d ends with the undisturbed bits', { timeout: 180_000 }, async (seed) => {
    const begunAt = performance.now();
    const faults = drawFaults(seed, WORKERS, LATE, LAST_FAULT_STEP);
    const happened: Happened[] = [];
    let run = '';
    onTestFailed(() => {
      if (run === '') return;
      const logs = [...workers.values(), daemon].map(({ log }) => log.slice(-10));
      const lines = [...daemon.events(run).slice(-20), ...logs.flat()].map((entry) => JSON.stringify(entry));
      console.log([`seed ${seed} failed; its last entries, and last lines of logs:`, ...lines].join('\n  '));
    });
    try {
      daemon = await Daemon.start({ data: workspace.in(`data-${seed}`) });
      for (const name of WORKERS) if (name !== LATE) begin(name);
      for (const worker of workers.values()) await worker.says(/joined the coordinator/);
      ({ id: run } = await daemon.startRun([...order, '--checkpoint', '1']));
      for (const fault of faults) happened.push(await happen(run, fault));
      await daemon.ended(run);
    } finally {
      const seconds = ((performance.now() - begunAt) / 1000).toFixed(1);
      const missing = faults.slice(happened.length).map((fault) => `not happened: ${faultText({ fault })}`);
      console.log([`seed ${seed}, ${seconds} s:`, ...happened.map(faultText), ...missing].join('\n  '));
    }

    // The weights.
    const { weightsSha256, validationLoss } = undisturbed;
    const shown = await daemon.json<RunJson>(['run', 'show', run]);
    expect(shown).toMatchObject({ state: 'done', step: STEPS, weightsSha256, validationLoss });

    // The record: each step once, and the ledger agrees.
    const steps = entries(run, 'step').map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
    expect(await verified(join(daemon.data, 'runs', run))).toMatchObject({
      agrees: true,
      problems: [],
      steps: STEPS,
      resumed: 2,
      weightsSha256,
    });

    const hit = (kind: Fault['kind']): string[] =>
      happened.flatMap(({ fault, worker }) => (fault.kind === kind ? [worker!] : []));
    // The faults hit: who was killed was lost, and nobody else; the coordinator came back from a checkpoint, twice.
    expect(
      entries(run, 'worker-left')
        .filter(({ lost }) => lost)
        .map(({ worker }) => worker),
    ).toEqual(hit('worker-killed'));
    const [started, ...resumed] = entries(run, 'started');
    expect(started).toMatchObject({ cause: 'begun', checkpoint: null });
    const checkpoint = expect.stringMatching(/^step-\d{8}\.safetensors$/) as string;
    expect(resumed).toMatchObject(Array(2).fill({ cause: 'coordinator-restarted', checkpoint }));
    expect(entries(run, 'worker-joined').map(({ worker }) => worker)).toContain(LATE);
    // A halt is longer than a step: what a halted worker had was given to others.
    expect(entries(run, 'late').some(({ worker }) => hit('worker-halted').includes(worker as string))).toBe(
      true,
    );
  });
});
