import type { RunConfig } from '@rocinante/training';
import { expect, it } from 'vitest';
import { stoppedEarlyText, tooShortText } from './no-further.js';

const most = 'run r1 has 435 steps already; expected at least so many, received';

it('a length that is too short is told by its option, epochs with how many are enough', () => {
  const length = { steps: 434, epochs: 4, stepsTotal: 434 };
  expect(tooShortText('run r1', length, 435)).toBe(`--steps 434: ${most} 434`);
  // Of 29 steps: 15 are 435.
  const epochs = { steps: null, epochs: 2, stepsTotal: 58 };
  expect(tooShortText('run r1', epochs, 435)).toBe(`--epochs 2: ${most} 58; give --epochs 15 or more`);
  expect(tooShortText('run r1', epochs, 436)).toMatch(/give --epochs 16 or more$/);
});

it('an early stop is told with the patience that goes on, and none where the run goes on', () => {
  const history = [3, 2, 2.5, 2].map((validationLoss, index) => ({
    ...{ step: 10 * (index + 1), epoch: 1, loss: 3 },
    validationLoss,
  }));
  type Stopping = RunConfig['earlyStopping'];
  const text = (earlyStopping: Stopping, before: Stopping = earlyStopping): string | null =>
    stoppedEarlyText('the run', { earlyStopping }, history, before);
  expect(text({ patience: 1, minDelta: 0 })).toBe(
    'the run stopped early after step 40: the loss did not fall in 1 evaluation; give --patience 3 or more',
  );
  // One that had no such end yet: somebody stopped it.
  for (const before of [null, { patience: 3, minDelta: 0 }]) {
    expect(text({ patience: 1, minDelta: 0 }, before)).toBe(
      'the run would stop early at once, after step 40: the loss did not fall in 1 evaluation; give --patience 3 or more',
    );
  }
  expect(text({ patience: 3, minDelta: 0 })).toBeNull();
  expect(text(null)).toBeNull();
});
