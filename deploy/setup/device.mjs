// @ts-check
import { SetupFailure } from './failure.mjs';

// Which device a command computes on is asked for as its other options are, and the launcher must know before it sets up.

/** Commands that load the engine here: these have `--device`, and are worth an engine for GPUs. */
const computing = new Set(['worker', 'train', 'sample', 'evaluate', 'replay']);

/** Those of them that `--gpus` gives a worker for each card. */
const onCards = new Set(['worker', 'train']);

/** Commands that look at the engine that is there, and fetch none for it. */
const looking = new Set(['doctor']);

/**
 * What a command wants of the launcher: `look` takes the engine for GPUs where it is there, and null is none of these.
 * @typedef {'auto' | 'cpu' | 'gpu' | 'look' | null} Wanted
 */

/**
 * @param {readonly string[]} argv the command and its words.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Wanted} null also where the value is none of the three, which the command refuses.
 */
export function wantedDevice(argv, env) {
  const [command = '', ...words] = argv;
  if (words.some((word) => word === '--help' || word === '-h')) return null;
  if (looking.has(command)) return 'look';
  if (!computing.has(command)) return null;
  const value = optionOf(words, '--device') ?? (env.ROCINANTE_DEVICE || 'auto');
  const cards = optionOf(words, '--gpus') ?? (onCards.has(command) ? env.ROCINANTE_GPUS : undefined);
  // Who names cards wants them.
  if (value === 'auto' && cards !== undefined) return 'gpu';
  return value === 'auto' || value === 'cpu' || value === 'gpu' ? value : null;
}

/**
 * The words of a command that computes on a device which was decided on.
 * @param {readonly string[]} argv
 * @param {'cpu' | 'gpu'} device
 * @returns {string[]}
 */
export function withDevice([command, ...words], device) {
  let rest = words;
  for (let at = placeOf(rest, '--device'); at.index >= 0; at = placeOf(rest, '--device')) {
    rest = rest.toSpliced(at.index, at.width);
  }
  return [command, '--device', device, ...rest];
}

/**
 * Takes one of the launcher's own options out of the arguments, wherever it stands; all others are the command's.
 * @param {readonly string[]} argv
 * @param {string} name such as `--engine-from`.
 * @param {string} expected what its value is, for the complaint about none.
 * @returns {{ value: string | undefined, rest: string[] }}
 * @throws {SetupFailure} it has no value.
 */
export function takeOption(argv, name, expected) {
  const { index, width } = placeOf(argv, name);
  if (index < 0) return { value: undefined, rest: [...argv] };
  const value = optionOf(argv, name);
  if (!value) throw new SetupFailure(`${name}: expected ${expected}, received none`, 2);
  return { value, rest: argv.toSpliced(index, width) };
}

/**
 * @param {readonly string[]} words
 * @param {string} name
 * @returns {string | undefined} the value of the last one, which is the one that counts.
 */
function optionOf(words, name) {
  const { index, width } = placeOf(words, name);
  if (index < 0) return undefined;
  return width === 1 && words[index] !== name ? words[index].slice(name.length + 1) : words[index + 1];
}

/**
 * @param {readonly string[]} words
 * @param {string} name
 */
function placeOf(words, name) {
  const index = words.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
  return { index, width: index >= 0 && words[index] === name ? 2 : 1 };
}
