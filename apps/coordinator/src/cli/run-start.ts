import { InvalidArgumentError, Option, type Command } from 'commander';
import type { RunSummaryMessage } from '@rocinante/wire';
import {
  NAME_LENGTH_MAX,
  NAME_PATTERN,
  NOTE_LENGTH_MAX,
  PRIORITY_MAX,
  RUN_NAME_LENGTH_MAX,
  TAG_LENGTH_MAX,
  TAGS_MAX,
} from '../client/limits.js';
import { limitsMessage } from '../run/limits-message.js';
import { runJson } from '../client/run-json.js';
import { stateWord } from '../client/run-state.js';
import { scaledBatchLine } from '../batch-scale.js';
import type { Coordinator } from '../client/coordinator.js';
import { checkInitFrom, readRunOrder, sendMissing, type RunOrder } from '../client/run-order.js';
import { otherTextLine, textOf } from '../config-text.js';
import { controlSymbolsLine } from '../corpus/control-symbols.js';
import { emptyPoolText } from '../display/pool-text.js';
import { printable } from '../display/printable.js';
import { TransferProgress } from '../display/transfer-progress.js';
import { RUN_ID_PATTERN } from '../run/run-id.js';
import { unfinishedWarmUpLine, warmUpOf } from '../run/warm-up.js';
import { fewStepsLine, twoLengthsLine } from '../run-length.js';
import { addConfigOptions, type ConfigOptionValues } from './config-options.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { addLimitOptions, limitsFrom, type LimitOptionValues } from './limit-options.js';
import { jsonOption, repeated, shortText, wholeNumber } from './option-values.js';
import { StartInterruption } from './start-interruption.js';
import { watchToEnd } from './run-watch.js';

interface StartFlags extends ClientFlags, ConfigOptionValues, LimitOptionValues {
  readonly name?: string;
  readonly tag: string[];
  readonly note?: string;
  readonly priority: number;
  readonly pool?: string;
  readonly watch: boolean;
}

export function addRunStart(run: Command, exit: (code: number) => void): void {
  const command = run
    .command('start')
    .description('check a run here, send its text where it is missing, and queue it');
  addConfigOptions(command);
  addLimitOptions(command, { minWorkers: true, fresh: true });
  command
    .option(
      '--name <name>',
      'how people call the run; better a name that no other run has (default: its id)',
      runName,
    )
    .addOption(
      new Option('--tag <tag>', 'a word to find the run by; may be given again')
        .argParser(repeated(shortText(TAG_LENGTH_MAX), TAGS_MAX))
        .default([], 'none'),
    )
    .option('--note <text>', 'what the run is for', shortText(NOTE_LENGTH_MAX))
    .option(
      '--priority <n>',
      'higher ones go first in the queue',
      wholeNumber(-PRIORITY_MAX, PRIORITY_MAX),
      0,
    )
    .option('--pool <name>', 'which workers work for it (default: default)', poolName)
    .option('--watch', 'go on as run watch does', false)
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action(async (flags: StartFlags) => {
      const interruption = new StartInterruption();
      try {
        await start(flags, interruption, exit);
      } finally {
        interruption.release();
      }
    });
}

async function start(
  flags: StartFlags,
  interruption: StartInterruption,
  exit: (code: number) => void,
): Promise<void> {
  const limits = limitsMessage(limitsFrom(flags));
  const text = await textOf(flags, process.env);
  const order = await readRunOrder(flags, text, flags.initFrom, process.env);
  for (const line of openingLines(flags, order)) process.stderr.write(`${line}\n`);
  await withCoordinator(
    flags,
    async (coordinator) => {
      await checkInitFrom(coordinator, order);
      const contents = [order.corpus, ...(order.initFrom ? [order.initFrom] : [])];
      const { sent } = await sendMissing(
        coordinator,
        contents,
        ({ subject, bytes }) => new TransferProgress(`sending ${subject}`, bytes),
      );
      for (const { subject } of contents) {
        const was = sent.some((content) => content.subject === subject) ? 'sent' : 'is there already';
        process.stderr.write(`${subject}: ${was}\n`);
      }
      const namesakes = flags.name === undefined ? [] : await runsCalled(coordinator, flags.name);
      interruption.asked();
      const summary = await coordinator.start({
        name: flags.name ?? '',
        tags: flags.tag,
        note: flags.note ?? '',
        priority: flags.priority,
        pool: flags.pool ?? '',
        configJson: JSON.stringify(order.config),
        corpusSha256: order.corpus.sha256,
        corpusName: order.corpusName,
        initFromSha256: order.config.initFrom ?? '',
        limits,
      });
      interruption.release();
      if (namesakes.length > 0) process.stderr.write(`${sharedNameText(summary, namesakes)}\n`);
      if (!flags.watch) {
        tellEmptyPool(summary);
        const sentContents = sent.map(({ sha256, bytes }) => ({ sha256, bytes }));
        print(
          flags.json,
          { ...runJson(summary), corpusSha256: order.corpus.sha256, sent: sentContents },
          queuedText(summary),
        );
        return;
      }
      process.stderr.write(`run ${summary.id}\n`);
      exit(await watchToEnd(coordinator, summary.id, flags.json));
    },
    'operator',
  );
}

/** What is to be told of the options before a run is sent; of the warm-up, `--watch` tells once the run begins. */
function openingLines(
  { watch, ...flags }: StartFlags,
  { config, stepsTotal, corpus, symbols }: RunOrder,
): string[] {
  return [
    otherTextLine(flags, corpus.sha256),
    controlSymbolsLine(corpus.subject, symbols),
    twoLengthsLine(flags),
    flags.scaleBatch === undefined ? null : scaledBatchLine(flags.scaleBatch, config),
    fewStepsLine(flags, config, stepsTotal),
    watch ? null : unfinishedWarmUpLine(warmUpOf(config), stepsTotal),
  ].filter((line) => line !== null);
}

/** The ids of runs that have a name, as far as the coordinator lists them. */
async function runsCalled(coordinator: Coordinator, name: string): Promise<string[]> {
  const { runs } = await coordinator.list();
  return runs.filter((run) => run.name === name).map(({ id }) => id);
}

/** Of several runs of one name, so many are named. */
const IDS_NAMED_MAX = 5;

/** What to do about a name that others have. It is no error: names are people's own, and a script may give one each night. */
function sharedNameText({ id, name }: RunSummaryMessage, others: readonly string[]): string {
  const named = others.slice(0, IDS_NAMED_MAX).join(', ');
  const more = others.length > IDS_NAMED_MAX ? ` and ${others.length - IDS_NAMED_MAX} more` : '';
  return `the name ${name} is also that of ${named}${more}: commands that are given it ask for an id; this run's is ${id}`;
}

/** A run that was started or resumed, and how to see it. */
export function queuedText({ id, name, state, queuePosition, pool }: RunSummaryMessage): string {
  const shown = name === '' || name === id ? id : `${id} (${name})`;
  const where = queuePosition === 0 ? stateWord(state) : `queued in pool ${pool}, position ${queuePosition}`;
  return `run ${shown} is ${where}; watch it with: ./rocinante run watch ${id}`;
}

/** Says on standard error that a run that was queued has nobody to compute it. */
export function tellEmptyPool(summary: RunSummaryMessage): void {
  const text = emptyPoolText(summary);
  if (text !== null) process.stderr.write(`${printable(text)}\n`);
}

const shortName = shortText(RUN_NAME_LENGTH_MAX);

function runName(value: string): string {
  if (!RUN_ID_PATTERN.test(value)) return shortName(value);
  throw new InvalidArgumentError('expected a name that has not the form of a run’s id.');
}

function poolName(value: string): string {
  if (NAME_PATTERN.test(value)) return value;
  throw new InvalidArgumentError(`expected 1 to ${NAME_LENGTH_MAX} letters, digits or -_.:@.`);
}
