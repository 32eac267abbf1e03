import { learningRateAt } from '@rocinante/optimizer';
import { expect, it } from 'vitest';
import { resolveConfig } from '../config.js';
import { unfinishedWarmUpLine, warmUpOf } from './warm-up.js';

it('is told of where it is longer than the run, with the rate that the last step has', () => {
  const config = resolveConfig({ scaleBatch: 256 });
  const warmUp = warmUpOf(config);
  expect(warmUp).toEqual({ steps: 100, rate: 0.064 });
  expect(unfinishedWarmUpLine(warmUp, 8)).toBe(
    'the warm-up of 100 steps is longer than the run, which has 8: its learning rate comes to 0.00512 of 0.064; ' +
      'take a smaller --warmup-steps, or a longer run',
  );
  expect(learningRateAt(config.schedule, config.optimizer.learningRate, 7, 8)).toBe(0.00512);
});

it('is not where the run has as many steps', () => {
  const warmUp = warmUpOf(resolveConfig({ warmupSteps: 100 }));
  expect([99, 100, 101].map((steps) => unfinishedWarmUpLine(warmUp, steps) === null)).toEqual([
    false,
    true,
    true,
  ]);
  expect(unfinishedWarmUpLine(warmUpOf(resolveConfig({})), 1)).toBeNull();
});
