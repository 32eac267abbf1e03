import { RandomStream } from '@rocinante/base';
import type { NetworkSpec } from '@rocinante/model';
import type { Network } from './network.js';
import type { MicroBatch } from './micro-batch.js';

// Seeded parameters and windows, for the comparison of paths, for specs, and for the programs that specs run in processes of
// their own.

/** Parameters uniform in [−scale, scale]. */
export function randomParameters({ layout }: Network, seed: number, scale: number): Float32Array {
  const random = new RandomStream(seed, 'simulation');
  return Float32Array.from({ length: layout.length }, () => (2 * random.uniform() - 1) * scale);
}

/** Windows of symbols drawn at random. */
export function randomBatch(
  spec: NetworkSpec,
  windowLength: number,
  windows: number,
  seed: number,
): MicroBatch {
  const random = new RandomStream(seed, 'simulation', 1);
  const symbols = Int32Array.from({ length: windows * (windowLength + 1) }, () =>
    random.integer(spec.vocabularySize),
  );
  return { windows, symbols };
}

/** A network of layers that are alike. */
export function networkOf(
  shape: Pick<NetworkSpec, 'input' | 'loss' | 'vocabularySize'> & Partial<NetworkSpec>,
  units: readonly number[],
  dropout = 0,
): NetworkSpec {
  return {
    recurrentActivation: 'sigmoid',
    ...(shape.input === 'embedding' ? { embeddingSize: 5 } : {}),
    layers: units.map((count) => ({ units: count, dropout })),
    ...shape,
  };
}
