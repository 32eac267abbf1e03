import { assertNever } from '@rocinante/base';
import type { GradientCodec } from '@rocinante/codec';
import {
  RunMachine,
  windowsOf,
  type RunEffect,
  type RunEvent,
  type RunProgress,
  type RunShape,
  type RunView,
} from '@rocinante/training';
import {
  WireError,
  type ContributionRangeMessage,
  type EvaluationMessage,
  type ReportMessage,
  type SampleResultMessage,
} from '@rocinante/wire';
import type { ParameterFeed } from '../service/parameter-feed.js';
import type { Session } from '../service/session.js';
import type { RunListener } from '../service/worker-pool.js';
import { AnswerCount } from './answer-count.js';
import type { RangeMade } from './arithmetic/arithmetic-messages.js';
import type { ArithmeticThread, RangeRoom } from './arithmetic/arithmetic-thread.js';
import { GrantQueue } from './grant-queue.js';
import { ReceivedGradients } from './received-gradients.js';
import type { IssuedAgain, RunObserver, StepUpdate } from './run-observer.js';
import type { SampleDesk } from './sample-desk.js';
import type { RunVectors } from './arithmetic/run-vectors.js';

/** A timer takes no longer time than this; who is not late yet by then is looked at again. */
const WAKE_MS_MAX = 60_000;

/** An event as it is posted: the driver adds the time. */
type Posted = RunEvent extends infer Event ? (Event extends RunEvent ? Omit<Event, 'at'> : never) : never;

export interface RunDriverParts {
  readonly shape: RunShape;
  readonly progress: RunProgress;
  readonly vectors: RunVectors;
  /** What contributions travel as. */
  readonly codec: GradientCodec;
  readonly arithmetic: ArithmeticThread;
  readonly feed: ParameterFeed;
  /** The session of a worker that is there, by its id in the state machine. */
  readonly session: (worker: string) => Session | undefined;
  /** Where the run's numbers of assignments begin. */
  readonly firstAssignment: number;
  readonly strikes: ReadonlyMap<string, number>;
  readonly observer: Required<RunObserver>;
  readonly samples: SampleDesk;
  /**
   * Saves a checkpoint of the closed state, whose copy is asked for before this returns. It resolves when it is on the disk, to
   * the seconds that it took.
   */
  readonly save: (effect: Extract<RunEffect, { type: 'save' }>) => Promise<number>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Carries out what the state machine decides: the one place where events become messages, sums and files. */
export class RunDriver implements RunListener {
  readonly #parts: RunDriverParts;
  readonly #machine: RunMachine;
  readonly #queue: Posted[] = [];
  readonly #answers: Posted[] = [];
  #draining = false;
  /** What came with the event in hand. */
  #arrived: { readonly magnitudes?: Float32Array; readonly room?: RangeRoom; readonly session?: Session } =
    {};
  #rangeAdded = false;
  readonly #gradients: ReceivedGradients;
  /** The issue in progress, or the last one. */
  #issued = { step: 0, issue: 0 };
  /** What is known of how that becomes an update. */
  #update: StepUpdate = { learningRate: 0, clipping: null };
  readonly #grants = new GrantQueue(
    (worker) => this.#machine.isLateInSending(worker),
    (worker) => this.#machine.rangeSeconds(worker),
  );
  readonly #count = new AnswerCount();
  #assigned = new Set<Session>();
  /** What people call a worker, by its id in the state machine. Those that are gone are still spoken of. */
  readonly #labels = new Map<string, string>();
  #saving: Promise<void> = Promise.resolve();
  /** Tells the machine that time has passed, when a worker is late; and when that is. */
  #waker: NodeJS.Timeout | undefined;
  #wakesAt: number | null = null;
  #closed = false;

  constructor(parts: RunDriverParts) {
    this.#parts = parts;
    const { shape, progress, firstAssignment, strikes, vectors } = parts;
    this.#gradients = new ReceivedGradients(vectors.layout, parts.codec);
    this.#machine = new RunMachine(shape, progress, parts.now(), { firstAssignment, strikes });
    parts.arithmetic.onMade = (made) => this.#made(made);
    parts.arithmetic.onAdded = () => {
      parts.observer.rangeAdded();
      this.#sendGrants();
    };
  }

  get progress(): RunProgress {
    return this.#machine.progress;
  }

  get view(): RunView {
    return this.#machine.view;
  }

  get strikes(): ReadonlyMap<string, number> {
    return this.#machine.strikes;
  }

  /** Lets time pass: the run begins with it, and checkpoints by the clock depend on it. */
  tick(): void {
    this.#post({ type: 'tick' });
  }

  /** Asks the run to end at the step's end, with a checkpoint. */
  stop(reason: string): void {
    this.#post({ type: 'stop-requested', reason });
  }

  /** Gives up the step in progress, so that a run that is stopping ends now. */
  stopNow(): void {
    this.#post({ type: 'step-abandoned' });
  }

  /** Issues no step any more, until `release`. */
  hold(reason: string): void {
    this.#parts.observer.held(reason);
    this.#post({ type: 'held', reason });
  }

  release(): void {
    this.#parts.observer.released();
    this.#post({ type: 'released' });
  }

  /** Nothing is done any more, whatever still comes. It waits for the save under way: the run's folder is free then. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#waker);
    await this.#saving;
  }

  ready(session: Session): void {
    this.#labels.set(session.worker, session.label);
    this.#parts.observer.workerJoined(session);
    this.#post({ type: 'worker-joined', worker: session.worker });
  }

  left(session: Session, reason: string, lost: boolean): void {
    this.#assigned.delete(session);
    this.#parts.samples.left(session);
    this.#grants.left(session.worker);
    this.#count.left(session.worker);
    this.#parts.observer.workerLeft(session, reason, lost);
    this.#post({ type: 'worker-left', worker: session.worker });
  }

  reported(session: Session, report: ReportMessage): void {
    this.#count.answered(session.worker);
    const magnitudes = this.#gradients.magnitudes(report.magnitudes);
    const { assignment, results, fits, computeSeconds } = report;
    this.#arrived = { magnitudes };
    this.#parts.observer.reported(session, {
      assignment,
      microBatches: results.length,
      computeSeconds,
    });
    this.#post({ type: 'reported', worker: session.worker, assignment, results, fits, computeSeconds });
  }

  evaluated(session: Session, { assignment, results, computeSeconds }: EvaluationMessage): void {
    this.#count.answered(session.worker);
    this.#parts.observer.evaluated(session);
    this.#post({ type: 'evaluated', worker: session.worker, assignment, results, computeSeconds });
  }

  rangeArrived(session: Session, message: ContributionRangeMessage): boolean {
    const { assignment, range } = message;
    this.#count.answered(session.worker);
    const { arithmetic } = this.#parts;
    const room = arithmetic.takeRoom();
    this.#arrived = { room, session };
    this.#rangeAdded = false;
    this.#grants.arrived(session.worker, assignment, range);
    try {
      this.#gradients.read(message, room);
      this.#post({ type: 'range-arrived', worker: session.worker, assignment, range });
    } finally {
      if (!this.#rangeAdded) arithmetic.giveBack(room);
    }
    return this.#rangeAdded;
  }

  sampled(session: Session, result: SampleResultMessage): void {
    this.#parts.samples.answered(session, result);
  }

  logged(session: Session, lines: readonly string[]): void {
    this.#parts.observer.logged(session, lines);
  }

  #post(event: Posted): void {
    if (this.#closed) return;
    this.#queue.push(event);
    if (this.#draining) return;
    this.#draining = true;
    while (this.#queue.length > 0) {
      for (let next = this.#queue.shift(); next; next = this.#answers.shift() ?? this.#queue.shift()) {
        const event = { ...next, at: this.#parts.now() } as RunEvent;
        for (const effect of this.#machine.handle(event)) this.#carryOut(effect);
      }
      // It posts what it sends.
      this.#sendGrants();
    }
    this.#draining = false;
    this.#wakeInTime();
  }

  #wakeInTime(): void {
    const { wakeAt } = this.#machine;
    if (wakeAt === this.#wakesAt || this.#closed) return;
    clearTimeout(this.#waker);
    this.#wakesAt = wakeAt;
    if (wakeAt === null) return;
    const delay = Math.min(WAKE_MS_MAX, Math.max(0, wakeAt - this.#parts.now()));
    this.#waker = setTimeout(() => {
      this.#wakesAt = null;
      this.tick();
    }, delay);
  }

  #carryOut(effect: RunEffect): void {
    const { shape, vectors, arithmetic, feed, observer } = this.#parts;
    switch (effect.type) {
      case 'issue': {
        const terms = vectors.issue(effect.step, effect.grid, windowsOf(shape, effect.step));
        arithmetic.begin(terms);
        this.#update = { learningRate: terms.learningRate, clipping: null };
        feed.discard();
        this.#issued = { step: effect.step, issue: effect.issue };
        this.#grants.clear();
        this.#assigned = new Set();
        return observer.stepIssued(effect.step, effect.issue, this.#whyAgain(effect), vectors.exponents);
      }
      case 'assign': {
        const session = this.#session(effect.worker);
        if (!session) return;
        const grid = effect.assignment.kind === 'evaluate' ? new Int8Array() : vectors.exponents;
        this.#assigned.add(session);
        this.#count.asked(session.worker);
        observer.assigned(session, effect.assignment);
        return session.assign(effect.assignment, feed.closedVersion, grid, () =>
          observer.parametersReceived(session),
        );
      }
      case 'withdraw':
        this.#grants.withdrawn(effect.assignment);
        observer.withdrawn(effect.assignment);
        return this.#session(effect.worker)?.send({ withdraw: { assignment: effect.assignment } });
      case 'grant':
        observer.granted(effect.assignment);
        return this.#grants.add(effect);
      case 'keep-report':
        return vectors.keepReport(effect.assignment, this.#arrived.magnitudes!);
      case 'add-range':
        this.#rangeAdded = true;
        observer.rangeArrived(this.#arrived.session!, effect.assignment, effect.range);
        return arithmetic.add(effect.range, this.#arrived.room!);
      case 'judge-grid':
        this.#answers.push({ type: 'grid-judged', agrees: vectors.judge(effect.assignments) });
        return;
      case 'apply':
        observer.applyAsked(effect.ranges.length);
        return arithmetic.apply(effect.step, effect.issue, effect.ranges);
      case 'close-step':
        vectors.close();
        feed.close();
        return observer.stepClosed(effect, this.#machine.view, this.#update);
      case 'record':
        return observer.recorded(effect.entry, effect.best);
      case 'save':
        return this.#save(effect);
      case 'ignore':
        return observer.ignored(effect);
      case 'dismiss':
        return this.#session(effect.worker)?.end(new WireError('MALFORMED', effect.why));
      case 'notice':
        return observer.noticed(this.#forPeople(effect.message));
      case 'late':
        return observer.late(effect);
      case 'second-word':
        return observer.secondWord(effect);
      case 'strike':
        return observer.struck({ ...effect, why: this.#forPeople(effect.why) });
      case 'set-aside':
        return this.#setAside(effect.worker, effect.why);
      case 'finish':
        return observer.finished(effect.outcome, this.#forPeople(effect.reason));
      default:
        return assertNever(effect);
    }
  }

  /** The session stays, and waits for the next run. */
  #setAside(worker: string, why: string): void {
    const session = this.#session(worker);
    if (!session) return;
    session.stand('set-aside', why);
    this.#assigned.delete(session);
    this.#grants.left(worker);
    this.#parts.samples.left(session);
    this.#parts.observer.setAside(session, why);
  }

  /** A line of the state machine's, with workers by the names that people know. */
  #forPeople(line: string): string {
    return line.replace(/[\w.:@-]+#\d+/g, (worker) => this.#labels.get(worker) ?? worker);
  }

  /** A session that has ended a moment ago is gone here, and the event that says so is in the queue. */
  #session(worker: string): Session | undefined {
    return this.#parts.session(worker);
  }

  #whyAgain({ step, issue, misfitWorkers }: Extract<RunEffect, { type: 'issue' }>): IssuedAgain | null {
    if (issue === 1) return null;
    const workers = misfitWorkers.map((worker) => worker.replace(/#\d+$/, ''));
    const first = step === 0 && issue === 2;
    return { workers, cause: first ? 'the first step finds its grid' : this.#parts.vectors.misfit };
  }

  /** Sends what may be sent: a range that comes is to find the arithmetic ready for it, or soon. */
  #sendGrants(): void {
    while (!this.#parts.arithmetic.isBehind) {
      const grant = this.#grants.take();
      if (grant === null) return;
      const { worker, assignment, range } = grant;
      this.#count.asked(worker);
      this.#session(worker)?.send({ grant: { assignment, range } });
      this.#post({ type: 'granted', worker, assignment, range });
    }
  }

  #made({ step, issue, range, finite, clipping, checksums }: RangeMade): void {
    // Of an issue that was given up; its version is gone from the feed.
    if (this.#closed || step !== this.#issued.step || issue !== this.#issued.issue) return;
    const { vectors, feed } = this.#parts;
    this.#update = { ...this.#update, clipping };
    this.#parts.observer.rangeApplied(range, checksums);
    if (finite) {
      feed.made(vectors.nextParameters, range, checksums?.parameters ?? null);
      this.#follow(feed.makingVersion!);
    }
    this.#post({ type: 'applied', step, issue, ranges: [range], finite });
  }

  /**
   * One worker gets the parameters as they are made, and the others after it, so that they do not all compute, and then all
   * send, at the same time: one's exchange goes on beside another's computing. Over a slow link parameters come down while
   * gradients go up: what an exchange waits for there is the link.
   */
  #follow(version: number): void {
    const [first] = this.#assigned;
    for (const session of this.#assigned) {
      if (session === first || session.downlink.isSlow) session.downlink.follow(version);
    }
  }

  #save(effect: Extract<RunEffect, { type: 'save' }>): void {
    const { step } = effect;
    this.#saving = this.#parts.save(effect).then(
      (seconds) => this.#post({ type: 'saved', step, seconds }),
      (error: Error) => {
        this.#parts.observer.checkpointFailed();
        this.#post({ type: 'save-failed', step, reason: error.message });
      },
    );
  }
}
