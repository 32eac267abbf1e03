import { checkpointName, type Checkpoint } from '@rocinante/checkpoint';
import { networkOf } from '@rocinante/training';
import type { Weights } from '@rocinante/weights';
import { parseConfig } from '../../config.js';
import { exactnessEntries } from '../exactness.js';

/**
 * The weights that a checkpoint has, as a weights file holds them: of a run's last step with all that its final ones have.
 * @param words what is carried of the text's words (`wordsEntry`).
 * @throws {UsageError} its configuration is none.
 */
export function weightsOfCheckpoint(
  { step, parameters, configuration, vocabulary, further }: Checkpoint,
  words: Readonly<Record<string, string>>,
): Weights {
  const config = parseConfig(configuration, { config: checkpointName(step) });
  return {
    network: networkOf(config, vocabulary.length),
    vocabulary: [...vocabulary],
    normalisation: config.text.normalisation,
    window: config.text.window,
    step,
    configuration: config,
    further: { ...words, ...exactnessEntries(further) },
    parameters,
  };
}
