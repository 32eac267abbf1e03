import {
  BOUNDS,
  COORDINATOR_PHASES,
  type Bound,
  type CoordinatorPhase,
  type coordinatorDefinitions,
  type MetricSet,
} from '@rocinante/metrics';
import {
  epochOf,
  saveIntervalMs,
  type RunConfig,
  type RunEffect,
  type RunOutcome,
  type RunProgress,
  type RunShape,
} from '@rocinante/training';
import { rateOfStep } from '../run/rate-change.js';
import type { RunObserver, StepUpdate } from '../run/run-observer.js';
import { SmoothedBound, type StepBound } from './step-bound.js';
import { StepTimeline, type TimedAssignment } from './step-timeline.js';

/** Steps over which the speed is told. */
const SPEED_STEPS = 20;

/** What a run's metrics begin with. */
export interface MeteredRun {
  readonly id: string;
  /** Size of the parameters as float32. */
  readonly parameterBytes: number;
  readonly config: RunConfig;
  readonly shape: RunShape;
  /** Where the run begins, or goes on. */
  readonly progress: RunProgress;
}

/** A worker's session, of which only the name of its series is wanted. */
interface OfWorker {
  readonly label: string;
}

/**
 * One activation of a run in the coordinator's metrics: an observer of the run.
 * `CoordinatorMetrics.begin` makes it.
 */
export class RunMetrics implements RunObserver {
  readonly #set: MetricSet<typeof coordinatorDefinitions>;
  readonly #run: string;
  readonly #config: RunConfig;
  readonly #now: () => number;
  readonly #shape: RunShape;
  readonly #timeline: StepTimeline;
  readonly #bound = new SmoothedBound();
  readonly #lastSteps: { readonly windows: number; readonly seconds: number }[] = [];
  /** Workers that have series in this run. */
  readonly #workers = new Set<string>();
  /** What metrics call a worker that has joined, by its id in the state machine. */
  readonly #labels = new Map<string, string>();
  /** Workers with strikes: their series stay when they leave, so that none goes unseen. */
  readonly #struck = new Set<string>();
  readonly #parked = new Set<string>();
  readonly #setAside = new Set<string>();
  readonly #lastPhases: Readonly<Record<CoordinatorPhase, number>>[] = [];
  #shownBound: StepBound | null = null;
  #progressAt: number;
  /** Before the first checkpoint of this activation: when that began. */
  #savedAt: number;

  constructor(set: MetricSet<typeof coordinatorDefinitions>, run: MeteredRun, now: () => number) {
    const { id, parameterBytes, config, shape, progress } = run;
    this.#set = set;
    this.#run = id;
    this.#config = config;
    this.#now = now;
    this.#shape = shape;
    this.#timeline = new StepTimeline();
    this.#progressAt = this.#savedAt = now();
    const { metrics } = set;
    set.begin('run', id);
    metrics.parametersBytes.set({ run: id }, parameterBytes);
    this.#showInterval(null);
    metrics.plannedSteps.set({ run: id }, shape.stepsTotal);
    metrics.step.set({ run: id }, progress.step);
    const next = Math.min(progress.step, shape.stepsTotal - 1);
    metrics.epoch.set({ run: id }, epochOf(shape, next) + 1);
    metrics.learningRate.set({ run: id }, rateOfStep(config, progress, next, shape.stepsTotal));
    metrics.windowsPerSecond.set({ run: id }, 0);
    metrics.parkedWorkers.set({ run: id }, 0);
    metrics.setAsideWorkers.set({ run: id }, 0);
    metrics.storeLost.set({ run: id }, 0);
    for (const by of BOUNDS) if (by !== 'worker') metrics.boundBy.set({ run: id, by, worker: '' }, 0);
    if (progress.lastLoss !== null) metrics.loss.set({ run: id }, progress.lastLoss);
    this.#heldOut(progress.history.at(-1)?.validationLoss ?? null);
  }

  workerJoined({ worker: id, label: worker }: OfWorker & { readonly worker: string }): void {
    this.#workers.add(worker);
    this.#labels.set(id, worker);
    this.#set.metrics.workerShare.set({ run: this.#run, worker }, 0);
    this.#set.metrics.strikes.inc({ run: this.#run, worker }, 0);
  }

  workerLeft({ label: worker }: OfWorker): void {
    this.#timeline.left(worker, this.#now());
    this.#bound.forget(worker);
    this.#workers.delete(worker);
    this.#set.metrics.workerShare.remove({ run: this.#run, worker });
    if (!this.#struck.has(worker)) this.#set.metrics.strikes.remove({ run: this.#run, worker });
    if (this.#shownBound?.by === 'worker' && this.#shownBound.worker === worker) this.#showBound(null);
  }

  /** It stays, and is given no work any more. */
  setAside(session: OfWorker): void {
    this.workerLeft(session);
    this.#setAside.add(session.label);
    this.#showIdle();
  }

  workerParked({ label: worker }: OfWorker): void {
    this.#parked.add(worker);
    this.#showIdle();
  }

  /** A worker that was given no work is gone; perhaps it was parked, or set aside. */
  idleLeft({ label: worker }: OfWorker): void {
    this.#parked.delete(worker);
    this.#setAside.delete(worker);
    this.#showIdle();
  }

  stepIssued(step: number, issue: number): void {
    this.#timeline.issued(step, this.#now());
    if (issue > 1) this.#set.metrics.reissuedSteps.inc({ run: this.#run });
    // An issue's assignments are sent before the event that called for it is done with; this comes right after.
    queueMicrotask(() => this.#timeline.handedOut(this.#now()));
  }

  assigned({ label: worker }: OfWorker, assignment: TimedAssignment & { readonly kind: string }): void {
    if (assignment.kind !== 'train') return;
    const repeated = this.#timeline.assigned(worker, assignment, this.#now());
    this.#set.metrics.repeatedMicroBatches.inc({ run: this.#run }, repeated);
  }

  parametersReceived({ label: worker }: OfWorker): void {
    this.#timeline.parametersReceived(worker, this.#now());
  }

  reported(
    { label: worker }: OfWorker,
    report: { readonly assignment: number; readonly computeSeconds: number },
  ): void {
    this.#timeline.reported(worker, report.assignment, report.computeSeconds, this.#now());
  }

  granted(assignment: number): void {
    this.#timeline.granted(assignment, this.#now());
  }

  withdrawn(assignment: number): void {
    this.#timeline.withdrawn(assignment, this.#now());
  }

  /** A range arrived that will be added; others are not told of. */
  rangeArrived(_: OfWorker, assignment: number): void {
    this.#timeline.rangeArrived(assignment, this.#now());
  }

  rangeAdded(): void {
    this.#timeline.rangeAdded(this.#now());
  }

  applyAsked(ranges: number): void {
    this.#timeline.applyAsked(ranges, this.#now());
  }

  rangeApplied(): void {
    this.#timeline.rangeApplied(this.#now());
  }

  /** @param closed step and epoch are counted from 0. */
  stepClosed(
    closed: {
      readonly step: number;
      readonly epoch: number;
      readonly windows: number;
      readonly loss: number;
    },
    _view: unknown,
    { learningRate, clipping }: StepUpdate,
  ): void {
    const run = this.#run;
    const { metrics } = this.#set;
    const { seconds, phases, shares, bound } = this.#timeline.closed(this.#now());
    this.#gotOn();
    metrics.step.set({ run }, closed.step + 1);
    metrics.epoch.set({ run }, closed.epoch + 1);
    metrics.loss.set({ run }, closed.loss);
    metrics.learningRate.set({ run }, learningRate);
    if (clipping !== null) metrics.gradientNorm.set({ run }, clipping.norm);
    metrics.windows.inc({ run }, closed.windows);
    metrics.stepDuration.observe({ run }, seconds);
    for (const phase of COORDINATOR_PHASES) metrics.stepPhase.observe({ run, phase }, phases[phase]);
    for (const worker of this.#workers) {
      metrics.workerShare.set({ run, worker }, shares.get(worker) ?? 0);
    }
    this.#lastPhases.push(phases);
    if (this.#lastPhases.length > SPEED_STEPS) this.#lastPhases.shift();
    metrics.windowsPerSecond.set({ run }, this.#speed(closed.windows, seconds));
    this.#showBound(this.#bound.add(bound));
  }

  /** A part of an evaluation came. */
  evaluated(): void {
    this.#gotOn();
  }

  /** The run was held until now: that it did not get on is no sign of anything. */
  released(): void {
    this.#gotOn();
  }

  finished(outcome: RunOutcome): void {
    if (outcome === 'diverged') this.#set.metrics.divergences.inc({ run: this.#run });
    this.#parked.clear();
    this.#setAside.clear();
    this.#showIdle();
  }

  /** The run goes on from an earlier state. */
  wentBack(progress: RunProgress): void {
    const { step, lastLoss, history } = progress;
    const { stepsTotal } = this.#shape;
    const run = this.#run;
    const { metrics } = this.#set;
    metrics.step.set({ run }, step);
    metrics.epoch.set({ run }, epochOf(this.#shape, step) + 1);
    metrics.learningRate.set({ run }, rateOfStep(this.#config, progress, step, stepsTotal));
    if (lastLoss !== null) metrics.loss.set({ run }, lastLoss);
    this.#heldOut(history.at(-1)?.validationLoss ?? null);
    this.#gotOn();
    this.#savedAt = this.#now();
  }

  recorded({ validationLoss }: { readonly validationLoss: number | null }): void {
    this.#heldOut(validationLoss);
  }

  checkpointSaved(saved: {
    readonly bytes: number;
    readonly seconds: number;
    readonly reason: string;
  }): void {
    const run = this.#run;
    const { metrics } = this.#set;
    metrics.checkpoints.inc({ run, reason: saved.reason });
    metrics.checkpointBytes.set({ run }, saved.bytes);
    metrics.checkpointDuration.observe({ run }, saved.seconds);
    this.#showInterval(saved.seconds);
    this.#savedAt = this.#now();
  }

  /** A checkpoint could not be written. */
  checkpointFailed(): void {
    this.#set.metrics.checkpointFailures.inc({ run: this.#run });
  }

  /** A checkpoint, or the final weights, are in the run's object store. */
  stored({ bytes }: { readonly bytes: number }): void {
    this.#set.metrics.storedObjects.inc({ run: this.#run });
    this.#set.metrics.storedBytes.inc({ run: this.#run }, bytes);
  }

  storeFailed(): void {
    this.#set.metrics.storeFailures.inc({ run: this.#run });
  }

  storeLost(): void {
    this.#set.metrics.storeLost.set({ run: this.#run }, 1);
  }

  storeBack(): void {
    this.#set.metrics.storeLost.set({ run: this.#run }, 0);
  }

  ignored({ what }: { readonly what: string }): void {
    this.#set.metrics.ignoredMessages.inc({ what });
  }

  late({ microBatches }: { readonly microBatches: readonly number[] }): void {
    this.#set.metrics.lateMicroBatches.inc({ run: this.#run }, microBatches.length);
  }

  secondWord({
    cause,
    verdict,
  }: Pick<Extract<RunEffect, { type: 'second-word' }>, 'cause' | 'verdict'>): void {
    this.#set.metrics.secondWords.inc({ run: this.#run, cause, verdict });
  }

  /** @param strike `worker` is its id in the state machine. */
  struck(strike: { readonly worker: string }): void {
    const worker = this.#labels.get(strike.worker) ?? strike.worker;
    this.#struck.add(worker);
    this.#set.metrics.strikes.inc({ run: this.#run, worker });
  }

  /** What the run is bound by: `compute`, `wire`, `coordinator` or `worker NAME`; empty before it is known. */
  get boundBy(): string {
    const bound = this.#shownBound;
    if (bound === null) return '';
    return bound.by === 'worker' ? `worker ${bound.worker}` : bound.by;
  }

  /** Seconds of a mean step in each phase, over the last 20; null before the first. */
  get stepPhases(): Record<CoordinatorPhase, number> | null {
    const steps = this.#lastPhases;
    if (steps.length === 0) return null;
    const mean = (phase: CoordinatorPhase): number =>
      steps.reduce((sum, phases) => sum + phases[phase], 0) / steps.length;
    return Object.fromEntries(COORDINATOR_PHASES.map((phase) => [phase, mean(phase)])) as Record<
      CoordinatorPhase,
      number
    >;
  }

  /** Before each scrape: what changes by time alone. */
  measure(): void {
    const { checkpointAge, progressAge } = this.#set.metrics;
    checkpointAge.set({ run: this.#run }, (this.#now() - this.#savedAt) / 1000);
    progressAge.set({ run: this.#run }, (this.#now() - this.#progressAt) / 1000);
  }

  /** Removes all series of the run. */
  remove(): void {
    this.#showBound(null);
    this.#set.end('run', this.#run, { worker: ['', ...this.#workers, ...this.#struck] });
  }

  #gotOn(): void {
    this.#progressAt = this.#now();
  }

  /** @param saveSeconds what the last checkpoint took; null before the first. */
  #showInterval(saveSeconds: number | null): void {
    const intervalMs = saveIntervalMs(this.#shape, saveSeconds);
    if (intervalMs > 0) this.#set.metrics.checkpointInterval.set({ run: this.#run }, intervalMs / 1000);
  }

  /** Workers that are there, and are given no work. */
  #showIdle(): void {
    const { parkedWorkers, setAsideWorkers } = this.#set.metrics;
    parkedWorkers.set({ run: this.#run }, this.#parked.size);
    setAsideWorkers.set({ run: this.#run }, this.#setAside.size);
  }

  #heldOut(validationLoss: number | null): void {
    if (validationLoss !== null) this.#set.metrics.heldOutLoss.set({ run: this.#run }, validationLoss);
  }

  /** Windows a second over this step and those before it. */
  #speed(windows: number, seconds: number): number {
    this.#lastSteps.push({ windows, seconds });
    if (this.#lastSteps.length > SPEED_STEPS) this.#lastSteps.shift();
    const sum = (of: 'windows' | 'seconds'): number =>
      this.#lastSteps.reduce((total, step) => total + step[of], 0);
    const total = sum('seconds');
    return total > 0 ? sum('windows') / total : 0;
  }

  /** One series is 1, the other three bounds' 0; a worker's is removed when it is not the one any more. */
  #showBound(bound: StepBound | null): void {
    const { boundBy } = this.#set.metrics;
    const last = this.#shownBound;
    if (last?.by === 'worker') boundBy.remove(this.#boundLabels(last));
    else if (last) boundBy.set(this.#boundLabels(last), 0);
    if (bound) boundBy.set(this.#boundLabels(bound), 1);
    this.#shownBound = bound;
  }

  #boundLabels(bound: StepBound): { run: string; by: Bound; worker: string } {
    return { run: this.#run, by: bound.by, worker: bound.by === 'worker' ? bound.worker : '' };
  }
}
