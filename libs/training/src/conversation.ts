/** For specs: a machine that is talked to in short words and answers in lines, each of which shows its effect whole. */
import { effectLine } from './trace-lines.js';
import type { RunEvent } from './events.js';
import { RunMachine } from './machine.js';
import { noProgress, type RunProgress, type RunShape } from './run-state.js';
import type { AssignmentId, WorkerId } from './work.js';

/** Two epochs of two steps; a step has four micro-batches of two windows, an epoch's last only two, the last of one window. */
export const smallShape: RunShape = {
  stepsTotal: 4,
  windowsPerEpoch: 11,
  microBatchesPerStep: 4,
  windowsPerMicroBatch: 2,
  evaluationPieces: 0,
  evaluationUnits: 0,
  evaluateEverySteps: 0,
  patience: 0,
  minDelta: 0,
  rangeCount: 2,
  clips: false,
  checkpointIntervalMs: 0,
  checkpointEverySteps: 0,
  minWorkers: 1,
  seed: 1,
  auditShare: 0,
  normChecks: true,
  spikeFactor: 0,
  anchorEverySteps: 0,
};

/** A run's progress after some closed steps, with a history of epochs closed. */
export function progressAt(step: number, history: RunProgress['history'] = []): RunProgress {
  return { ...noProgress, step, issues: step, epochLossSum: 8, epochLossWindows: 8, lastLoss: 1, history };
}

export interface ReportOptions {
  readonly fits?: boolean;
  /** Micro-batches that are not finite. */
  readonly notFinite?: readonly number[];
  readonly seconds?: number;
  /** What each micro-batch's loss is, beside a hundredth of its number; 1 by default. */
  readonly losses?: number;
  /** By micro-batch; 1 where there is none. */
  readonly norms?: Readonly<Record<number, number>>;
  /** By micro-batch; 9 where there is none. */
  readonly hashes?: Readonly<Record<number, number>>;
}

export class Conversation {
  readonly machine: RunMachine;
  at = 0;
  /** Whether grants are sent at once; else `granted` says when. */
  sendsGrants = true;

  constructor(shape: Partial<RunShape> = {}, progress: RunProgress = noProgress) {
    this.machine = new RunMachine({ ...smallShape, ...shape }, progress, 0, { firstAssignment: 1 });
  }

  /** A run that has its first checkpoint and these workers, with a step issued to them. */
  static begun(
    workers: readonly WorkerId[],
    shape: Partial<RunShape> = {},
    progress = noProgress,
  ): Conversation {
    const run = new Conversation(shape, progress);
    run.tick();
    for (const worker of workers) run.join(worker);
    if (progress.step === 0) run.saved(0);
    return run;
  }

  /** A run in which a has reported on micro-batches 0 and 1 as #1, b on 2 and 3 as #2, and the issue is accepted. */
  static accepted(): Conversation {
    const run = Conversation.begun(['a', 'b']);
    run.report('a', 1, [0, 1]);
    run.report('b', 2, [2, 3]);
    run.judged(true);
    return run;
  }

  say(
    event: RunEvent extends infer Event ? (Event extends RunEvent ? Omit<Event, 'at'> : never) : never,
  ): string[] {
    const effects = this.machine.handle({ ...event, at: this.at });
    const lines = effects.map(effectLine);
    if (!this.sendsGrants) return lines;
    for (const effect of effects) {
      if (effect.type === 'grant')
        lines.push(...this.granted(effect.worker, effect.assignment, effect.range));
    }
    return lines;
  }

  tick(at = this.at): string[] {
    this.at = at;
    return this.say({ type: 'tick' });
  }

  join(worker: WorkerId): string[] {
    return this.say({ type: 'worker-joined', worker });
  }

  leave(worker: WorkerId): string[] {
    return this.say({ type: 'worker-left', worker });
  }

  saved(step: number, seconds = 0.1): string[] {
    return this.say({ type: 'saved', step, seconds });
  }

  stop(reason?: string): string[] {
    return this.say({ type: 'stop-requested', ...(reason !== undefined && { reason }) });
  }

  abandon(): string[] {
    return this.say({ type: 'step-abandoned' });
  }

  hold(): string[] {
    return this.say({ type: 'held', reason: 'the disk is nearly full' });
  }

  release(): string[] {
    return this.say({ type: 'released' });
  }

  judged(agrees: boolean): string[] {
    return this.say({ type: 'grid-judged', agrees });
  }

  /** The answer of the issue in progress, or of another. */
  applied(
    ranges: readonly number[],
    { finite = true, step = this.machine.progress.step, issue = this.machine.view.issue } = {},
  ): string[] {
    return this.say({ type: 'applied', step, issue, ranges, finite });
  }

  range(worker: WorkerId, assignment: AssignmentId, range: number): string[] {
    return this.say({ type: 'range-arrived', worker, assignment, range });
  }

  granted(worker: WorkerId, assignment: AssignmentId, range: number): string[] {
    return this.say({ type: 'granted', worker, assignment, range });
  }

  /** A report whose losses are 1 for each micro-batch and a hundredth of its number. */
  report(
    worker: WorkerId,
    assignment: AssignmentId,
    microBatches: readonly number[],
    options: ReportOptions = {},
  ): string[] {
    const { fits = true, notFinite = [], seconds = 1, losses = 1, norms = {}, hashes = {} } = options;
    const results = microBatches.map((microBatch) => {
      const finite = !notFinite.includes(microBatch);
      const [norm, hash] = [norms[microBatch] ?? 1, hashes[microBatch] ?? 9];
      return { microBatch, lossSum: losses + microBatch / 100, norm, finite, hash };
    });
    return this.say({ type: 'reported', worker, assignment, results, fits, computeSeconds: seconds });
  }

  evaluated(worker: WorkerId, assignment: AssignmentId, losses: Readonly<Record<number, number>>): string[] {
    const results = Object.entries(losses).map(([microBatch, lossSum]) => ({
      microBatch: Number(microBatch),
      lossSum,
    }));
    return this.say({ type: 'evaluated', worker, assignment, results, computeSeconds: 1 });
  }

  /** Brings all ranges of what a worker has reported. */
  send(worker: WorkerId, assignment: AssignmentId): void {
    for (let range = 0; range < smallShape.rangeCount; range++) this.range(worker, assignment, range);
  }

  /** Takes a step that one worker has all of from its report to its close, on the first issue. */
  closeAlone(worker: WorkerId, assignment: AssignmentId, microBatches: readonly number[]): string[] {
    const { rangeCount } = smallShape;
    this.report(worker, assignment, microBatches);
    this.judged(true);
    let last: string[] = [];
    for (let range = 0; range < rangeCount; range++) {
      this.range(worker, assignment, range);
      last = this.applied([range]);
    }
    return last;
  }

  /**
   * Takes a step that these workers have equal shares of from its reports to its close, on the first issue.
   * @param first the first one's assignment; the others' follow.
   */
  closeTogether(workers: readonly WorkerId[], first: AssignmentId, microBatches: number, seconds = 1): void {
    const share = microBatches / workers.length;
    workers.forEach((worker, index) => {
      const own = Array.from({ length: share }, (_, k) => index * share + k);
      this.report(worker, first + index, own, { seconds });
    });
    this.judged(true);
    for (let range = 0; range < smallShape.rangeCount; range++) {
      workers.forEach((worker, index) => this.range(worker, first + index, range));
      this.applied([range]);
    }
  }
}
