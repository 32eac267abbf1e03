/** Goal: the page shows each step once, whatever the run does. Method: the stream's words, one after the other. */
import { beforeEach, describe, expect, it } from 'vitest';
import { RunModel } from './run-model.js';
import type { ShownJson } from '@rocinante/run-json';
import type { Entry, Started } from './shapes.js';

const time = '2026-11-24T10:00:00.000Z';
const started: Started = {
  event: 'started',
  atStep: 0,
  stepsTotal: 100,
  stepsPerEpoch: 50,
  windowsPerEpoch: 1_600,
  heldOutSymbols: 10,
  characters: 1_000,
  symbols: 20,
  window: 100,
  batch: 32,
  microBatch: 16,
  units: [256],
  parameters: 1_000,
};
const shown = {
  id: 'r1',
  state: 'running',
  step: 2,
  stepsTotal: 100,
  windowsPerSecond: 32,
  history: [{ step: 2, epoch: 1, loss: 3, validationLoss: 2.5, best: true }],
} as unknown as ShownJson;
const curve = [
  {
    step: 1,
    loss: 4,
    leastLoss: 4,
    greatestLoss: 4,
    windowsPerSecond: 30,
    gradientNorm: 1,
    learningRate: 0.1,
  },
  {
    step: 2,
    loss: 3,
    leastLoss: 3,
    greatestLoss: 3,
    windowsPerSecond: 30,
    gradientNorm: 1,
    learningRate: 0.1,
  },
];

let model: RunModel;
beforeEach(() => (model = new RunModel({ shown, started, curve, told: [], sample: null })));

const tell = (entry: object, text: string | null = null, repeats = false, usual = false): void =>
  model.tell({ entry: { time, ...entry } as Entry, text, repeats, usual });
const step = (number: number, loss: number): void =>
  tell({
    event: 'step',
    step: number,
    epoch: 1,
    loss,
    windows: 32,
    seconds: 2,
    gradientNorm: 5,
    learningRate: 0.2,
  });
const steps = (): number[] => model.points.map((point) => point.step);

describe('a run on the page', () => {
  it('goes on step by step, ahead of the last picture of the present', () => {
    step(3, 2.9);
    expect(model.points.at(-1)).toMatchObject({
      step: 3,
      loss: 2.9,
      greatestLoss: 2.9,
      windowsPerSecond: 16,
    });
    expect(model.step).toBe(3);
  });

  it('forgets the steps that are taken again', () => {
    step(3, 2.9);
    const evaluation = { event: 'evaluation', epoch: 1, loss: 2.9, validationLoss: 2.4, best: true };
    tell({ ...evaluation, atStep: 2 }, 'kept', true);
    tell({ ...evaluation, atStep: 3 }, 'epoch 1', true);
    tell({ event: 'worker-left', atStep: 3 }, 'a worker left');
    tell({ ...started, atStep: 2 }, 'the run goes on');
    expect(model.told.map(({ text }) => text)).toEqual(['kept', 'a worker left', 'the run goes on']);
    expect(steps()).toEqual([1, 2]);
    expect(model.evaluations.map((evaluation) => evaluation.step)).toEqual([2]);
    step(3, 2.9);
    tell({ event: 'went-back', atStep: 1 }, 'back');
    expect(steps()).toEqual([1]);
    expect(model.step).toBe(1);
    step(2, 3.1);
    step(2, 3.2);
    expect(model.points.at(-1)!.loss).toBe(3.2);
    expect(steps()).toEqual([1, 2]);
    expect(model.told.map(({ text }) => text)).toEqual(['a worker left', 'the run goes on', 'back']);
  });

  it('is where its checkpoint is while it waits for workers, after its coordinator began anew', () => {
    step(3, 2.9);
    model.present({ ...shown, state: 'running', step: 2 });
    expect(model.step).toBe(3);
    model.present({ ...shown, state: 'waiting', step: 1 });
    expect(model.step).toBe(1);
    expect(steps()).toEqual([1]);
    expect(model.evaluations).toEqual([]);
  });

  it('has each evaluation once, and the last sample', () => {
    tell({ event: 'evaluation', atStep: 2, epoch: 1, loss: 3, validationLoss: 2.5, best: true }, 'again');
    expect(model.evaluations).toHaveLength(1);
    expect(model.validationLoss).toBe(2.5);
    tell({ event: 'evaluation', atStep: 3, epoch: 1, loss: 3, validationLoss: 2.25, best: true }, 'better');
    expect(model.validationLoss).toBe(2.25);
    tell({ event: 'sample', atStep: 2, text: 'the whale' }, 'drawn');
    expect(model.sample).toBe('the whale');
  });

  it('keeps a bounded number of points and lines', () => {
    for (let number = 3; number <= 10_000; number++) step(number, 1);
    for (let number = 0; number < 1_000; number++) tell({ event: 'notice', atStep: 1 }, `${number}`);
    expect(model.points.length).toBeLessThanOrEqual(4_096);
    expect(model.points.at(-1)!.step).toBe(10_000);
    expect(model.told).toHaveLength(300);
    for (let number = 0; number < 1_000; number++) tell({ event: 'late', atStep: 1 }, 'late', false, true);
    expect(model.told).toHaveLength(600);
    expect(model.told.at(299)!.text).toBe('999');
  });
});
