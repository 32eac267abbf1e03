import type { RunJson } from './run.js';

/** The card that a worker was given, as it told last; null is what nvidia-smi does not tell. */
export interface WorkerCardJson {
  /** As nvidia-smi counts. */
  readonly number: string;
  readonly uuid: string;
  readonly model: string;
  /** From 0 to 1. */
  readonly utilization: number | null;
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly temperatureCelsius: number | null;
  readonly powerWatts: number | null;
  /** Why its clocks are held down, by nvidia-smi's names. */
  readonly throttled: readonly string[];
  readonly uncorrectedEccErrors: number | null;
  /** Errors that the driver reported; null where the worker may not read them. */
  readonly xidErrors: number | null;
}

/** A worker's share of a run's work. */
export interface WorkerShareJson {
  readonly name: string;
  readonly threads: number;
  readonly device: string;
  readonly model: string;
  /** How it computes LSTM layers: `plain`, `fused`, `cudnn` or `cudnn-batch-major`; null where the coordinator does not know. */
  readonly lstm: string | null;
  /** Of the last closed step. */
  readonly microBatches: number;
  readonly microBatchesPerSecond: number | null;
  readonly joinedAt: string;
  /** Null where it has none, or tells nothing of it. */
  readonly card: WorkerCardJson | null;
  /** Mean seconds of a contribution's phases of late; null before it has said. The page alone is told. */
  readonly phases?: Readonly<Record<string, number>> | null;
}

/** A worker of the run's pool that is given no work; `standing` is preparing, parked, refused or set-aside. */
export interface IdleWorkerJson {
  readonly name: string;
  readonly threads: number;
  readonly device: string;
  readonly model: string;
  readonly lstm: string | null;
  readonly standing: string;
  readonly reason: string;
  readonly joinedAt: string;
  readonly card: WorkerCardJson | null;
}

/** An evaluation point. */
export interface EvaluationJson {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly validationLoss: number | null;
  readonly best: boolean;
}

/** What went otherwise than it goes by itself. */
export interface IncidentJson {
  readonly time: string;
  readonly step: number;
  readonly kind: string;
  readonly worker: string | null;
  readonly cause: string;
}

/** A point of the training losses, thinned: the mean over the steps after the point before it up to this one. */
export interface LossPoint {
  readonly step: number;
  /** In nats. */
  readonly loss: number;
}

/** The same with what else the page draws of these steps, and between what their losses lie. */
export interface RatePoint extends LossPoint {
  readonly leastLoss: number;
  readonly greatestLoss: number;
  readonly windowsPerSecond: number | null;
  /** The mean norm of these steps' gradients, before clipping; null where nothing is clipped, and of earlier releases. */
  readonly gradientNorm: number | null;
  /** Of the last of these steps; null of earlier releases. */
  readonly learningRate: number | null;
}

/** What bounds a run, and what is kept of it: the options of `run start` of these names. */
export interface LimitsJson {
  readonly minWorkers: number;
  readonly maxHours: number | null;
  readonly checkpointSeconds: number | 'auto';
  readonly keepLast: number;
  readonly keepEverySteps: number;
  readonly exact: 'auto' | 'off';
  readonly auditShare: number;
  readonly normChecks: 'on' | 'off';
}

/** What of a run changes all the time. */
export interface PresentJson extends RunJson {
  readonly workerShares: readonly WorkerShareJson[];
  readonly idleWorkers: readonly IdleWorkerJson[];
  readonly checkpoints: readonly string[];
  readonly bestCheckpoint: string | null;
  /** The coordinator's with the run's workers, over all activations. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly boundBy: string | null;
  /** Seconds of a mean step in each phase; null where the run is not active. The page alone is told. */
  readonly stepPhases?: Readonly<Record<string, number>> | null;
}

/** What `run show --json` says. */
export interface ShownJson extends PresentJson {
  readonly config: unknown;
  readonly limits: LimitsJson;
  readonly corpus: { readonly name: string; readonly sha256: string };
  readonly history: readonly EvaluationJson[];
  readonly incidents: readonly IncidentJson[];
  readonly curve: readonly LossPoint[];
  /** SHA-256; null before a worker has set it. */
  readonly joiningProof: string | null;
  /** Steps closed when a worker of another kind was first admitted; null where the run is exact. */
  readonly notExactSince: number | null;
}
