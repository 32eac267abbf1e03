import { join } from 'node:path';
import type { NetworkSpec } from '@rocinante/model';
import { shellWord } from '../../display/shell-word.js';
import { runAt } from '../../named-weights.js';

/**
 * What makes a run's network that of weights which it is to begin with: the configuration of their own run, where they lie in its
 * directory, else options, and of what has no option the settings of a file.
 * @param path of the weights. @param network theirs. @param wanted the one that the run has.
 */
export function networkAdvice(path: string, network: NetworkSpec, wanted: NetworkSpec): string {
  const run = runAt(path);
  const given =
    run === undefined
      ? [...fileSettings(network, wanted), optionsOf(network)].join(' and ')
      : `--config ${shellWord(join(run.shownPath, 'config.json'))}`;
  return `take their network with ${given}, or take other weights`;
}

function fileSettings({ input, recurrentActivation }: NetworkSpec, wanted: NetworkSpec): string[] {
  const settings = [
    ...(input === wanted.input || input === 'embedding' ? [] : [`network.input ${input}`]),
    ...(recurrentActivation === wanted.recurrentActivation
      ? []
      : [`network.recurrentActivation ${recurrentActivation}`]),
  ];
  return settings.length === 0 ? [] : [`a --config file that has ${settings.join(' and ')}`];
}

function optionsOf({ layers, embeddingSize }: NetworkSpec): string {
  const units = `--units ${layers.map(({ units }) => units).join()}`;
  // One number alone is for as many layers as there are.
  const count = layers.length === 1 ? ' --layers 1' : '';
  return units + count + (embeddingSize === undefined ? '' : ` --embedding ${embeddingSize}`);
}
