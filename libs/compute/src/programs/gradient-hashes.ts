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
  for (const count of windows) {
    const [network, byOps] = [{ windows: count, secondsMax: Infinity }, undefined].map((graph) =>
      Network.create(engine, spec, { windowLength, factors, graph }),
    );
    const gradient = new Float32Array(network.layout.length);
    const parameters = randomParameters(network, 1, 0.1);
    const batch = randomBatch(spec, windowLength, count, count);
    network.setParameters(parameters);
    const { lossSum } = network.gradient(batch, { seed: 3, step: count, microBatch: 1 }, gradient);
    const { lossSum: evaluated } = network.evaluate(batch);
    const { logits } = network.advance(batch.symbols.subarray(0, windowLength));
    const streams = spec.loss === 'every' ? network.evaluateStreams(streamsOf(batch)) : null;
    const first = [count, sha256(gradient), lossSum, evaluated, sha256(logits), streams?.lossSum];
    // That one left the graph; another one is computed by it, and op by op.
    const [byGraph, alike] = [network, byOps].map((each) => {
      each.setParameters(parameters.map((value) => 1.5 * value));
      const other = randomBatch(spec, windowLength, count, count + 1);
      const loss = each.gradient(other, { seed: 4, step: 1, microBatch: 2 }, gradient);
      return `${sha256(gradient)} ${loss.lossSum}`;
    });
    assert(network.hasGraph && byGraph === alike, `${count} windows: other bits by the graph`);
    console.log(...first, byGraph);
    for (const each of [network, byOps]) each.dispose();
  }
}
