/**
 * The promise that everything else stands on: one configuration, one set of bits, whatever the number of workers and
 * threads, and whatever dies on the way. Real processes, the real engine, `kill -9`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '@rocinante/base';
import { until } from '../support/daemon.js';
import { ENDLESS, endAfter, Undisturbed } from '../support/open-end.js';
import { projectRoot } from '../support/project-root.js';
import { events, Rocinante, train, Workspace } from '../support/rocinante.js';
import { stepsTaken, workersOf } from '../support/running-train.js';
import { smallConfig, smallText } from '../support/small-run.js';

const LONG = process.env.ROCINANTE_LONG === '1';
const STEPS = LONG ? 80 : 40;
const steps = ['--steps', String(STEPS)];
const workspace = new Workspace();
const corpus = workspace.write('corpus.txt', smallText(40_000));
const config = workspace.write('config.json', smallConfig);
const common = ['--corpus', corpus, '--config', config, '--batch', '64', '--micro-batch', '8'];
const undisturbed = new Undisturbed(workspace, common);
/** A run that is killed or interrupted, and is told its length only when it is resumed. */
const endless = ['train', ...common, '--steps', String(ENDLESS)];

/** The fields that docs/train-json.md has in lines like this, in alphabetical order. */
function documentedFields(like: RegExp): string[] {
  const rows = readFileSync(join(projectRoot, 'docs', 'train-json.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `') && like.test(line));
  return rows.flatMap((row) => [...row.split('|')[1].matchAll(/`(\w+)`/g)].map(([, name]) => name)).sort();
}

beforeAll(async () => {
  await undisturbed.of(STEPS);
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
    const { weightsSha256, validationLoss } = await undisturbed.of(STEPS);
    expect(await train([...common, ...steps, ...args])).toMatchObject({ weightsSha256, validationLoss });
  });

  it('come where a worker is killed and comes back, and after Ctrl-C', { timeout: 240_000 }, async () => {
    const runDir = workspace.in('interrupted');
    const count = (kind: string): number => events(runDir).filter(({ event }) => event === kind).length;
    const coordinator = new Rocinante([...endless, '--json', '--workers', '2', '--run-dir', runDir]);
    await stepsTaken(coordinator, runDir, 5);
    await until('both workers', () => count('worker-joined') === 2);
    process.kill(workersOf(coordinator)[0], 'SIGKILL');
    await until('the return', () => count('worker-joined') === 3);
    expect(count('worker-left')).toBe(1);
    await stepsTaken(coordinator, runDir, count('step') + 5);

    // It ends with 130 and a checkpoint.
    coordinator.process.kill('SIGINT');
    const { code, stderr, stdout } = await coordinator.finished;
    expect(code).toBe(130);
    const [line, ...more] = stdout.trimEnd().split('\n');
    expect(more).toEqual([]);
    const reached = JSON.parse(line) as Record<string, unknown>;
    const { length } = stepsOf(runDir);
    const checkpoint = readdirSync(join(runDir, 'checkpoints')).sort().at(-1);
    expect(reached).toMatchObject({ outcome: 'interrupted', steps: length, checkpoint, runDir });
    const reason = `stopped after step ${length}: interrupted`;
    expect(reached).toMatchObject({ reason, weightsSha256: null });
    expect(reached.loss).toBeTypeOf('number');
    expect(Object.keys(reached).sort()).toEqual(documentedFields(/./));
    expect(stderr).toMatch(/stopped after step \d+; go on with: \.\/rocinante train --resume --run-dir/);
    const end = endAfter(length);
    const summary = await train(['--resume', '--steps', String(end), '--run-dir', runDir]);
    expect(summary.weightsSha256).toBe((await undisturbed.of(end)).weightsSha256);
    expect(Object.keys(summary).sort()).toEqual(documentedFields(/^(?!.*only where it is not `done`)/));
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
      const shape = ['--workers', '2', '--checkpoint', '1', '--run-dir', runDir];
      const coordinator = new Rocinante([...endless, ...shape]);
      await stepsTaken(coordinator, runDir, moment);
      coordinator.process.kill('SIGKILL');
      await coordinator.finished;
      const end = endAfter(stepsOf(runDir).length);
      const resume = ['--workers', '3', '--resume', '--steps', String(end), '--run-dir', runDir];
      const { weightsSha256, loss, validationLoss } = await undisturbed.of(end);
      expect(await train([...common, ...resume])).toMatchObject({
        ...{ steps: end, weightsSha256, loss, validationLoss },
      });
      expect(stepsOf(runDir)).toEqual(Array.from({ length: end }, (_, index) => index + 1));
    },
  );
});

/** The steps on a run's record, in its order. */
function stepsOf(runDir: string): unknown[] {
  return events(runDir).flatMap((event) => ('step' in event ? [event.step] : []));
}
