import { Option, type Command } from 'commander';
import { availableCores } from '@rocinante/base';
import type { Device } from '@rocinante/engine';
import type { LstmChoice } from '@rocinante/model';
import { grouped } from '../display/quantities.js';
import type { WhichWeights } from '../client/weights-download.js';
import type { TextEvaluation } from '../evaluate-text.js';
import type { EvaluatedPart } from '../evaluated-text.js';
import { deviceOption, jsonOption, lstmOption, option } from './option-values.js';
import { WEIGHTS_ARGUMENT, whichOption } from './weights-options.js';

interface EvaluateFlags {
  readonly which?: WhichWeights;
  readonly corpus?: string;
  readonly part?: EvaluatedPart;
  readonly device: Device;
  readonly lstm: LstmChoice;
  readonly json: boolean;
}

/** Those of `evaluated-text.ts`, which is not loaded for a list of words. */
const PARTS: readonly EvaluatedPart[] = ['validation', 'test', 'all'];

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('how well trained weights predict a text: nats and bits a character, perplexity')
    .argument('<weights>', WEIGHTS_ARGUMENT)
    .addOption(whichOption())
    .addOption(
      option(
        '--corpus <file>',
        'the text: a file, bundled or quijote (default: that of the run in whose directory the weights lie)',
        'CORPUS',
      ),
    )
    .addOption(
      new Option(
        '--part <name>',
        'a part that the run held out of its text, or all of a text (default: validation, of a text that is known to be another all)',
      ).choices(PARTS),
    )
    .addOption(deviceOption())
    .addOption(lstmOption())
    .addOption(jsonOption())
    .action(async (weights: string, { json, ...options }: EvaluateFlags) => {
      const { evaluateText } = await import('../evaluate-text.js');
      const notice = (line: string): void => void process.stderr.write(`${line}\n`);
      const evaluated = await evaluateText({
        ...{ weights, threads: availableCores(), environment: process.env, notice },
        ...options,
      });
      process.stdout.write(json ? `${JSON.stringify(evaluated)}\n` : evaluationLines(evaluated));
    });
}

function evaluationLines({ part, characters, loss, bitsPerCharacter, perplexity }: TextEvaluation): string {
  return (
    `part ${part}: ${grouped(characters)} characters predicted\n` +
    `loss ${loss.toFixed(4)} nats a character, ${bitsPerCharacter.toFixed(4)} bits, perplexity ${perplexity.toFixed(3)}\n`
  );
}
