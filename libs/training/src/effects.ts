import type { HistoryEntry, RunProgress } from './run-state.js';
import type { Assignment, AssignmentId, WorkerId, WorkKind } from './work.js';

/**
 * What the driver must do, in the given order, before it hands over the next event. Long vectors stay with the driver:
 * closed parameters and moments, the next ones in the making, one accumulator, a grid, magnitudes by assignment.
 */
export type RunEffect =
  /**
   * A step is issued: clear the accumulator, forget what of the next vectors was made, drop the step's magnitudes, and
   * take the grid: `previous` is that of r(s−1), the closed state's; `own` the one that the step's last `judge-grid` called
   * for. Grants of an earlier issue are void.
   */
  | {
      readonly type: 'issue';
      readonly step: number;
      readonly issue: number;
      readonly grid: 'previous' | 'own';
      /**
       * Workers whose report did not fit the issue before, some perhaps gone. Empty at a step's first issue, and where all
       * fitted and yet another grid is called for, as happens where workers differ in their bits.
       */
      readonly misfitWorkers: readonly WorkerId[];
    }
  /** Send work. The worker must get the parameters of the named version too. */
  | { readonly type: 'assign'; readonly worker: WorkerId; readonly assignment: Assignment }
  /** Tell a live worker that an assignment is not wanted any more. Its magnitudes may be dropped. */
  | { readonly type: 'withdraw'; readonly worker: WorkerId; readonly assignment: AssignmentId }
  /**
   * Send leave for a range, at once or later, in the order of grants, and answer with `granted` when it is sent. Who is late in
   * sending by `RunMachine.isLateInSending` may not keep others from theirs.
   */
  | {
      readonly type: 'grant';
      readonly worker: WorkerId;
      readonly assignment: AssignmentId;
      readonly range: number;
    }
  /** The report that has just arrived counts: keep its magnitudes under the id, until `judge-grid` leaves it out. */
  | { readonly type: 'keep-report'; readonly assignment: AssignmentId }
  /** Add the range that has just arrived into the accumulator. */
  | { readonly type: 'add-range'; readonly assignment: AssignmentId; readonly range: number }
  /**
   * Every micro-batch of the step has a report: from the magnitudes of these assignments compute r(s), and whether the
   * grid they call for (that of r(s−1) where they fit it, else that of r(s)) is the one this issue has. Answer at once
   * with `grid-judged`. Magnitudes of other assignments are not needed again.
   */
  | { readonly type: 'judge-grid'; readonly assignments: readonly AssignmentId[] }
  /**
   * Sums of these ranges are whole: make their next parameters and moments, and answer with `applied`, together or in
   * parts, when they are made. Nothing is added to these sums any more. What an issue that is given up still makes must be
   * over, or go nowhere, before the next issue's ranges are made.
   */
  | {
      readonly type: 'apply';
      readonly step: number;
      readonly issue: number;
      readonly ranges: readonly number[];
    }
  /** The step is closed: the next vectors become the closed ones, r(s) their grid's state, version `step + 1`. */
  | {
      readonly type: 'close-step';
      readonly step: number;
      readonly issue: number;
      /** Counted from 0. */
      readonly epoch: number;
      readonly windows: number;
      /** Mean over the step's windows, in nats. */
      readonly loss: number;
      /** Euclidean norms of the micro-batches' gradients, summed over their windows, in the order of micro-batches. */
      readonly norms: readonly number[];
    }
  /** An evaluation point was passed: an epoch's end, the run's, or one of those each so many steps. */
  | { readonly type: 'record'; readonly entry: HistoryEntry; readonly best: boolean }
  /**
   * Save a checkpoint of the closed state and this progress, beside the work: copy the vectors before anything that a later
   * effect asks for is done, and answer with `saved` or `save-failed` when it is on the disk, or is not. One at a time.
   */
  | {
      readonly type: 'save';
      readonly step: number;
      readonly reason: SaveReason;
      /** Whether the state that is saved is the best so far. */
      readonly best: boolean;
      readonly progress: RunProgress;
    }
  /** Something arrived that counts for nothing: a late duplicate, another issue's, a stranger's. Count it. */
  | {
      readonly type: 'ignore';
      readonly what: 'report' | 'evaluation' | 'range';
      readonly worker: WorkerId;
      readonly assignment: AssignmentId;
      readonly why: string;
    }
  /**
   * A worker broke the rules in a way that would leave the step waiting for it: end its session. It counts as gone already;
   * a `worker-left` that follows changes nothing.
   */
  | { readonly type: 'dismiss'; readonly worker: WorkerId; readonly why: string }
  /**
   * A worker has not reported these micro-batches, or pieces, or not sent what it reported of them, in a time that its pace leads
   * to expect: others compute them too, and whoever is through first keeps them.
   */
  | {
      readonly type: 'late';
      readonly worker: WorkerId;
      readonly assignment: AssignmentId;
      readonly kind: WorkKind;
      readonly microBatches: readonly number[];
    }
  /** A report was questioned, and this is what became of it. `workers` computed it in this order, the questioned one first. */
  | {
      readonly type: 'second-word';
      readonly step: number;
      readonly assignment: AssignmentId;
      readonly microBatches: readonly number[];
      /** A norm far outside, or the audit's draw. */
      readonly cause: 'norm' | 'audit';
      readonly verdict: SecondWordVerdict;
      readonly workers: readonly WorkerId[];
    }
  /** A worker was found to have computed what is wrong; after so many times it is set aside. `why` names step and others. */
  | { readonly type: 'strike'; readonly worker: WorkerId; readonly strikes: number; readonly why: string }
  /**
   * A worker is given no work any more in this session, and counts as gone; its session may stay. What it still sends is ignored;
   * a `worker-left` that follows changes nothing.
   */
  | { readonly type: 'set-aside'; readonly worker: WorkerId; readonly why: string }
  /** One line for people, such as that a worker is a spare. */
  | { readonly type: 'notice'; readonly worker: WorkerId | null; readonly message: string }
  /**
   * The last effect of a run: no assignment is wanted any more. A save in flight may end; its answer changes nothing. `reason`
   * is a line for people.
   */
  | { readonly type: 'finish'; readonly outcome: RunOutcome; readonly reason: string };

/**
 * `stands`: another computed the same. `refuted`: it does not, and the micro-batches are handed out anew. `unsettled`: two
 * differ, and there is no third; the first stands. `unheld`: there was nobody else to ask, and it stands.
 */
export type SecondWordVerdict = 'stands' | 'refuted' | 'unsettled' | 'unheld';

/** What a checkpoint is for: the run's begin, the clock or a multiple of steps, an evaluation point, a stop, the run's end. */
export type SaveReason = 'start' | 'interval' | 'evaluation' | 'stop' | 'end';

/**
 * `done`: all steps are closed, or it ended early. `stopped`: on request. `failed`: it cannot go on. `diverged`: it cannot go
 * on from where it stands, since its numbers are no use; perhaps from an earlier state.
 */
export type RunOutcome = 'done' | 'stopped' | 'failed' | 'diverged';
