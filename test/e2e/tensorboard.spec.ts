/**
 * Goal: TensorBoard shows a run's numbers, each step once, also where the run was killed and took steps again. Method: a run
 * that is killed and resumed, read back by TensorBoard's own reader and compared with the run's event log.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/daemon.js';
import { projectRoot } from '../support/project-root.js';
import { events, Rocinante, train, Workspace } from '../support/rocinante.js';
import { endAfter } from '../support/open-end.js';
import { smallOrder } from '../support/small-run.js';

const python = process.env.ROCINANTE_PYTHON;
const hindrance = !process.env.ROCINANTE_LONG
  ? 'with --long'
  : python === undefined || spawnSync(python, ['-c', 'import tensorboard']).status !== 0
    ? 'needs ROCINANTE_PYTHON with tensorboard'
    : null;

type Scalars = Record<string, [step: number, value: number][]>;

function read(folder: string): Scalars {
  const script = join(projectRoot, 'test', 'reference', 'read_event_files.py');
  const { status, stdout, stderr } = spawnSync(python!, [script, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Scalars;
}

describe.skipIf(hindrance !== null)(
  `event files for TensorBoard${hindrance === null ? '' : ` (${hindrance})`}`,
  () => {
    const workspace = new Workspace();
    const runDir = workspace.in('run');
    const folder = workspace.in('events');
    let scalars: Scalars;
    let log: Record<string, unknown>[];
    let sha256: string;
    let order: string[];
    let end: number;

    beforeAll(async () => {
      order = [...smallOrder(workspace), '--evaluate-every', '20', '--workers', '1', '--threads', '2'];
      const options = [...order, '--run-dir', runDir, '--tensorboard', folder];
      // A checkpoint is due at evaluations only, so the steps after one are taken again.
      const killed = new Rocinante(['train', '--json', '--checkpoint', '0', ...options]);
      await until('27 steps', () => {
        try {
          return events(runDir).some(({ step }) => (step as number) >= 27);
        } catch {
          return false;
        }
      });
      killed.process.kill('SIGKILL');
      await killed.finished;
      end = Math.max(60, endAfter(events(runDir).filter(({ event }) => event === 'step').length));
      order.push('--steps', String(end));
      const resume = ['--resume', '--checkpoint', '0', ...options, '--steps', String(end)];
      ({ weightsSha256: sha256 } = await train(resume));
      scalars = read(folder);
      log = events(runDir);
    }, 180_000);
    afterAll(() => workspace.remove());

    const float = (value: unknown): number => Math.fround(value as number);

    it('have each step’s loss once', () => {
      const steps = log.filter(({ event }) => event === 'step');
      expect(steps).toHaveLength(end);
      expect(scalars['loss/train']).toEqual(steps.map(({ step, loss }) => [step, float(loss)]));
    });

    it('have the held-out losses, the learning rate, the rate and the norms', () => {
      const evaluations = log.filter(({ event }) => event === 'evaluation');
      expect(evaluations.length).toBeGreaterThanOrEqual(3);
      expect(scalars['loss/heldOut']).toEqual(
        evaluations.map(({ atStep, validationLoss }) => [atStep, float(validationLoss)]),
      );
      expect(scalars['bitsPerCharacter/heldOut']).toEqual(
        evaluations.map(({ atStep, validationLoss }) => [
          atStep,
          float((validationLoss as number) / Math.LN2),
        ]),
      );
      expect(scalars.learningRate).toEqual(
        Array.from({ length: end }, (_, index) => [index + 1, float(0.004)]),
      );
      const taken = log.filter(({ event }) => event === 'step');
      // It does not clip.
      expect(scalars.gradientNorm).toBeUndefined();
      expect(taken.map(({ learningRate }) => learningRate)).toEqual(taken.map(() => 0.004));
      const medians = log
        .filter(({ event }) => event === 'step')
        .map(({ norm }) => (norm as { median: number }).median);
      for (const [index, [, value]] of scalars['microBatchNorm/median'].entries()) {
        expect(Math.abs(value / medians[index] - 1)).toBeLessThan(1e-4);
      }
      expect(scalars.windowsPerSecond.every(([, value]) => value > 0)).toBe(true);
    });

    it('change nothing in the numbers', { timeout: 180_000 }, async () => {
      const plain = await train([...order, '--run-dir', workspace.in('plain')]);
      expect(plain.weightsSha256).toBe(sha256);
    });
  },
);
