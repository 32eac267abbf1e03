import { readFileSync } from 'node:fs';
import { networkLayout, type NetworkSpec } from '@rocinante/model';
import {
  encodeHeader,
  parseSafetensors,
  readSafetensorsHeader,
  readWeightsFile,
  writeWeightsFile,
} from '@rocinante/weights';
import { editData, editHeader } from '../safetensors-edits.js';
import { scratchFile, scratchPath } from '../scratch.js';
import type { Target } from '../target.js';

const network: NetworkSpec = {
  input: 'one-hot',
  layers: [{ units: 3, dropout: 0.5 }],
  loss: 'last',
  recurrentActivation: 'sigmoid',
  vocabularySize: 4,
};

const embedded: NetworkSpec = {
  ...network,
  input: 'embedding',
  embeddingSize: 2,
  layers: [
    { units: 2, dropout: 0 },
    { units: 2, dropout: 0 },
  ],
};

async function weightsFile(network: NetworkSpec): Promise<Uint8Array> {
  const path = scratchPath('written.safetensors');
  await writeWeightsFile(path, {
    network,
    vocabulary: ['a', 'é', '\n', '\u{1f980}'],
    normalisation: 'none',
    window: 10,
    step: 7,
    configuration: { seed: 1, text: { window: 10 } },
    further: { words: '["aé"]' },
    parameters: new Float32Array(networkLayout(network).length).map((_, index) => index / 8),
  });
  return readFileSync(path);
}

/** A file of other programs: many dtypes, a tensor without elements and one without dimensions. */
function foreignFile(): Uint8Array {
  const header = encodeHeader(
    [
      { name: 'weight', dtype: 'BF16', shape: [2, 3] },
      { name: 'none', dtype: 'I64', shape: [0, 5] },
      { name: 'one', dtype: 'F64', shape: [] },
      { name: '0', dtype: 'U8', shape: [4] },
    ],
    { format: 'pt' },
  );
  return Buffer.concat([header, new Uint8Array(24)]);
}

/** Safetensors bytes in memory, and the header alone from a disk. */
export const safetensors = async (): Promise<Target> => ({
  name: 'safetensors',
  inputs: [await weightsFile(network), foreignFile(), Buffer.concat([encodeHeader([])])],
  edits: [editHeader, editHeader, editData],
  read: async (bytes) => {
    const { tensors, data, fileBytes } = parseSafetensors(bytes);
    // What is believed is so: every byte of the data belongs to one tensor.
    const sum = tensors.reduce((bytes, { begin, end }) => bytes + end - begin, 0);
    if (sum !== data.length || fileBytes !== bytes.length) throw new Error('tensors do not cover the data');
    const header = await readSafetensorsHeader(scratchFile('read.safetensors', bytes));
    if (JSON.stringify(header.tensors) !== JSON.stringify(tensors))
      throw new Error('two readers, two headers');
    return true;
  },
});

export const weights = async (): Promise<Target> => ({
  name: 'weights file',
  inputs: [await weightsFile(network), await weightsFile(embedded)],
  edits: [editHeader, editHeader, editData],
  read: async (bytes) => {
    const { parameters, layout, vocabulary, network } = await readWeightsFile(
      scratchFile('read.safetensors', bytes),
    );
    if (parameters.length !== layout.length || vocabulary.length !== network.vocabularySize) {
      throw new Error('weights that are not those of their network');
    }
    return true;
  },
});
