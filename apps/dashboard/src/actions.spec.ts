import { expect, it } from 'vitest';
import { resumeText } from './actions.js';

it('says what takes a run on that has ended', () => {
  expect(resumeText({ state: 'done', step: 1_340, stepsTotal: 1_340 })).toBe(
    'It has all its 1,340 steps: give more steps or epochs in all.',
  );
  expect(resumeText({ state: 'done', step: 480, stepsTotal: 1_340 })).toBe(
    'It stopped early after 480 steps: give more patience, and steps or epochs as you like.',
  );
  for (const state of ['stopped', 'failed'] as const) {
    expect(resumeText({ state, step: 480, stepsTotal: 1_340 })).toMatch(
      /^It goes on from its newest checkpoint/,
    );
  }
});
