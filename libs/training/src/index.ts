export { identityDifferences, identityOf, type Difference, type RunIdentity } from './identity.js';
export {
  gridTermsOf,
  microBatchesOf,
  networkOf,
  runConfigSchema,
  type RunConfig,
  LAYERS_MAX,
  PRECISIONS,
  UNITS_MAX,
  type Precision,
} from './run-config.js';
export type { Assignment, AssignmentId, MicroBatchResult, WorkerId, WorkKind } from './work.js';
export {
  noProgress,
  type HistoryEntry,
  type Rollback,
  type RunProgress,
  type RunShape,
} from './run-state.js';
export { bestEntry, earlyEnd, evaluationsWithoutGain, lastFall, type LastFall } from './early-stopping.js';
export { entriesKept } from './progress.js';
export { saveIntervalMs } from './save-interval.js';
export { goesBack, rateShareOf, wentBack } from './rollback.js';
export type { RunEvent } from './events.js';
export type { RunEffect, RunOutcome, SaveReason, SecondWordVerdict } from './effects.js';
export { runWindows, type RunWindows } from './run-windows.js';
export { runShape, type CorpusSize, type ShapeLimits } from './run-shape.js';
export { RunMachine } from './machine.js';
export type { RunPhase, RunView, WorkerView } from './run-view.js';
export { epochOf, microBatchCount, stepsPerEpoch, windowsOf } from './plan.js';
export { type SimulationFaults, type SimulationScenario } from './simulation/scenario.js';
export { simulate, type SimulationOutcome } from './simulation/simulation.js';
export { searchSeeds, type BrokenRule, type SearchOutcome } from './simulation/simulation-search.js';
export type { SimulationCounts } from './simulation/simulated-surroundings.js';
export type { ToyDivergence } from './simulation/toy-problem.js';
