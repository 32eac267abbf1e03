// Prints, for each case of the JSON list in argv[3], the hash of loss and gradient, computed with argv[2] threads.
// A process of its own: TensorFlow's threads are fixed when it is loaded.
import { sha256 } from '@rocinante/base';
import { Engine } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { Network } from '../network.js';
import { randomBatch, randomParameters } from '../random-network.js';

/** One network and the sizes of the micro-batches that it computes, one after the other. */
export interface HashCase {
  readonly spec: NetworkSpec;
  readonly windowLength: number;
  readonly windows: readonly number[];
}

const [threads, cases] = process.argv.slice(2) as [string, string];
const engine = Engine.load({ threads: Number(threads) });
for (const { spec, windowLength, windows } of JSON.parse(cases) as HashCase[]) {
  const network = Network.create(engine, spec, { windowLength });
  network.setParameters(randomParameters(network, 1, 0.1));
  const gradient = new Float32Array(network.layout.length);
  for (const count of windows) {
    const batch = randomBatch(spec, windowLength, count, count);
    const { lossSum } = network.gradient(batch, { seed: 3, step: count, microBatch: 1 }, gradient);
    const { lossSum: evaluated } = network.evaluate(batch);
    const { logits } = network.advance(batch.symbols.subarray(0, windowLength));
    console.log(count, sha256(gradient), lossSum, evaluated, sha256(logits));
  }
  network.dispose();
}
