import type { Traffic } from '@rocinante/wire';
import type { TrainingService } from '../service/training-service.js';
import type { RunLogEntry, StartCause } from './log/log-entries.js';
import type { RunObserver } from './run-observer.js';

/** What an activation of a run is given beside the run. */
export interface ExecutionOptions {
  /** What people call the run. */
  readonly name: string;
  readonly service: TrainingService;
  readonly pool: string | undefined;
  /** What a run begins with in place of first values from the seed; null for those. */
  readonly initialParameters: Float32Array | null;
  readonly cause: StartCause;
  /** Active time, and traffic with workers, before this activation. */
  readonly activeSeconds: number;
  readonly trafficBefore: Traffic;
  /** The option that puts the run's files elsewhere, for messages: `--data`. */
  readonly placeOption: string;
  /** Whether a ledger is kept: without one, a run is as it would be, and cannot be verified. */
  readonly ledger: boolean;
  /** Whether a run that diverges goes back where its configuration says so. */
  readonly goesBack: boolean;
  /** Whether a sample is drawn once the run is done. */
  readonly sample: boolean;
  readonly observers: readonly RunObserver[];
  /** Told of each entry of the event log. */
  readonly onEntry: (entry: RunLogEntry) => void;
}
