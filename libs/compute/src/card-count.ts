import type { Engine } from '@rocinante/engine';
import { whyPlainAlone, type LstmPathName } from './lstm-path.js';
import { Network } from './network.js';
import { createLstmPath } from './path-choice.js';
import { PretendedCard, type CardCount } from './pretended-card.js';
import type { FactorType } from './products.js';
import { networkOf, randomBatch, randomParameters } from './random-network.js';

/** A micro-batch of a network that is the reference's but for what is said. */
export interface CountedBatch {
  readonly windows: number;
  readonly input?: 'scaled' | 'one-hot' | 'embedding';
  readonly loss?: 'last' | 'every';
  /** 512 where it is left out. What a card is asked for does not follow from it. */
  readonly units?: number;
  /** float32 where it is left out; bfloat16 is mixed precision, which plain alone computes. */
  readonly factors?: FactorType;
}

/**
 * What a card would be asked for in a micro-batch that is not its parameters' first, which makes what is made of these once.
 * @throws {Error} the path does not compute that; says why.
 */
export function countMicroBatch(
  engine: Engine,
  name: LstmPathName,
  { windows, input = 'scaled', loss = 'last', units = 512, factors = 'float32' }: CountedBatch,
): CardCount {
  const windowLength = 100;
  const card = new PretendedCard(engine);
  try {
    const spec = networkOf({ input, loss, vocabularySize: 39 }, [units, units, units], 0.5);
    const path = createLstmPath(engine, name);
    const network = Network.create(engine, spec, { windowLength, path, factors });
    if (network.path.name !== name) throw new Error(whyPlainAlone(spec, factors, path)!);
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
