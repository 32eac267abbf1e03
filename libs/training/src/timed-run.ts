/** For specs: a run of workers with paces of their own on a clock of its own, and how long its steps take. */
import { assert } from '@rocinante/base';
import { smallShape } from './conversation.js';
import type { RunEffect } from './effects.js';
import { EventQueue } from './simulation/event-queue.js';
import type { RunEvent } from './events.js';
import { RunMachine } from './machine.js';
import { microBatchCount } from './plan.js';
import { noProgress, type RunShape } from './run-state.js';
import type { Assignment, AssignmentId, WorkerId } from './work.js';

type Timeless = RunEvent extends infer Event ? (Event extends RunEvent ? Omit<Event, 'at'> : never) : never;

interface TimedWorker {
  /** Milliseconds for a micro-batch. */
  paceMs: number;
  /** Until when it does nothing. */
  stoppedUntil: number;
  /** When it will be done with what it was given. */
  busyUntil: number;
  readonly withdrawn: Set<AssignmentId>;
}

/** Milliseconds that a message and a range take. */
const MESSAGE_MS = 1;

export class TimedRun {
  readonly machine: RunMachine;
  readonly #shape: RunShape;
  readonly #queue = new EventQueue();
  readonly #workers = new Map<WorkerId, TimedWorker>();
  readonly #answers: Timeless[] = [];
  /** When each step was closed, in milliseconds. */
  readonly closedAt: number[] = [];
  /** For each step, micro-batches that each worker's contributions brought into its sum. */
  readonly shares: Map<WorkerId, number>[] = [];
  ignored = 0;
  readonly #given = new Map<AssignmentId, { readonly worker: WorkerId; readonly assignment: Assignment }>();

  constructor(shape: Partial<RunShape>, paces: Readonly<Record<WorkerId, number>>) {
    this.#shape = { ...smallShape, ...shape };
    this.machine = new RunMachine(this.#shape, noProgress, 0);
    for (const [worker, paceMs] of Object.entries(paces)) {
      this.#workers.set(worker, { paceMs, stoppedUntil: 0, busyUntil: 0, withdrawn: new Set() });
    }
    this.#hand({ type: 'tick' });
    for (const worker of this.#workers.keys()) this.#hand({ type: 'worker-joined', worker });
  }

  get now(): number {
    return this.#queue.now;
  }

  worker(id: WorkerId): TimedWorker {
    return this.#workers.get(id)!;
  }

  /** Goes on until so many steps are closed. */
  until(steps: number): void {
    while (this.closedAt.length < steps) assert(this.#queue.step(), 'the run stands still');
  }

  /** Micro-batches a second from one step's close to another's. */
  rate(from: number, to: number): number {
    let count = 0;
    for (let step = from; step < to; step++) count += microBatchCount(this.#shape, step);
    return count / ((this.closedAt[to - 1] - this.closedAt[from - 1]) / 1000);
  }

  #hand(event: Timeless): void {
    this.#answers.push(event);
    for (let next = this.#answers.shift(); next; next = this.#answers.shift()) {
      for (const effect of this.machine.handle({ ...next, at: this.now })) this.#carryOut(effect);
    }
    const { wakeAt } = this.machine;
    if (wakeAt !== null) this.#queue.schedule(wakeAt - this.now, () => this.#hand({ type: 'tick' }));
  }

  #later(worker: TimedWorker, delay: number, happen: () => void): void {
    this.#queue.schedule(delay, () => {
      const left = worker.stoppedUntil - this.now;
      if (left > 0) this.#later(worker, left, happen);
      else happen();
    });
  }

  #carryOut(effect: RunEffect): void {
    switch (effect.type) {
      case 'save':
        this.#answers.push({ type: 'saved', step: effect.step, seconds: 0 });
        break;
      case 'issue':
        this.shares[effect.step] = new Map();
        break;
      case 'judge-grid':
        this.#answers.push({ type: 'grid-judged', agrees: true });
        break;
      case 'apply':
        this.#answers.push({ ...effect, type: 'applied', finite: true });
        break;
      case 'close-step':
        this.closedAt.push(this.now);
        break;
      case 'assign':
        this.#compute(effect.worker, effect.assignment);
        break;
      case 'withdraw':
        this.worker(effect.worker).withdrawn.add(effect.assignment);
        break;
      case 'grant': {
        const { worker, assignment, range } = effect;
        this.#answers.push({ ...effect, type: 'granted' });
        this.#later(this.worker(worker), 2 * MESSAGE_MS, () =>
          this.#hand({ type: 'range-arrived', worker, assignment, range }),
        );
        break;
      }
      case 'add-range': {
        const { worker, assignment } = this.#given.get(effect.assignment)!;
        if (effect.range > 0) break;
        const share = this.shares[assignment.step];
        share.set(worker, (share.get(worker) ?? 0) + assignment.microBatches.length);
        break;
      }
      case 'ignore':
        this.ignored += 1;
        break;
      // What only displays and checkpoints are told.
      case 'keep-report':
      case 'record':
      case 'late':
      case 'second-word':
      case 'strike':
      case 'set-aside':
      case 'dismiss':
      case 'notice':
      case 'finish':
        break;
    }
  }

  /** One assignment after another; a withdrawal ends one at its next micro-batch, or before it begins. */
  #compute(id: WorkerId, assignment: Assignment): void {
    const worker = this.worker(id);
    this.#given.set(assignment.id, { worker: id, assignment });
    const begin = (): void => {
      const wait = worker.busyUntil - this.now;
      if (wait > 0) return this.#later(worker, wait, begin);
      if (worker.withdrawn.has(assignment.id)) return;
      let done = 0;
      const computeMs = assignment.microBatches.length * worker.paceMs;
      const next = (): void => {
        if (done > 0 && done < assignment.microBatches.length && worker.withdrawn.has(assignment.id)) return;
        if (done === assignment.microBatches.length) return this.#report(id, assignment, computeMs / 1000);
        done += 1;
        worker.busyUntil = this.now + worker.paceMs;
        this.#later(worker, worker.paceMs, next);
      };
      next();
    };
    this.#later(worker, MESSAGE_MS, begin);
  }

  #report(worker: WorkerId, { id, microBatches }: Assignment, computeSeconds: number): void {
    const results = microBatches.map((microBatch) => ({
      microBatch,
      lossSum: 1,
      norm: 1,
      finite: true,
      hash: 1,
    }));
    this.#hand({ type: 'reported', worker, assignment: id, results, fits: true, computeSeconds });
  }
}
