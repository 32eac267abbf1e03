/** A run's state as people and scripts read it; one that a later release has is `unknown`. */
export type RunStateWord =
  'unknown' | 'queued' | 'waiting' | 'running' | 'held' | 'stopping' | 'stopped' | 'done' | 'failed';

/** What `--json` says of a run: the fields of its summary. Losses are in nats; what is not there yet is null. */
export interface RunJson {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly note: string;
  readonly priority: number;
  readonly pool: string;
  readonly state: RunStateWord;
  readonly reason: string;
  readonly queuePosition: number | null;
  /** RFC 3339, in UTC, as the two others. */
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly step: number;
  readonly stepsTotal: number | null;
  readonly epoch: number;
  /** Mean training loss of the epoch so far. */
  readonly loss: number | null;
  readonly lastStepLoss: number | null;
  readonly validationLoss: number | null;
  /** The same loss in bits. */
  readonly validationBitsPerCharacter: number | null;
  /** Of the last activation, over its steps but the first two; null before its third. */
  readonly windowsPerSecond: number | null;
  /**
   * To the last step, by its steps of the last minutes with evaluations and checkpoints between them; null where it does not run, before
   * its third step, and where the coordinator does not say.
   */
  readonly secondsLeft: number | null;
  readonly workers: number;
  /**
   * Over all activations, as `activeHours`, `bytesSent` and `bytesReceived`. A coordinator that is killed forgets of them what
   * came after the last checkpoint, at most five seconds.
   */
  readonly workerHours: number;
  readonly activeHours: number;
  readonly weightsSha256: string | null;
}

/** What `run list --json` says. */
export interface RunListJson {
  readonly runs: readonly RunJson[];
  /** Runs that found no room in the message: the ones that ended first. */
  readonly leftOut: number;
}

/** What has changed in the list: which runs there are, in their order, and those that are new or changed. */
export interface RunChange extends RunListJson {
  readonly order: readonly string[];
}
