import { Option, type Command } from 'commander';
import { availableCores } from '@rocinante/base';
import type { LstmChoice } from '@rocinante/model';
import type { Device } from '@rocinante/engine';
import type { WhichWeights } from '../client/weights-download.js';
import type { SampleTextOptions } from '../sample-text.js';
import {
  deviceOption,
  jsonOption,
  lstmOption,
  nonNegative,
  shareAboveZero,
  wholeNumber,
} from './option-values.js';
import { WEIGHTS_ARGUMENT, whichOption } from './weights-options.js';

interface SampleFlags {
  readonly which?: WhichWeights;
  readonly prompt?: string;
  readonly promptFile?: string;
  readonly length: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly wholeWords: boolean;
  readonly seed: number;
  readonly device: Device;
  readonly lstm: LstmChoice;
  readonly json: boolean;
}

const DEFAULT_LENGTH = 500;

export function addSample(program: Command): void {
  program
    .command('sample')
    .description('write text with trained weights')
    .argument('<weights>', WEIGHTS_ARGUMENT)
    .addOption(whichOption())
    .option('--prompt <text>', 'what the text goes on from (default: a line break)')
    .addOption(
      new Option(
        '--prompt-file <file>',
        'in place of --prompt: a file that has it, - for standard input',
      ).conflicts('prompt'),
    )
    .option(
      '--length <n>',
      'characters to write; the last of whole words is finished',
      wholeNumber(1, 1_000_000),
      DEFAULT_LENGTH,
    )
    .option(
      '--temperature <x>',
      'below 1 the likely gains, above 1 the unlikely; 0 takes the likeliest (default: 0.5, whole words 0.75)',
      nonNegative,
    )
    .option('--top-k <n>', 'draw among the n likeliest characters alone', wholeNumber(1))
    .option(
      '--top-p <x>',
      'draw among the likeliest characters that have this share of the probability',
      shareAboveZero,
    )
    .option('--whole-words', 'write only words that occur in the text', false)
    .option('--seed <n>', 'another seed, another text', wholeNumber(0), 1)
    .addOption(deviceOption())
    .addOption(lstmOption())
    .addOption(jsonOption())
    .action(async (weights: string, flags: SampleFlags) => {
      const { sampleText } = await import('../sample-text.js');
      const { json, device, lstm, ...options } = flags;
      const notice = (line: string): void => void process.stderr.write(`${line}\n`);
      const order: SampleTextOptions = {
        weights,
        threads: availableCores(),
        device,
        lstm,
        notice,
        ...options,
      };
      if (json) {
        const sample = await sampleText(order, () => undefined);
        process.stdout.write(`${JSON.stringify(sample)}\n`);
      } else {
        await sampleText(order, (piece) => process.stdout.write(piece));
        process.stdout.write('\n');
      }
    });
}
