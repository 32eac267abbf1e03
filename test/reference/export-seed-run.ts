/**
 * Writes what another framework needs to take the reference network's first steps as we do: the first values, the text's
 * ids, and the windows of each step, in the order in which they enter the batch. Dropout is not part of it.
 *
 *     node test/dist/reference/export-seed-run.js CORPUS FOLDER STEPS
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCorpus, microBatchWindows } from '@rocinante/corpus';
import { firstValues, networkTensors, type NetworkSpec } from '@rocinante/model';

const WINDOW = 100;
const BATCH = 64;
const MICRO_BATCH = 32;
const SEED = 1;

const [corpusPath, folder, steps] = process.argv.slice(2);
const corpus = encodeCorpus(readFileSync(corpusPath), { normalisation: 'reference' });
const network: NetworkSpec = {
  input: 'scaled',
  layers: [512, 512, 512].map((units) => ({ units, dropout: 0 })),
  loss: 'last',
  recurrentActivation: 'sigmoid',
  vocabularySize: corpus.vocabulary.size,
};
const plan = {
  windowCount: corpus.ids.length - WINDOW,
  batch: BATCH,
  microBatch: MICRO_BATCH,
  order: 'shuffled',
} as const;
const windows = Int32Array.from(
  Array.from({ length: Number(steps) }, (_, step) =>
    Array.from({ length: BATCH / MICRO_BATCH }, (_, k) => [...microBatchWindows(plan, SEED, step, k)]).flat(),
  ).flat(),
);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'parameters.f32'), firstValues(network, SEED));
writeFileSync(join(folder, 'ids.i32'), Int32Array.from(corpus.ids));
writeFileSync(join(folder, 'windows.i32'), windows);
writeFileSync(
  join(folder, 'run.json'),
  JSON.stringify({
    tensors: networkTensors(network),
    vocabularySize: corpus.vocabulary.size,
    window: WINDOW,
    batch: BATCH,
  }),
);
