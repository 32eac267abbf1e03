/** Goal: the first values of a run are the seed's, and do not hold the network's thread up. Method: the reference network. */
import { firstValues } from '@rocinante/model';
import { networkOf } from '@rocinante/training';
import { expect, it } from 'vitest';
import { presets } from '../../presets.js';
import { RunFailedError } from '../../errors.js';
import { firstValuesBeside } from './first-values-thread.js';

it('are those of the seed, and this thread goes on meanwhile', { timeout: 120_000 }, async () => {
  const network = networkOf(presets.seed, 39);
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 10);
  const made = await firstValuesBeside({ network, seed: 7 });
  clearInterval(ticking);
  expect(turns).toBeGreaterThan(5);
  expect(made.buffer).toBeInstanceOf(SharedArrayBuffer);
  const expected = firstValues(network, 7);
  expect(made.length).toBe(expected.length);
  expect(Buffer.compare(Buffer.from(made.buffer), Buffer.from(expected.buffer))).toBe(0);
});

it('fail in one line where there is no memory for them', async () => {
  const seed = networkOf(presets.seed, 39);
  // 14,400 million parameters: 58 GB, and 115 GB to make them in.
  const network = { ...seed, layers: [{ ...seed.layers[0], units: 60_000 }] };
  const making = firstValuesBeside({ network, seed: 7 });
  await expect(making).rejects.toThrow(RunFailedError);
  await expect(making).rejects.toThrow('first values take more memory than there is');
});
