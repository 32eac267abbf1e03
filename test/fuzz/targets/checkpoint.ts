import { readFileSync } from 'node:fs';
import {
  DirectoryStore,
  checkpointName,
  NoGoodCheckpointError,
  readCheckpointFile,
  writeCheckpointFile,
  type Checkpoint,
} from '@rocinante/checkpoint';
import { networkLayout } from '@rocinante/model';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Edit } from '../byte-edits.js';
import { editBytes } from '../byte-edits.js';
import { editData, editHeader, withContentsHash } from '../safetensors-edits.js';
import { scratchFile, scratchPath } from '../scratch.js';
import { expectLine, type Target } from '../target.js';

const STEP = 7;

function checkpoint(units: number): Checkpoint {
  const layout = networkLayout({
    input: 'scaled',
    layers: [{ units, dropout: 0 }],
    loss: 'last',
    recurrentActivation: 'sigmoid',
    vocabularySize: 3,
  });
  const vector = (): Float32Array => new Float32Array(layout.length).map((_, index) => index / 16);
  return {
    layout,
    parameters: vector(),
    m: vector(),
    v: vector(),
    magnitudes: new Float32Array(layout.blockCount).fill(0.5),
    step: STEP,
    beta1Power: 0.5,
    beta2Power: 0.9,
    issueCount: 9,
    joiningProof: 'ab'.repeat(32),
    lossHistory: [{ step: 3, epoch: 1, loss: 1.5, validationLoss: null }],
    configuration: { seed: 1 },
    vocabulary: ['a', 'b', 'é'],
    corpusSha256: 'cd'.repeat(32),
    further: { progress: '{"step":7}' },
  };
}

async function written(units: number, best: boolean): Promise<Uint8Array> {
  const path = scratchPath('written.safetensors');
  await writeCheckpointFile(path, checkpoint(units), best);
  return readFileSync(path);
}

/** An edit whose outcome has the right hash, so that it is read to the end. */
const hashed =
  (edit: Edit): Edit =>
  (bytes, draw) =>
    withContentsHash(edit(bytes, draw));

/** A checkpoint file, and the directory that holds it, as a run that goes on looks for the newest good one. */
export const checkpointFile = async (): Promise<Target> => {
  const store = new DirectoryStore(scratchPath('checkpoints'));
  mkdirSync(store.directory);
  const path = `${store.directory}/${checkpointName(STEP)}`;
  return {
    name: 'checkpoint',
    inputs: [await written(2, false), await written(40, true)],
    edits: [hashed(editHeader), hashed(editHeader), hashed(editData), hashed(editBytes), editHeader],
    read: async (bytes) => {
      writeFileSync(path, bytes);
      try {
        await store.loadLatest();
      } catch (error) {
        if (!(error instanceof NoGoodCheckpointError)) throw error;
        for (const { reason } of error.passedOver) expectLine(reason);
      }
      await store.best();
      const { layout, parameters, m, v, magnitudes } = await readCheckpointFile(
        scratchFile('read.safetensors', bytes),
      );
      if (
        [parameters, m, v].some(({ length }) => length !== layout.length) ||
        magnitudes.length !== layout.blockCount
      ) {
        throw new Error('vectors of other lengths than the layout');
      }
      return true;
    },
  };
};
