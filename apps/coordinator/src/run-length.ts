import type { RunConfig } from '@rocinante/training';
import type { ConfigFlags } from './config.js';
import { counted } from './display/quantities.js';
import { presets } from './presets.js';

/** The options that say how long a whole run is. */
export type LengthFlags = Pick<ConfigFlags, 'steps' | 'epochs'>;

/** What is to be told where both were given, in a line; null where not. */
export function twoLengthsLine({ steps, epochs }: LengthFlags): string | null {
  if (steps === undefined || epochs === undefined) return null;
  return `--steps ${steps} --epochs ${epochs}: each is the whole run's length; the steps decide`;
}

/** Steps below which preset `quick` has hardly begun to write words; it takes 1,340 on the bundled book. */
const FEW_STEPS = 1_000;

/**
 * What is to be told of a run whose length nobody chose, and that has few steps, in a line; null where it is not.
 * @param stepsTotal of the whole run.
 */
export function fewStepsLine(
  { steps, epochs, config: file }: LengthFlags & Pick<ConfigFlags, 'config'>,
  config: Pick<RunConfig, 'steps' | 'epochs'>,
  stepsTotal: number,
): string | null {
  if (steps !== undefined || epochs !== undefined || file !== undefined || config.steps !== null) return null;
  const suits = epochsThatSuit(stepsTotal / config.epochs);
  return suits === null
    ? null
    : `only ${counted(stepsTotal, 'step')}, which are few to learn from: ${suits} takes more, as long as they gain`;
}

/** The options that suit a text of so few steps an epoch; null where preset `quick`'s length does. */
export function epochsThatSuit(stepsPerEpoch: number, epochs = presets.quick.epochs): string | null {
  if (stepsPerEpoch * epochs >= FEW_STEPS) return null;
  return `--epochs ${10 * Math.ceil(FEW_STEPS / stepsPerEpoch / 10)} --patience 5`;
}
