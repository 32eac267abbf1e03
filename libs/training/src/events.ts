import type { AssignmentId, MicroBatchResult, WorkerId } from './work.js';

/**
 * What happens to a run. Every event has the time at which it was seen, in milliseconds of a clock that never goes back;
 * an event that waited in a queue may be handed over with an older time. Times decide checkpoints and who is late, never
 * numbers.
 */
export type RunEvent = { readonly at: number } & (
  | { readonly type: 'worker-joined'; readonly worker: WorkerId }
  /** A session has ended, for whatever reason. Nothing of this worker arrives afterwards. */
  | { readonly type: 'worker-left'; readonly worker: WorkerId }
  /** A worker has computed an assignment of kind `train` or `audit`. Its magnitudes wait at the driver for `keep-report`. */
  | {
      readonly type: 'reported';
      readonly worker: WorkerId;
      readonly assignment: AssignmentId;
      readonly results: readonly MicroBatchResult[];
      /** Whether every micro-batch fits the grid that the issue has. */
      readonly fits: boolean;
      readonly computeSeconds: number;
    }
  /** A worker has computed an assignment of kind `evaluate`. */
  | {
      readonly type: 'evaluated';
      readonly worker: WorkerId;
      readonly assignment: AssignmentId;
      readonly results: readonly { readonly microBatch: number; readonly lossSum: number }[];
      readonly computeSeconds: number;
    }
  /** A whole range has arrived and its checksum is right. It is in no sum yet. */
  | {
      readonly type: 'range-arrived';
      readonly worker: WorkerId;
      readonly assignment: AssignmentId;
      readonly range: number;
    }
  /** The worker is sent what the effect `grant` gave leave for; from now on the range is awaited. A void grant changes nothing. */
  | {
      readonly type: 'granted';
      readonly worker: WorkerId;
      readonly assignment: AssignmentId;
      readonly range: number;
    }
  /** The answer to the effect `judge-grid`. */
  | {
      readonly type: 'grid-judged';
      /** Whether the grid that the magnitudes call for is the one that this issue has. */
      readonly agrees: boolean;
    }
  /**
   * An answer to the effect `apply`: for all of its ranges or some, once for each, in any order and any time later. Where the
   * issue was given up meanwhile (another begun, the step abandoned, the run over) it may come or not, and changes nothing.
   */
  | {
      readonly type: 'applied';
      readonly step: number;
      readonly issue: number;
      readonly ranges: readonly number[];
      /** Whether every new parameter and moment of these ranges is finite in float32. */
      readonly finite: boolean;
    }
  /** The answer to the effect `save`: the checkpoint is whole and on the disk, after so many seconds. */
  | { readonly type: 'saved'; readonly step: number; readonly seconds: number }
  | { readonly type: 'save-failed'; readonly step: number; readonly reason: string }
  /**
   * Someone, or a limit, asks the run to end at the next step's end, with a checkpoint; where no step is issued, at once.
   * `reason` is a clause for people, such as `its 8 hours are over`; absent for a plain request. The first request counts.
   */
  | { readonly type: 'stop-requested'; readonly reason?: string }
  /**
   * The stop that was requested is not to wait for the step in progress: it is given up, and the run ends with its closed state
   * and a checkpoint of that. Without a request to stop, or between steps, it changes nothing.
   */
  | { readonly type: 'step-abandoned' }
  /**
   * Until `released` no step is to be issued and no checkpoint begun by the clock: the disk is nearly full. A step that is
   * issued goes on, with its evaluation and that one's checkpoint. `reason` is for people.
   */
  | { readonly type: 'held'; readonly reason: string }
  /** The cause of `held` is gone. Without one before it, it changes nothing. */
  | { readonly type: 'released' }
  /** Time passed, and nothing else. */
  | { readonly type: 'tick' }
);
