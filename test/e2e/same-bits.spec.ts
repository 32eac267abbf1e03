/**
 * The promise that everything else stands on: one configuration, one set of bits, whatever the number of workers and
 * threads, and whatever dies on the way. Real processes, the real engine, `kill -9`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '@rocinante/base';
import { until } from '../support/daemon.js';
import { projectRoot } from '../support/project-root.js';
import { events, Rocinante, train, Workspace, type Summary } from '../support/rocinante.js';
import { stepsTaken, workersOf } from '../support/running-train.js';
import { smallConfig, smallText } from '../support/small-run.js';

const LONG = process.env.ROCINANTE_LONG === '1';
const STEPS = LONG ? 60 : 36;
const workspace = new Workspace();
let common: string[];
let undisturbed: Summary;

/** The fields that docs/train-json.md has in lines like this, in alphabetical order. */
function documentedFields(like: RegExp): string[] {
  const rows = readFileSync(join(projectRoot, 'docs', 'train-json.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `') && like.test(line));
  return rows.flatMap((row) => [...row.split('|')[1].matchAll(/`(\w+)`/g)].map(([, name]) => name)).sort();
}

beforeAll(async () => {
  const corpus = workspace.write('corpus.txt', smallText(40_000));
  const config = workspace.write('config.json', smallConfig);
  common = [
    '--corpus',
    corpus,
    '--config',
    config,
    '--batch',
    '64',
    '--micro-batch',
    '8',
    '--steps',
    String(STEPS),
  ];
  undisturbed = await train([
    ...common,
    '--workers',
    '1',
    '--threads',
    '1',
    '--run-dir',
    workspace.in('one'),
  ]);
}, 240_000);

afterAll(() => workspace.remove());

describe('the same weights', () => {
  it.each([
    { workers: 5, threads: 1 },
    { workers: 2, threads: 2 },
    ...(LONG
      ? [
          { workers: 2, threads: 1 },
          { workers: 3, threads: 1 },
          { workers: 1, threads: 2 },
        ]
      : []),
  ])('come from $workers workers of $threads threads', { timeout: 240_000 }, async ({ workers, threads }) => {
    const runDir = workspace.in(`w${workers}t${threads}`);
    const args = ['--workers', String(workers), '--threads', String(threads), '--run-dir', runDir];
    const summary = await train([...common, ...args]);
    expect(summary.weightsSha256).toBe(undisturbed.weightsSha256);
    expect(summary.validationLoss).toBe(undisturbed.validationLoss);
  });

  it('come where a worker is killed in the middle, and comes back', { timeout: 240_000 }, async () => {
    const runDir = workspace.in('worker-killed');
    const count = (kind: string): number => events(runDir).filter(({ event }) => event === kind).length;
    // It lasts until the worker is back, and is then told how long it is to be.
    const endless = ['train', ...common, '--steps', '100000', '--workers', '2', '--run-dir', runDir];
    const coordinator = new Rocinante(endless);
    await stepsTaken(coordinator, runDir, 5);
    await until('both workers', () => count('worker-joined') === 2);
    process.kill(workersOf(coordinator)[0], 'SIGKILL');
    await until('the return', () => count('worker-joined') === 3);
    expect(count('worker-left')).toBe(1);
    await stepsTaken(coordinator, runDir, count('step') + 5);
    coordinator.process.kill('SIGINT');
    expect((await coordinator.finished).code).toBe(130);
    const steps = ['--steps', String(count('step') + 5)];
    const killed = await train(['--resume', ...steps, '--run-dir', runDir]);
    const alone = ['--workers', '1', '--threads', '1', '--run-dir', workspace.in('as-long')];
    expect(killed.weightsSha256).toBe((await train([...common, ...steps, ...alone])).weightsSha256);
  });

  // The first moment is before any step; the seed draws the others.
  const stream = new RandomStream(20, 'simulation');
  const moments = Array.from({ length: LONG ? 20 : 3 }, (_, index) =>
    index === 0 ? 0 : stream.integer(STEPS),
  );
  it.each(moments.map((moment, index) => ({ moment, index })))(
    'come where the coordinator is killed after step $moment, and resumed',
    { timeout: 240_000 },
    async ({ moment, index }) => {
      const runDir = workspace.in(`killed-${index}`);
      const coordinator = new Rocinante([
        'train',
        ...common,
        ...['--workers', '2', '--checkpoint', '1', '--run-dir', runDir],
      ]);
      await stepsTaken(coordinator, runDir, moment);
      coordinator.process.kill('SIGKILL');
      await coordinator.finished;
      const summary = await train([...common, '--workers', '3', '--resume', '--run-dir', runDir]);
      expect(summary).toMatchObject({
        steps: STEPS,
        weightsSha256: undisturbed.weightsSha256,
        loss: undisturbed.loss,
        validationLoss: undisturbed.validationLoss,
      });
      const steps = events(runDir).flatMap((event) => ('step' in event ? [event.step] : []));
      expect(steps).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
    },
  );

  it('come after Ctrl-C, which ends with 130 and a checkpoint', { timeout: 240_000 }, async () => {
    const runDir = workspace.in('interrupted');
    const coordinator = new Rocinante(['train', '--json', ...common, '--run-dir', runDir]);
    await stepsTaken(coordinator, runDir, 15);
    coordinator.process.kill('SIGINT');
    const { code, stderr, stdout } = await coordinator.finished;
    expect(code).toBe(130);
    const [line, ...more] = stdout.trimEnd().split('\n');
    expect(more).toEqual([]);
    const reached = JSON.parse(line) as Record<string, unknown>;
    const steps = events(runDir).filter(({ event }) => event === 'step');
    const checkpoint = readdirSync(join(runDir, 'checkpoints')).sort().at(-1);
    expect(reached).toMatchObject({ outcome: 'interrupted', steps: steps.length, checkpoint, runDir });
    const reason = `stopped after step ${steps.length}: interrupted`;
    expect(reached).toMatchObject({ reason, weightsSha256: null });
    expect(reached.loss).toBeTypeOf('number');
    expect(Object.keys(reached).sort()).toEqual(documentedFields(/./));
    expect(Object.keys(undisturbed).sort()).toEqual(documentedFields(/^(?!.*only where it is not `done`)/));
    expect(stderr).toMatch(/stopped after step \d+; go on with: \.\/rocinante train --resume --run-dir/);
    const summary = await train(['--resume', '--run-dir', runDir]);
    expect(summary.weightsSha256).toBe(undisturbed.weightsSha256);
  });
});
