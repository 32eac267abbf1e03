import { InvalidArgumentError, Option, type Command } from 'commander';
import { TAG_LENGTH_MAX } from '../client/limits.js';
import { runJson } from '../client/run-json.js';
import { STATE_WORDS, stateOf, stateWord } from '../client/run-state.js';
import { runTable } from '../display/run-table.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption, repeated, shortText } from './option-values.js';

interface ListFlags extends ClientFlags {
  readonly tag?: string;
  readonly state: readonly string[];
  readonly pool?: string;
}

export function addRunList(run: Command): void {
  run
    .command('list')
    .description('active runs, then the queue in its order, then runs that have ended')
    .option('--tag <tag>', 'only runs that have it', shortText(TAG_LENGTH_MAX))
    .addOption(
      new Option('--state <word>', `only runs that are ${STATE_WORDS.join(', ')}; may be given again`)
        .argParser(repeated(knownWord, STATE_WORDS.length))
        .default([], 'all'),
    )
    .option('--pool <name>', 'only runs of this pool')
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action((flags: ListFlags) =>
      withCoordinator(flags, async (coordinator) => {
        const { tag, state: states, pool } = flags;
        const which = { tag, states: states.map(stateOf), pool };
        const { runs: listed, leftOut } = await coordinator.list(which);
        // A coordinator of an earlier release chooses by the tag alone.
        const runs = listed.filter(
          (one) =>
            (states.length === 0 || states.includes(stateWord(one.state))) &&
            (pool === undefined || one.pool === pool),
        );
        print(flags.json, { runs: runs.map(runJson), leftOut }, runTable(runs, leftOut, chosenBy(flags)));
      }),
    );
}

function knownWord(value: string): string {
  if (STATE_WORDS.includes(value)) return value;
  throw new InvalidArgumentError(`expected one of ${STATE_WORDS.join(', ')}.`);
}

/** What the runs have that are shown, in words; null for all. */
function chosenBy({ tag, state, pool }: ListFlags): string | null {
  const has = [
    ...(tag === undefined ? [] : [`the tag ${tag}`]),
    ...(state.length === 0 ? [] : [`the state ${state.join(' or ')}`]),
    ...(pool === undefined ? [] : [`the pool ${pool}`]),
  ];
  return has.length === 0 ? null : has.join(' and ');
}
