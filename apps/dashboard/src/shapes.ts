/** What the coordinator says, as far as the page reads it: the JSON of `run list` and `run show`, and entries of a run's log. */

export type StateWord =
  'unknown' | 'queued' | 'waiting' | 'running' | 'held' | 'stopping' | 'stopped' | 'done' | 'failed';

export interface Run {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly note: string;
  readonly priority: number;
  readonly pool: string;
  readonly state: StateWord;
  readonly reason: string;
  readonly queuePosition: number | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly step: number;
  readonly stepsTotal: number | null;
  readonly epoch: number;
  readonly loss: number | null;
  readonly lastStepLoss: number | null;
  readonly validationLoss: number | null;
  readonly windowsPerSecond: number | null;
  readonly workers: number;
  readonly workerHours: number;
  readonly activeHours: number;
  readonly weightsSha256: string | null;
}

export interface RunList {
  readonly runs: readonly Run[];
  readonly leftOut: number;
}

/** What has changed in the list: which runs there are, in their order, and those that are new or changed. */
export interface ListChange extends RunList {
  readonly order: readonly string[];
}

export interface WorkerShare {
  readonly name: string;
  readonly threads: number;
  readonly device: string;
  readonly model: string;
  readonly microBatches: number;
  readonly microBatchesPerSecond: number | null;
  readonly joinedAt: string;
  /** Mean seconds of a contribution's phases; null before the worker has said. */
  readonly phases?: Readonly<Record<string, number>> | null;
}

export interface IdleWorker {
  readonly name: string;
  readonly threads: number;
  readonly device: string;
  readonly model: string;
  readonly standing: string;
  readonly reason: string;
  readonly joinedAt: string;
}

export interface Evaluation {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly validationLoss: number | null;
  readonly best: boolean;
}

/** What of a run changes all the time. */
export interface Present extends Run {
  readonly workerShares: readonly WorkerShare[];
  readonly idleWorkers: readonly IdleWorker[];
  readonly checkpoints: readonly string[];
  readonly bestCheckpoint: string | null;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly boundBy: string | null;
  /** Seconds of a mean step in each phase; null where the run is not active. */
  readonly stepPhases?: Readonly<Record<string, number>> | null;
}

export interface Shown extends Present {
  readonly config: Readonly<Record<string, unknown>>;
  readonly corpus: { readonly name: string; readonly sha256: string };
  readonly history: readonly Evaluation[];
  readonly joiningProof: string | null;
  readonly notExactSince: number | null;
}

/** A point of the training loss: means over the steps after the point before it. */
export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
  readonly windowsPerSecond: number | null;
}

/** The entry `started`, as far as it is read. */
export interface Started {
  readonly event: 'started';
  readonly atStep: number;
  readonly stepsTotal: number;
  readonly stepsPerEpoch: number;
  readonly windowsPerEpoch: number;
  readonly heldOutSymbols: number;
  readonly characters: number;
  readonly symbols: number;
  readonly window: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly units: readonly number[];
  readonly parameters: number;
}

/** An entry of a run's log. */
export type Entry = { readonly time: string; readonly worker?: string } & (
  | Started
  | {
      readonly event: 'step';
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly windows: number;
      readonly seconds: number;
    }
  | {
      readonly event: 'evaluation';
      readonly atStep: number;
      readonly epoch: number;
      readonly loss: number;
      readonly validationLoss: number | null;
      readonly best: boolean;
    }
  | { readonly event: 'went-back'; readonly atStep: number }
  | { readonly event: 'sample'; readonly atStep: number; readonly text: string }
  | { readonly event: 'other'; readonly atStep: number }
);

/** An entry, and what it says to a person; null where that is nothing. */
export interface Told {
  readonly entry: Entry;
  readonly text: string | null;
}

export interface Opening {
  readonly shown: Shown;
  readonly started: Started | null;
  readonly curve: readonly CurvePoint[];
  readonly told: readonly Told[];
  readonly sample: string | null;
}

/** Who looks at the page, and what can be begun from it. */
export interface About {
  readonly version: string;
  readonly holder: { readonly name: string; readonly role: string } | null;
  readonly mayOrder: boolean;
  readonly presets: Readonly<Record<string, Preset>>;
  readonly texts: readonly { readonly id: string; readonly name: string }[];
}

export interface Preset {
  readonly epochs: number;
  readonly seed: number;
  readonly batch: { readonly size: number; readonly microBatch: number };
  readonly optimizer: { readonly learningRate: number };
}
