import { expect, it } from 'vitest';
import { titleOf } from './title.js';

const run = { name: 'moby', state: 'running', step: 62, stepsTotal: 100 } as const;

it.each([
  [run, false, '62 % moby · Rocinante'],
  [{ ...run, stepsTotal: null }, false, 'moby · Rocinante'],
  [{ ...run, state: 'failed' }, false, 'failed · moby · Rocinante'],
  [{ ...run, state: 'done', step: 100 }, false, 'done · moby · Rocinante'],
  [run, true, 'lost · moby · Rocinante'],
] as const)('a tab tells what its run does', (shown, isLost, title) => {
  expect(titleOf(shown, isLost)).toBe(title);
});
