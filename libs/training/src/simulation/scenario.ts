/** What a simulated run is, and what goes wrong in it. */
import { RandomStream } from '@rocinante/base';
import { microBatchCount } from '../plan.js';
import type { RunShape } from '../run-state.js';
import type { Lie } from './simulated-worker.js';
import type { ToyDivergence } from './toy-problem.js';

/** What goes wrong in a simulated run: how often at most, at moments that the seed draws. */
export interface SimulationFaults {
  readonly workerCrashes: number;
  readonly coordinatorCrashes: number;
  readonly stops: number;
  /** How often the run is held for a while. */
  readonly holds: number;
  readonly failedSaves: number;
  /** Micro-batches that come out as not finite once, and reports and ranges against the rules. */
  readonly misdeeds: number;
  /** How often a worker becomes many times slower, and how often one stands still for a while. */
  readonly slowdowns: number;
  readonly stalls: number;
  /** How one worker at a time computes wrong now and then; null where none does. */
  readonly lie: Lie | null;
  /** The share of upward messages that arrive a second time, later. */
  readonly duplicates: number;
  /** Whether workers differ in their gradients, as under `--exact off`. */
  readonly drift: boolean;
  readonly divergence: ToyDivergence | null;
}

export interface SimulationScenario {
  readonly seed: number;
  readonly shape: RunShape;
  readonly workers: number;
  /** Steps at which the run first ends before it is given its whole length; null where it has it from the start. */
  readonly endsFirstAt: number | null;
  readonly faults: SimulationFaults;
}

/** Draws a scenario; most have no drift, divergence or lie, and must have the very numbers of the reference. */
export function drawScenario(seed: number): SimulationScenario {
  const random = new RandomStream(seed, 'simulation', 1);
  const from = (least: number, most: number): number => least + random.integer(most - least + 1);
  const chance = (share: number): boolean => random.uniform() < share;
  const microBatchesPerStep = from(1, 5);
  const windowsPerMicroBatch = from(1, 3);
  const stepsTotal = from(1, 12);
  const workers = from(1, 6);
  const evaluationPieces = chance(0.6) ? from(1, 5) : 0;
  const drift = chance(0.1);
  const lie = drift || !chance(0.25) ? null : chance(0.6) ? 'bits' : 'norm';
  const shape: RunShape = {
    stepsTotal,
    windowsPerEpoch: from(1, 4 * microBatchesPerStep * windowsPerMicroBatch),
    microBatchesPerStep,
    windowsPerMicroBatch,
    evaluationPieces,
    evaluationUnits: evaluationPieces > 0 ? from(1, 99) : 0,
    evaluateEverySteps: chance(0.4) ? from(1, 4) : 0,
    patience: chance(0.2) ? from(1, 3) : 0,
    minDelta: chance(0.5) ? random.uniform() : 0,
    rangeCount: from(1, 4),
    clips: chance(0.3),
    checkpointIntervalMs: chance(0.5) ? from(100, 1500) : seed % 5 === 0 ? 'auto' : 0,
    checkpointEverySteps: chance(0.3) ? from(1, 3) : 0,
    minWorkers: chance(0.4) ? from(1, workers) : 1,
    seed,
    // Wrong bits are found by an audit alone, and norms without one.
    normChecks: lie === 'norm' || chance(0.9),
    spikeFactor: 1000,
    anchorEverySteps: chance(0.3) ? from(1, 4) : 0,
    auditShare: lie === 'bits' ? 1 : lie === 'norm' || drift || chance(0.7) ? 0 : random.uniform(),
  };
  const divergesAt = from(0, stepsTotal - 1);
  // The first loss of all is above none.
  const kind = (['micro-batch', 'update', 'spike'] as const)[from(0, divergesAt > 0 ? 2 : 1)];
  const divergence: ToyDivergence = {
    step: divergesAt,
    rollbacks: from(1, 2),
    ...(kind === 'micro-batch'
      ? { kind, microBatch: from(0, microBatchCount(shape, divergesAt) - 1) }
      : { kind }),
  };
  return {
    seed,
    shape,
    workers,
    endsFirstAt: chance(0.2) && stepsTotal > 1 ? from(1, stepsTotal - 1) : null,
    faults: {
      workerCrashes: chance(0.8) ? from(1, 16) : 0,
      coordinatorCrashes: chance(0.4) ? from(1, 3) : 0,
      stops: chance(0.3) ? from(1, 3) : 0,
      holds: chance(0.3) ? from(1, 4) : 0,
      failedSaves: chance(0.1) ? 1 : 0,
      misdeeds: chance(0.25) ? from(1, 3) : 0,
      slowdowns: chance(0.3) ? from(1, 3) : 0,
      stalls: chance(0.4) ? from(1, 6) : 0,
      lie,
      duplicates: chance(0.5) ? 0.2 : 0,
      drift,
      divergence: chance(shape.anchorEverySteps > 0 ? 0.4 : 0.08) ? divergence : null,
    },
  };
}
