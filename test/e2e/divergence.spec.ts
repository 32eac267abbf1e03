/**
 * Goal: a run that diverges stops in one line, or goes back to a state of before and on at a lower rate, and then to one set
 * of bits, whoever computes it and whatever is killed. Method: a rate that a warm-up lets rise until training diverges, on
 * real processes.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readCheckpointFile } from '@rocinante/checkpoint';
import { events, Rocinante, rocinante, train, Workspace, type Summary } from '../support/rocinante.js';
import { stepsTaken } from '../support/running-train.js';
import { smallConfig, smallText } from '../support/small-run.js';

const STEPS = 100;
vi.setConfig({ testTimeout: 240_000 });
const workspace = new Workspace();
const oneDir = workspace.in('one');
const killedDir = workspace.in('killed');
let common: string[];
let one: Summary;

beforeAll(async () => {
  const config = workspace.write('config.json', {
    ...smallConfig,
    optimizer: { clipNorm: 0, learningRate: 1 },
    schedule: { kind: 'constant', warmupSteps: 40 },
    divergence: { anchorEverySteps: 10, rateFactor: 0.25 },
  });
  const corpus = workspace.write('corpus.txt', smallText(40_000));
  const sizes = ['--batch', '32', '--micro-batch', '8', '--steps', String(STEPS), '--threads', '1'];
  common = ['--corpus', corpus, '--config', config, ...sizes];
  one = await train([
    ...common,
    ...['--on-divergence', 'rollback', '--workers', '1', '--run-dir', oneDir, '--checkpoint', '0'],
  ]);
}, 240_000);

afterAll(() => workspace.remove());

const returns = (runDir: string): Record<string, unknown>[] =>
  events(runDir).filter(({ event }) => event === 'went-back');

it('goes back to a state that it had before the loss rose, and says so', async () => {
  const [{ atStep, fromStep, rateShare, reason }, ...others] = returns(oneDir);
  expect(others).toEqual([]);
  expect(rateShare).toBe(0.25);
  expect(reason).toMatch(
    /^diverged: the loss, smoothed, has risen to \d\.\d+ nats by step \d+, from \d\.\d+ /,
  );
  expect((atStep as number) % 10).toBe(0);
  expect(fromStep).toBeGreaterThan(atStep as number);
  // Each step of the run as it is, once; those that were given up have a file of their own.
  const taken = events(oneDir).flatMap(({ step }) => (typeof step === 'number' ? [step] : []));
  expect(taken).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
  expect(readdirSync(oneDir)).toContain('abandoned-1.jsonl');
  const verified = await rocinante(['verify', oneDir, '--json']);
  expect(JSON.parse(verified.stdout)).toMatchObject({ agrees: true, rollbacks: 1, resumed: 0 });
  const replayed = await rocinante(['replay', oneDir, '--step', String(STEPS - 5), '--json']);
  expect(JSON.parse(replayed.stdout.trim().split('\n').at(-1)!)).toMatchObject({ difference: null });
});

it('gives the same bits with two workers, killed before it goes back and after', async () => {
  const args = [...common, '--workers', '2', '--run-dir', killedDir, '--checkpoint', '0.3'];
  const [{ atStep, fromStep }] = returns(oneDir) as { atStep: number; fromStep: number }[];

  // Each life is given an end before what the next is to see: should a kill come after it, the state is one of before still.
  const until = (step: number): string[] => ['--steps', String(step)];
  const before = new Rocinante(['train', ...args, '--on-divergence', 'rollback', ...until(fromStep - 2)]);
  await stepsTaken(before, killedDir, 10);
  before.process.kill('SIGKILL');
  await before.finished;
  expect(returns(killedDir)).toEqual([]);

  const after = new Rocinante(['train', ...args, '--resume', ...until(STEPS - 1)]);
  await after.says(/the run goes back/);
  await stepsTaken(after, killedDir, atStep + 12);
  after.process.kill('SIGKILL');
  await after.finished;

  expect(await train([...args, '--resume'])).toMatchObject({
    steps: STEPS,
    loss: one.loss,
    validationLoss: one.validationLoss,
    weightsSha256: one.weightsSha256,
  });
  const [wentBack, ...others] = returns(killedDir);
  expect(wentBack).toMatchObject({ atStep, fromStep, rateShare: 0.25 });
  expect(others).toEqual([]);
  const verified = await rocinante(['verify', killedDir, '--json']);
  expect(JSON.parse(verified.stdout)).toMatchObject({ agrees: true, problems: [], rollbacks: 1 });
});

it('stops where it is not to go back, in one line that says what to do, and leaves good checkpoints', async () => {
  const runDir = workspace.in('stopped');
  const { code, stderr } = await rocinante(['train', ...common, '--workers', '1', '--run-dir', runDir]);
  expect(code).toBe(1);
  expect(stderr.trim().split('\n').at(-1)).toMatch(
    /^rocinante: the run failed: diverged: the loss, smoothed, .*; begin with a lower --learning-rate, or with --on-divergence rollback$/,
  );
  expect(events(runDir).at(-1)).toMatchObject({ event: 'finished', outcome: 'failed' });
  const checkpoints = join(runDir, 'checkpoints');
  for (const name of readdirSync(checkpoints)) await readCheckpointFile(join(checkpoints, name));
  const resumed = await rocinante(['train', '--resume', '--on-divergence', 'rollback', '--run-dir', runDir]);
  expect(resumed.code).toBe(2);
  expect(resumed.stderr).toMatch(/--on-divergence rollback: it has "stop"/);
});
