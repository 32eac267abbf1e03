import { RandomStream } from '@rocinante/base';
import type { EncodedCorpus } from '@rocinante/corpus';
import { runWindows, type RunConfig } from '@rocinante/training';
import type { TrainingRun } from './training-run.js';

/** Symbols of the sample at a run's end: few where each costs a whole window. */
const SAMPLE_LENGTH = { every: 500, last: 200 } as const;
const SAMPLE_TEMPERATURE = 0.6;
const SAMPLE_TIMEOUT_MS = 120_000;

/**
 * What the network writes after a window of the text that the seed chooses; a worker draws it.
 * @param heardOf as `TrainingRun.sample`.
 * @throws {RocinanteError} no worker is there, or it said nothing in time.
 */
export async function drawSample(
  run: TrainingRun,
  config: RunConfig,
  corpus: EncodedCorpus,
  heardOf: readonly string[],
): Promise<string> {
  const { train } = runWindows(config, corpus.ids.length).windows;
  const stream = new RandomStream(config.seed, 'sampling');
  const start = train.start + stream.integer(train.count) * train.stride;
  const symbols = await run.sample(
    {
      prompt: [...corpus.ids.subarray(start, start + config.text.window)],
      length: SAMPLE_LENGTH[config.network.loss],
      temperature: SAMPLE_TEMPERATURE,
      seed: config.seed,
    },
    SAMPLE_TIMEOUT_MS,
    heardOf,
  );
  return corpus.vocabulary.decode(Uint32Array.from(symbols));
}
