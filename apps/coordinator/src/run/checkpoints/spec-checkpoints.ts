/** For specs: a checkpoint in a run's directory, saved as a run saves it. */
import { INITIAL_POWERS } from '@rocinante/optimizer';
import type { ParameterLayout } from '@rocinante/parameters';
import type { RunEffect } from '@rocinante/training';
import { NOT_PROVEN, type Exactness } from '../exactness.js';
import type { RunCheckpoints } from './run-checkpoints.js';

/**
 * Saves a state whose moments are zeros.
 * @param parameters [layout.length]; zeros where they are not given.
 * @returns the checkpoint's name.
 */
export async function saveState(
  checkpoints: RunCheckpoints,
  { blockCount }: ParameterLayout,
  effect: Extract<RunEffect, { type: 'save' }>,
  { parameters, exactness = NOT_PROVEN }: { parameters?: Float32Array; exactness?: Exactness } = {},
): Promise<string> {
  checkpoints.open((error) => {
    throw error;
  });
  if (parameters) checkpoints.snapshot.parameters.set(parameters);
  const closed = { magnitudes: new Float32Array(blockCount), powers: INITIAL_POWERS };
  const untilRoom = (): Promise<boolean> => Promise.resolve(false);
  const noticed = (): void => undefined;
  const order = { effect, copied: Promise.resolve(), closed, exactness, hashed: false, untilRoom, noticed };
  const { saved } = await checkpoints.save(order);
  await checkpoints.close();
  return saved.name;
}
