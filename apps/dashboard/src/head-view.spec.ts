import type { ShownJson } from '@rocinante/run-json';
import { expect, it } from 'vitest';
import { progressText } from './head-view.js';
import type { Started } from './shapes.js';

/** Of a run of 335 steps an epoch; without `started` nothing of it was told yet. */
function textOf(step: number, stepsTotal: number, isStarted = true): string {
  const shown = { state: 'running', stepsTotal, epoch: Math.ceil(step / 335) } as ShownJson;
  const started = isStarted ? ({ stepsTotal, stepsPerEpoch: 335 } as Started) : null;
  return progressText({ shown, step, started });
}

it('tells how many epochs there are, unless the run ends within one', () => {
  expect(textOf(400, 1_340)).toBe('step 400 of 1,340 · epoch 2 of 4 · 30 %');
  expect(textOf(30, 60)).toBe('step 30 of 60 · epoch 1 · 50 %');
  expect(textOf(400, 1_340, false)).toBe('step 400 of 1,340 · 2 epochs · 30 %');
});
