import { handOut, reportedHolding, withdraw, type AssignmentFrame, type Desk } from './desk.js';
import type { RunEvent } from './events.js';
import { IssueLedger } from './issue-ledger.js';
import { raceTheLate, winOver } from './race.js';
import type { WorkerId } from './work.js';

const nowhereElse: ReadonlyMap<number, WorkerId> = new Map();

/** The held-out loss after a number of closed steps, computed by whoever is there. */
export class EvaluationWork {
  readonly #desk: Desk;
  readonly #ledger: IssueLedger;
  readonly #frame: AssignmentFrame;

  /** @param pieceCount of the evaluation: its work items, which stand where a step has micro-batches. */
  constructor(desk: Desk, stepsClosed: number, pieceCount: number) {
    this.#desk = desk;
    this.#ledger = new IssueLedger(pieceCount, 0);
    this.#frame = {
      kind: 'evaluate',
      step: stepsClosed,
      issue: 0,
      parametersVersion: stepsClosed,
      magnitudesOnly: false,
    };
    this.workersChanged();
  }

  /** The sum over all pieces, in nats, in their order; null while some are missing. */
  get lossSum(): number | null {
    return this.#ledger.allReported ? this.#ledger.lossSum() : null;
  }

  /** Hands out what nobody holds. */
  workersChanged(): void {
    handOut(this.#desk, this.#ledger, this.#frame, nowhereElse);
  }

  workerLeft(worker: WorkerId): void {
    for (const holding of this.#ledger.holdings) {
      if (holding.worker === worker && holding.state === 'computing')
        this.#ledger.drop(holding.assignment.id);
    }
    this.workersChanged();
  }

  evaluated({ worker, assignment, results }: Extract<RunEvent, { type: 'evaluated' }>): void {
    const microBatches = results.map(({ microBatch }) => microBatch);
    const holding = reportedHolding(this.#desk, this.#ledger, 'evaluation', worker, assignment, microBatches);
    if (!holding) return;
    winOver(this.#desk, this.#ledger, holding);
    this.#ledger.accept(assignment, results, true);
    this.workersChanged();
  }

  /** Gives what is late to those that are free. */
  timePassed(): void {
    raceTheLate(this.#desk, this.#ledger, this.#frame);
    this.workersChanged();
  }

  /** Tells workers that what they have not computed is not wanted. */
  abandon(): void {
    for (const { worker, state, assignment } of this.#ledger.holdings) {
      if (state === 'computing') withdraw(this.#desk, worker, assignment.id);
    }
  }
}
