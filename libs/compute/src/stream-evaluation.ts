import type { Engine } from '@rocinante/engine';
import type { NetworkSpec } from '@rocinante/model';
import { freeStates, readOn } from './layer-stack.js';
import type { CellState } from './lstm-layer.js';
import type { LstmPath } from './lstm-path.js';
import type { LoadedWeights } from './network-weights.js';
import { lossesOf } from './output-layer.js';
import { addLosses, layOutStreams, type Streams } from './streams.js';

/** As `Network.evaluateStreams`, of these weights. */
export function evaluateStreams(
  engine: Engine,
  path: LstmPath,
  spec: NetworkSpec,
  weights: LoadedWeights,
  windowLength: number,
  streams: Streams,
  isCancelled: () => boolean,
): { lossSum: number } | null {
  const sums = new Float64Array(streams.symbols.length);
  let states: readonly CellState[] | undefined;
  try {
    for (const chunk of layOutStreams(spec, streams, windowLength)) {
      if (isCancelled()) return null;
      const ends = engine.scope(() => {
        const run = readOn(engine, path, spec, weights, chunk.symbols_TB, chunk.B, states);
        const labels = engine.int32(chunk.labels_N, [chunk.labels_N.length]);
        const { loss } = lossesOf(engine, weights, run.hidden_NH, labels);
        addLosses(sums, chunk, engine.readFloat32(loss));
        return run.states;
      });
      freeStates(engine, states);
      states = ends;
    }
  } finally {
    freeStates(engine, states);
  }
  return { lossSum: sums.reduce((sum, streamSum) => sum + streamSum, 0) };
}
