import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointsAmong } from '@rocinante/checkpoint';
import type { Difference, RunConfig } from '@rocinante/training';
import type { GivenOption } from '../config-issue.js';
import { shellWord } from '../display/shell-word.js';
import type { RunDirectory } from './run-directory.js';

/** Settings that are a file's hash: whoever gave the file knows no hash. */
const FILE_SETTINGS: readonly string[] = ['corpusSha256', 'initFrom'];

/** Of settings that differ, so many are named. */
const DIFFERENCES_NAMED_MAX = 3;

/** Settings that another run may not have otherwise either, where it begins with this one's weights: dropout and loss it may. */
const OF_WEIGHTS =
  /^(network\.(input|embeddingSize|recurrentActivation|layers\.\d+\.units)|text\.normalisation|initFrom)$/;

/** What a run that lacks a setting has in its place, as `identityDifferences` says it. */
const ABSENT = 'absent';

/** Settings that follow from another one where an option gives that: `followsFrom` knows those that may also be a file's. */
const FOLLOWS: Readonly<Record<string, string>> = {
  'text.stride': 'text.window',
  'network.input': 'network.embeddingSize',
  'optimizer.weightDecayOn': 'optimizer.weightDecay',
  'schedule.finalShare': 'schedule.kind',
  'schedule.everySteps': 'schedule.kind',
  'schedule.factor': 'schedule.kind',
};

/**
 * In what a run is another than the one that is to go on: by the options that were given, and else by keys.
 * @param own the configuration of the one that is to go on.
 */
export function differencesText(
  differences: readonly Difference[],
  given: readonly GivenOption[],
  own: RunConfig,
): string {
  const shown = ofPeople(differences, given);
  const keys = shown.filter((one) => optionOf(one, given) === undefined);
  const options = given
    .map((option) => ({ option, ofIt: shown.filter((one) => optionOf(one, given) === option) }))
    .filter(({ ofIt }) => ofIt.length > 0);
  return [
    ...options.map(({ option, ofIt }) => option.text + receivedText(option, ofIt, own)),
    ...keys.map(keyText),
  ]
    .slice(0, DIFFERENCES_NAMED_MAX)
    .join('; ');
}

/** What the run has in place of an option's value, where that is a value that the option could have. */
function receivedText({ setting }: GivenOption, differences: readonly Difference[], own: RunConfig): string {
  // Also those that do not differ: it is a list.
  if (setting === 'network.layers.units') {
    return `: it has ${own.network.layers.map(({ units }) => units).join()}`;
  }
  const isPart = differences.some(({ key }) => keyOfAll(key) !== setting);
  const values = new Set(differences.map(({ first }) => first).filter((first) => first !== ABSENT));
  if (isPart || values.size === 0 || FILE_SETTINGS.includes(setting)) return ' is not its own';
  return `: it has ${[...values].join(' and ')}`;
}

function keyText({ key, first, second }: Difference): string {
  if (first === ABSENT) return `${key} is not given, and here ${second}`;
  return second === ABSENT ? `${key} is ${first}, and here not given` : `${key} is ${first}, not ${second}`;
}

/** The differences but those that follow from others, which nobody gave. */
function ofPeople(differences: readonly Difference[], given: readonly GivenOption[]): Difference[] {
  return differences.filter((one) => {
    const source = sourceOf(one);
    if (given.some(({ setting }) => setting === keyOfAll(one.key))) return true;
    return !differences.some(
      (other) => other.key === source && optionOf(other, given) !== undefined && followsFrom(one, other),
    );
  });
}

/** Whether one has the value that follows from its source's: else a file gave it. */
function followsFrom({ key, second }: Difference, source: Difference): boolean {
  if (key === 'text.stride') return second === source.second;
  return key !== 'optimizer.weightDecayOn' || (second === ABSENT && source.second === '0');
}

/** The setting that one follows from: one of a whole layer more or less, its units. */
function sourceOf({ key, first, second }: Difference): string | undefined {
  const isOfLayer = [first, second].includes(ABSENT) && /^network\.layers\.\d+\.dropout$/.test(key);
  return isOfLayer ? key.replace(/dropout$/, 'units') : FOLLOWS[key];
}

/** The option that gave what differs: its own, or of a layer more or less `--layers`. */
function optionOf(
  { key, first, second }: Difference,
  given: readonly GivenOption[],
): GivenOption | undefined {
  const whole = keyOfAll(key);
  const own = given.find(({ setting }) => setting === whole);
  const ofGroup = given.find(({ setting }) => whole.startsWith(`${setting}.`));
  return [first, second].includes(ABSENT) ? (ofGroup ?? own) : (own ?? ofGroup);
}

/** A setting of one layer as that of all of them: an option gives it for all. */
function keyOfAll(key: string): string {
  return key.replace(/\.\d+(?=\.|$)/g, '');
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
  const isGiven = (difference: Difference): boolean => optionOf(difference, given) !== undefined;
  const isOfWeights = ({ key }: Difference): boolean => OF_WEIGHTS.test(key);
  const weights = weightsIn(directory);
  if (weights === null || !ofPeople(differences, given).every(isGiven) || differences.some(isOfWeights)) {
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
