/**
 * Goal: a run whose new length or early stopping is refused as it is prepared keeps its own.
 * Method: a real folder, text and checkpoint, which has more steps than the run's record knows of.
 */
import { networkLayout } from '@rocinante/model';
import { networkOf, noProgress } from '@rocinante/training';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { saveState } from '../run/checkpoints/spec-checkpoints.js';
import { RunDirectory } from '../run/run-directory.js';
import { prepareStoredRun, type Preparation } from './run-preparation.js';
import { smallConfig, smallRun, SpecCoordinator } from './spec-coordinator.js';

let coordinator: SpecCoordinator;
let directory: RunDirectory;
let kept: unknown[];
beforeEach(async () => {
  coordinator = await SpecCoordinator.open();
  await coordinator.store.create(smallRun);
  directory = new RunDirectory(coordinator.store.directory('r1'));
  kept = [];
});
afterEach(() => coordinator.remove());

async function prepared(config = smallConfig): Promise<Preparation> {
  const { signal } = new AbortController();
  const run = { ...coordinator.store.find('r1'), config };
  try {
    return await prepareStoredRun(run, directory, coordinator.contents, signal, (own) => kept.push(own));
  } finally {
    directory.release();
  }
}

it('keeps its length and its early stopping where what was asked for is refused', async () => {
  const { checkpoints, config, corpus } = (await prepared()).prepared;
  const layout = networkLayout(networkOf(config, corpus.vocabulary.size));
  const progress = { ...noProgress, step: 4, issues: 4 };
  const effect = { type: 'save', step: 4, reason: 'interval', best: false, progress } as const;
  await saveState(checkpoints, layout, effect);
  const asked = { ...smallConfig, steps: 3, earlyStopping: { patience: 1, minDelta: 0 } };
  await expect(prepared(asked)).rejects.toThrow('--steps 3: the run has 4 steps already');
  const { steps, epochs, earlyStopping } = smallConfig;
  expect(kept).toEqual([{ steps, epochs, earlyStopping }]);
  expect(directory.read().config).toEqual(smallConfig);
});
