/** A small checkpoint, and a disk that fails, for specs. */
import { createLayout } from '@rocinante/parameters';
import { openWritable, type OpenWritable } from '@rocinante/weights';
import type { Checkpoint } from './checkpoint.js';

export const layout = createLayout([{ name: 'dense/kernel', shape: [5000] }]);

/** Of a step, which its parameters tell too: [5000], all of that value. */
export function checkpointOf(step: number): Checkpoint {
  return {
    step,
    layout,
    parameters: new Float32Array(layout.length).fill(step),
    m: new Float32Array(layout.length),
    v: new Float32Array(layout.length),
    magnitudes: new Float32Array(layout.blockCount),
    beta1Power: 0.9 ** step,
    beta2Power: 0.999 ** step,
    issueCount: step,
    joiningProof: '',
    lossHistory: [],
    configuration: {},
    vocabulary: ['a'],
    corpusSha256: '',
    further: {},
  };
}

/** A disk that takes so many bytes and then fails. */
export function failingAfter(bytesMax: number, code: string): OpenWritable {
  return async (path) => {
    const file = await openWritable(path);
    let written = 0;
    return {
      ...file,
      async write(bytes, position) {
        written += bytes.length;
        if (written > bytesMax) throw Object.assign(new Error(`${code}: write failed`), { code });
        await file.write(bytes, position);
      },
    };
  };
}
