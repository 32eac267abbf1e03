import {
  fillWindows,
  pieceStreams,
  pieceWindows,
  type EvaluationPlan,
  type SymbolIds,
  type WindowSet,
} from '@rocinante/corpus';
import type { NetworkWork } from './network-thread.js';
import { computeWith } from './network-worker.js';

/** What the thread evaluates. It sends the sum of each piece's losses, in nats, in the order of pieces. */
export interface EvaluateWork extends NetworkWork {
  /** The whole text. */
  readonly ids: SymbolIds;
  /** The part that is evaluated, and how. */
  readonly part: WindowSet;
  readonly plan: EvaluationPlan;
}

computeWith<EvaluateWork>((network, { ids, part, plan }, send) => {
  for (let piece = 0; piece < plan.pieceCount; piece++) {
    if (plan.kind === 'streams') {
      const symbols = pieceStreams(ids, plan, piece);
      send(network.evaluateStreams({ symbols, primed: plan.primed })!.lossSum);
    } else {
      const windows = pieceWindows(plan, piece);
      const symbols = new Int32Array(windows.length * (part.length + 1));
      fillWindows(ids, part, windows, symbols);
      send(network.evaluate({ windows: windows.length, symbols }).lossSum);
    }
  }
});
