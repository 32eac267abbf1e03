import type { Engine } from '@rocinante/engine';
import { CudnnPath } from './cudnn-path.js';
import { FusedPath } from './fused-path.js';
import type { LstmPath } from './lstm-path.js';
import { Network } from './network.js';
import { PlainPath } from './plain-path.js';
import { PretendedCard, type CardCount } from './pretended-card.js';
import { networkOf, randomBatch, randomParameters } from './random-network.js';

export type CardPath = 'cudnn' | 'fused' | 'plain';

const paths: Readonly<Record<CardPath, (engine: Engine) => LstmPath>> = {
  cudnn: (engine) => new CudnnPath(engine, 'time-major'),
  fused: (engine) => new FusedPath(engine),
  plain: (engine) => new PlainPath(engine, 'sigmoid'),
};

/** A micro-batch of a network that is the reference's but for what is said. */
export interface CountedBatch {
  readonly windows: number;
  readonly input?: 'scaled' | 'one-hot' | 'embedding';
  readonly loss?: 'last' | 'every';
  /** 512 where it is left out. What a card is asked for does not follow from it. */
  readonly units?: number;
}

/** What a card would be asked for in a micro-batch that is not its parameters' first, which makes what is made of these once. */
export function countMicroBatch(
  engine: Engine,
  path: CardPath,
  { windows, input = 'scaled', loss = 'last', units = 512 }: CountedBatch,
): CardCount {
  const windowLength = 100;
  const card = new PretendedCard(engine);
  try {
    const spec = networkOf({ input, loss, vocabularySize: 39 }, [units, units, units], 0.5);
    const network = Network.create(engine, spec, { windowLength, path: paths[path](engine) });
    network.setParameters(randomParameters(network, 1, 0.1));
    const compute = (microBatch: number): void => {
      const batch = randomBatch(spec, windowLength, windows, microBatch);
      const { tensors, losses } = network.gradientOnDevice(batch, { seed: 1, step: 1, microBatch });
      engine.free(losses, ...tensors);
    };
    compute(0);
    const counted = card.count(() => {
      compute(1);
    });
    network.dispose();
    return counted;
  } finally {
    card.end();
  }
}
