import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointsAmong } from '@rocinante/checkpoint';
import type { Difference } from '@rocinante/training';
import type { GivenOption } from '../config-issue.js';
import { shellWord } from '../display/shell-word.js';
import type { RunDirectory } from './run-directory.js';

/** Settings that are a file's hash: whoever gave the file knows no hash. */
const FILE_SETTINGS: readonly string[] = ['corpusSha256', 'initFrom'];

/** Of settings that differ, so many are named. */
const DIFFERENCES_NAMED_MAX = 3;

/** Settings that another run may not have otherwise either, where it begins with this one's weights. */
const OF_WEIGHTS = /^(network\.|text\.normalisation$|initFrom$)/;

/** In what a run is another than the one that is to go on: by the options that were given, and else by keys. */
export function differencesText(differences: readonly Difference[], given: readonly GivenOption[]): string {
  return differences
    .slice(0, DIFFERENCES_NAMED_MAX)
    .map(({ key, first, second }) => {
      const option = given.find(({ setting }) => setting === key);
      if (option === undefined) return `${key} is ${first}, not ${second}`;
      return option.text + (FILE_SETTINGS.includes(key) ? ' is not its own' : `: it has ${first}`);
    })
    .join('; ');
}

/**
 * What to do where the run that is to go on would be another one: leave options out, or where these are all that differs, and its
 * weights can be gone on from, begin a new run with them.
 */
export function waysOn(
  directory: RunDirectory,
  differences: readonly Difference[],
  given: readonly GivenOption[],
): string {
  const isGiven = ({ key }: Difference): boolean => given.some(({ setting }) => setting === key);
  const isOfWeights = ({ key }: Difference): boolean => OF_WEIGHTS.test(key);
  const weights = weightsIn(directory);
  if (weights === null || !differences.every(isGiven) || differences.some(isOfWeights)) {
    return 'leave the option out, or use another --run-dir';
  }
  const options = given.filter(({ setting }) => setting !== 'initFrom').map(({ text }) => text);
  const shown = (path: string): string => shellWord(join(directory.shownPath, path));
  return (
    'leave the option out, or begin a new run with its weights: ' +
    `./rocinante train --config ${shown('config.json')} --init-from ${shown(weights)} ${options.join(' ')} --run-dir NEW`
  );
}

/** Weights to begin with: the final ones, else the newest checkpoint; null where there is neither. */
function weightsIn({ finalWeightsPath, checkpointsPath }: RunDirectory): string | null {
  if (existsSync(finalWeightsPath)) return 'weights/final.safetensors';
  if (!existsSync(checkpointsPath)) return null;
  const newest = checkpointsAmong(readdirSync(checkpointsPath)).at(-1);
  return newest === undefined ? null : join('checkpoints', newest);
}
