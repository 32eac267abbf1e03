import { expect, it } from 'vitest';
import type { Checkpoint } from '@rocinante/checkpoint';
import { noProgress } from '@rocinante/training';
import { UsageError } from '../../errors.js';
import { progressOf } from './saved-progress.js';

/** As much of a checkpoint as it looks at. */
function checkpoint(progress: string | undefined): Checkpoint {
  const history = [{ step: 2, epoch: 1, loss: 1.5, validationLoss: null }];
  return {
    step: 3,
    issueCount: 4,
    lossHistory: history,
    further: progress === undefined ? {} : { progress },
  } as unknown as Checkpoint;
}

it('is what was saved, with the checkpoint’s own issues and history', () => {
  const saved = {
    step: 3,
    epochLossSum: 2.5,
    epochLossWindows: 8,
    lastLoss: 1.25,
    bestLoss: null,
    lossLevel: { smoothed: 2, lowest: 1 },
    anchorStep: 2,
    rollbacks: [{ fromStep: 5, toStep: 2 }],
  };
  const own = checkpoint(JSON.stringify(saved));
  expect(progressOf(own)).toEqual({ ...saved, issues: 4, history: own.lossHistory });
});

it('is that of a run’s beginning in what an earlier release did not save', () => {
  const own = checkpoint('{"step":3,"epochLossSum":null,"later":1}');
  expect(progressOf(own)).toEqual({ ...noProgress, step: 3, issues: 4, history: own.lossHistory });
});

it.each([
  ['nothing', undefined, /not as this release writes it/],
  ['no JSON', '{', /not as this release writes it/],
  ['null', 'null', /not as this release writes it/],
  ['a text for a number', '{"step":3,"anchorStep":"2"}', /not as this release writes it/],
  ['no list', '{"step":3,"rollbacks":{"length":1e9}}', /not as this release writes it/],
  ['another step', '{"step":2}', /^checkpoint of step 3: it has the progress of step 2; remove it$/],
])('is refused where it is %s', (_, progress, message) => {
  expect(() => progressOf(checkpoint(progress))).toThrow(UsageError);
  expect(() => progressOf(checkpoint(progress))).toThrow(message);
});
