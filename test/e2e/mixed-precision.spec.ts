/**
 * Goal: `--precision mixed` is a run of its own kind, as exact as any, and learns what float32 does.
 * Method: real processes on small networks; with `--long` preset `quick` on its text, in both precisions to the end.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Daemon, WorkerProcess, type RunJson } from '../support/daemon.js';
import { ENDLESS, endAfter, Undisturbed } from '../support/open-end.js';
import { events, Rocinante, rocinante, train, Workspace, type Summary } from '../support/rocinante.js';
import { stepsTaken } from '../support/running-train.js';
import { smallConfig, smallText } from '../support/small-run.js';

const LONG = process.env.ROCINANTE_LONG === '1';
const STEPS = 40;
/** How far apart the held-out losses may end, in parts of float32's. */
const LOSS_TOLERANCE = 0.005;

const workspace = new Workspace();
const corpus = workspace.write('corpus.txt', smallText(40_000));
const config = workspace.write('config.json', smallConfig);
const sizes = ['--corpus', corpus, '--config', config, '--batch', '48', '--micro-batch', '8'];
const common = [...sizes, '--steps', String(STEPS)];
const mixed = ['--precision', 'mixed'];
const undisturbed = new Undisturbed(workspace, [...sizes, ...mixed]);
/** The undisturbed run of STEPS. */
let one: Summary;

const into = (name: string): string[] => ['--run-dir', workspace.in(name)];

beforeAll(async () => {
  one = await undisturbed.of(STEPS);
}, 240_000);
afterAll(() => workspace.remove());

describe('a run in mixed precision', { timeout: 240_000 }, () => {
  it.each([
    [2, 1],
    [3, 2],
  ])('has the same bits with %i workers of %i threads', async (workers, threads) => {
    const shape = ['--workers', String(workers), '--threads', String(threads)];
    const summary = await train([...common, ...mixed, ...shape, ...into(`w${workers}t${threads}`)]);
    expect(summary.weightsSha256).toBe(one.weightsSha256);
    expect(summary.validationLoss).toBe(one.validationLoss);
    expect(summary.loss).toBe(one.loss);
  });

  it('has other bits and another joining proof than one in float32', async () => {
    const float32 = await train([...common, '--workers', '1', '--threads', '1', ...into('float32')]);
    expect(float32.weightsSha256).not.toBe(one.weightsSha256);
    const proofs = [float32, one].map(
      ({ runDir }) => events(runDir).find(({ event }) => event === 'joining-proof')!.sha256,
    );
    expect(proofs[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(proofs[1]).toMatch(/^[0-9a-f]{64}$/);
    expect(proofs[0]).not.toBe(proofs[1]);
  });

  it('is followed by a worker that was started without the option', async () => {
    const daemon = await Daemon.start({ data: workspace.in('data') });
    const worker = new WorkerProcess(daemon.grpc, 'any', ['--pool', 'default']);
    try {
      await worker.says(/joined the coordinator/);
      const { id } = await daemon.startRun([...common, ...mixed]);
      await daemon.ended(id);
      const { state, weightsSha256 } = await daemon.json<RunJson>(['run', 'show', id]);
      expect({ state, weightsSha256 }).toEqual({ state: 'done', weightsSha256: one.weightsSha256 });
    } finally {
      await worker.stop('SIGKILL');
      await daemon.end();
    }
  });

  it('goes on in it after a kill, is refused in another, and is replayed in it', async () => {
    const runDir = workspace.in('killed');
    const endless = [...sizes, '--steps', String(ENDLESS), ...mixed];
    const killed = new Rocinante(['train', ...endless, '--checkpoint', '1', '--run-dir', runDir]);
    await stepsTaken(killed, runDir, 12);
    killed.process.kill('SIGKILL');
    await killed.finished;
    const other = await rocinante(['train', '--resume', '--precision', 'float32', '--run-dir', runDir]);
    expect(other.code).toBe(2);
    expect(other.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/--precision float32: it has "mixed"/),
    ]);
    // It is the run's, and need not be said again.
    const end = endAfter(events(runDir).filter(({ event }) => event === 'step').length);
    const resumed = await train(['--resume', '--steps', String(end), '--run-dir', runDir]);
    expect(resumed.weightsSha256).toBe((await undisturbed.of(end)).weightsSha256);
    const saved = JSON.parse(readFileSync(join(runDir, 'config.json'), 'utf8')) as object;
    expect(JSON.stringify(saved)).toContain('"precision":"mixed"');
    const replayed = await rocinante(['replay', runDir, '--step', String(end), '--threads', '2']);
    expect(replayed.code, replayed.stdout + replayed.stderr).toBe(0);
  });

  it('ends with float32’s held-out loss', { timeout: LONG ? 1_200_000 : 240_000 }, async () => {
    const longer = ['--steps', LONG ? '2000' : '200', '--learning-rate', '0.01', '--workers', '1'];
    // What a micro-batch costs hardly depends on its size.
    longer.push('--micro-batch', '24');
    const [float32, other] = [
      await train([...common, ...longer, ...into('learns-float32')]),
      await train([...common, ...longer, ...mixed, ...into('learns-mixed')]),
    ];
    // It has learned: an even guess among the text's symbols has three nats.
    expect(float32.validationLoss).toBeLessThan(1.5);
    expect(other.weightsSha256).not.toBe(float32.weightsSha256);
    expect(Math.abs(other.validationLoss! / float32.validationLoss! - 1)).toBeLessThan(LOSS_TOLERANCE);
  });
});

it.runIf(LONG)(
  'preset quick ends with the same held-out loss in both precisions',
  { timeout: 3_600_000 },
  async () => {
    const losses: number[] = [];
    for (const precision of ['float32', 'mixed']) {
      const { validationLoss } = await train(['--precision', precision, ...into(`quick-${precision}`)]);
      losses.push(validationLoss!);
    }
    console.log(`held-out loss of preset quick: float32 ${losses[0]}, mixed ${losses[1]}`);
    expect(losses[0]).toBeLessThan(1.7);
    expect(Math.abs(losses[1] / losses[0] - 1)).toBeLessThan(LOSS_TOLERANCE);
  },
);
