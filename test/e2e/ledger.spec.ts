/**
 * Goal: what a run's ledger says holds through deaths, and an accident to any of its files is found and named. Method: a run
 * whose worker and coordinator are killed with -9, an undisturbed one, and a daemon's; then copies of the first, each with
 * one accident.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readCheckpointFile, writeCheckpointFile } from '@rocinante/checkpoint';
import type { LedgerRecord, StepRecord } from '@rocinante/ledger';
import { CommandProcess } from '../support/command-process.js';
import { Daemon, until } from '../support/daemon.js';
import { ENDLESS, endAfter, Undisturbed } from '../support/open-end.js';
import {
  events,
  Rocinante,
  rocinante,
  train,
  Workspace,
  type Finished,
  type Summary,
} from '../support/rocinante.js';
import {
  ledgerLines,
  lineOfStep,
  rechain,
  recordsOf,
  workersIn,
  writeLedger,
} from '../support/run-ledger.js';
import { stepsTaken, workersOf } from '../support/running-train.js';
import { smallConfig, smallText } from '../support/small-run.js';

vi.setConfig({ testTimeout: 240_000 });
const workspace = new Workspace();
const commands = new CommandProcess();
const killedDir = workspace.in('killed');
let common: string[];
let undisturbed: Summary;
let undisturbedDir: string;
let killed: Summary;
/** Where the killed run was given its end, and the undisturbed one has it. */
let steps: number;
let copies = 0;

interface Verified {
  readonly agrees: boolean;
  readonly [field: string]: unknown;
}

beforeAll(async () => {
  const corpus = workspace.write('corpus.txt', smallText(40_000));
  const config = workspace.write('config.json', smallConfig);
  common = ['--corpus', corpus, '--config', config, '--batch', '64', '--micro-batch', '8'];
  const args = [...common, '--threads', '1', '--checkpoint', '1', '--run-dir', killedDir];
  const coordinator = new Rocinante(['train', ...args, '--workers', '2', '--steps', String(ENDLESS)]);
  await until('work of both', () => workersIn(killedDir).size === 2);
  await stepsTaken(coordinator, killedDir, 12);
  process.kill(workersOf(coordinator)[0], 'SIGKILL');
  await stepsTaken(coordinator, killedDir, 35);
  coordinator.process.kill('SIGKILL');
  await coordinator.finished;
  steps = endAfter(events(killedDir).filter(({ event }) => event === 'step').length);
  killed = await train([...args, '--workers', '3', '--resume', '--steps', String(steps)]);
  undisturbed = await new Undisturbed(workspace, common).of(steps);
  undisturbedDir = undisturbed.runDir;
}, 180_000);

afterAll(() => {
  commands.end();
  workspace.remove();
});

/** A copy of the killed run's directory. */
function copy(): string {
  const runDir = workspace.in(`copy-${++copies}`);
  cpSync(killedDir, runDir, { recursive: true });
  return runDir;
}

/** Flips one bit of a file. @param at the byte, from the end where it is below 0. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at < 0 ? bytes.length + at : at] ^= 1;
  writeFileSync(path, bytes);
}

/** `verify`, which is to find something wrong: what it says of it. */
async function wrong(runDir: string): Promise<string> {
  const { code, stderr } = await commands.run(['verify', runDir]);
  expect(code).toBe(1);
  return stderr;
}

async function json(args: readonly string[], code = 0): Promise<Verified> {
  const finished = await commands.run([...args, '--json']);
  expect(finished).toMatchObject({ code });
  return JSON.parse(finished.stdout.trim().split('\n').at(-1)!) as Verified;
}

/** The names of a run's checkpoints, from the oldest that is behind a step. */
function checkpointsOf(runDir: string): string[] {
  return readdirSync(join(runDir, 'checkpoints'))
    .sort()
    .filter((name) => stepIn(name) > 0);
}

const stepIn = (checkpoint: string): number => Number(/\d+/.exec(checkpoint)![0]);

describe('the ledger of a run', () => {
  it('has each step once, and agrees with checkpoints and weights', async () => {
    const [{ stepsPerEpoch }] = events(undisturbedDir).filter(({ event }) => event === 'started');
    const epochs = Math.floor(steps / (stepsPerEpoch as number));
    expect(await json(['verify', undisturbedDir])).toMatchObject({
      ...{ steps, stepsTotal: steps, epochs, agrees: true, problems: [], notices: [] },
      resumed: 0,
      lost: 0,
      takenAgain: 0,
      weightsSha256: undisturbed.weightsSha256,
    });
    const { code, stdout } = await rocinante(['verify', undisturbedDir]);
    expect([code, stdout.trim().split('\n').at(-1)]).toEqual([0, 'everything agrees with the ledger']);
  });

  it('of which a worker and the coordinator were killed says the same of every step', async () => {
    expect(killed.weightsSha256).toBe(undisturbed.weightsSha256);
    const verified = await json(['verify', killedDir]);
    expect(verified).toMatchObject({
      agrees: true,
      steps,
      resumed: 1,
      weightsSha256: killed.weightsSha256,
    });
    expect(verified.checkpoints).toEqual(readdirSync(join(killedDir, 'checkpoints')).sort());

    const made = (runDir: string): Partial<StepRecord>[] =>
      recordsOf(runDir).flatMap((record) => {
        if (record.kind !== 'step') return [];
        const { step, epoch, position, windows, grid, sum, parameters, loss } = record;
        return [{ step, epoch, position, windows, grid, sum, parameters, loss }];
      });
    expect(made(killedDir)).toEqual(made(undisturbedDir));
    const losses = events(killedDir).flatMap((event) => (event.event === 'step' ? [event.loss] : []));
    expect(made(killedDir).map(({ loss }) => loss)).toEqual(losses);
    const workers = workersIn(killedDir);
    // On a busy machine one may join too late to have a part in any step.
    const joined = events(killedDir).flatMap(({ event, worker }) =>
      event === 'worker-joined' ? [worker] : [],
    );
    expect([...workers].filter((name) => !joined.includes(name))).toEqual([]);
    expect(workers.size).toBeGreaterThanOrEqual(2);
  });

  it('is a daemon’s too, whose text is beside its runs', { timeout: 240_000 }, async () => {
    const daemon = await Daemon.start({ data: workspace.in('data') });
    try {
      daemon.worker('sancho');
      await daemon.startRun([...common, '--steps', '8']);
      await daemon.ended('r1');
      const runDir = workspace.in('data', 'runs', 'r1');
      expect(await json(['verify', runDir])).toMatchObject({ agrees: true, steps: 8 });
      expect(await json(['replay', runDir, '--step', '3'])).toMatchObject({ agrees: true, steps: 3 });
    } finally {
      await daemon.end();
    }
  });
});

it('tells of steps that a shorter run lost that they were not all taken again', async () => {
  const runDir = copy();
  const checkpoints = checkpointsOf(runDir);
  const [older, newest] = checkpoints.slice(-2).map(stepIn);
  expect(newest).toBe(steps);
  const before = await json(['verify', runDir]);
  rmSync(join(runDir, 'checkpoints', checkpoints.at(-1)!));
  rmSync(join(runDir, 'weights', 'final.safetensors'));
  await train([...common.slice(0, 4), '--steps', String(older + 1), '--resume', '--run-dir', runDir]);
  const [lost, takenAgain] = [Number(before.lost) + steps - older, Number(before.takenAgain) + 1];
  expect(await json(['verify', runDir])).toMatchObject({ agrees: true, steps: older + 1, lost, takenAgain });
  const { stdout } = await rocinante(['verify', runDir]);
  expect(stdout).toContain(`\ntaken again   ${takenAgain} of ${lost} steps that were lost\n`);
});

describe('an accident', () => {
  it('to one byte of the ledger is named by its line, to verify and to resume', async () => {
    const runDir = copy();
    const lines = ledgerLines(runDir);
    const index = lineOfStep(runDir, 20);
    lines[index] = lines[index].replace(/"issue":(\d)/, (_, issue: string) => `"issue":${Number(issue) + 1}`);
    writeLedger(runDir, lines);
    const named = `ledger.jsonl, line ${index + 1}: expected bytes of SHA-256 `;
    const said = await wrong(runDir);
    expect(said).toContain(named);
    expect(said).toContain('they have changed (behind step 19)');
    const { code, stderr } = await rocinante(['train', '--resume', '--run-dir', runDir]);
    expect([code, stderr.includes(named)]).toEqual([1, true]);
    expect(stderr).toContain('restore the file from a copy, or move it away and resume');
  });

  it.each<[string, (lines: string[], index: number) => string[], number]>([
    ['a missing line', (lines, index) => lines.toSpliced(index, 1), 0],
    ['two swapped lines', (lines, index) => lines.toSpliced(index, 2, lines[index + 1], lines[index]), 0],
    ['a line twice', (lines, index) => lines.toSpliced(index, 0, lines[index]), 1],
  ])('%s is named', async (_, change, offset) => {
    const runDir = copy();
    const index = lineOfStep(runDir, 20);
    writeLedger(runDir, change(ledgerLines(runDir), index));
    const said = await wrong(runDir);
    expect(said).toContain(
      `ledger.jsonl, line ${index + 1 + offset}: expected line ${index + offset}, of SHA-256 `,
    );
    expect(said).toContain('a line is missing, added, or elsewhere');
  });

  it('to the ledger’s end is named by what it does not say any more', async () => {
    const runDir = copy();
    writeLedger(runDir, ledgerLines(runDir).slice(0, lineOfStep(runDir, steps - 10)));
    expect(await wrong(runDir)).toContain(
      `weights/final.safetensors: it is of step ${steps}, and the ledger ends at step ${steps - 11}`,
    );
    rmSync(join(runDir, 'ledger.jsonl'));
    expect(await wrong(runDir)).toContain('ledger.jsonl: expected the ledger, and it is not there');
  });

  it('to one byte of a checkpoint is named', async () => {
    const runDir = copy();
    const name = readdirSync(join(runDir, 'checkpoints')).sort()[0];
    flip(join(runDir, 'checkpoints', name), -1000);
    const said = await wrong(runDir);
    expect(said).toContain(`${name}: expected contents of SHA-256 `);
    expect(said.trim().split('\n')).toHaveLength(1);
  });

  it('that leaves a whole checkpoint, but not the run’s, is named, to verify and to resume', async () => {
    const runDir = copy();
    const name = readdirSync(join(runDir, 'checkpoints')).sort().at(-1)!;
    const path = join(runDir, 'checkpoints', name);
    const checkpoint = await readCheckpointFile(path);
    checkpoint.m[7] += 1;
    await writeCheckpointFile(path, checkpoint, true);
    expect(await wrong(runDir)).toContain(`${name}: moments: expected SHA-256 `);
    checkpoint.parameters[7] += 1;
    await writeCheckpointFile(path, checkpoint, true);
    expect(await wrong(runDir)).toContain(`${name}: parameters: expected SHA-256 `);
    const further = ['--steps', String(steps + 10)];
    const { code, stderr } = await rocinante(['train', '--resume', '--run-dir', runDir, ...further]);
    expect([code, stderr.includes(`checkpoint ${name}: it is whole, but not the state that`)]).toEqual([
      1,
      true,
    ]);
  });

  it('that puts another run’s configuration there is named, though seed and sizes are the same', async () => {
    const runDir = copy();
    const path = join(runDir, 'config.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/"learningRate": [\d.]+/, '"learningRate": 0.25'));
    const files = [...readdirSync(join(runDir, 'checkpoints')).sort(), 'weights/final.safetensors'];
    const about =
      "it is another run's than config.json: optimizer.learningRate: expected 0.25, received 0.004";
    expect(await wrong(runDir)).toBe(files.map((name) => `rocinante: ${name}: ${about}\n`).join(''));
  });

  it.each([
    ['weights', -40],
    ['description', 2000],
  ])('to one byte of the final weights’ %s is named', async (_, at) => {
    const runDir = copy();
    flip(join(runDir, 'weights', 'final.safetensors'), at);
    const said = await wrong(runDir);
    expect(said).toContain('weights/final.safetensors: ');
    expect(said.trim().split('\n')).toHaveLength(1);
  });

  it('that takes the ledger away is told of by all that is verified afterwards', async () => {
    const runDir = copy();
    rmSync(join(runDir, 'ledger.jsonl'));
    await train(['--resume', '--run-dir', runDir, '--workers', '1', '--steps', String(steps + 4)]);
    expect(await json(['verify', runDir])).toMatchObject({ agrees: true, stepsBefore: steps });
    const { stdout } = await rocinante(['verify', runDir]);
    expect(stdout).toContain(`of the first ${steps} steps nothing is known`);
    expect(stdout).toContain(`everything agrees with the ledger, from step ${steps + 1} on`);
  });

  it('to the last line, where the coordinator was killed in the midst of it, is mended by a resume', async () => {
    const runDir = copy();
    rmSync(join(runDir, 'weights', 'final.safetensors'));
    const [oldest] = checkpointsOf(runDir);
    for (const name of readdirSync(join(runDir, 'checkpoints'))) {
      if (name !== oldest) rmSync(join(runDir, 'checkpoints', name));
    }
    const step = stepIn(oldest);
    const lines = ledgerLines(runDir).slice(0, lineOfStep(runDir, step) + 1);
    writeLedger(runDir, lines);
    const resumed = recordsOf(runDir).filter(({ kind }) => kind === 'resumed').length;
    writeFileSync(join(runDir, 'ledger.jsonl'), lines[5].slice(0, 99), { flag: 'a' });
    const verified = await json(['verify', runDir]);
    expect(verified).toMatchObject({ agrees: true, steps: step, weightsSha256: null });
    expect(verified.notices).toContain(
      `line ${lines.length + 1} is cut, as a killed coordinator leaves it; a resume mends that.`,
    );
    const { weightsSha256 } = await train([
      '--resume',
      '--run-dir',
      runDir,
      '--workers',
      '1',
      '--threads',
      '1',
    ]);
    expect(weightsSha256).toBe(undisturbed.weightsSha256);
    expect(await json(['verify', runDir])).toMatchObject({
      agrees: true,
      steps,
      resumed: resumed + 1,
      notices: [],
    });
  });
});

describe('a chain that was made anew', () => {
  it.each<[string, (records: LedgerRecord[], index: number) => LedgerRecord[], string]>([
    ['without a step', (records, index) => records.toSpliced(index, 1), 'step 20 has no record'],
    [
      'with a step twice',
      (records, index) => records.toSpliced(index, 0, records[index]),
      'step 20 is recorded twice',
    ],
    [
      'with a micro-batch that nobody computed',
      (records, index) =>
        records.with(index, {
          ...(records[index] as StepRecord),
          computed: [{ worker: 'a', microBatches: '0-6' }],
        }),
      'step 20: micro-batch 7, range 0: expected once in the sum, received 0 times',
    ],
  ])('%s is not one of a run', async (_, change, expected) => {
    const runDir = copy();
    rechain(runDir, change(recordsOf(runDir), lineOfStep(runDir, 20)));
    expect(await wrong(runDir)).toContain(expected);
  });
});

describe('a replay', () => {
  it('of the last step, and of one from first values, agrees', async () => {
    const [oldest] = checkpointsOf(killedDir);
    expect(await json(['replay', killedDir, '--step', String(stepIn(oldest) + 1)])).toMatchObject({
      agrees: true,
      checkpoint: oldest,
      steps: 1,
    });
    expect(await json(['replay', killedDir, '--step', '3'])).toMatchObject({
      agrees: true,
      checkpoint: null,
      steps: 3,
      difference: null,
    });
  });

  it(
    'names the passages of each micro-batch, and every window of the epoch once',
    { timeout: 180_000 },
    async () => {
      const { passages } = (await json(['replay', killedDir, '--step', '2', '--passages'])) as unknown as {
        passages: { microBatch: number; passages: { offset: number; text: string }[] }[];
      };
      const text = smallText(40_000);
      expect(passages.map(({ microBatch }) => microBatch)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      const windows = passages.flatMap((microBatch) => microBatch.passages);
      expect(new Set(windows.map(({ offset }) => offset)).size).toBe(64);
      for (const { offset, text: shown } of windows) expect(shown).toBe(text.slice(offset, offset + 20));
    },
  );

  it('of a run whose ledger was altered names the step', async () => {
    const runDir = copy();
    const index = lineOfStep(runDir, 4);
    const records = recordsOf(runDir);
    const sum = '0'.repeat(32);
    rechain(runDir, records.with(index, { ...(records[index] as StepRecord), sum }));
    expect(await json(['verify', runDir])).toMatchObject({ agrees: true });
    const { sum: computed } = recordsOf(killedDir)[index] as StepRecord;
    expect(await json(['replay', runDir, '--step', '5'], 1)).toMatchObject({
      agrees: false,
      difference: { step: 4, key: 'sum', recorded: sum, computed },
    });
    const { stdout }: Finished = await rocinante(['replay', runDir, '--step', '5']);
    expect(stdout).toContain(`step 4 differs first: sum: the ledger says ${sum}, computed again ${computed}`);
  });

  it('refuses in one line what it cannot compute', async () => {
    const lines = async (args: readonly string[]): Promise<[number | null, string]> => {
      const { code, stderr } = await rocinante(['replay', ...args]);
      return [code, stderr.trim().split('\n').at(-1)!];
    };
    expect(await lines([killedDir, '--step', String(steps + 1)])).toEqual([
      2,
      `rocinante: --step: the ledger ends at step ${steps}, received ${steps + 1}`,
    ]);
    expect(await lines([killedDir, '--step', '0'])).toEqual([2, expect.stringContaining('at least 1')]);
    expect(await lines([workspace.in('nowhere'), '--step', '1'])).toEqual([
      2,
      expect.stringContaining('expected a run'),
    ]);
    const [code, message] = await lines([killedDir, '--step', '1', '--corpus', 'bundled']);
    expect([code, message]).toEqual([2, expect.stringMatching(/corpus bundled: .*(SHA-256|symbols)/)]);
  });
});
