import { assert, type RandomStream } from '@rocinante/base';
import type { Payload, SimulatedMessage } from './simulated-coordinator.js';
import type { EventQueue } from './event-queue.js';
import type { RunEvent } from './events.js';
import {
  toyFits,
  toyGradient,
  toyLoss,
  toyMagnitudes,
  toyQuanta,
  toyRange,
  takeMaxima,
  type ToyProblem,
} from './toy-problem.js';
import type { AssignmentId, MicroBatchResult, WorkerId } from './work.js';

/** An event without its time, which is that of its arrival. */
export type Upward = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'at'>
    : never
  : never;

/** A way in which a worker does what it should not. */
export type Misdeed = 'not-finite' | 'wrong-set' | 'wrong-fit' | 'out-of-order' | 'not-granted';

export interface WorkerSurroundings {
  /** Sends upwards, in order within each of the two streams. */
  send(stream: 'control' | 'ranges', event: Upward, payload: Payload): void;
  /** What the worker should do wrong with this piece of work, if anything. */
  misdeed(): Misdeed | null;
}

/** One session of a simulated worker: computes what it is given, one assignment after another, and sends what is granted. */
export class SimulatedWorker {
  readonly id: WorkerId;
  readonly #problem: ToyProblem;
  readonly #queue: EventQueue;
  readonly #random: RandomStream;
  readonly #around: WorkerSurroundings;
  /** Milliseconds for a micro-batch. */
  readonly #pace: number;
  /** Whether its gradients are a little different each time, as those of another kind of worker. */
  readonly #drifts: boolean;
  readonly #waiting: Extract<SimulatedMessage, { type: 'assign' }>[] = [];
  readonly #sums = new Map<AssignmentId, { readonly payload: Payload; misdeed: Misdeed | null }>();
  #computing: AssignmentId | null = null;
  #alive = true;

  constructor(
    id: WorkerId,
    problem: ToyProblem,
    queue: EventQueue,
    random: RandomStream,
    pace: number,
    drifts: boolean,
    around: WorkerSurroundings,
  ) {
    this.id = id;
    this.#problem = problem;
    this.#queue = queue;
    this.#random = random;
    this.#pace = pace;
    this.#drifts = drifts;
    this.#around = around;
  }

  /** From here on it does nothing; what it has sent is on its way. */
  die(): void {
    this.#alive = false;
  }

  receive(message: SimulatedMessage): void {
    if (!this.#alive) return;
    switch (message.type) {
      case 'assign':
        this.#waiting.push(message);
        if (this.#computing === null) this.#begin();
        break;
      case 'withdraw':
        this.#withdraw(message.assignment);
        break;
      case 'grant':
        this.#send(message.assignment, message.range);
        break;
    }
  }

  #begin(): void {
    const message = this.#waiting.shift();
    this.#computing = message?.assignment.id ?? null;
    if (!message) return;
    const duration =
      message.assignment.microBatches.length * this.#pace * (0.7 + 0.6 * this.#random.uniform());
    this.#queue.schedule(duration, () => {
      if (!this.#alive) return;
      // One micro-batch cannot be interrupted, so work may be done that was withdrawn meanwhile.
      if (this.#computing !== null) this.#complete(message, duration);
      this.#begin();
    });
  }

  #withdraw(assignment: AssignmentId): void {
    const index = this.#waiting.findIndex((message) => message.assignment.id === assignment);
    if (index >= 0) this.#waiting.splice(index, 1);
    this.#sums.delete(assignment);
    // Sometimes the report goes out all the same, as if the two had crossed.
    if (this.#computing === assignment && this.#random.uniform() < 0.5) this.#computing = null;
  }

  #complete(
    { assignment, state, grid }: Extract<SimulatedMessage, { type: 'assign' }>,
    duration: number,
  ): void {
    const { kind, step, issue, microBatches, id } = assignment;
    const train = kind === 'train';
    const misdeed = this.#around.misdeed();
    const magnitudes = new Array<number>(this.#problem.shape.rangeCount).fill(0);
    const sums = state.parameters.map(() => 0);
    const results: MicroBatchResult[] = [];
    for (const microBatch of microBatches) {
      const lossSum = toyLoss(this.#problem, state, train ? step : -1, microBatch);
      results.push({ microBatch, lossSum, norm: 0, finite: this.#isFinite(step, microBatch), checksum: 0 });
      if (!train) continue;
      const drift = this.#drifts && this.#random.uniform() < 0.1 ? 4 : 1;
      const gradient = toyGradient(this.#problem, state, step, microBatch).map((value) => value * drift);
      takeMaxima(magnitudes, toyMagnitudes(gradient));
      toyQuanta(gradient, grid).forEach((q, index) => (sums[index] += q));
    }
    if (this.#random.uniform() < 0.5) results.reverse();
    if (misdeed === 'not-finite') results[0] = { ...results[0], finite: false };
    if (misdeed === 'wrong-set') results.push({ ...results[0] });
    const computeSeconds = duration / 1000;
    const about = { issue: `${step}/${issue}`, microBatches };
    if (!train) {
      this.#around.send(
        'control',
        { type: 'evaluated', worker: this.id, assignment: id, results, computeSeconds },
        { ...about, values: [] },
      );
      return;
    }
    const fits = toyFits(magnitudes, grid) !== (misdeed === 'wrong-fit' && toyFits(magnitudes, grid));
    this.#sums.set(id, { payload: { ...about, values: sums }, misdeed });
    this.#around.send(
      'control',
      { type: 'reported', worker: this.id, assignment: id, results, fits, computeSeconds },
      { ...about, values: magnitudes },
    );
  }

  #isFinite(step: number, microBatch: number): boolean {
    const { divergence } = this.#problem;
    return !(
      divergence?.kind === 'micro-batch' &&
      divergence.step === step &&
      divergence.microBatch === microBatch
    );
  }

  #send(assignment: AssignmentId, range: number): void {
    const sum = this.#sums.get(assignment);
    assert(
      sum !== undefined,
      `simulation ${this.#problem.seed}: ${this.id} is granted what it does not have`,
    );
    const send = (sent: number): void => {
      const payload = { ...sum.payload, values: toyRange(sum.payload.values, sent) };
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
