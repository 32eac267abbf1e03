import type { ConfigFlags } from './config.js';

/** The options that say how long a whole run is. */
export type LengthFlags = Pick<ConfigFlags, 'steps' | 'epochs'>;

/** What is to be told where both were given, in a line; null where not. */
export function twoLengthsLine({ steps, epochs }: LengthFlags): string | null {
  if (steps === undefined || epochs === undefined) return null;
  return `--steps ${steps} --epochs ${epochs}: each is the whole run's length; the steps decide`;
}
