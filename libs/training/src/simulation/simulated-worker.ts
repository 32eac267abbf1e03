import { assert, type RandomStream } from '@rocinante/base';
import type { Payload, SimulatedMessage } from './simulated-surroundings.js';
import type { EventQueue } from './event-queue.js';
import type { RunEvent } from '../events.js';
import {
  takeMaxima,
  toyHash,
  toyFits,
  toyGradient,
  toyDivergence,
  toyLoss,
  toyMagnitudes,
  toyNorm,
  toyQuanta,
  toyRange,
  type ToyProblem,
  type ToyState,
} from './toy-problem.js';
import type { AssignmentId, MicroBatchResult, WorkerId } from '../work.js';

/** An event without its time, which is that of its arrival. */
export type Upward = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'at'>
    : never
  : never;

/** A way in which a worker does what it should not. */
export type Misdeed = 'not-finite' | 'wrong-set' | 'wrong-fit' | 'out-of-order' | 'not-granted';

/** How a worker computes a gradient wrong now and then: in some bits, or by a factor far off. */
export type Lie = 'bits' | 'norm';

export interface WorkerSurroundings {
  /** Sends upwards, in order within each of the two streams. */
  send(stream: 'control' | 'ranges', event: Upward, payload: Payload): void;
  /** What the worker should do wrong with this piece of work, if anything. */
  misdeed(): Misdeed | null;
  /** Whether it may compute a gradient wrong now. */
  mayLie(): boolean;
}

/** What kind of worker one is. */
export interface WorkerTraits {
  readonly id: WorkerId;
  /** Milliseconds for a micro-batch. */
  readonly pace: number;
  /** Whether its gradients are a little different each time, as those of another kind of worker. */
  readonly drifts: boolean;
  readonly lie: Lie | null;
}

/** A gradient that is computed wrong is so many times too large where it is so by a factor. */
const LIE_FACTOR = 2 ** 20;

type AssignMessage = Extract<SimulatedMessage, { type: 'assign' }>;

/** One session of a simulated worker: computes what it is given, one assignment after another, and sends what is granted. */
export class SimulatedWorker {
  readonly traits: WorkerTraits;
  readonly #problem: ToyProblem;
  readonly #queue: EventQueue;
  readonly #random: RandomStream;
  readonly #around: WorkerSurroundings;
  readonly #waiting: AssignMessage[] = [];
  readonly #sums = new Map<AssignmentId, { readonly payload: Payload; misdeed: Misdeed | null }>();
  /** What it computes now, and whether the report of it is to go out. */
  #current: { readonly message: AssignMessage; wanted: boolean } | null = null;
  #alive = true;
  /** How many times slower than its pace it is now. */
  #slowness = 1;
  /** Until when it does nothing at all. */
  #stoppedUntil = 0;
  readonly #deferred: (() => void)[] = [];

  constructor(
    traits: WorkerTraits,
    problem: ToyProblem,
    queue: EventQueue,
    random: RandomStream,
    around: WorkerSurroundings,
  ) {
    this.traits = traits;
    this.#problem = problem;
    this.#queue = queue;
    this.#random = random;
    this.#around = around;
  }

  get id(): WorkerId {
    return this.traits.id;
  }

  /** From here on it does nothing; what it has sent is on its way. */
  die(): void {
    this.#alive = false;
  }

  /** What it begins from now on takes so many times longer. */
  slowDown(factor: number): void {
    this.#slowness = factor;
  }

  /** For so many milliseconds it neither computes nor reads nor sends, and loses nothing. */
  stop(duration: number): void {
    this.#stoppedUntil = Math.max(this.#stoppedUntil, this.#queue.now + duration);
  }

  receive(message: SimulatedMessage): void {
    this.#whenGoing(() => {
      switch (message.type) {
        case 'assign':
          this.#waiting.push(message);
          if (this.#current === null) this.#begin();
          break;
        case 'withdraw':
          this.#withdraw(message.assignment);
          break;
        case 'grant':
          this.#send(message.assignment, message.range);
          break;
      }
    });
  }

  #whenGoing(happen: () => void): void {
    if (!this.#alive) return;
    if (this.#stoppedUntil <= this.#queue.now && this.#deferred.length === 0) return happen();
    this.#deferred.push(happen);
    if (this.#deferred.length === 1) this.#goOnLater();
  }

  /** What came while it stood still happens at its end, in the order in which it came. */
  #goOnLater(): void {
    this.#queue.schedule(Math.max(0, this.#stoppedUntil - this.#queue.now), () => {
      if (!this.#alive) return;
      if (this.#stoppedUntil > this.#queue.now) return this.#goOnLater();
      for (const happen of this.#deferred.splice(0)) happen();
    });
  }

  #begin(): void {
    const message = this.#waiting.shift();
    if (!message) return;
    const current = { message, wanted: true };
    this.#current = current;
    const { length } = message.assignment.microBatches;
    const duration = length * this.traits.pace * this.#slowness * (0.7 + 0.6 * this.#random.uniform());
    this.#queue.schedule(duration, () =>
      this.#whenGoing(() => {
        this.#current = null;
        if (current.wanted) this.#complete(message, duration);
        this.#begin();
      }),
    );
  }

  #withdraw(assignment: AssignmentId): void {
    const index = this.#waiting.findIndex((message) => message.assignment.id === assignment);
    if (index >= 0) this.#waiting.splice(index, 1);
    this.#sums.delete(assignment);
    // One micro-batch cannot be interrupted, so sometimes the report goes out all the same, as if the two had crossed.
    if (this.#current?.message.assignment.id === assignment && this.#random.uniform() < 0.5) {
      this.#current.wanted = false;
    }
  }

  #complete(message: AssignMessage, duration: number): void {
    const { assignment, state } = message;
    const computeSeconds = duration / 1000;
    const misdeed = this.#around.misdeed();
    if (assignment.kind === 'evaluate') {
      const results = assignment.microBatches.map((microBatch) => ({
        microBatch,
        lossSum: toyLoss(this.#problem, state, -1, microBatch),
      }));
      if (misdeed === 'wrong-set') results.push({ ...results[0] });
      const event = { type: 'evaluated', worker: this.id, assignment: assignment.id } as const;
      const payload = { issue: '', microBatches: assignment.microBatches, values: [], isWrong: false };
      this.#around.send('control', { ...event, results, computeSeconds }, payload);
      return;
    }
    const { results, magnitudes, sums, fits, isWrong } = this.#compute(message);
    if (this.#random.uniform() < 0.5) results.reverse();
    if (misdeed === 'not-finite') results[0] = { ...results[0], finite: false };
    if (misdeed === 'wrong-set') results.push({ ...results[0] });
    const payload = {
      issue: `${assignment.step}/${assignment.issue}`,
      microBatches: assignment.microBatches,
      isWrong: isWrong || misdeed === 'not-finite',
    };
    if (assignment.kind === 'train')
      this.#sums.set(assignment.id, { payload: { ...payload, values: sums }, misdeed });
    this.#around.send(
      'control',
      {
        type: 'reported',
        worker: this.id,
        assignment: assignment.id,
        results,
        fits: fits !== (misdeed === 'wrong-fit' && fits),
        computeSeconds,
      },
      { ...payload, values: magnitudes },
    );
  }

  #compute({ assignment, state, grid }: AssignMessage): {
    results: MicroBatchResult[];
    magnitudes: number[];
    sums: number[];
    fits: boolean;
    isWrong: boolean;
  } {
    const { step, microBatches, magnitudesOnly } = assignment;
    const magnitudes = new Array<number>(this.#problem.shape.rangeCount).fill(0);
    const sums = state.parameters.map(() => 0);
    const results: MicroBatchResult[] = [];
    let fits = true;
    let isWrong = false;
    for (const microBatch of microBatches) {
      const truth = toyGradient(this.#problem, state, step, microBatch);
      const gradient = this.#computed(truth);
      isWrong ||= this.traits.lie !== null && gradient.some((value, index) => value !== truth[index]);
      const own = toyMagnitudes(gradient);
      takeMaxima(magnitudes, own);
      const quanta = toyQuanta(gradient, grid);
      quanta.forEach((q, index) => (sums[index] += q));
      fits &&= toyFits(own, grid);
      results.push({
        microBatch,
        lossSum: toyLoss(this.#problem, state, step, microBatch),
        norm: toyNorm(gradient),
        finite: this.#isFinite(state, step, microBatch),
        hash: fits && !magnitudesOnly ? toyHash(quanta) : 0,
      });
    }
    return { results, magnitudes, sums, fits, isWrong };
  }

  /** What this worker takes a gradient to be. */
  #computed(truth: number[]): number[] {
    const { drifts, lie } = this.traits;
    if (drifts && this.#random.uniform() < 0.1) return truth.map((value) => value * 4);
    if (lie === null || this.#random.uniform() >= 0.4 || !this.#around.mayLie()) return truth;
    if (lie === 'norm') return truth.map((value) => value * LIE_FACTOR);
    const [first, ...rest] = truth;
    return [first + 1, ...rest];
  }

  #isFinite(state: ToyState, step: number, microBatch: number): boolean {
    const divergence = toyDivergence(this.#problem, state, step);
    return !(divergence?.kind === 'micro-batch' && divergence.microBatch === microBatch);
  }

  #send(assignment: AssignmentId, range: number): void {
    const sum = this.#sums.get(assignment);
    assert(
      sum !== undefined,
      `simulation ${this.#problem.seed}: ${this.id} is granted what it does not have`,
    );
    const send = (sent: number): void => {
      const payload: Payload = { ...sum.payload, values: toyRange<number>(sum.payload.values, sent) };
      this.#around.send(
        'ranges',
        { type: 'range-arrived', worker: this.id, assignment, range: sent },
        payload,
      );
    };
    if (sum.misdeed === 'not-granted') send(this.#problem.shape.rangeCount - 1);
    if (sum.misdeed === 'out-of-order' && range + 1 < this.#problem.shape.rangeCount) {
      // Keeps this range back and sends only those after it.
      sum.misdeed = null;
      return;
    }
    send(range);
  }
}
