// Prints, for each case of the JSON list in argv[3], the hashes of losses, gradient and logits, computed with argv[2] threads.
// A process of its own: TensorFlow's threads are fixed when it is loaded.
import { assert, sha256 } from '@rocinante/base';
import { Engine } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import type { MicroBatch } from '../micro-batch.js';
import { Network } from '../network.js';
import type { FactorType } from '../products.js';
import { randomBatch, randomParameters } from '../random-network.js';
import type { Streams } from '../streams.js';

/** One network and the sizes of the micro-batches that it computes, one after the other. */
export interface HashCase {
  readonly spec: NetworkSpec;
  readonly windowLength: number;
  readonly windows: readonly number[];
  /** float32 where it is left out. */
  readonly factors?: FactorType;
}

/** The batch's symbols as up to eight streams that differ in length. */
function streamsOf({ symbols }: MicroBatch): Streams {
  const count = Math.max(1, Math.min(8, Math.floor(symbols.length / 10)));
  const length = Math.floor(symbols.length / count);
  return {
    symbols: Array.from({ length: count }, (_, i) => symbols.slice(i * length + (i % 2), (i + 1) * length)),
    primed: 5,
  };
}

const [threads, cases] = process.argv.slice(2) as [string, string];
const engine = Engine.load({ threads: Number(threads) });
for (const { spec, windowLength, windows, factors } of JSON.parse(cases) as HashCase[]) {
  const network = Network.create(engine, spec, { windowLength, factors });
  network.setParameters(randomParameters(network, 1, 0.1));
  const gradient = new Float32Array(network.layout.length);
  for (const count of windows) {
    const batch = randomBatch(spec, windowLength, count, count);
    const key = { seed: 3, step: count, microBatch: 1 };
    const { lossSum } = network.gradient(batch, key, gradient);
    // Of the first size: op by op before, and now by the graph.
    const again = new Float32Array(gradient.length);
    network.gradient(batch, key, again);
    assert(
      sha256(again) === sha256(gradient) && network.hasGraph,
      `${count} windows: other bits by the graph`,
    );
    const { lossSum: evaluated } = network.evaluate(batch);
    const { logits } = network.advance(batch.symbols.subarray(0, windowLength));
    const streams = spec.loss === 'every' ? network.evaluateStreams(streamsOf(batch)) : null;
    console.log(count, sha256(gradient), lossSum, evaluated, sha256(logits), streams?.lossSum);
  }
  network.dispose();
}
